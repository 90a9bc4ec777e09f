"""Codes, the report that is copied, a check without a number, and the list of models."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from comparison_workers import MATRIX
from panel_actions import add_volume, good, node_names, play, predict
from workers import STAGES, refused_record

from AGE2HIELib.system.places import resource_path
from AGE2HIEPlayed import PlayedProcess, event, record

pytestmark = pytest.mark.host

ROOT = Path(__file__).resolve().parent.parent
TRACEBACK = """Traceback (most recent call last):
  File "/home/zoe/Slicer/lib/AGE2HIELib/pipeline/prediction.py", line 70, in predict
    read("/data/Doe^Jane/20240107.nrrd")
  File "/home/zoe/Doe^Jane/script.py", line 3, in <module>
ValueError: '/data/Doe^Jane/20240107.nrrd' is bad
"""


def test_a_copied_report_names_no_patient_and_no_file(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX, "Doe^Jane")
    panel.widget.initializeParameterNode()
    predict(host, panel, PlayedProcess(STAGES, code=1, stderr=TRACEBACK))
    ui = panel.widget.ui
    assert "Code W2" in ui.messageLabel.text
    ui.copyReportButton.click()
    text = host.slicer.app.clipboard().text()
    lines = text.splitlines()
    assert lines[:2] == ["code: W2 (DEFECT)", "stage: model"]
    assert "slicer: 5.12.0" in lines
    assert "error: ValueError" in lines
    assert "at: AGE2HIELib/pipeline/prediction.py, line 70, predict" in lines
    for said in ("Doe", "Jane", "zoe", "2024", "nrrd", "/data", "script"):
        assert said not in text


def test_the_docs_list_every_code() -> None:
    import sys

    sys.path.insert(0, str(ROOT / "AGE2HIE"))
    from AGE2HIEUI.codes import Code

    page = (ROOT / "docs" / "panel.md").read_text(encoding="utf-8")
    listed = [
        line.split("|")[1].strip() for line in page.splitlines() if line.startswith(("| P", "| W", "| S", "| R", "| M"))
    ]
    assert listed == [code.value for code in Code]


def checked(quality: dict[str, Any], code: int = 0) -> PlayedProcess:
    return PlayedProcess([*STAGES, event(event="quality", **quality)], code=code)


def test_a_check_gives_the_gates_answer_and_no_number(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    ui, before = panel.widget.ui, node_names(host)
    process = play(panel, checked({**record()["quality"], "overridden": []}))
    ui.ageSpinBox.value = 3.0
    ui.checkButton.click()
    host.wait(lambda: not panel.widget.running)
    given = process.command.arguments[3:-2]
    assert given == ("check", "--progress=jsonl", "--age-days=3.0")
    assert "This scan can be read" in ui.headingLabel.text
    assert ui.scoreLabel.text == ""
    assert "1 of 1 checks passed" in ui.checksLabel.text
    for name in ("gaugeLabel", "cardButton", "exportButton", "regionsCollapsibleButton", "provenanceCollapsibleButton"):
        assert getattr(ui, name).isHidden(), name
    assert node_names(host) == before
    ui.inputSelector.pick(add_volume(host, MATRIX, "Infant B", 1300.0))
    assert ui.resultCollapsibleButton.isHidden()


def test_a_check_that_is_not_passed_says_what_to_do(host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    said = event(event="error", code=3, message="Refused", remedy="Is this a newborn?")
    process = checked({**refused_record()["quality"], "overridden": []}, code=3)
    process.parts.append(said)
    play(panel, process)
    panel.widget.ui.checkButton.click()
    host.wait(lambda: not panel.widget.running)
    ui = panel.widget.ui
    assert "would be refused" in ui.headingLabel.text
    assert "Is this a newborn?" in ui.remediesLabel.text
    assert not ui.checksCollapsibleButton.collapsed
    assert ui.overrideButton.isHidden()


@pytest.mark.parametrize(
    ("process", "code"),
    [
        (PlayedProcess(STAGES), "W4"),
        (PlayedProcess([event(event="quality", checks=3)]), "R1"),
        (PlayedProcess([event(event="error", code=2, message="No scan.", remedy="Choose.")], code=2), "S1"),
        (PlayedProcess(STAGES, code=-9), "W1"),
    ],
    ids=["silent", "odd", "unusable", "killed"],
)
def test_a_check_that_fails_is_a_message(host: Any, panel: Any, process: PlayedProcess, code: str) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    play(panel, process)
    panel.widget.ui.checkButton.click()
    host.wait(lambda: not panel.widget.running)
    assert f"Code {code}" in panel.widget.ui.messageLabel.text
    assert panel.widget.ui.resultCollapsibleButton.isHidden()


def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "age2hie-other-1.0"
    shutil.copytree(resource_path("models", "demo"), folder)
    return folder


def test_a_model_is_described_opened_and_deleted(
    host: Any, panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt

    ui, folder = panel.widget.ui, installed(tmp_path)
    panel.widget.models.refresh("")
    assert not ui.deleteModelButton.enabled  # the bundled one
    for said in (
        "SYNTHETIC",
        "Trained on: synthetic only",
        "Licence: Apache License Version 2.0",
        " MB, ",
        "Reads: ADC",
    ):
        assert said in ui.modelLabel.text
    ui.modelSelector.setCurrentIndex(1)
    opened: list[str] = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    ui.modelFolderButton.click()
    assert opened == [str(folder)]
    answers = [False, True]
    monkeypatch.setattr(host.slicer.util, "confirmYesNoDisplay", lambda text: answers.pop(0), raising=False)
    ui.deleteModelButton.click()
    assert folder.is_dir()
    ui.deleteModelButton.click()
    assert not folder.exists()
    assert ui.modelSelector.count == 1
    assert panel.widget.state.parameters.model == ""


def test_the_card_is_one_click_from_the_number(host: Any, ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(host.slicer.util, "infoDisplay", told.append, raising=False)
    ready.widget.ui.cardButton.click()
    assert told == ["The model m 1 is not installed here."]
    named = {**record()["model"], "name": "age2hie-demonstration", "version": _bundled_version()}
    predict(host, ready, good(MATRIX, record(model=named)))
    ready.widget.ui.cardButton.click()
    assert "not for clinical use" in ready.widget.models.card.text
    assert len(told) == 1


def _bundled_version() -> str:
    import json

    path = resource_path("models", "demo", "configs", "metadata.json")
    return str(json.loads(path.read_text(encoding="utf-8"))["version"])


def test_an_installation_shows_its_progress_and_can_be_cancelled(host: Any, panel: Any, tmp_path: Path) -> None:
    ui = panel.widget.ui
    process = PlayedProcess([event(event="stage", name="load", index=2, of=3, fraction=0.33)], hangs=True)
    panel.widget.logic.newProcess = lambda: process
    panel.widget.models.install(tmp_path / "a.zip")
    assert not ui.modelCancelButton.isHidden()
    assert not ui.installModelButton.enabled
    host.wait(lambda: ui.modelProgressBar.value == 33, 5)
    ui.modelCancelButton.click()
    host.wait(lambda: panel.widget.questions.job is None, 5)
    assert process.cancelled
    assert ui.modelProgressBar.isHidden()
    assert ui.installModelButton.enabled
    assert ui.messageFrame.isHidden()  # who cancels needs no message
