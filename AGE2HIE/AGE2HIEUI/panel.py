"""Fills the panel's widgets from data; knows no parameters and starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt

from AGE2HIEUI import texts
from AGE2HIEUI.gauge import gaugePixmap

if TYPE_CHECKING:
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.verdicts import Examination

_AGE_UNKNOWN = -1.0
_AMBER, _RED = "#ffe0b2", "#ffcdd2"  # behind a warning, behind a refusal
_SPOILT_BY_FLUID = ("mean_adc_1e6_mm2_s", "mean_z")  # kept in the file for scripts
_BANNER = "background-color: {colour}; color: #000000; border-style: solid; border-width: 1px; padding: 6px;"


def ageDays(ui: Any) -> float | None:
    """As it stands in its field, and nowhere else."""
    return value if (value := ui.ageSpinBox.value) > _AGE_UNKNOWN else None


def showAge(ui: Any, days: float | None) -> None:
    ui.ageSpinBox.setValue(_AGE_UNKNOWN if days is None else days)


def showResultText(ui: Any, result: Result) -> None:
    """Everything that stands in the result section; a refused scan has its checks and no number."""
    ui.resultCollapsibleButton.setVisible(True)
    ui.headingLabel.setText(f"<b>{texts.headingText(result)}</b>")
    ui.scoreLabel.setText(f'<span style="font-size:16pt">{texts.scoreText(result)}</span>')
    ui.gaugeLabel.setPixmap(gaugePixmap(result))
    ui.gaugeLabel.setVisible(result.probability_adverse is not None)
    ui.labelLabel.setText(texts.labelText(result))
    _showRemedies(ui.remediesLabel, result)
    ui.warningsLabel.setText(texts.warningsText(result))
    ui.warningsLabel.setVisible(bool(result.warnings))
    ui.provenanceLabel.setText(texts.provenanceText(result))
    _fillChecks(ui.checksTable, result)
    ui.overrideButton.setVisible(result.quality.withheld)
    examination = result.examination
    showExaminations(ui.examinationLabel, [] if examination is None else [(texts.saliencyTitle(result), examination)])
    for name in ("reportButton", "exportButton", "chartButton", "regionTableView"):
        getattr(ui, name).setVisible(result.probability_adverse is not None)


def hideResultText(ui: Any) -> None:
    """No number, no table: nothing that could be taken for another scan's."""
    ui.resultCollapsibleButton.setVisible(False)
    ui.displayCollapsibleButton.setVisible(False)
    showExaminations(ui.examinationLabel, [])
    for part in ("heading", "score", "label", "remedies", "warnings", "provenance", "saliency"):
        getattr(ui, f"{part}Label").setText("")
    ui.gaugeLabel.clear()
    ui.checksTable.setRowCount(0)
    ui.overrideButton.setVisible(False)
    ui.regionTableView.setMRMLTableNode(None)


def showRegions(view: Any, node: Any) -> None:
    """The table of regions, without the means that fluid spoils where it has measures of tissue alone."""
    view.setMRMLTableNode(node)
    table = node.GetTable()
    names = [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())]
    for column, name in enumerate(names):
        if name in _SPOILT_BY_FLUID and "measured" in names:
            view.hideColumn(column)
        else:
            view.showColumn(column)
    view.resizeColumnsToContents()


def showExaminations(label: Any, examined: list[tuple[str, Examination]]) -> None:
    """An amber banner where a map has failed, a plain line where all were passed, nothing where none was examined.

    Args:
        examined: each with the title of its map.
    """
    failed = any(not examination.passed for _title, examination in examined)
    label.setStyleSheet(_BANNER.format(colour=_AMBER) if failed else "")
    label.setText("<br>".join(texts.examinationText(title, each) for title, each in examined))
    label.setVisible(bool(examined))


def _showRemedies(label: Any, result: Result) -> None:
    refused = any(check.severity != "warn" for check in result.quality.failed)
    label.setStyleSheet(_BANNER.format(colour=_RED if refused else _AMBER))
    label.setText(texts.remediesText(result))
    label.setVisible(bool(result.quality.failed))


def _fillChecks(table: Any, result: Result) -> None:
    headers = texts.checkHeaders()
    table.setColumnCount(len(headers))
    table.setHorizontalHeaderLabels(headers)
    table.setRowCount(len(result.quality.checks))
    table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    # what was not passed is what the user must see first
    for row, check in enumerate(sorted(result.quality.checks, key=lambda check: check.urgency)):
        for column, text in enumerate(texts.checkCells(check)):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(text)
            if not check.passed:
                item.setBackground(qt.QBrush(qt.QColor(_AMBER if check.severity == "warn" else _RED)))
                item.setForeground(qt.QBrush(qt.QColor(0, 0, 0)))
            table.setItem(row, column, item)
    table.resizeColumnsToContents()
