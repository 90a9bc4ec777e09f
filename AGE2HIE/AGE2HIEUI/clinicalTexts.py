"""The joint number of image and clinical variables, in words: how much of it comes from what."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from AGE2HIEUI.regionTexts import figure

if TYPE_CHECKING:
    from AGE2HIELib.clinical.variables import Variable
    from AGE2HIELib.result.findings import ClinicalPart, ClinicalReading

_TOLD = 0.05  # log-odds; what gives less is counted, and not named


def clinicalText(reading: ClinicalReading | None) -> str:
    """Below the image's number; empty where the model joined nothing with it."""
    if reading is None or reading.probability_adverse is None or reading.interval is None:
        return ""
    given = [part for part in reading.parts if part.given]
    if not given:
        return ""
    low, high = reading.interval
    joint = _(
        "<b>With clinical variables ({count} given): {score:.2f}</b> (90 % interval {low:.2f}-{high:.2f}); "
        "by the image alone {image:.2f}."
    ).format(
        count=len(given), score=reading.probability_adverse, low=low, high=high, image=reading.probability_image or 0.0
    )
    lines = [joint, _sharesText(reading), html.escape(reading.assumption)]
    return "<br>".join(line for line in lines if line)


def _sharesText(reading: ClinicalReading) -> str:
    """Image and variables in log-odds, the largest first."""
    told = [part for part in reading.parts if abs(part.contribution_logit) >= _TOLD]
    small = sum(part.given for part in reading.parts) - sum(part.given for part in told)
    parts = [_("image {logit}").format(logit=_signed(reading.image_logit or 0.0)), *map(_partText, told)]
    if small:
        parts.append(_("others ({count}) less than 0.05 each").format(count=small))
    return html.escape(_("In log-odds, above 0 raises the number: {parts}.").format(parts="; ".join(parts)))


def _partText(part: ClinicalPart) -> str:
    words = {"name": variableTitle(part.name, part.title), "logit": _signed(part.contribution_logit)}
    return (_("{name} {logit}") if part.given else _("{name}, not known, {logit}")).format(**words)


def _signed(logit: float) -> str:
    text = figure(logit, 1)
    return text if float(text) <= 0 else f"+{text}"


def variableTitle(name: str, title: str) -> str:
    """In the reader's language; of a variable that this version does not know, the record's own ``title``."""
    return {
        "gestation_weeks": _("Gestational age at birth"),
        "sex": _("Sex"),
        "apgar_1": _("Apgar score at 1 minute"),
        "apgar_5": _("Apgar score at 5 minutes"),
        "apgar_10": _("Apgar score at 10 minutes"),
        "cord_ph": _("pH of cord blood"),
        "base_deficit_mmol_l": _("Base deficit"),
        "sarnat_grade": _("Sarnat grade"),
        "seizures": _("Seizures before the scan"),
        "cooled": _("Therapeutic hypothermia"),
        "age_days": _("Age at the scan"),
        "weight_g": _("Birth weight"),
        "head_cm": _("Head circumference at birth"),
    }.get(name, title)


def rangeText(variable: Variable) -> str:
    """What may be typed, with the unit."""
    low, high = variable.possible
    return _("{low} to {high} {unit}").format(low=f"{low:g}", high=f"{high:g}", unit=variable.unit).rstrip()
