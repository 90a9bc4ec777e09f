"""``configs/age.json``: what a bundle says of the network that learned brain age, where it carries one.

The network is what the members' trunks were before they saw an infant with HIE. No outcome is predicted from it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from AGE2HIELib.bundle.schema import NUMBER, Kinds, check_keys, check_spec, parse_table, require
from AGE2HIELib.errors import ModelError
from AGE2HIELib.networks.age_head import HEADS, TARGETS, UNSTATED, AgeBins, AgeHead
from AGE2HIELib.networks.registry import check_network_name
from AGE2HIELib.preprocess.morphometry import LOG_JACOBIAN
from AGE2HIELib.preprocess.network_input import InputSpec
from AGE2HIELib.preprocess.t1.placement import KINDS, Kind

AGE = "configs/age.json"
AGE_WEIGHTS = "models/age.pt"
AGE_CARD = "docs/age.md"
FORMAT = 1
_KEYS: Kinds = {
    "format": int,
    "network": dict,
    "network_input": dict,
    "placement": str,
    "head": dict,
    "saliency_layer": str,
    "trained_on": dict,
    "held_out": dict,
    "demonstration": bool,
}
_NETWORK_KEYS: Kinds = {"name": str, "arguments": dict}
_HEAD_KEYS: Kinds = {"kind": str, "mean": NUMBER, "sd": NUMBER, "volume_mean": NUMBER, "volume_sd": NUMBER}
_LATER_HEAD_KEYS: Kinds = {"target": str, "bins": dict}
_BIN_KEYS: Kinds = {"first_years": NUMBER, "width_years": NUMBER, "count": int}
_FED = (["t1"], ["t1", LOG_JACOBIAN])
_TRAINED_KEYS: Kinds = {"subjects": int, "youngest_years": NUMBER, "oldest_years": NUMBER}
_HELD_OUT_KEYS: Kinds = {"subjects": int, "mean_absolute_error_years": NUMBER}


@dataclass(frozen=True)
class Learned:
    """How many subjects it learned from, and their ages in years."""

    subjects: int
    youngest_years: float
    oldest_years: float


@dataclass(frozen=True)
class HeldOut:
    """How far off it was, in subjects that it had not learned from: as the bundle holds it, its weights rounded."""

    subjects: int
    mean_absolute_error_years: float


@dataclass(frozen=True, kw_only=True)
class AgeFacts:
    """Everything about a network of age but its weights.

    Attributes:
        network, network_arguments: of the encoder, as in ``ModelFacts``.
        spec: of its input: the one channel ``t1``, or that and ``log_jacobian``, on a grid in the T1 template's frame.
        placement: of a scan in that template.
        head: how its outputs become years.
        saliency_layer: the block that is explained unless another one is asked for.
        demonstration: True when it saw synthetic scans only.
    """

    network: str
    network_arguments: Mapping[str, Any]
    spec: InputSpec
    placement: Kind
    head: AgeHead
    saliency_layer: str
    trained_on: Learned
    held_out: HeldOut
    demonstration: bool

    @property
    def trained_on_words(self) -> str:
        learned, scans = self.trained_on, "synthetic T1 scans; nobody was scanned" if self.demonstration else "T1 scans"
        ages = f"{learned.youngest_years:.1f} to {learned.oldest_years:.1f} years"
        return f"{learned.subjects} subjects of {ages}, {scans}"

    @property
    def held_out_words(self) -> str:
        return f"{self.held_out.mean_absolute_error_years:.1f} years in {self.held_out.subjects} held-out subjects"


def age_text(facts: AgeFacts) -> str:
    """The content of ``configs/age.json``."""
    content = {
        "format": FORMAT,
        "network": {"name": facts.network, "arguments": dict(facts.network_arguments)},
        "network_input": facts.spec.to_json(),
        **{key: getattr(facts, key) for key in ("placement", "saliency_layer", "demonstration")},
        **{key: asdict(getattr(facts, key)) for key in ("head", "trained_on", "held_out")},
    }
    return json.dumps(content, indent=2) + "\n"


def read_age(content: bytes) -> AgeFacts:
    """ModelError names the key that is missing, unknown or wrong."""
    table = parse_table(content, AGE)
    if table.get("format") != FORMAT:
        raise ModelError(
            f"{AGE} is in format {table.get('format')!r}; this age2hie reads format {FORMAT}. Use a matching one."
        )
    check_keys(table, _KEYS, AGE)
    parts = {"network": _NETWORK_KEYS, "trained_on": _TRAINED_KEYS, "held_out": _HELD_OUT_KEYS}
    for key, kinds in parts.items():
        check_keys(table[key], kinds, f"{AGE}, {key}")
    facts = AgeFacts(
        network=table["network"]["name"],
        network_arguments=table["network"]["arguments"],
        spec=InputSpec.from_json(table["network_input"]),
        head=_read_head(table["head"]),
        trained_on=Learned(**table["trained_on"]),
        held_out=HeldOut(**table["held_out"]),
        **{key: table[key] for key in ("placement", "saliency_layer", "demonstration")},
    )
    check_age(facts)
    return facts


def _read_head(found: Mapping[str, Any]) -> AgeHead:
    """A bundle states its target and its bins; the first ones did not, and had years and 40 bins of 2.5 years."""
    stated = {key: kind for key, kind in _LATER_HEAD_KEYS.items() if key in found}
    check_keys(found, {**_HEAD_KEYS, **stated}, f"{AGE}, head")
    if "bins" not in found:
        return AgeHead(**{**found, "bins": UNSTATED})
    check_keys(found["bins"], _BIN_KEYS, f"{AGE}, bins")
    return AgeHead(**{**found, "bins": AgeBins(**found["bins"])})


def check_age(facts: AgeFacts) -> None:
    """What holds for any network of age, whether it is being written or read."""
    check_network_name(facts.network)
    check_spec(facts.spec)
    fed, head, arguments = [channel.name for channel in facts.spec.channels], facts.head, facts.network_arguments
    require(fed in _FED, "channels of age", fed, f"the one channel t1, or t1 and {LOG_JACOBIAN}")
    given, count = arguments.get("in_channels"), len(fed)
    require(given == count, "'in_channels' of age", given, f"{count}, as it has channels")
    kinds = ("affine",) if facts.spec.has_morphometry else KINDS
    require(facts.placement in kinds, "'placement' of age", facts.placement, f"one of {', '.join(kinds)}")
    require(head.kind in HEADS, "'kind' of the age head", head.kind, f"one of {', '.join(HEADS)}")
    require(head.target in TARGETS, "'target' of the age head", head.target, f"one of {', '.join(TARGETS)}")
    outputs = arguments.get("outputs", 1)
    require(outputs == head.outputs, "'outputs' of age", outputs, f"{head.outputs}, as the head {head.kind} has")
    learned, held_out = facts.trained_on, facts.held_out
    numbers = [head.mean, head.sd, head.volume_mean, head.volume_sd, held_out.mean_absolute_error_years]
    numbers += [head.bins.first_years, head.bins.width_years]
    numbers += [learned.youngest_years, learned.oldest_years]
    require(all(math.isfinite(number) for number in numbers), "a number of age", numbers, "finite")
    require(head.sd > 0, "'sd' of the age head", head.sd, "above 0")
    require(head.bins.width_years > 0, "'width_years' of the age bins", head.bins.width_years, "above 0")
    require(head.volume_sd >= 0, "'volume_sd' of the age head", head.volume_sd, "0 or more")
    years = (learned.youngest_years, learned.oldest_years)
    require(0 <= years[0] <= years[1], "range of ages", years, "ascending from 0 or more")
    for count in (learned.subjects, held_out.subjects):
        require(count > 0, "number of 'subjects' of age", count, "1 or more")
    error = held_out.mean_absolute_error_years
    require(error >= 0, "'mean_absolute_error_years'", error, "0 or more")
