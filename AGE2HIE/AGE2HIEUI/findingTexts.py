"""How much of the brain is injured, where, and what the scores of the field make of it, in words."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from AGE2HIEUI.regionTexts import figure, millilitres, percent, placeName
from AGE2HIEUI.tables import Column, Row

if TYPE_CHECKING:
    from AGE2HIELib.result.findings import InjuryScore, Lesion, LesionCluster, RegionPart

_PLACES_TOLD = 3  # lesions; the views and the table have the others
_LONGEST_RANGE = 14  # letters of a range that stands beside a value; a list of words is in the table
_PARTS_TOLD = 2  # regions that an item rests on


def findingsText(lesion: Lesion | None, scores: tuple[InjuryScore, ...]) -> str:
    """Lesions and scores, as they stand below the number; empty for a record that has neither."""
    lines = [lesionText(lesion)] if lesion is not None else []
    lines += [scoreLine(score) for score in scores]
    if scores:
        lines.append(_("<i>Computed from diffusion alone, not read by a radiologist.</i>"))
    return "<br>".join(lines)


def lesionText(lesion: Lesion) -> str:
    """How much, on which side, and the largest places."""
    if not lesion.clusters:
        found = _("<b>No lesion was found</b> ({meaning}).").format(meaning=html.escape(lesion.meaning))
        text = found + "<br>" + _("A small or shallow lesion may be missed.")
        looser = lesion.interval[1]
        if looser <= 0:
            return text
        return text + " " + _("With looser limits {share} of the brain would be marked.").format(share=percent(looser))
    low, high = lesion.interval
    text = _("<b>Lesion: {ml} ml, {share} of the brain</b> (90 % interval {low} to {high}), {side}.").format(
        ml=millilitres(lesion.volume_ml),
        share=percent(lesion.share),
        low=percent(low),
        high=percent(high),
        side=_sideOfLesion(lesion.side),
    )
    places = "; ".join(placeText(cluster) for cluster in lesion.clusters[:_PLACES_TOLD])
    return text + "<br>" + _("Largest: {places}").format(places=html.escape(places))


def placeText(cluster: LesionCluster) -> str:
    name = placeName(cluster.region, cluster.hemisphere)
    return _("{ml} ml, the largest part in {place}").format(place=name, ml=millilitres(cluster.volume_ml))


def _sideOfLesion(side: str) -> str:
    return {"left": _("on the left"), "right": _("on the right"), "both": _("on both sides")}.get(side, side)


def scoreLine(score: InjuryScore) -> str:
    """Title, value and what it means; why there is none where it cannot be computed."""
    words = {name: html.escape(getattr(score, name)) for name in ("title", "value", "range", "meaning")}
    words["meaning"] = words["meaning"][:1].upper() + words["meaning"][1:]
    if score.value and len(score.range) > _LONGEST_RANGE:
        return _("<b>{title}: {value}</b>. {meaning}").format(**words)
    if not score.value:
        return _("<b>{title}</b>: not computed. {meaning}").format(**words)
    return _("<b>{title}: {value}</b> ({range}). {meaning}").format(**words)


def scoreColumns() -> list[Column]:
    return [
        Column(_("Item")),
        Column(_("Answer")),
        Column(_("Rests on"), _("Regions and sides that hold most of the lesion, with its volume and their share.")),
    ]


def scoreRows(scores: tuple[InjuryScore, ...]) -> list[Row]:
    """Each score's items below its title, and what it cannot see."""
    rows = []
    for score in scores:
        cannot = _("Of {range}. Cannot see: {what}").format(range=score.range, what=score.cannot_see)
        rows.append(Row((score.title, score.value or _("not computed"), cannot)))
        for item in score.items:
            rests = "; ".join(_partText(part) for part in item.parts[:_PARTS_TOLD])
            rows.append(Row((f"   {item.name}", item.value, rests or item.meaning)))
    return rows


def _partText(part: RegionPart) -> str:
    name = placeName(part.region, part.hemisphere)
    return _("{place}: {ml} ml ({share})").format(place=name, ml=millilitres(part.lesion_ml), share=percent(part.share))


def adcText(cluster: LesionCluster) -> str:
    """What a place's tissue is like, for the line below the views."""
    return _("ADC {adc}, {z} standard deviations from normal").format(
        adc=figure(cluster.mean_adc_1e6_mm2_s, 0), z=figure(cluster.mean_z, 1)
    )


def correctedText() -> str:
    """Stands above the measures of a lesion that the user has drawn."""
    return _("<i>Corrected by you in this scene; the saved report keeps the computed lesion.</i>")


def measuringText() -> str:
    return _("Measuring the corrected lesion...")


def strongestText() -> str:
    return _("strongest evidence of this map")


def evidenceText(share: str) -> str:
    return _("{share} of the map's evidence").format(share=share)


def placeLine(words: str, number: int, of: int) -> str:
    """Where the views are."""
    return words if of == 1 else _("{number} of {of}: {words}").format(number=number, of=of, words=words)
