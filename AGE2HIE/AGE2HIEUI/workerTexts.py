"""What the worker says, in the panel's words."""

from __future__ import annotations

import html
import re
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI.workerPhrases import MESSAGES, told

NOTICE_COLOUR = "#8a5a00"
_LONG = 100.0  # seconds that are better said in minutes


def stageText(name: str, secondsLeft: float | None) -> str:
    names = {
        "read": _("reading the scan"),
        "model": _("loading the model"),
        "adc": _("fitting ADC"),
        "mask": _("finding the brain"),
        "place": _("placing it in the atlas"),
        "gate": _("checking quality"),
        "z-map": _("comparing with normal newborns"),
        "predict": _("predicting"),
        "explain": _("locating the evidence"),
        "examine": _("examining the explanation"),
        "report": _("writing the report"),
    }
    stage = names.get(name, name)
    if secondsLeft is None:
        return stage
    if secondsLeft >= _LONG:
        return _("{stage}, about {minutes:.0f} min left").format(stage=stage, minutes=secondsLeft / 60)
    return _("{stage}, about {seconds:.0f} s left").format(stage=stage, seconds=max(secondsLeft, 1.0))


def doctorText(report: dict[str, Any]) -> str:
    """The findings of ``age2hie doctor --json``."""
    marks = {"good": ("#2e7d32", _("ok")), "notice": (NOTICE_COLOUR, _("note")), "problem": ("#b00020", _("problem"))}
    lines = []
    for finding in report["findings"]:
        colour, mark = marks[finding["status"]]
        name, value, remedy = (MESSAGES.translated(finding[key]) for key in ("name", "value", "remedy"))
        line = f'<span style="color:{colour}"><b>{mark}</b></span> {html.escape(name)}: '
        lines.append(line + html.escape(f"{value}. {remedy}".strip().rstrip(".") + "."))
    lines.append(_("<b>Ready to predict.</b>") if report["ready"] else _("<b>Not ready yet.</b>"))
    return "<br>".join(lines)


def escaped(text: str) -> str:
    """For a label that shows rich text: a message of the worker or of the panel, which may hold any sign."""
    return html.escape(inThePanel(told(text)))


def inThePanel(text: str) -> str:
    """The worker speaks of its options; here they are fields."""
    fields = {
        "--mask": _("'Brain mask'"),
        "--z-adc": _("'Released z-map'"),
        "--series": _("'DICOM series'"),
        "--model": _("'Model'"),
        "--atlas": _("'Atlas'"),
        "--prevalence": _("'Prevalence'"),
        "--saliency": _("'Saliency method'"),
        "--methods": _("'Methods'"),
        "--target": _("'Evidence for'"),
        "--examine": _("'Examine the explanation'"),
        "--device": _("'Device'"),
        "--align": _("'Align volumes'"),
        "--age-days": _("'Age at scan'"),
        "--gestation-weeks": _("'Gestation at birth'"),
        "--cooled": _("'Cooled'"),
        "--override": _("'Predict all the same'"),
        "--worker-certificate": _("'Certificate'"),
        "--worker-token": _("'Token file'"),
        "--worker": _("'Address'"),
    }
    return re.sub("|".join(map(re.escape, fields)), lambda found: fields[found.group()], text)
