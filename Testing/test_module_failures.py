"""Workers that fail, die, lie or babble: each ends in a message with cause and remedy, and in no result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workers import STAGES, refused_record, result_writer

from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.volume import Volume
from AGE2HIEPlayed import RESULT, PlayedProcess, event, record

pytestmark = pytest.mark.host

SHAPE, SPOT = (12, 14, 10), (4, 9, 3)
GOOD = result_writer(np.eye(4), SHAPE, SPOT)


def written(content: dict[str, Any]) -> Any:
    return result_writer(np.eye(4), SHAPE, SPOT, content)


def without(name: str) -> Any:
    def write(folder: Path) -> None:
        GOOD(folder)
        (folder / name).unlink()

    return write


def broken(name: str, content: bytes) -> Any:
    def write(folder: Path) -> None:
        GOOD(folder)
        (folder / name).write_bytes(content)

    return write


def elsewhere(folder: Path) -> None:
    """The saliency of the same size, but mirrored and moved."""
    GOOD(folder)
    volume = read_volume(folder / "saliency.nii.gz")
    write_volume(Volume(volume.array, np.diag([-1.0, 1.0, 1.0, 1.0])), folder / "saliency.nii.gz")


ERROR = event(event="error", code=2, message="The file is no image.", remedy="Choose another one.")
HABITS = {
    "exits 1": (PlayedProcess(STAGES, code=1, stderr="Traceback\nValueError"), "ended with code 1", "details"),
    "exits 2": (PlayedProcess([*STAGES, ERROR], code=2), "The file is no image.", "Choose another one."),
    "exits 2 silently": (PlayedProcess(STAGES, code=2), "cannot be used", "details"),
    "exits 3 without a result": (PlayedProcess(STAGES, code=3), "without saying", "details"),
    "exits 130": (PlayedProcess(STAGES, code=130), "cancelled from outside", "again"),
    "exits 77": (PlayedProcess(STAGES, code=77), "ended with code 77", "details"),
    "lacks a package": (
        PlayedProcess(STAGES, code=1, stderr="ModuleNotFoundError: No module named 'torch'"),
        "No module named",
        "Check this computer",
    ),
    "dies by a signal": (PlayedProcess(STAGES, code=-9), "signal 9", "memory"),
    "dies after its result": (PlayedProcess([*STAGES, RESULT], code=-11, write=GOOD), "signal 11", "memory"),
    "exits 1 after its result": (PlayedProcess([*STAGES, RESULT], code=1, write=GOOD), "code 1", "details"),
    "prints half a line": (PlayedProcess([*STAGES, RESULT[:20]], write=GOOD), "cannot be read", "details"),
    "prints garbage": (PlayedProcess([b"hello\n", *STAGES, RESULT], write=GOOD), "hello", "details"),
    "prints bytes": (PlayedProcess([b"\xff\xfe\x00\n", RESULT], write=GOOD), "cannot be read", "details"),
    "cuts a letter": (
        PlayedProcess([b'{"event":"stage","name":"\xc3', RESULT], write=GOOD),
        "cannot be read",
        "details",
    ),
    "prints an empty line": (PlayedProcess([b"\n", RESULT], write=GOOD), "empty line", "details"),
    "prints a number": (PlayedProcess([b"12\n", RESULT], write=GOOD), "cannot be read", "details"),
    "prints nested brackets": (
        PlayedProcess([b"[" * 100_000 + b"\n", RESULT], write=GOOD),
        "cannot be read",
        "details",
    ),
    "prints without end": (PlayedProcess([b"x" * 600_000] * 3, write=GOOD), "does not end", "details"),
    "counts badly": (
        PlayedProcess([event(event="stage", name="read", index=11, of=10), RESULT], write=GOOD),
        "read",
        "details",
    ),
    "says nothing": (PlayedProcess([]), "without saying", "details"),
    "says it has a result": (PlayedProcess([RESULT]), "there is none", "details"),
    "points at an old result": (
        PlayedProcess([event(event="result", output="/tmp/old/result")], write=GOOD),
        "cannot be read",
        "details",
    ),
    "writes no JSON": (PlayedProcess([RESULT], write=broken("result.json", b"{")), "cannot be read", "again"),
    "writes a list": (PlayedProcess([RESULT], write=broken("result.json", b"[]")), "cannot be read", "again"),
    "gives 1.7": (PlayedProcess([RESULT], write=written(record(probability_adverse=1.7))), "outside 0 to 1", "again"),
    "gives NaN": (PlayedProcess([RESULT], write=written(record(members=[float("nan")]))), "members[0] is nan", "again"),
    "gives a number outside its interval": (
        PlayedProcess([RESULT], write=written(record(interval=[0.8, 0.9]))),
        "outside its interval",
        "again",
    ),
    "gives a number to a refused scan": (
        PlayedProcess([RESULT], write=written(record(quality={"passed": False, "checks": []}))),
        "quality.passed is False",
        "again",
    ),
    "calls a demonstration 'yes'": (
        PlayedProcess([RESULT], write=written(record(demonstration="yes"))),
        "cannot be read",
        "again",
    ),
    "refuses, with a number": (PlayedProcess([RESULT], code=3, write=GOOD), "contradict each other", "again"),
    "predicts, without a number": (
        PlayedProcess([RESULT], write=written(refused_record())),
        "contradict each other",
        "again",
    ),
    "writes a table without labels": (
        PlayedProcess([RESULT], write=broken("regions.csv", b"region,hemisphere\nthalamus,left\n")),
        "regions.csv",
        "again",
    ),
    "writes a ragged table": (
        PlayedProcess([RESULT], write=broken("regions.csv", b"region,label\nthalamus\n")),
        "regions.csv",
        "again",
    ),
    "writes an empty table": (PlayedProcess([RESULT], write=broken("regions.csv", b"")), "regions.csv", "again"),
    "puts the saliency elsewhere": (PlayedProcess([RESULT], write=elsewhere), "grid of adc.nii.gz", "again"),
    "forgets the saliency": (PlayedProcess([RESULT], write=without("saliency.nii.gz")), "saliency.nii.gz", "again"),
    "forgets the table": (PlayedProcess([RESULT], write=without("regions.csv")), "regions.csv", "again"),
    "writes a broken volume": (PlayedProcess([RESULT], write=broken("adc.nii.gz", b"x")), "adc.nii.gz", "again"),
    "writes a broken report": (PlayedProcess([RESULT], write=broken("report.html", b"\xff")), "report.html", "again"),
}


@pytest.fixture
def ready(host: Any, panel: Any) -> Any:
    """The panel with a scan that was never predicted."""
    array = np.full(SHAPE[::-1], 1000, np.float32)
    host.slicer.util.addVolumeFromArray(array, np.eye(4), "Infant A")
    panel.widget.initializeParameterNode()
    return panel


@pytest.mark.parametrize("habit", HABITS)
def test_a_bad_worker_ends_in_a_message_and_in_no_result(host: Any, ready: Any, habit: str) -> None:
    process, cause, remedy = HABITS[habit]
    ui, scene = ready.widget.ui, host.slicer.mrmlScene
    before = scene.GetNumberOfNodes()
    ready.widget.logic.newProcess = lambda: process
    ui.predictButton.click()
    folder = ready.widget.worker.job.call.folder
    host.wait(lambda: not ready.widget.running)
    assert not ui.messageFrame.isHidden()
    assert cause in ui.messageLabel.text
    assert remedy in ui.messageLabel.text
    assert ui.scoreLabel.text == ""
    assert ui.resultCollapsibleButton.isHidden()
    assert scene.GetNumberOfNodes() == before
    assert not folder.exists()
    assert ui.predictButton.enabled


def test_an_earlier_result_survives_a_failure_and_is_not_shown_beside_it(host: Any, ready: Any) -> None:
    from AGE2HIEUI import scene

    ui = ready.widget.ui
    for process in (PlayedProcess([RESULT], write=GOOD), PlayedProcess(STAGES, code=1)):
        ready.widget.logic.newProcess = lambda process=process: process
        ui.predictButton.click()
        host.wait(lambda: not ready.widget.running)
    assert len(scene.results()) == 1
    assert ui.scoreLabel.text == ""
    assert "code 1" in ui.messageLabel.text


def test_lines_may_arrive_in_any_pieces(host: Any, ready: Any) -> None:
    """A letter of two bytes and a line are cut at every place."""
    whole = event(event="stage", name="lésion", index=1, of=10) + b'{"event":"result","output":"{output}"}\n'
    stage = '{"event":"stage","name":"l\u00e9sion","index":1,"of":10}\n'.encode()
    pieces = [stage[place : place + 1] for place in range(len(stage))]
    assert json.loads(whole.splitlines()[0])["name"] == "lésion"
    ready.widget.logic.newProcess = lambda: PlayedProcess([*pieces, RESULT], write=GOOD)
    ready.widget.ui.predictButton.click()
    host.wait(lambda: not ready.widget.running)
    assert "0.70" in ready.widget.ui.scoreLabel.text


def test_a_silent_worker_is_ended_at_last(host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import AGE2HIEUI.run

    monkeypatch.setattr(AGE2HIEUI.run, "_SILENT_SECONDS", 0.2)
    monkeypatch.setattr(AGE2HIEUI.run, "_SLOW", 0.0)
    process = PlayedProcess(STAGES, hangs=True)
    ready.widget.logic.newProcess = lambda: process
    ready.widget.ui.predictButton.click()
    host.wait(lambda: not ready.widget.running, 10)
    assert process.cancelled
    assert "said nothing" in ready.widget.ui.messageLabel.text


def test_a_worker_that_cannot_be_started(host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ready.widget.ui.predictButton.click()
    host.wait(lambda: not ready.widget.running)
    assert "PythonSlicer was not found" in ready.widget.ui.messageLabel.text


def test_the_details_are_one_click_away(host: Any, ready: Any) -> None:
    shown: list[tuple[str, str]] = []
    host.slicer.util.infoDisplay = lambda text, **options: shown.append((text, options["detailedText"]))
    ready.widget.logic.newProcess = lambda: PlayedProcess(STAGES, code=1, stderr="Traceback: bad luck")
    ready.widget.ui.predictButton.click()
    host.wait(lambda: not ready.widget.running)
    ready.widget.ui.detailsButton.click()
    assert "bad luck" in shown[0][1]


@pytest.mark.parametrize("how", ["declined", "pip fails", "testing mode", "no torch"])
def test_a_package_that_is_not_installed(host: Any, ready: Any, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, ui = host.recorder, ready.widget.ui
    monkeypatch.setattr(recorder, "missing", {"nibabel"})
    monkeypatch.setattr(recorder, "refuse", how == "declined")
    monkeypatch.setattr(recorder, "pipFails", how == "pip fails")
    monkeypatch.setattr(host.slicer.app, "testing", how == "testing mode")
    if how == "no torch":
        recorder.missing.add("torch")
    process = PlayedProcess([RESULT], write=GOOD)
    ready.widget.logic.newProcess = lambda: process
    ui.predictButton.click()
    assert process.command is None
    expected = {
        "declined": "were not installed",
        "pip fails": "pip could not install",
        "testing mode": "Missing packages: nibabel",
        "no torch": "PyTorch",
    }
    assert expected[how] in ui.messageLabel.text
    assert ui.predictButton.enabled


def test_an_install_keeps_what_slicer_ships(host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import version

    monkeypatch.setattr(host.recorder, "missing", {"nibabel"})
    monkeypatch.setattr(host.recorder, "installed", [])
    ready.widget.logic.newProcess = lambda: PlayedProcess([RESULT], write=GOOD)
    ready.widget.ui.predictButton.click()
    host.wait(lambda: not ready.widget.running)
    assert "0.70" in ready.widget.ui.scoreLabel.text
    ((packages, constraints),) = host.recorder.installed
    assert [name.split(">")[0] for name in packages] == ["nibabel"]
    for name in ("numpy", "SimpleITK", "torch", "pydicom"):
        assert f"{name}=={version(name).split('+')[0]}" in constraints.splitlines()


def test_with_everything_there_nothing_is_asked_or_fetched(
    host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.slicer.packaging, "pip_ensure", lambda *a, **k: pytest.fail("pip was asked"))
    ready.widget.logic.newProcess = lambda: PlayedProcess([RESULT], write=GOOD)
    ready.widget.ui.predictButton.click()
    host.wait(lambda: not ready.widget.running)
    assert "0.70" in ready.widget.ui.scoreLabel.text


def test_a_missing_model_says_so(host: Any, ready: Any, tmp_path: Path) -> None:
    """An installed model whose files are gone by the time it is chosen."""
    folder = tmp_path / "models" / "gone-1.0"
    (folder / "configs").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    ready.widget.models.refresh(str(folder))
    ready.widget.state.parameters.model = str(folder)
    assert "cannot be used" in ready.widget.ui.modelLabel.text
    assert not ready.widget.ui.predictButton.enabled
    assert "model" in ready.widget.ui.predictButton.toolTip
