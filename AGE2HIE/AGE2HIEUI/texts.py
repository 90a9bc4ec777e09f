"""A result in words. A demonstration model's number is a score, with nothing about a child's chances."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from AGE2HIELib.result.explanations import Explanations
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.verdicts import Check, Examination, Finding

NOTICE_COLOUR = "#8a5a00"
_LONG = 100.0  # seconds that are better said in minutes
_MOST_TOLD = 3  # checks; the table has them all


def noticeText() -> str:
    return _("<b>Research use only.</b> Not a medical device; not for clinical decisions.")


def headingText(result: Result) -> str:
    if result.probability_adverse is None:
        return _("Withheld because of a warning") if result.quality.withheld else _("Refused by the quality gate")
    if result.demonstration:
        return _("Demonstration score")
    return _("Probability of an adverse outcome at two years")


def scoreText(result: Result) -> str:
    if result.probability_adverse is None or result.interval is None:
        return _("no number")
    low, high = result.interval
    return _("{score:.2f}  (90 % interval {low:.2f}-{high:.2f})").format(
        score=result.probability_adverse, low=low, high=high
    )


def labelText(result: Result) -> str:
    """The contract's label in words."""
    quality = result.quality
    if result.probability_adverse is None:
        return _("No probability is given. Not passed: {count} of {of} checks.").format(
            count=len(quality.failed), of=len(quality.checks)
        )
    if quality.overridden:
        names = html.escape(", ".join(quality.overridden))
        return _("Made in spite of a warning that was overridden: {names}. {text}").format(
            names=names, text=_labelText(result)
        )
    return _labelText(result)


def remediesText(result: Result) -> str:
    """What was not passed and what to do, where it can be read without scrolling; empty where all was passed."""
    failed = result.quality.failed
    lines = []
    for check in failed[:_MOST_TOLD]:
        line = _("<b>{name}</b>{overridden}: {value} (must be: {limit}). {remedy}").format(
            name=html.escape(check.name),
            overridden=_(", overridden") if check.overridden else "",
            value=html.escape(valueText(check) or _("not known")),
            limit=html.escape(check.limit),
            remedy=escaped(check.remedy),
        )
        lines.append(line)
    more = len(failed) - _MOST_TOLD
    if more > 0:
        lines.append(_("And {count} more, first in the table.").format(count=more))
    return "<br>".join(lines)


def _labelText(result: Result) -> str:
    words = {
        "adverse": _("Reading: adverse. Such a score is unusual with a favourable outcome; the report says how far."),
        "favourable": _(
            "Reading: favourable. Such a score is unusual with an adverse outcome; the report says how far."
        ),
        "indeterminate": _("Reading: indeterminate. The score does not decide; the report says what that means."),
    }
    if result.demonstration:
        text = _("The model has seen synthetic data only. This number says nothing about any child.")
    else:
        text = words.get(result.label or "", _("The result has no label that this version knows."))
    return f"{text} {_prevalenceText(result)}".strip()


def _prevalenceText(result: Result) -> str:
    """What the number holds for, where the user gave it."""
    given = _prevalenceGiven(result)
    if given is None:
        return ""
    return _(
        "The number is for a prevalence of {given:.3g}, which was given; the model was calibrated at {calibrated:.3g}. "
        "It holds if nothing but the prevalence differs."
    ).format(given=given, calibrated=result.model.prevalence)


def _prevalenceGiven(result: Result) -> float | None:
    return result.settings.prevalence if result.settings else None


NO_PEAK = 1e-9  # what the display takes for the peak of a map that is nowhere above 0


def saliencyText(result: Result, peak: float) -> str:
    """The map's legend: method, what the colours mean, and how fine it really is."""
    title = saliencyTitle(result)
    if peak <= NO_PEAK:
        return _(
            "{method}: this map is nowhere above zero. It names no place that speaks for an adverse outcome."
        ).format(method=title)
    resolution = " x ".join(f"{mm:.0f}" for mm in (result.saliency.resolution_mm if result.saliency else ()))
    return _(
        "{method}; native resolution {resolution} mm. Colours reach from 0 to the peak of {peak:.3g} (in units of the "
        "calibrated logit); only evidence for an adverse outcome is coloured."
    ).format(method=title, resolution=resolution, peak=peak)


def saliencyTitle(result: Result) -> str:
    """Older records have no title."""
    return (result.saliency.title or result.saliency.method) if result.saliency else ""


def examinationText(title: str, examination: Examination) -> str:
    """Whether a map may be relied on, and why not."""
    failed = [finding for finding in examination.findings if not finding.passed]
    words = {"title": html.escape(title), "count": len(examination.findings)}
    if not failed:
        return _("{title} was examined: all {count} figures were kept.").format(**words)
    heading = _("<b>Do not rely on this map ({title}):</b>").format(**words)
    lines = [
        _("{meaning} ({name}: {value}; limit: {limit})").format(
            meaning=html.escape(finding.meaning),
            name=html.escape(finding.name),
            value=_figureText(finding),
            limit=html.escape(finding.limit),
        )
        for finding in failed
    ]
    return "<br>".join([heading, *(f"&bull; {line}" for line in lines)])


