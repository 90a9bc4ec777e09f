"""The result for a hospital's other systems: the report as a PDF file, and as DICOM objects of the scan's own study."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI import lesion, scene
from AGE2HIEUI.choosing import chooseFolder, chooseNewFile
from AGE2HIEUI.chosenInput import InputKey
from AGE2HIEUI.codes import Code
from AGE2HIEUI.inputs import copyDicom
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.nodes import bytesOf, part
from AGE2HIEUI.printing import Printer, canPrint
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.question import Answer, Question
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.worker import Worker

OBJECTS = "age2hie-dicom"  # the folder of the objects, in the one that the user chooses


class ArchiveSection:
    """Both hold what was computed: the number, and the lesion as it was before a user drew on it.

    Args:
        worker: for the DICOM objects alone.
        scan: the one that is chosen, and with it the result that is shown.
        series: of a scan on disk.
        atlas: folder of the atlas that results are made with; empty for the bundled one.
    """

    def __init__(
        self,
        ui: Any,
        worker: Worker,
        results: ResultSection,
        message: MessageSection,
        scan: Callable[[], InputKey],
        atlas: Callable[[], str],
    ) -> None:
        self._ui, self._worker, self._results, self._message = ui, worker, results, message
        self._scan, self._atlas = scan, atlas
        self._record: Any = None
        self.printer = Printer(self._printed)
        self._target = Path()
        ui.pdfButton.connect("clicked()", self._choosePdf)
        ui.dicomButton.connect("clicked()", self._chooseDicom)
        self.follow()

    def follow(self) -> None:
        """Another result, or none, has come on the screen: nothing of the one before is written."""
        if self._results.record is not self._record:
            self.close()
            self._record = self._results.record
        page = self._record is not None and part(self._record, "report") is not None
        self._ui.pdfButton.setEnabled(page and canPrint() and not self.printer.running)
        self._ui.pdfButton.setToolTip(
            _("The whole report as a PDF file, A4.")
            if canPrint()
            else _("This Slicer has no web engine. Open the report in the browser and print it there.")
        )
        self._ui.dicomButton.setEnabled(self._record is not None and self._worker.job is None)

    def close(self) -> None:
        """Nothing of a result that is off the screen is written."""
        self.printer.close()
        self._worker.close()
        self._record = None
        self._say("")

    def writePdf(self, target: Path) -> None:
        """The report page; it is there once the web engine has printed it."""
        self._message.hide()
        self._say(_("Printing..."))
        self._target = target
        try:
            self.printer.print(part(self._record, "report").GetText(), target)
        except OSError as error:
            self._printed(error.strerror or str(error))
        self.follow()

    def writeDicom(self, parent: Path) -> None:
        """Structured report, segmentations, maps and captures, into a new folder: ``age2hie dicom``."""
        self._message.hide()
        self._target = parent / OBJECTS
        folder = Path(tempfile.mkdtemp(prefix="age2hie-"))  # only this user may enter it
        try:
            result = _writeComputed(self._record, folder / "result")
            given = self._scanFiles(folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self._fail(error.strerror or str(error), _("Choose another folder."))
            return
        if given is None:
            shutil.rmtree(folder, ignore_errors=True)
            self._fail(
                _("This scan did not come from DICOM, so nobody knows its study."),
                _("Load the DICOM series and predict that."),
            )
            return
        self._say(_("Writing DICOM objects..."))
        atlas = (f"--atlas={self._atlas()}",) if self._atlas() else ()
        arguments = ("dicom", f"--output={self._target}", *given, *atlas, "--progress=jsonl", "--", str(result))
        self._worker.start(Question(arguments, self._wroteDicom, folder=folder))
        self.follow()

    def _scanFiles(self, folder: Path) -> tuple[str, ...] | None:
        """Options that name the files of the scan; None where it is no DICOM. Raises OSError."""
        key = self._scan()
        if key.path:
            series = (f"--series={key.series}",) if key.series else ()
            return f"--input={key.path}", *series
        copied = copyDicom(key.node, folder / "dicom")
        return (f"--input={copied}",) if copied is not None else None

    def _choosePdf(self) -> None:
        name = chooseNewFile(_("Report as PDF"), "age2hie-report.pdf", _("PDF files (*.pdf)"))
        if name:
            self.writePdf(Path(name).with_suffix(".pdf") if not Path(name).suffix else Path(name))

    def _chooseDicom(self) -> None:
        parent = chooseFolder(_("Folder for the DICOM objects"))
        if parent:
            self.writeDicom(Path(parent))

    def _printed(self, problem: str) -> None:
        if problem:
            message = _("The report was not printed: {problem}").format(problem=problem)
            self._fail(message, _("Choose another file, or open the report in the browser and print it there."))
        else:
            self._written()
        self.follow()

    def _wroteDicom(self, answer: Answer) -> None:
        if answer.code == 0:
            self._written()
        else:
            self._fail(answer.error or _("the worker gave no answer"), _("Choose another folder or scan."))

    def _written(self) -> None:
        text = _("Written: {name}").format(name=self._target.name)
        if part(self._record, lesion.CORRECTION) is not None:
            text += " " + _("It holds the computed lesion, not the corrected one.")
        self._say(text)

    def _fail(self, message: str, remedy: str) -> None:
        self._say("")
        self._message.show(Failure(Code.NOT_EXPORTED, message, remedy))

    def _say(self, text: str) -> None:
        self._ui.savedLabel.setText(text)
        self._ui.savedLabel.setVisible(bool(text))


def _writeComputed(record: Any, folder: Path) -> Path:
    """The result's files as the worker had made them: the record belongs to the computed lesion. Raises OSError."""
    scene.exportResult(record, folder)
    computed = part(record, lesion.COMPUTED)
    if computed is not None:
        try:
            (folder / "lesion.nii.gz").write_bytes(bytesOf(computed))
        except ValueError as error:
            raise OSError(_("The computed lesion in the scene cannot be read.")) from error
    return folder
