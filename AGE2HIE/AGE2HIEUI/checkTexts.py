"""The quality gate in words: what was not passed, and what to do."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from AGE2HIEUI.checkPhrases import CHECKS
from AGE2HIEUI.tables import AMBER, RED, Column, Row
from AGE2HIEUI.workerTexts import NOTICE_COLOUR, escaped, inThePanel

if TYPE_CHECKING:
    from AGE2HIELib.result.verdicts import Check, Quality

_MOST_TOLD = 3  # checks; the table has them all


def checksText(quality: Quality) -> str:
    """How many of the questions were passed: it stands beside the score and above the table."""
    failed, of = len(quality.failed), len(quality.checks)
    return _("{count} of {of} checks passed").format(count=of - failed, of=of)


def checksLine(quality: Quality) -> str:
    """The same with a mark that is seen at a glance; never colour alone."""
    mark, colour = ("&#10003;", "#2e7d32") if not quality.failed else ("!", NOTICE_COLOUR)
    return f'<span style="color:{colour}"><b>{mark}</b></span> {checksText(quality)}'


def checkOnlyHeading(quality: Quality) -> str:
    if not quality.stopping:
        return _("This scan can be read")
    return _("A warning would keep the number back") if quality.withheld else _("This scan would be refused")


def checkOnlyText(quality: Quality) -> str:
    """What a check did not do."""
    if quality.stopping:
        return _("Only the quality gate was asked; no number was made.")
    return _("Only the quality gate was asked; click 'Predict outcome' for a number.")


def remediesText(quality: Quality) -> str:
    """What was not passed and what to do, where it can be read without scrolling; empty where all was passed."""
    failed = quality.failed
    lines = []
    for check in failed[:_MOST_TOLD]:
        line = _("<b>{name}</b>{overridden}: {value} (must be: {limit}). {remedy}").format(
            name=html.escape(CHECKS.translated(check.name)),
            overridden=_(", overridden") if check.overridden else "",
            value=html.escape(valueText(check) or _("not known")),
            limit=html.escape(CHECKS.translated(check.limit)),
            remedy=escaped(CHECKS.translated(check.remedy)),
        )
        lines.append(line)
    more = len(failed) - _MOST_TOLD
    if more > 0:
        lines.append(_("And {count} more, first in the table.").format(count=more))
    return "<br>".join(lines)


def checkRows(checks: Iterable[Check]) -> list[Row]:
    """What was not passed is what the user must see first."""
    return [checkRow(check) for check in sorted(checks, key=lambda check: check.urgency)]


def checkRow(check: Check) -> Row:
    """Name, whether it was passed, value, and the limit or what to do."""
    name, limit, remedy = map(CHECKS.translated, (check.name, check.limit, check.remedy))
    if check.passed:
        return Row((name, _("passed"), valueText(check), limit))
    verdict = _("overridden") if check.overridden else _("WARNING") if check.severity == "warn" else _("NOT PASSED")
    todo = inThePanel(f"{limit}. {remedy}")
    return Row((name, verdict, valueText(check), todo), AMBER if check.severity == "warn" else RED)


def valueText(check: Check) -> str:
    """Three digits, thousands whole; empty where it is not known."""
    value = check.value
    if value is None or isinstance(value, str):
        return CHECKS.translated(value or "")
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.removeprefix("-") if float(text) == 0 else text


def overrideText(checks: Iterable[Check]) -> str:
    """What the user is asked before a number is made in spite of warnings."""
    words = CHECKS.translated
    lines = [f"{words(one.name)}: {valueText(one)} ({words(one.limit)})" for one in checks if not one.passed]
    question = _("Predict in spite of these warnings? The result will say that you did.")
    return "\n".join([question, "", *lines])


def checkColumns() -> list[Column]:
    return [Column(_("Check")), Column(_("Verdict")), Column(_("Value")), Column(_("Limit, and what to do"))]
