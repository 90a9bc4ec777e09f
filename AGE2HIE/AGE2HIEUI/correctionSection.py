"""A lesion that the user corrects in the Segment Editor: its volumes and scores follow, measured by the worker."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt

import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from AGE2HIEUI import findingTexts, lesion, panel
from AGE2HIEUI.codes import Code
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.nodes import UnreadableResult, addNode, part, refer, removeWithDisplay
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.question import Answer, Question
from AGE2HIEUI.record import BadRecord, readCorrection
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.worker import Worker

if TYPE_CHECKING:
    from AGE2HIELib.result.correction import Correction

_STILL_MS = 400  # without a stroke of the brush before a lesion is measured
_MARK = "AGE2HIE.lesionMark"  # of the lesion whose measures are shown


class CorrectionSection(VTKObservationMixin):
    """Follows the segmentation of the result on the screen.

    Args:
        worker: for the measurement alone.
        message: where the panel says what went wrong.
        atlas: folder of the atlas that results are made with; empty for the bundled one.
    """

    def __init__(
        self, ui: Any, worker: Worker, results: ResultSection, message: MessageSection, atlas: Callable[[], str]
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._atlas = atlas
        self._ui, self._worker, self._results, self._message = ui, worker, results, message
        self._record: Any = None
        self._asked = ""  # the mark of the lesion that is measured now
        self._seen = 0  # the segmentation's time of change when it was last looked at
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_STILL_MS)
        self._timer.connect("timeout()", self.measure)
        ui.editLesionButton.connect("clicked()", self._edit)
        ui.computedLesionButton.connect("clicked()", self.restore)

    def follow(self) -> None:
        """Called after every change of the panel: another result may be on the screen, or its lesion drawn anew."""
        record = self._results.record
        if record is not self._record:
            self._leave()
            self._record = record
            self._watch()
        has = record is not None and part(record, lesion.LESION) is not None
        self._ui.editLesionButton.setVisible(has)
        self._ui.computedLesionButton.setVisible(has and part(record, lesion.CORRECTION) is not None)

    def measure(self) -> None:
        """At once where the lesion has its computed shape, else by the worker; nothing where nothing was changed."""
        record = self._record
        if record is None or part(record, lesion.LESION) is None or part(record, "adc") is None:
            return
        mark = lesion.lesionMark(record)
        self._seen = self._changed()  # after the look, which may itself touch the segmentation
        if mark == (record.GetAttribute(_MARK) or "") or (self._worker.job is not None and mark == self._asked):
            return
        self._asked = mark
        if not lesion.canBeMeasured(record):
            self._fail(_("The scene does not hold all that a lesion is measured on."), _("Predict again."))
            return
        folder = Path(tempfile.mkdtemp(prefix="age2hie-"))  # only this user may enter it
        try:
            corrected = lesion.writeForMeasuring(record, folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self._fail(str(error), _("Draw a lesion, or go back to the computed one."))
            return
        self._ui.findingsLabel.setText(findingTexts.measuringText())
        atlas = (f"--atlas={self._atlas()}",) if self._atlas() else ()
        arguments = ("lesion", f"--corrected={corrected}", *atlas, "--progress=jsonl", "--", str(folder / "result"))
        self._worker.start(Question(arguments, lambda answer: self._measured(answer, record, mark), folder=folder))

    def restore(self) -> None:
        """The computed lesion, with what it was measured to be."""
        try:
            lesion.restoreComputed(self._record)
        except UnreadableResult as error:
            self._fail(_("The computed lesion cannot be read: {error}").format(error=error), _("Predict again."))
            return
        correction = part(self._record, lesion.CORRECTION)
        if correction is not None:
            removeWithDisplay(correction)
        self._record.SetAttribute(_MARK, lesion.lesionMark(self._record))
        self._seen = self._changed()
        self._message.hide()
        self._show()
        self.follow()

    def close(self) -> None:
        """Nothing of a result that is off the screen is measured."""
        self._leave()

    def _measured(self, answer: Answer, record: Any, mark: str) -> None:
        if not slicer.mrmlScene.IsNodePresent(record):
            return
        try:
            if answer.code != 0:
                raise BadRecord(answer.error or _("the worker gave no answer"))
            readCorrection(answer.text)
        except BadRecord as error:
            self._fail(str(error), _("Correct the lesion further, or go back to the computed one."))
            self._show()
            return
        old = part(record, lesion.CORRECTION)
        if old is not None:
            removeWithDisplay(old)
        node = addNode("vtkMRMLTextNode", _("Measures of the corrected lesion"), [])
        node.SetText(answer.text)
        refer(record, lesion.CORRECTION, node)
        record.SetAttribute(_MARK, mark)
        if record is self._record:
            self._message.hide()
            self._show()
            self.follow()

    def _watch(self) -> None:
        """The first look at a result keeps the mark of its computed lesion."""
        record = self._record
        segmentation = part(record, lesion.LESION) if record is not None else None
        if segmentation is None or part(record, "adc") is None:
            return
        if record.GetAttribute(_MARK) is None:
            record.SetAttribute(_MARK, lesion.lesionMark(record))
        self._seen = self._changed()
        segments = segmentation.GetSegmentation()
        kind = slicer.vtkSegmentation
        for event in (kind.SourceRepresentationModified, kind.SegmentAdded, kind.SegmentRemoved):
            self.addObserver(segments, event, self._onDrawn)
        self._show()
        self._timer.start()  # it may have been drawn on while the panel was closed

    def _leave(self) -> None:
        self._timer.stop()
        self._worker.close()
        self.removeObservers()
        self._record = None

    def _onDrawn(self, caller: Any, event: Any) -> None:
        if self._changed() != self._seen:
            self._timer.start()  # anew with every stroke

    def _changed(self) -> int:
        segmentation = part(self._record, lesion.LESION)
        return int(segmentation.GetSegmentation().GetMTime()) if segmentation is not None else 0

    def _show(self) -> None:
        """Of a corrected lesion its own measures, else the record's."""
        result, correction = self._results.result, self._correction()
        if result is None:
            return
        if correction is None:
            panel.showFindings(self._ui, result.lesion, result.scores)
            panel.showRegions(self._ui, self._results.regions, result.readings)
            return
        panel.showFindings(self._ui, correction.lesion, correction.scores, findingTexts.correctedText())
        found = {each.label: each for each in correction.regions}
        regions = [
            replace(one, lesion_ml=found[one.label].lesion_ml, lesion_share=found[one.label].lesion_share)
            if one.label in found
            else one
            for one in self._results.regions
        ]
        from AGE2HIELib.result.region_summary import by_severity

        panel.showRegions(self._ui, by_severity(regions), result.readings)

    def _correction(self) -> Correction | None:
        node = part(self._record, lesion.CORRECTION)
        try:
            return readCorrection(node.GetText()) if node is not None else None
        except BadRecord:  # of a scene that was edited by hand: the computed lesion's measures are shown
            return None

    def _fail(self, message: str, remedy: str) -> None:
        """Nothing is lost: what was drawn stays, and the measures of before."""
        self._message.show(Failure(Code.LESION, message, remedy))

    def _edit(self) -> None:
        """Slicer's own editor, with the lesion and the ADC."""
        segmentation, adc = part(self._record, lesion.LESION), part(self._record, "adc")
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(adc)
