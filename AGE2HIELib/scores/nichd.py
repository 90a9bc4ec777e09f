"""The pattern of injury of the NICHD Neonatal Research Network, and our own reading with watershed parted.

The six levels are Shankaran 2012 (doi:10.1136/archdischild-2011-301524), worded as they are commonly repeated. Its
revision of 2025 (doi:10.1001/jamapediatrics.2024.6209) separates watershed from basal ganglia or thalamic injury and
has ten levels; they stand in no text that we could read, so that the parted reading is ours and has a name of its own.
"""

from __future__ import annotations

from AGE2HIELib.result.findings import InjuryScore, ScoreItem
from AGE2HIELib.scores import places
from AGE2HIELib.scores.burden import Burden
from AGE2HIELib.scores.rules import (
    DEVASTATED_SHARE,
    MINIMAL_SHARE,
    NO_ZONES,
    OTHER_ML,
    any_injured,
    asked,
    missing_places,
    percent,
)

_WATERSHED = tuple(name for pair in places.WATERSHED.values() for name in pair)
_DEEP_ITEMS = {
    "basal ganglia": (places.LENTIFORM, places.CAUDATE),
    "thalamus": (places.THALAMUS,),
    "internal capsule": (places.ANTERIOR_LIMB, places.POSTERIOR_LIMB),
}
LEVELS = {
    "0": "no cerebral lesion",
    "1A": "minimal cerebral lesions, none in basal ganglia, thalamus, internal capsule or watershed zones",
    "1B": "more extensive cerebral lesions, none in basal ganglia, thalamus, internal capsule or watershed zones",
    "2A": "lesion of basal ganglia, thalamus, internal capsule or watershed zones, and no other cerebral lesion",
    "2B": "lesion of basal ganglia, thalamus, internal capsule or watershed zones, with other cerebral lesions",
    "3": "cerebral hemispheric devastation",
}
PARTED = (
    "no cerebral lesion",
    "other cerebral lesions",
    "watershed",
    "basal ganglia-thalamus",
    "watershed and basal ganglia-thalamus",
    "hemispheric devastation",
)
_CANNOT_SEE = "signal in T1 and T2, blood, and lesions so old that their diffusion is normal again"


def nichd(burden: Burden) -> InjuryScore:
    """One of six levels."""
    lacking = missing_places(burden, *places.DEEP, *_WATERSHED)
    value = "" if lacking else _level(burden)
    return InjuryScore(
        name="nichd",
        title="NICHD NRN pattern of injury (2012)",
        value=value,
        range=", ".join(LEVELS),
        meaning=LEVELS[value] if value else _lacking(burden, lacking),
        items=_items(burden, lacking),
        cannot_see=_CANNOT_SEE,
        source="Shankaran 2012 (doi:10.1136/archdischild-2011-301524); what counts as minimal, as other lesions and as "
        "devastation is our own rule (docs/scores.md)",
    )


def nichd_parted(burden: Burden) -> InjuryScore:
    """Watershed and basal ganglia-thalamus apart: which of them, not the ten published levels."""
    lacking = missing_places(burden, *places.DEEP, *_WATERSHED)
    value = "" if lacking else _pattern(burden)
    return InjuryScore(
        name="nichd_parted",
        title="Pattern, watershed parted from deep grey matter (own reading)",
        value=value,
        range=", ".join(PARTED),
        meaning=_lacking(burden, lacking)
        if lacking
        else "watershed and deep grey matter read apart; no published level",
        items=_items(burden, lacking),
        cannot_see=_CANNOT_SEE,
        source="Own reading: the NICHD revision of 2025 (doi:10.1001/jamapediatrics.2024.6209) separates the two as "
        "well, by ten levels that are not computed here",
    )


def _level(burden: Burden) -> str:
    if _devastated(burden):
        return "3"
    if any_injured(burden, *places.DEEP, *_WATERSHED):
        return "2B" if _other_lesions(burden) else "2A"
    if burden.total_ml(places.HEMISPHERE) <= OTHER_ML:
        return "0"
    return "1B" if burden.total_share(places.HEMISPHERE) > MINIMAL_SHARE else "1A"


def _pattern(burden: Burden) -> str:
    if _devastated(burden):
        return PARTED[5]
    watershed, deep = any_injured(burden, *_WATERSHED), any_injured(burden, *places.DEEP)
    if watershed or deep:
        return PARTED[1 + watershed + 2 * deep]
    return PARTED[int(burden.total_ml(places.HEMISPHERE) > OTHER_ML)]


def _devastated(burden: Burden) -> bool:
    halves = burden.of(places.HEMISPHERE)
    return len(halves) == 2 and all(part.share > DEVASTATED_SHARE for part in halves)


def _other_lesions(burden: Burden) -> bool:
    """Beside those of deep grey matter and watershed zones: perirolandic cortex is one of them."""
    return burden.total_ml(places.OTHER_CEREBRUM) > OTHER_ML or any_injured(burden, places.PERIROLANDIC)


def _items(burden: Burden, lacking: tuple[str, ...]) -> tuple[ScoreItem, ...]:
    asks = {**_DEEP_ITEMS, "watershed zones": _WATERSHED, "perirolandic cortex": (places.PERIROLANDIC,)}
    items = [asked(burden, name, *of) for name, of in asks.items() if not {*of} & {*lacking} and burden.of(*of)]
    other = burden.of(places.OTHER_CEREBRUM)
    if other:
        total = burden.total_ml(places.OTHER_CEREBRUM)
        value = "lesion" if total > OTHER_ML else "no lesion"
        items.append(ScoreItem("other cortex and white matter", value, f"{total:.1f} ml away from the others", other))
    halves = burden.of(places.HEMISPHERE)
    if halves:
        value = "devastated" if _devastated(burden) else "not devastated"
        shares = ", ".join(f"{percent(part.share)} of the {part.hemisphere} one" for part in halves)
        items.append(ScoreItem("cerebral hemispheres", value, f"{shares} is lesion", halves))
    return tuple(items)


def _lacking(burden: Burden, names: tuple[str, ...]) -> str:
    return NO_ZONES if not burden.zones else f"not to be measured here: {', '.join(names)}"