def _figureText(finding: Finding) -> str:
    if finding.value is None:
        return _("cannot be had")
    return f"{finding.value:.2f}" if finding.p is None else f"{finding.value:.2f}, p {finding.p:.2f}"


def comparisonText(found: Explanations) -> str:
    """The legend of the views, and what is known of each map."""
    legend = _(
        "Colours mean the same in every view: how strong a place is within its own map, from 0 to the peak, 1. A place "
        "at 0.8 is among those that hold the strongest 20 % of the map's evidence. In the last view: the part of the "
        "maps that show a place."
    )
    lines = []
    for each in found.maps:
        words = {"title": html.escape(each.title), "cells": max(each.resolution_mm, default=0.0)}
        agree = each.members_agree_where_marked
        if agree is None:
            lines.append(_("<b>{title}</b>: nothing speaks for this outcome.").format(**words))
        else:
            text = _("<b>{title}</b>: cells of {cells:.0f} mm; the ensemble's members agree by {agree:.2f} (of 1).")
            lines.append(text.format(**words, agree=agree))
    return "<br>".join([legend, *lines])


def warningsText(result: Result) -> str:
    return "<br>".join(html.escape(warning) for warning in result.warnings)


def provenanceText(result: Result) -> str:
    """Where the number came from; records of older versions do not say all of it."""
    model, atlas, scan, software = result.model, result.atlas, result.input, result.software
    fitted = ", ".join(f"{b:g}" for b in scan.b_values_used or ())
    shares = {_("prevalence of the calibration"): model.prevalence, _("prevalence given"): _prevalenceGiven(result)}
    rows = {
        _("model"): f"{model.name} {model.version}",
        _("trained on"): model.trained_on,
        _("intended use"): model.intended_use,
        _("model SHA-256"): model.sha256,
        **{name: f"{share:.3g}" for name, share in shares.items() if share is not None},
        _("atlas"): f"{atlas.name}: {atlas.provenance}",
        _("input"): f"{scan.kind}, {'x'.join(map(str, scan.shape))} voxels",
        **({_("ADC fitted from b"): f"{fitted} s/mm2"} if fitted else {}),
        _("input SHA-256"): scan.sha256,
        _("software"): f"age2hie {software['version']}, Python {software['python']}, torch {software['torch']}",
        _("device"): result.device,
        _("seconds"): f"{sum(result.timing_s.values()):.1f}",
    }
    return "<br>".join(f"<b>{name}</b>: {html.escape(value)}" for name, value in rows.items())


def modelText(label: Any) -> str:
    """A model's own description (``AGE2HIELib.system.places.ModelLabel``)."""
    if label.problem:
        return _("<b>{title}</b> cannot be used: {problem}").format(
            title=html.escape(label.title), problem=html.escape(label.problem)
        )
    text = _("<b>{title}</b><br>Trained on: {trained}<br>Intended use: {use}").format(
        title=html.escape(label.title), trained=html.escape(label.trained_on), use=html.escape(label.intended_use)
    )
    if label.demonstration:
        mark = _("SYNTHETIC: this model has seen no child.")
        text = f'<span style="color:{NOTICE_COLOUR}"><b>{mark}</b></span><br>{text}'
    return text


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


def checkCells(check: Check) -> tuple[str, str, str, str]:
    """A row of the panel's table: name, whether it was passed, value, and the limit or what to do."""
    if check.passed:
        return check.name, _("passed"), valueText(check), check.limit
    verdict = _("overridden") if check.overridden else _("WARNING") if check.severity == "warn" else _("NOT PASSED")
    return check.name, verdict, valueText(check), inThePanel(f"{check.limit}. {check.remedy}")


def valueText(check: Check) -> str:
    """Empty where it is not known."""
    value = check.value
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else value


def overrideText(checks: Iterable[Check]) -> str:
    """What the user is asked before a number is made in spite of warnings."""
    lines = [f"{check.name}: {valueText(check)} ({check.limit})" for check in checks if not check.passed]
    question = _("Predict in spite of these warnings? The result will say that you did.")
    return "\n".join([question, "", *lines])


def checkHeaders() -> list[str]:
    return [_("check"), _("verdict"), _("value"), _("limit, and what to do")]


def doctorText(report: dict[str, Any]) -> str:
    """The findings of ``age2hie doctor --json``."""
    marks = {"good": ("#2e7d32", _("ok")), "notice": (NOTICE_COLOUR, _("note")), "problem": ("#b00020", _("problem"))}
    lines = []
    for finding in report["findings"]:
        colour, mark = marks[finding["status"]]
        line = f'<span style="color:{colour}"><b>{mark}</b></span> {html.escape(finding["name"])}: '
        lines.append(line + html.escape(f"{finding['value']}. {finding['remedy']}".strip().rstrip(".") + "."))
    lines.append(_("<b>Ready to predict.</b>") if report["ready"] else _("<b>Not ready yet.</b>"))
    return "<br>".join(lines)


def escaped(text: str) -> str:
    """For a label that shows rich text: a message may hold any sign."""
    return html.escape(inThePanel(text))


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
    }
    return re.sub("|".join(map(re.escape, fields)), lambda found: fields[found.group()], text)
