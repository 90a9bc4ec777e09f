"""The report as a PDF file and as DICOM objects, from the panel."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison_workers import MATRIX
from hospital import Run
from panel_actions import SHAPE, SPOT, add_volume, good, play, predict
from workers import result_writer

from AGE2HIEPlayed import RESULT, PlayedProcess, record

pytestmark = pytest.mark.host
PAGES = b"/Type /Page\n"


def settled(host: Any, panel: Any) -> bool:
    host.wait(lambda: panel.widget.ui.pdfButton.enabled, 90)
    return True


@pytest.mark.browser
def test_the_report_becomes_a_pdf_file_of_several_pages(host: Any, panel: Any, predicted: Run, tmp_path: Path) -> None:
    """The page of a real prediction; what stood under that name gives way only to a whole file."""
    page = (predicted.folder / "report.html").read_text(encoding="utf-8")
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()

    def write(folder: Path) -> None:
        result_writer(MATRIX, SHAPE, SPOT)(folder)
        (folder / "report.html").write_text(page, encoding="utf-8")

    predict(host, panel, PlayedProcess([RESULT], write=write))
    target = tmp_path / "Bericht für Zoë.pdf"
    target.write_text("earlier")
    panel.widget.archive.writePdf(target)
    assert not panel.widget.ui.pdfButton.enabled  # one at a time
    assert target.read_text() == "earlier"
    settled(host, panel)
    content = target.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/MediaBox") >= 2
    assert panel.widget.ui.savedLabel.text == "Written: Bericht für Zoë.pdf"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


class SilentWeb:
    """A web engine that fails in one of its ways."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.slots: dict[str, Any] = {}
        self.gone = False

    def connect(self, signal: str, slot: Any) -> None:
        self.slots[signal.split("(")[0]] = slot

    def setUrl(self, _url: str) -> None:  # noqa: N802
        if self.how != "silent":
            self.slots["loadFinished"](self.how != "not loaded")

    def printToPdf(self, path: str, _layout: Any) -> None:  # noqa: N802
        if self.how == "folder is gone":
            Path(path).write_bytes(b"%PDF-")
        self.slots["pdfPrintingFinished"](path, self.how == "folder is gone")

    def deleteLater(self) -> None:  # noqa: N802
        self.gone = True


@pytest.mark.parametrize("how", ["not loaded", "not printed", "folder is gone", "silent"])
def test_what_the_web_engine_cannot_do_is_said_and_leaves_nothing(
    how: str, host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    web = SilentWeb(how)
    monkeypatch.setattr(host.slicer, "qSlicerWebWidget", lambda: web)
    widget = ready.widget
    folder = tmp_path / "gone" if how == "folder is gone" else tmp_path
    widget.archive.writePdf(folder / "report.pdf")
    if how == "silent":
        assert widget.archive.printer.running
        widget.archive.printer._timer.timeout.emit()
    assert "not printed" in widget.ui.messageLabel.text
    assert "R4" in widget.ui.messageLabel.text
    assert widget.ui.savedLabel.text == ""
    assert web.gone
    assert not widget.archive.printer.running
    assert widget.ui.pdfButton.enabled
    assert not [path for path in tmp_path.iterdir() if "report" in path.name]


def test_a_slicer_without_web_engine_says_how_else(host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(host.slicer, "qSlicerWebWidget")
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(MATRIX))
    assert not panel.widget.ui.pdfButton.enabled
    assert "in the browser" in panel.widget.ui.pdfButton.toolTip


def test_another_scan_ends_a_printing(host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host.slicer, "qSlicerWebWidget", lambda: SilentWeb("silent"))
    ready.widget.archive.writePdf(tmp_path / "report.pdf")
    ready.widget.ui.inputSelector.setCurrentNode(add_volume(host, MATRIX, "Infant B", 900.0))
    assert not ready.widget.archive.printer.running
    assert ready.widget.ui.savedLabel.text == ""


def test_the_dicom_objects_are_those_of_the_prediction(
    host: Any, panel: Any, predicted: Run, study: Path, tmp_path: Path
) -> None:
    """The real worker, of what the scene holds of a real result, for the files that the node came from."""
    files = sorted(study.iterdir())
    node = add_volume(host, MATRIX)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(f"1.{number}" for number in range(len(files))))
    host.slicer.dicomDatabase.files.update({f"1.{number}": str(path) for number, path in enumerate(files)})
    panel.widget.initializeParameterNode()
    ours = panel.widget.logic.newProcess

    def write(folder: Path) -> None:
        shutil.copytree(predicted.folder, folder, ignore=shutil.ignore_patterns("dicom"))

    predict(host, panel, PlayedProcess([RESULT], write=write))
    assert panel.widget.ui.dicomButton.enabled, panel.widget.ui.messageLabel.text
    panel.widget.logic.newProcess = ours
    panel.widget.archive.writeDicom(tmp_path)
    assert not panel.widget.ui.dicomButton.enabled
    host.wait(lambda: panel.widget.ui.dicomButton.enabled, 90)
    assert panel.widget.ui.savedLabel.text == "Written: age2hie-dicom", panel.widget.ui.messageLabel.text
    made = sorted((tmp_path / "age2hie-dicom").iterdir())
    wanted = sorted((predicted.folder / "dicom").iterdir())
    assert [path.name for path in made] == [path.name for path in wanted]
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in wanted]
    panel.widget.archive.writeDicom(tmp_path)  # a folder that exists is not written over
    host.wait(lambda: panel.widget.ui.dicomButton.enabled, 90)
    assert "exists already" in panel.widget.ui.messageLabel.text


def test_a_scan_that_is_no_dicom_is_said_at_once(host: Any, ready: Any, tmp_path: Path) -> None:
    process = play(ready, PlayedProcess())
    ready.widget.archive.writeDicom(tmp_path)
    assert "did not come from DICOM" in ready.widget.ui.messageLabel.text
    assert process.command is None
    assert not (tmp_path / "age2hie-dicom").exists()


def test_a_scan_on_disk_is_named_with_its_series(host: Any, panel: Any, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    panel.widget.ui.inputPathEdit.text, panel.widget.ui.seriesEdit.text = str(folder), "4:b0"
    play(panel, PlayedProcess([RESULT], write=result_writer(np.eye(4), SHAPE, SPOT, record())))
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    process = play(panel, PlayedProcess(code=2, stderr="age2hie: error: This scan is no DICOM."))
    panel.widget.archive.writeDicom(tmp_path)
    host.wait(lambda: panel.widget.ui.dicomButton.enabled)
    arguments = process.command.arguments
    assert {f"--input={folder}", "--series=4:b0", f"--output={tmp_path / 'age2hie-dicom'}"} <= set(arguments)
    assert not Path(arguments[-1]).exists()  # the copy of the result has gone with the call
    assert "This scan is no DICOM." in panel.widget.ui.messageLabel.text
