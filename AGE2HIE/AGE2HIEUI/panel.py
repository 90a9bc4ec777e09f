"""Fills the panel's widgets from data; knows no parameters and starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from AGE2HIEUI import checkTexts, findingTexts, regionTexts, texts
from AGE2HIEUI.clinicalTexts import clinicalText
from AGE2HIEUI.gauge import gaugePixmap
from AGE2HIEUI.tables import AMBER, RED, fillTable

if TYPE_CHECKING:
    from AGE2HIELib.bundle.details import ReferenceScores
    from AGE2HIELib.result.findings import InjuryScore, Lesion
    from AGE2HIELib.result.network_readings import NetworkReading
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.region_summary import RegionSummary
    from AGE2HIELib.result.verdicts import Examination, Quality

_AGE_UNKNOWN = -1.0
_BANNER = "background-color: {colour}; color: #000000; border-style: solid; border-width: 1px; padding: 6px;"
_OF_A_NUMBER = ("cardButton", "reportButton", "exportButton", "chartButton", "pdfButton", "dicomButton")


def ageDays(ui: Any) -> float | None:
    """As it stands in its field, and nowhere else."""
    return value if (value := ui.ageSpinBox.value) > _AGE_UNKNOWN else None


def showAge(ui: Any, days: float | None) -> None:
    ui.ageSpinBox.setValue(_AGE_UNKNOWN if days is None else days)


def showResultText(ui: Any, result: Result, reference: ReferenceScores | None = None) -> None:
    """Everything that stands in the result section; a scan without a number has its checks, and lesions where they are.

    Args:
        reference: scores of infants of either outcome, among which the number is shown.
    """
    number = result.probability_adverse is not None
    ui.resultCollapsibleButton.setVisible(True)
    ui.headingLabel.setText(f"<b>{texts.headingText(result)}</b>")
    ui.scoreLabel.setText(f'<span style="font-size:16pt">{texts.scoreText(result)}</span>')
    ui.gaugeLabel.setPixmap(gaugePixmap(result, reference))
    ui.curveLabel.setText(texts.referenceText(result, reference))
    ui.curveLabel.setVisible(number and reference is not None)
    ui.gaugeLabel.setVisible(number)
    clinical = clinicalText(result.clinical)
    readings = (texts.readingText(one) for one in result.readings)
    ui.labelLabel.setText("<br>".join(part for part in (clinical, texts.labelText(result), *readings) if part))
    showChecks(ui, result.quality)
    ui.warningsLabel.setText(texts.warningsText(result))
    ui.warningsLabel.setVisible(bool(result.warnings))
    ui.provenanceLabel.setText(texts.provenanceText(result))
    ui.overrideButton.setVisible(result.quality.withheld)
    examination = result.examination
    showExaminations(ui.examinationLabel, [] if examination is None else [(texts.saliencyTitle(result), examination)])
    showFindings(ui, result.lesion, result.scores)
    ui.provenanceCollapsibleButton.setVisible(True)
    for name in _OF_A_NUMBER:
        getattr(ui, name).setVisible(number)


def showCheckOnly(ui: Any, quality: Quality) -> None:
    """What the gate said of a scan whose number nobody asked for."""
    hideResultText(ui)
    ui.resultCollapsibleButton.setVisible(True)
    ui.headingLabel.setText(f"<b>{checkTexts.checkOnlyHeading(quality)}</b>")
    ui.labelLabel.setText(checkTexts.checkOnlyText(quality))
    showChecks(ui, quality)
    for name in (*_OF_A_NUMBER, "gaugeLabel", "curveLabel", "warningsLabel", "provenanceCollapsibleButton"):
        getattr(ui, name).setVisible(False)


def showChecks(ui: Any, quality: Quality) -> None:
    """One line where all were passed; the table is unfolded where something was not."""
    ui.checksLabel.setText(checkTexts.checksLine(quality))
    ui.checksCollapsibleButton.text = checkTexts.checksText(quality)
    ui.checksCollapsibleButton.collapsed = not quality.failed
    ui.checksCollapsibleButton.setVisible(True)
    fillTable(ui.checksTable, checkTexts.checkColumns(), checkTexts.checkRows(quality.checks))
    refused = any(check.severity != "warn" for check in quality.failed)
    ui.remediesLabel.setStyleSheet(_BANNER.format(colour=RED if refused else AMBER))
    ui.remediesLabel.setText(checkTexts.remediesText(quality))
    ui.remediesLabel.setVisible(bool(quality.failed))


def showFindings(ui: Any, lesion: Lesion | None, scores: tuple[InjuryScore, ...], note: str = "") -> None:
    """How much is injured and where. ``note``: what is to be said of them, such as that a user has corrected them."""
    text = findingTexts.findingsText(lesion, scores)
    ui.findingsLabel.setText("<br>".join(part for part in (note, text) if part))
    ui.findingsLabel.setVisible(bool(text))
    ui.scoresCollapsibleButton.setVisible(bool(scores))
    fillTable(ui.scoresTable, findingTexts.scoreColumns(), findingTexts.scoreRows(scores))


def hideResultText(ui: Any) -> None:
    """No number, no table: nothing that could be taken for another scan's."""
    ui.resultCollapsibleButton.setVisible(False)
    ui.displayCollapsibleButton.setVisible(False)
    showExaminations(ui.examinationLabel, [])
    for part in (
        "heading",
        "score",
        "checks",
        "curve",
        "label",
        "remedies",
        "findings",
        "warnings",
        "provenance",
        "saliency",
    ):
        getattr(ui, f"{part}Label").setText("")
    for part in ("regions", "scores"):
        getattr(ui, f"{part}CollapsibleButton").setVisible(False)
    ui.gaugeLabel.clear()
    for table in (ui.checksTable, ui.regionsTable, ui.scoresTable):
        table.setRowCount(0)
    ui.overrideButton.setVisible(False)


def showRegions(ui: Any, regions: Sequence[RegionSummary], readings: Sequence[NetworkReading] = ()) -> None:
    """The most affected first; the column of lesions is there where the record has one, and so is one for everything
    that the network says of each region.
    """
    lesion = any(one.lesion_ml is not None for one in regions)
    ui.regionsCollapsibleButton.setVisible(True)
    ofRegions = [one for one in readings if one.places]
    columns = regionTexts.regionColumns(lesion=lesion, readings=ofRegions)
    rows = [regionTexts.regionRow(one, lesion=lesion, readings=ofRegions) for one in regions]
    fillTable(ui.regionsTable, columns, rows)


def showExaminations(label: Any, examined: list[tuple[str, Examination]]) -> None:
    """An amber banner where a map has failed, a plain line where all were passed, nothing where none was examined.

    Args:
        examined: each with the title of its map.
    """
    failed = any(not examination.passed for _title, examination in examined)
    label.setStyleSheet(_BANNER.format(colour=AMBER) if failed else "")
    label.setText("<br>".join(texts.examinationText(title, each) for title, each in examined))
    label.setVisible(bool(examined))
