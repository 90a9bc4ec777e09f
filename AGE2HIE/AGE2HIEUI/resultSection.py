"""The panel's result: shown only for the input that it was made from."""

from __future__ import annotations

import tempfile
from pathlib import Path

import qt

import slicer

from AGE2HIEUI import display, panel, scene, texts
from AGE2HIEUI.display import Look
from AGE2HIEUI.record import Result, readRecord


class ResultSection:
    """Holds which record is on the screen, so that it can be taken off again."""

    def __init__(self, ui) -> None:
        self._ui = ui
        self.record = None
        self.hide()

    def show(self, record) -> None:
        """A prediction's numbers, tables and legend. Raises BadRecord for one that was edited by hand."""
        if record is self.record:
            return
        self.hide()
        result = readRecord(record.GetText())
        self.record = record
        panel.showResultText(self._ui, result)
        self._ui.regionTableView.setMRMLTableNode(scene.part(record, "region_table"))
        saliency = scene.part(record, "saliency")
        self._ui.displayCollapsibleButton.setVisible(saliency is not None)
        if saliency is not None:
            self._ui.saliencyLabel.setText(texts.saliencyText(result, display.peakOf(saliency)))

    def showRefusal(self, result: Result) -> None:
        """The checks of a scan that has no probability."""
        self.hide()
        panel.showResultText(self._ui, result)

    def hide(self) -> None:
        """Off the panel and out of the slice views."""
        if self.record is not None and slicer.mrmlScene.IsNodePresent(self.record):
            display.hideResult(self.record)
        self.record = None
        panel.hideResultText(self._ui)

    def applyLook(self, look: Look) -> None:
        if self.record is not None:
            display.applyLook(self.record, look)

    def showOverlay(self, look: Look) -> None:
        display.showResult(self.record, look)

    def showSideBySide(self, look: Look) -> None:
        display.showSideBySide(self.record, look)

    def showChart(self) -> None:
        slicer.modules.plots.logic().ShowChartInLayout(scene.part(self.record, "chart"))

    def openReport(self) -> None:
        """In the web browser, from a copy in a folder that only this user may enter."""
        path = Path(tempfile.mkdtemp(prefix="age2hie-report-")) / "report.html"
        path.write_text(scene.part(self.record, "report").GetText(), encoding="utf-8")
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))

    def export(self, folder: Path) -> None:
        """Files of the shown result in a new folder. Raises FileExistsError, OSError."""
        folder.mkdir()
        scene.exportResult(self.record, folder)
