"""A result in words. A demonstration model's number is a score, with nothing about a child's chances."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from AGE2HIEUI.checkPhrases import CHECKS
from AGE2HIEUI.regionTexts import percent

if TYPE_CHECKING:
    from AGE2HIELib.bundle.details import ReferenceScores
    from AGE2HIELib.result.explanations import Explanations
    from AGE2HIELib.result.network_readings import NetworkReading
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.verdicts import Examination, Finding


def noticeText(host: str = "") -> str:
    """``host``: another computer that scans go to; empty where they stay here."""
    notice = _("<b>Research use only.</b> Not a medical device; not for clinical decisions.")
    if not host:
        return notice
    where = _("<b>Scans leave this computer:</b> the voxels of the brain go to {host}, without name, date or header.")
    return f"{notice}<br>{where.format(host=html.escape(host))}"


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


def referenceText(result: Result, reference: ReferenceScores | None) -> str:
    """What the two curves above the bar are."""
    if reference is None:
        return ""
    text = (
        _("Synthetic infants that the model had not seen: blue, {favourable} without, orange, {adverse} with harm.")
        if result.demonstration
        else _(
            "Infants that the model had not seen: blue, {favourable} favourable, orange, {adverse} adverse outcomes."
        )
    )
    return text.format(favourable=len(reference.favourable), adverse=len(reference.adverse))


def labelText(result: Result) -> str:
    """The contract's label in words."""
    quality = result.quality
    if result.probability_adverse is None:
        return _("No probability is given. Not passed: {count} of {of} checks.").format(
            count=len(quality.failed), of=len(quality.checks)
        )
    if quality.overridden:
        names = html.escape(", ".join(map(CHECKS.translated, quality.overridden)))
        return _("Made in spite of a warning that was overridden: {names}. {text}").format(
            names=names, text=_labelText(result)
        )
    return _labelText(result)


def readingText(reading: NetworkReading) -> str:
    """What the network says of the whole brain besides, in the record's own words; empty for a reading of regions."""
    if reading.value is None:
        return ""
    return html.escape(f"{reading.title}: {reading.value:.1f} {reading.unit}")


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
    cells = max(result.saliency.resolution_mm if result.saliency else (), default=0.0)
    return _(
        "{method}, computed on cells of {cells:.0f} mm. Colours reach from no evidence to the strongest place of this "
        "map (value {peak:.2g}), so two scans' colours do not compare; only what speaks for an adverse outcome is "
        "coloured."
    ).format(method=title, cells=cells, peak=peak)


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
            text = _(
                "<b>{title}</b>: cells of {cells:.0f} mm; where it is marked, the ensemble's networks agree to {agree}."
            )
            lines.append(text.format(**words, agree=percent(agree)))
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
