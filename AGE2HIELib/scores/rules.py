"""When a place counts as injured, and the other limits: our own, since the published scores are read by eye.

One table, which docs/scores.md repeats. They were chosen on synthetic infants (score from the lesion that is found
against score from the planted one) and looked at on 28 newborns of BONBID-HIE with expert masks: development sets both.
"""

from __future__ import annotations

from dataclasses import dataclass

from AGE2HIELib.result.findings import RegionPart, ScoreItem
from AGE2HIELib.scores.burden import Burden
from AGE2HIELib.scores.places import NEAR_MM

INJURED_SHARE = 0.05
INJURED_ML = 0.1
OTHER_ML = 0.5
MINIMAL_SHARE = 0.01
DEVASTATED_SHARE = 0.5
EXTENSIVE_CORTEX_SHARE = 0.25

NOT_INJURED = "not injured"
NO_ZONES = "no zone labels in this atlas"


def percent(share: float) -> str:
    """Of 0..1, in words: "5 %"."""
    return f"{100 * share:.0f} %"


@dataclass(frozen=True)
class Rule:
    """One of our own rules, in words."""

    name: str
    text: str


RULES = (
    Rule(
        "injured",
        f"more than {percent(INJURED_SHARE)} of the place on one side, and more than {INJURED_ML:g} ml, is lesion",
    ),
    Rule(
        "other cerebral lesions",
        f"more than {OTHER_ML:g} ml of the cortex and white matter that lie over {NEAR_MM:g} mm away from deep grey "
        "matter, watershed zones and perirolandic cortex is lesion",
    ),
    Rule("minimal", f"at most {percent(MINIMAL_SHARE)} of both cerebral hemispheres is lesion"),
    Rule("hemispheric devastation", f"more than {percent(DEVASTATED_SHARE)} of each cerebral hemisphere is lesion"),
    Rule(
        "extensive cortex",
        f"more than {percent(EXTENSIVE_CORTEX_SHARE)} of one hemisphere's cortex outside watershed and perirolandic "
        "zones is lesion",
    ),
)


def is_injured(part: RegionPart) -> bool:
    """Whether a place counts as injured."""
    return part.share > INJURED_SHARE and part.lesion_ml > INJURED_ML


def any_injured(burden: Burden, *names: str) -> bool:
    """Whether one of these places is injured on either side."""
    return any(is_injured(part) for part in burden.of(*names))


def missing_places(burden: Burden, *names: str) -> tuple[str, ...]:
    """Places that neither side has: the atlas lacks the label, or it lies outside the field of view."""
    return tuple(name for name in names if not burden.of(name))


def asked(burden: Burden, name: str, *places: str) -> ScoreItem:
    """One line of a score: on which side one of these places is injured."""
    parts = sorted(burden.of(*places), key=lambda part: not is_injured(part))
    sides = {part.hemisphere for part in parts if is_injured(part)}
    most = max(parts, key=lambda part: part.share)
    said = f"most in the {_place(most)}: {percent(most.share)} of it, {most.lesion_ml:.1f} ml"
    return ScoreItem(name, _side(sides), said if most.lesion_ml > 0 else "no lesion in it", tuple(parts))


def _side(sides: set[str]) -> str:
    if not sides:
        return NOT_INJURED
    if {"left", "right"} <= sides:
        return "both sides"
    return next((side for side in ("left", "right") if side in sides), "injured")


def _place(part: RegionPart) -> str:
    return part.region if part.hemisphere == "midline" else f"{part.hemisphere} {part.region}"
