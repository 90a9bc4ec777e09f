"""explanations.json where an age is explained: what was found, with what, and how well the network tells ages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from AGE2HIELib.bundle.age_facts import AgeFacts
from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.io.source import T1Scan
from AGE2HIELib.report.explanations import Comparison, maps_record
from AGE2HIELib.report.record import input_record, run_record
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.network_readings import NetworkReading
from AGE2HIELib.volume import Volume

if TYPE_CHECKING:
    from AGE2HIELib.explanation.age import AgeExplanation

_INTENDED_USE = "To look at what the network has learned before it saw infants with HIE. No statement about anybody."
LOCAL_AGE = "local_age"  # name of the map
_REGIONS = (
    "Halves of the brain only: T1 scans are placed, undeformed, in a synthetic newborn's frame, and there the atlas's "
    "regions do not lie on those of real brains, so that they would name wrong places."
)


@dataclass(frozen=True)
class AgeCircumstances:
    """What an explained age was made from and with.

    Attributes:
        brain_ml: volume of the brain.
        overlap: Dice of the placed brain with the template.
        asked_device: that the caller asked for; ``device`` is where the network ran.
    """

    scan: T1Scan
    bundle: Bundle
    facts: AgeFacts
    brain_ml: float
    overlap: float
    asked_device: str
    device: str
    warnings: Sequence[str]
    readings: tuple[NetworkReading, ...] = ()


def age_record(
    about: AgeCircumstances,
    found: Comparison[AgeExplanation],
    timing_s: Mapping[str, float],
    local_age: Volume | None = None,
) -> dict[str, Any]:
    """The content of explanations.json for the target age; it has no probability, no members and no quality gate.

    Args:
        local_age: years in the brain, on the grid of ``found.brain``, of a network that has an age for every part.
    """
    facts = about.facts
    record: dict[str, Any] = {
        "demonstration": facts.demonstration,
        "predicted_age_years": round(found.first.years, 4),
        "brain_ml": round(about.brain_ml, 1),
        "placement": {"kind": facts.placement, "overlap": round(about.overlap, 4)},
        **maps_record(found, "years"),
        "readings": about.readings,
        "regions": _REGIONS,
        **({} if local_age is None else {"local_age": _local(local_age, found.brain)}),
        "model": _model(about.bundle, facts),
        "input": input_record(about.scan),
        "settings": {"device": about.asked_device, "mask_sha256": about.scan.mask_sha256},
        **run_record(facts.network, about.device, timing_s, about.warnings),
    }
    return dict(encode(record))


def _local(local_age: Volume, brain: Volume) -> dict[str, Any]:
    values = local_age.array[brain.array]
    named = dict(zip(("youngest_years", "median_years", "oldest_years"), np.quantile(values, (0, 0.5, 1)), strict=True))
    return {"file": f"{LOCAL_AGE}.nii.gz", **{name: round(float(value), 2) for name, value in named.items()}}


def _model(bundle: Bundle, facts: AgeFacts) -> dict[str, Any]:
    named = {key: getattr(bundle, key) for key in ("name", "version", "sha256")}
    learned = {"trained_on": facts.trained_on_words, "intended_use": _INTENDED_USE}
    return {**named, **learned, "learned": asdict(facts.trained_on), "held_out": asdict(facts.held_out)}
