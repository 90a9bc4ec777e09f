"""Model bundles: MONAI's folder layout, a manifest over it, and weights that are only ever read as numbers.

``configs/inference.json`` is there for MONAI's tools. Its expressions could run code, so it is never parsed here: the
network is built from the allow-list in ``networks.registry``.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from AGE2HIELib.errors import ModelError
from AGE2HIELib.inference.age_model import (
    AGE,
    AGE_CARD,
    AGE_WEIGHTS,
    AgeFacts,
    age_text,
    check_age,
    load_age,
    read_age,
)
from AGE2HIELib.inference.card import age_card, model_card
from AGE2HIELib.inference.facts import ModelFacts
from AGE2HIELib.inference.manifest import identity, read_verified, verify_manifest, write_manifest
from AGE2HIELib.inference.metadata import METADATA, check_facts, metadata_text, read_metadata
from AGE2HIELib.inference.training_cases import CASES, cases_text, read_cases
from AGE2HIELib.inference.weights import fill_network, pack_weights, unpack_weights
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.resources import resource_path

if TYPE_CHECKING:
    import torch

    from AGE2HIELib.networks.staged import StagedNetwork

INFERENCE = "configs/inference.json"
CARD = "docs/README.md"
LICENCE = "LICENSE"
_SMALL = (8, 8, 8)  # voxels of an image that only shows how many features there are
SEEN = "configs/seen.json"
SCHEMA = "configs/schema.json"


@dataclass(frozen=True, kw_only=True)
class Bundle(ModelFacts):
    """A bundle that was found unchanged.

    Attributes:
        sha256: over the manifest: what the model is, wherever it lies.
        members: paths of the weights inside the bundle.
        files: SHA-256 of each file, by its path inside the bundle.
    """

    folder: Path
    sha256: str
    members: tuple[str, ...]
    files: Mapping[str, str]


def read_bundle(folder: Path) -> Bundle:
    """Check every file of a bundle and read its metadata; torch is not needed for that."""
    if not folder.is_dir():
        raise ModelError(f"There is no model folder {folder.name!r}. Name the folder that holds manifest.json.")
    files = verify_manifest(folder)
    for name in (METADATA, INFERENCE, CARD, LICENCE):
        if name not in files:
            raise ModelError(f"The model bundle {folder.name!r} lacks {name}. Export the model again.")
    facts, members = read_metadata(read_verified(folder, METADATA, files))
    for name in members:
        if name not in files:
            raise ModelError(f"The model bundle {folder.name!r} lacks its member {name}. Export the model again.")
    if CASES in files:
        cases = read_cases(read_verified(folder, CASES, files), len(members), tuple(facts.readings))
        facts = replace(facts, cases=cases)
    for one, other in ((AGE, AGE_WEIGHTS), (AGE_WEIGHTS, AGE)):
        if one in files and other not in files:
            raise ModelError(f"The model bundle {folder.name!r} has {one} but lacks {other}. Export the model again.")
    if AGE in files:
        facts = replace(facts, age=read_age(read_verified(folder, AGE, files)))
    return Bundle(**_values(facts), folder=folder, sha256=identity(files), members=members, files=files)


def seen_subjects(bundle: Bundle) -> tuple[str, ...]:
    """Hashes of the subjects and images that the model has learned from; empty where the bundle does not say."""
    if SEEN not in bundle.files:
        return ()
    return tuple(map(str, json.loads(read_verified(bundle.folder, SEEN, bundle.files))))


def check_weights(bundle: Bundle) -> int:
    """Load every network once, as a prediction will; returns how many members there are."""
    members = load_members(bundle)
    if bundle.age is not None:
        load_age(bundle)
    return len(members)


def load_members(bundle: Bundle, device: str = "cpu") -> tuple[StagedNetwork, ...]:
    """The networks, float32, in evaluation mode and without gradients for their weights."""
    return tuple(_load_member(bundle, name, device) for name in bundle.members)


def write_bundle(
    folder: Path,
    *,
    facts: ModelFacts,
    members: Sequence[Mapping[str, torch.Tensor]],
    results: str,
    licence: str,
    seen: Sequence[str] = (),
    age_weights: Mapping[str, torch.Tensor] | None = None,
    overwrite: bool = False,
) -> Bundle:
    """Write a bundle beside ``folder`` and rename it at the end, so that no half of one is ever found.

    Args:
        folder: where it will lie; its parent exists.
        facts: ``facts.age`` describes the network of ``age_weights``.
        members: ``state_dict`` of each network; kept as float16, so calibrate on ``load_members`` of a bundle.
        results: Markdown for the model card: how the model was trained and how well it does.
        licence: the text of ``LICENSE``.
        seen: hashes of the subjects and images that any part of the model has learned from; kept in ``SEEN``.
        age_weights: ``state_dict`` of the network that learned brain age, where the bundle carries it.
        overwrite: replace what lies at ``folder``.
    """
    if folder.exists() and not overwrite:
        raise ModelError(f"The folder {folder.name!r} is already there. Choose another one, or ask for overwriting.")
    if (facts.age is None) != (age_weights is None):
        raise ValueError("a network of age comes with its description, and a description with its network")
    check_facts(facts)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        made = Path(scratch, "bundle")
        _write_files(made, facts, members, results, licence)
        if facts.age is not None and age_weights is not None:
            _write_age(made, facts.age, age_weights)
        if seen:
            (made / SEEN).write_text(json.dumps(sorted(seen), indent=0) + "\n", encoding="utf-8")
        _put_in_place(made, folder, Path(scratch))
    return read_bundle(folder)


def add_age(folder: Path, age: AgeFacts, weights: Mapping[str, torch.Tensor]) -> Bundle:
    """Give a bundle its network of brain age, or another one; everything else in it stays as it is.

    Args:
        folder: of a whole bundle.
        age, weights: as ``facts.age`` and ``age_weights`` of ``write_bundle``.
    """
    read_bundle(folder)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        made = Path(shutil.copytree(folder, Path(scratch, "bundle")))
        _write_age(made, age, weights)
        _put_in_place(made, folder, Path(scratch))
    return read_bundle(folder)


def _put_in_place(made: Path, folder: Path, scratch: Path) -> None:
    """Seal what was written, and read it as a user's machine will before it takes anybody's place."""
    write_manifest(made)
    check_weights(read_bundle(made))
    if folder.exists():
        folder.rename(scratch / "replaced")
    made.rename(folder)


def _load_member(bundle: Bundle, name: str, device: str) -> StagedNetwork:
    import torch

    with torch.device("meta"):  # no memory and no random numbers for weights that are replaced at once
        network = build_network(bundle.network, bundle.network_arguments)
    if bundle.saliency_layer not in network.layers:
        raise ModelError(
            f"The model explains layer {bundle.saliency_layer!r}, but its network has {', '.join(network.layers)}. "
            "Export the model again."
        )
    state = unpack_weights(read_verified(bundle.folder, name, bundle.files), name)
    fill_network(network, state, name)
    network.requires_grad_(False).eval()
    _check_features(bundle, network)
    return network.to(device)


def _check_features(bundle: Bundle, network: StagedNetwork) -> None:
    import torch

    from AGE2HIELib.inference.features import seen_features

    if bundle.cases is None:
        return
    small = torch.zeros(1, len(bundle.spec.channels), *_SMALL)
    features = seen_features(network, small).shape[1]
    if bundle.cases.features != features:
        raise ModelError(
            f"The model remembers {bundle.cases.features} features of its training cases, but its network has "
            f"{features}. Export the model again."
        )


def _write_files(
    made: Path, facts: ModelFacts, members: Sequence[Mapping[str, torch.Tensor]], results: str, licence: str
) -> None:
    names = tuple(f"models/member_{number}.pt" for number in range(len(members)))
    texts = {
        METADATA: metadata_text(facts, names),
        INFERENCE: _inference_text(facts, names),
        CARD: model_card(facts, len(members), results),
        LICENCE: licence,
        SCHEMA: resource_path("models", "metadata_schema.json").read_text(encoding="utf-8"),
    }
    if facts.cases is not None:
        texts[CASES] = cases_text(facts.cases)
    contents = {name: text.encode() for name, text in texts.items()}
    contents |= {name: pack_weights(state) for name, state in zip(names, members, strict=True)}
    _write_contents(made, contents)


def _write_age(made: Path, age: AgeFacts, weights: Mapping[str, torch.Tensor]) -> None:
    check_age(age)
    texts = {AGE: age_text(age), AGE_CARD: age_card(age)}
    contents = {name: text.encode() for name, text in texts.items()}
    _write_contents(made, {**contents, AGE_WEIGHTS: pack_weights(weights)})


def _write_contents(made: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _inference_text(facts: ModelFacts, members: tuple[str, ...]) -> str:
    """The network for MONAI's ConfigParser; without ``$`` expressions, so parsing it runs nothing but constructors."""
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


def _values(facts: ModelFacts) -> dict[str, Any]:
    return {item.name: getattr(facts, item.name) for item in fields(facts)}
