"""The scores of Barkovich et al. (AJNR 1998;19:143): basal ganglia and thalamus 0-4, watershed 0-5.

Levels are worded as in the table of doi:10.1155/2018/7608108. The third part of that table, the myelin of the posterior
limb, cannot be had from diffusion.
"""

from __future__ import annotations

from AGE2HIELib.result.findings import InjuryScore, ScoreItem
from AGE2HIELib.scores import places
from AGE2HIELib.scores.burden import Burden
from AGE2HIELib.scores.rules import (
    EXTENSIVE_CORTEX_SHARE,
    NO_ZONES,
    OTHER_ML,
    any_injured,
    asked,
    missing_places,
    percent,
)

_SOURCE = (
    "Barkovich 1998 (AJNR 19:143), levels as in doi:10.1155/2018/7608108; which place counts as injured is our own "
    "rule (docs/scores.md)"
)
_BGT = (
    "no abnormal diffusion in thalamus or lentiform nucleus",
    "thalamus or lentiform nucleus alone",
    "thalamus and lentiform nucleus",
    "thalamus, lentiform nucleus and perirolandic cortex",
    "more extensive involvement",
)
_WATERSHED = (
    "no watershed injury",
    "focal infarction",
    "anterior or posterior watershed white matter",
    "anterior or posterior watershed cortex and white matter",
    "both anterior and posterior watershed zones",
    "more extensive cortical involvement",
)


def barkovich_bgt(burden: Burden) -> InjuryScore:
    """Basal ganglia and thalamus, 0 to 4; the published level 1 is the thalamus alone."""
    needed = (places.THALAMUS, places.LENTIFORM, places.PERIROLANDIC)
    lacking = missing_places(burden, *needed)
    items = [asked(burden, name, name) for name in needed if name not in lacking]
    level = 0 if lacking else _bgt_level(burden)
    beyond = (places.BRAINSTEM, places.HIPPOCAMPUS)
    items += [asked(burden, "brainstem and hippocampus", *beyond)] if burden.of(*beyond) else []
    items += _other_cortex(burden)
    return InjuryScore(
        name="barkovich_bgt",
        title="Barkovich, basal ganglia and thalamus",
        value="" if lacking else str(level),
        range="0 to 4",
        meaning=_lacking(burden, lacking) if lacking else _BGT[level],
        items=tuple(items),
        cannot_see="signal in T1 and T2, and the myelin of the posterior limb of the internal capsule",
        source=_SOURCE,
    )


def _bgt_level(burden: Burden) -> int:
    thalamus, lentiform, rolandic = (
        any_injured(burden, name) for name in (places.THALAMUS, places.LENTIFORM, places.PERIROLANDIC)
    )
    if not (thalamus and lentiform):
        return int(thalamus or lentiform)
    if not rolandic:
        return 2
    further = any_injured(burden, places.BRAINSTEM, places.HIPPOCAMPUS) or _extensive_cortex(burden)
    return 4 if further else 3


def barkovich_watershed(burden: Burden) -> InjuryScore:
    """Watershed, 0 to 5; several focal infarctions count as one does."""
    zones = [name for pair in places.WATERSHED.values() for name in pair]
    lacking = missing_places(burden, *zones)
    level = 0 if lacking else _watershed_level(burden)
    items = [asked(burden, name, name) for name in zones if name not in lacking]
    items += _other_cortex(burden)
    items += [_focal(burden)] if burden.of(places.OTHER_CEREBRUM) else []
    return InjuryScore(
        name="barkovich_ws",
        title="Barkovich, watershed",
        value="" if lacking else str(level),
        range="0 to 5",
        meaning=_lacking(burden, lacking) if lacking else _WATERSHED[level],
        items=tuple(items),
        cannot_see="signal in T1 and T2; blood",
        source=_SOURCE,
    )


def _watershed_level(burden: Burden) -> int:
    white = {end: any_injured(burden, pair[0]) for end, pair in places.WATERSHED.items()}
    cortex = {end: any_injured(burden, pair[1]) for end, pair in places.WATERSHED.items()}
    ends = [white[end] or cortex[end] for end in places.WATERSHED]
    if all(ends):
        return 5 if _extensive_cortex(burden) else 4
    if any(white[end] and cortex[end] for end in places.WATERSHED):
        return 3
    if any(white.values()):
        return 2
    return int(any(ends) or burden.total_ml(places.OTHER_CEREBRUM) > OTHER_ML)


def _focal(burden: Burden) -> ScoreItem:
    item = asked(burden, "elsewhere in cortex and white matter", places.OTHER_CEREBRUM)
    total = burden.total_ml(places.OTHER_CEREBRUM)
    value = "lesion" if total > OTHER_ML else "no lesion"
    return ScoreItem(item.name, value, f"{total:.1f} ml away from the zones and deep grey matter", item.parts)


def _other_cortex(burden: Burden) -> list[ScoreItem]:
    """One item; none in an atlas without zones."""
    parts = burden.of(places.OTHER_CORTEX)
    value = "extensive" if _extensive_cortex(burden) else "not extensive"
    said = ", ".join(f"{percent(part.share)} {part.hemisphere}" for part in parts)
    return [ScoreItem("other cortex", value, f"{said} is lesion", parts)] if parts else []


def _extensive_cortex(burden: Burden) -> bool:
    return any(part.share > EXTENSIVE_CORTEX_SHARE for part in burden.of(places.OTHER_CORTEX))


def _lacking(burden: Burden, names: tuple[str, ...]) -> str:
    return NO_ZONES if not burden.zones else f"not to be measured here: {', '.join(names)}"
