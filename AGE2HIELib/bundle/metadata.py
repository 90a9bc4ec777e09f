"""``configs/metadata.json`` and ``configs/inference.json``: what a bundle says to MONAI's tools, checked key by key.

``metadata.json`` holds the keys that MONAI's bundles carry and a section of ours. ``inference.json`` is the network as
MONAI's tools build it: they run a text that begins with ``$`` as Python, ``_target_`` as a call of whatever it names,
``%`` as the content of another file. Nothing here evaluates it, but whoever runs a bundle in MONAI may do so because
``age2hie model verify`` has accepted it. So a bundle is refused unless the file says, key by key, what the export
writes for the network in the metadata; that is one constructor of ours and one of MONAI's, and no expression.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

import numpy as np

from AGE2HIELib.bundle.model_facts import Calibration, ModelFacts, Reading, patterns, z_kinds
from AGE2HIELib.bundle.schema import (
    NUMBER,
    Kinds,
    check_keys,
    check_no_program,
    check_spec,
    parse_table,
    require,
    shorten,
)
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.registry import check_network_name
from AGE2HIELib.preprocess.network_input import InputSpec
from AGE2HIELib.release import __version__

METADATA = "configs/metadata.json"
OURS = "age2hie"
FORMAT = 3
_ONE_READING = 1  # the format in which z-maps of all kinds were read in the same way
_BY_Z_MAP = 2  # ... in which infants with T1 or T2 were read as those without; others are written in it still
MONAI_WRITTEN_FOR = "1.6.1"
# Where MONAI would fetch its schema. A bundle carries one of its own, which verify_metadata takes instead:
# python -m monai.bundle verify_metadata --meta_file configs/metadata.json --filepath configs/schema.json
MONAI_SCHEMA = (
    "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
)
_KEYS: Kinds = {
    "version": str,
    "changelog": dict,
    "monai_version": str,
    "pytorch_version": str,
    "numpy_version": str,
    "required_packages_version": dict,
    "task": str,
    "description": str,
    "authors": str,
    "copyright": str,
    "network_data_format": dict,
    OURS: dict,
}
_OUR_KEYS: Kinds = {
    "format": int,
    "name": str,
    "trained_on": str,
    "intended_use": str,
    "made_with": str,
    "demonstration": bool,
    "network": dict,
    "network_input": dict,
    "z_origins": list,
    "saliency_layer": str,
    "members": list,
}
_READING_KEYS: Kinds = {"calibration": dict, "threshold": NUMBER}
_NETWORK_KEYS: Kinds = {"name": str, "arguments": dict}
_CALIBRATION_KEYS = dict.fromkeys(Calibration.__dataclass_fields__, NUMBER)
INFERENCE = "configs/inference.json"


def metadata_text(facts: ModelFacts, members: tuple[str, ...]) -> str:
    """The file's content; ``members`` are paths inside the bundle."""
    ours = {
        "format": format_of(facts),
        **{key: getattr(facts, key) for key in ("name", "trained_on", "intended_use", "made_with")},
        "demonstration": facts.demonstration,
        "network": {"name": facts.network, "arguments": dict(facts.network_arguments)},
        "network_input": facts.spec.to_json(),
        "z_origins": list(facts.z_origins),
        "readings": {kind: asdict(reading) for kind, reading in facts.readings.items()},
        "saliency_layer": facts.saliency_layer,
        "members": list(members),
    }
    content = {
        "schema": MONAI_SCHEMA,
        "version": facts.version,
        "changelog": {facts.version: "exported by age2hie"},
        "monai_version": _installed("monai", MONAI_WRITTEN_FOR),
        "pytorch_version": _installed("torch", "2.6"),
        "numpy_version": np.__version__,
        "required_packages_version": {"age2hie": __version__},
        "task": "Two-year outcome of newborns with hypoxic-ischemic encephalopathy",
        **{key: getattr(facts, key) for key in ("description", "authors", "copyright")},
        "network_data_format": _data_format(facts.spec),
        OURS: ours,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_metadata(content: bytes) -> tuple[ModelFacts, tuple[str, ...]]:
    """The facts and the paths of the members; ModelError names the key that is missing, unknown or wrong."""
    parsed = parse_table(content, METADATA)
    check_no_program(parsed, METADATA)  # MONAI's parser takes it in beside inference.json
    check_keys(parsed, _KEYS, METADATA, others_allowed=True)  # MONAI's own keys are many, and change
    ours = parsed[OURS]
    if ours.get("format") not in (_ONE_READING, _BY_Z_MAP, FORMAT):
        raise ModelError(
            f"{METADATA} is in format {ours.get('format')!r}; this age2hie reads formats up to {FORMAT}. "
            "Use a matching one."
        )
    of_reading: Kinds = _READING_KEYS if ours["format"] == _ONE_READING else {"readings": dict}
    check_keys(ours, {**_OUR_KEYS, **of_reading}, f"{METADATA}, {OURS}")
    check_keys(ours["network"], _NETWORK_KEYS, f"{METADATA}, network")
    facts = _facts(parsed, ours)
    check_facts(facts)
    members = tuple(ours["members"])
    if not members or not all(isinstance(name, str) for name in members) or len(set(members)) < len(members):
        raise ModelError(f"{METADATA}: 'members' is {ours['members']!r}; it must list files. Export the model again.")
    return facts, members


def check_facts(facts: ModelFacts) -> None:
    """What holds for any model, whether it is being written or read."""
    check_network_name(facts.network)
    arguments = facts.network_arguments
    check_spec(facts.spec)
    fed = len(facts.spec.channels)
    require(arguments.get("in_channels") == fed, "'in_channels'", arguments.get("in_channels"), f"{fed}, as 'channels'")
    require(arguments.get("outputs", 1) == 1, "'outputs'", arguments.get("outputs"), "1, the logit of adverse")
    for origin in facts.z_origins:
        require(origin in ("released", "none") or _is_sha256(origin), "'z_origins'", origin, "an atlas's SHA-256")
    require(bool(facts.z_origins), "'z_origins'", facts.z_origins, "a list of at least one, such as 'none'")
    kinds = z_kinds(facts.z_origins)
    beside = {one for kind in kinds for one in patterns(kind, facts.spec.sequences)}
    fits = set(kinds) <= set(facts.readings) <= {*kinds, *beside}
    words = f"for z-maps {', '.join(kinds)}" + (f", and of {', '.join(sorted(beside))}" if beside else "")
    require(fits, "'readings'", sorted(facts.readings), words)
    for reading in facts.readings.values():
        _check_reading(reading)


def format_of(facts: ModelFacts) -> int:
    """The lowest that says everything, so that an earlier age2hie reads what it can read rightly."""
    return _BY_Z_MAP if set(facts.readings) <= set(z_kinds(facts.z_origins)) else FORMAT


def _check_reading(reading: Reading) -> None:
    calibration = reading.calibration
    for name, value in {**asdict(calibration), "threshold": reading.threshold}.items():
        require(_is_finite(value), f"'{name}'", value, "a finite number")
    # a slope below 0 would turn the members' answer round, and the sign of the saliency with it
    require(calibration.slope > 0, "'slope'", calibration.slope, "above 0")
    require(0 < calibration.prevalence < 1, "'prevalence'", calibration.prevalence, "between 0 and 1")
    require(min(calibration.slope_sd, calibration.intercept_sd) >= 0, "a standard error", calibration, "0 or more")
    together, most = abs(calibration.covariance), calibration.slope_sd * calibration.intercept_sd
    require(together <= 1.01 * most + 1e-9, "'covariance'", calibration.covariance, f"at most {most:g} either way")
    require(0 < reading.threshold < 1, "'threshold'", reading.threshold, "between 0 and 1")


def _is_finite(value: float) -> bool:
    """JSON writes infinity as 1e999, and whole numbers without end."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _facts(parsed: Mapping[str, Any], ours: Mapping[str, Any]) -> ModelFacts:
    return ModelFacts(
        **{key: parsed[key] for key in ("version", "description", "authors", "copyright")},
        **{key: ours[key] for key in ("name", "trained_on", "intended_use", "made_with", "demonstration")},
        network=ours["network"]["name"],
        network_arguments=ours["network"]["arguments"],
        spec=InputSpec.from_json(ours["network_input"]),
        z_origins=tuple(ours["z_origins"]),
        readings=_readings(ours),
        saliency_layer=ours["saliency_layer"],
    )


def _readings(ours: Mapping[str, Any]) -> dict[str, Reading]:
    if ours["format"] == _ONE_READING:
        return dict.fromkeys(z_kinds(ours["z_origins"]), _reading(ours))
    for kind, table in ours["readings"].items():
        require(isinstance(table, dict), f"reading of input {kind}", table, "a table")
        check_keys(table, _READING_KEYS, f"{METADATA}, readings, {kind}")
    return {kind: _reading(table) for kind, table in ours["readings"].items()}


def _reading(table: Mapping[str, Any]) -> Reading:
    check_keys(table["calibration"], _CALIBRATION_KEYS, f"{METADATA}, calibration")
    return Reading(Calibration(**table["calibration"]), table["threshold"])


def _data_format(spec: InputSpec) -> dict[str, Any]:
    channels = spec.channels
    image = {
        "type": "image",
        "format": "magnitude",
        "modality": "MR",
        "num_channels": len(channels),
        "spatial_shape": list(spec.grid.shape),
        "dtype": "float32",
        "value_range": [min(c.low for c in channels), max(c.high for c in channels)],
        "is_patch_data": False,
        "channel_def": {str(number): channel.name for number, channel in enumerate(channels)},
    }
    logit = {
        "type": "probabilities",
        "format": "classification",
        "num_channels": 1,
        "spatial_shape": [],
        "dtype": "float32",
        "value_range": [],
        "is_patch_data": False,
        "channel_def": {"0": "logit of an adverse outcome, before calibration"},
    }
    return {"inputs": {"image": image}, "outputs": {"pred": logit}}


def _is_sha256(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _installed(package: str, otherwise: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return otherwise


def inference_text(facts: ModelFacts, members: tuple[str, ...]) -> str:
    """The file's content, in ASCII; ``members`` are paths inside the bundle."""
    content = {
        "bundle_root": ".",
        "device": "cpu",
        "members": list(members),
        "network_def": {
            "_target_": "AGE2HIELib.networks.registry.build_network",
            "name": facts.network,
            "arguments": dict(facts.network_arguments),
        },
        "inferer": {"_target_": "monai.inferers.SimpleInferer"},
    }
    return json.dumps(content, indent=2) + "\n"


def check_inference(content: bytes, facts: ModelFacts, members: tuple[str, ...]) -> None:
    """Raises ModelError where the file says anything but what ``inference_text`` writes for this model.

    The arguments and the members' names stand in the metadata, too, where ``check_no_program`` has looked at them.
    """
    if not content.isascii():  # MONAI reads in the computer's own encoding, in which other signs may mean other things
        raise ModelError(f"{INFERENCE} holds signs beyond ASCII, which no export writes. {_REMEDY}")
    config, written = parse_table(content, INFERENCE), json.loads(inference_text(facts, members))
    place = _difference(config, written)
    if place is not None:
        keys, there, expected = place
        where = ", ".join(map(repr, keys)) or "at its top"
        raise ModelError(
            f"{INFERENCE}, {where}: it says {shorten(there)}, where the export writes {shorten(expected)}. "
            f"MONAI may run what stands there. {_REMEDY}"
        )


_REMEDY = "Do not run this bundle; export the model again."
_ABSENT = "nothing"


def _difference(
    found: Any, written: Any, keys: tuple[str | int, ...] = ()
) -> tuple[tuple[str | int, ...], Any, Any] | None:
    """Where two contents of JSON differ first, what is there and what should be; True is not 1, nor 1.0."""
    if type(found) is not type(written) or (isinstance(written, list) and len(found) != len(written)):
        return keys, found, written
    if isinstance(written, dict):
        for key in [*written, *(found.keys() - written.keys())]:
            if (key in found) != (key in written):
                return (*keys, key), found.get(key, _ABSENT), written.get(key, _ABSENT)
        parts = [(key, found[key], written[key]) for key in written]
    elif isinstance(written, list):
        parts = list(zip(range(len(written)), found, written, strict=True))
    else:
        return None if found == written else (keys, found, written)
    differences = (_difference(there, here, (*keys, key)) for key, there, here in parts)
    return next((difference for difference in differences if difference is not None), None)
