"""The panel's result: shown only for the input that it was made from."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import display, panel, scene, texts
from AGE2HIEUI.choosing import chooseFolder
from AGE2HIEUI.codes import Code
from AGE2HIEUI.comparison import TARGET, comparisonsOf, exportComparison
from AGE2HIEUI.display import Look
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.nodes import part, tableRows
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.record import BadRecord, readRecord
from AGE2HIEUI.regionTexts import readRegions

if TYPE_CHECKING:
    from AGE2HIELib.bundle.details import ReferenceScores
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.region_summary import RegionSummary
    from AGE2HIELib.result.verdicts import Quality


class ResultSection:
    """Holds which record is on the screen, so that it can be taken off again.

    Args:
        reference: the scores of other infants by the model of a result.
    """

    def __init__(self, ui: Any, message: MessageSection, reference: Callable[[Result], ReferenceScores | None]) -> None:
        self._ui, self._message, self._reference = ui, message, reference
        self.record = None
        self.result: Result | None = None
        self.regions: tuple[RegionSummary, ...] = ()
        self._look: Look | None = None  # the one that the shown record has
        self._reportFolder: tempfile.TemporaryDirectory[str] | None = None
        self.hide()

    def show(self, record: Any) -> None:
        """A prediction's numbers, tables and legend. Raises BadRecord for one that was edited by hand."""
        if record is self.record:
            return
        self.hide()
        result = readRecord(record.GetText())
        self.record, self.result = record, result
        panel.showResultText(self._ui, result, self._reference(result))
        self._showRegions(part(record, "region_table"))
        self._ui.reportButton.setEnabled(part(record, "report") is not None)
        saliency = part(record, "saliency")
        self._ui.displayCollapsibleButton.setVisible(saliency is not None)
        if saliency is not None:
            self._ui.saliencyLabel.setText(texts.saliencyText(result, display.peakOf(saliency)))

    def showCheck(self, quality: Quality) -> None:
        """The checks of a scan for which nobody asked a number."""
        self.hide()
        panel.showCheckOnly(self._ui, quality)

    def showRefusal(self, result: Result) -> None:
        """The checks of a scan that has no probability."""
        self.hide()
        panel.showResultText(self._ui, result)

    def _showRegions(self, table: Any) -> None:
        """Raises BadRecord for a table that was edited by hand."""
        try:
            self.regions = readRegions(tableRows(table)) if table is not None else ()
        except (KeyError, ValueError) as error:
            raise BadRecord(str(error)) from error
        panel.showRegions(self._ui, self.regions, self.result.readings if self.result else ())

    def hide(self) -> None:
        """Off the panel and out of the slice views."""
        if self.record is not None and slicer.mrmlScene.IsNodePresent(self.record):
            display.hideResult(self.record)
        self.record = self.result = self._look = None
        self.regions = ()
        self.removeReport()
        panel.hideResultText(self._ui)

    def applyLook(self, look: Look) -> None:
        """At once, but only where the user has changed it: this is called for every change of any parameter."""
        if self.record is not None and look != self._look:
            display.applyLook(self.record, look)
            self._look = look

    def showOverlay(self, look: Look) -> None:
        display.showResult(self.record, look)

    def showSideBySide(self, look: Look) -> None:
        display.showSideBySide(self.record, look)

    def showChart(self) -> None:
        slicer.modules.plots.logic().ShowChartInLayout(part(self.record, "chart"))

    def openReport(self) -> None:
        """In the web browser, from a copy in a private folder, which goes when the result is no longer shown."""
        self.removeReport()
        self._reportFolder = tempfile.TemporaryDirectory(prefix="age2hie-report-", ignore_cleanup_errors=True)
        path = Path(self._reportFolder.name) / "report.html"
        path.write_text(part(self.record, "report").GetText(), encoding="utf-8")
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))

    def chooseAndExport(self) -> None:
        parent = chooseFolder(_("Folder for the result's files"))
        if parent:
            self.export(Path(parent) / "age2hie-result")

    def export(self, folder: Path) -> None:
        """The shown result's files in a new folder, comparisons below it; one that exists is not written over.

        They are written beside it under another name: the folder appears whole, or not at all.
        """
        unfinished = folder.with_name(f".{folder.name}.part")
        try:
            if folder.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), folder.name)
            shutil.rmtree(unfinished, ignore_errors=True)  # of a Slicer that was ended meanwhile
            unfinished.mkdir()
            scene.exportResult(self.record, unfinished)
            for number, comparison in enumerate(comparisonsOf(self.record), 1):
                exportComparison(comparison, unfinished / f"explanations-{number}-{comparison.GetAttribute(TARGET)}")
            unfinished.rename(folder)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            message = _("The result was not exported to {folder}: {error}").format(folder=folder, error=error)
            self._message.show(Failure(Code.NOT_EXPORTED, message, _("Choose another folder.")))

    def removeReport(self) -> None:
        """The copy that was opened in the browser."""
        if self._reportFolder is not None:
            self._reportFolder.cleanup()
            self._reportFolder = None
