"""What is typed of a child: given to the worker in a private file, kept nowhere, gone with the next scan."""

from __future__ import annotations

import json
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

import pytest
from comparison_workers import MATRIX
from panel_actions import add_volume, play
from workers import STAGES

from AGE2HIELib.pipeline import request
from AGE2HIEPlayed import PlayedProcess

pytestmark = pytest.mark.host


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that takes clinical variables, also where this one does not."""
    if not hasattr(request.Request(), "clinical"):
        more = make_dataclass("Request", [("clinical", Path | None, None)], bases=(request.Request,), frozen=True)
        monkeypatch.setattr(request, "Request", more)


def test_what_is_typed_reaches_the_worker_alone(reading: None, host: Any, panel: Any, tmp_path: Path) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    ui = panel.widget.ui
    assert ui.clinicalCollapsibleButton.collapsed
    ui.apgar5Edit.text = " 4 "
    ui.cordPhEdit.text = "6.91"
    ui.seizuresComboBox.setCurrentIndex(1)
    process = play(panel, PlayedProcess(STAGES, hangs=True))
    ui.predictButton.click()
    (option,) = [word for word in process.command.arguments if word.startswith("--clinical=")]
    path = Path(option.split("=", 1)[1])
    assert json.loads(path.read_text(encoding="utf-8")) == {"apgar_5": "4", "cord_ph": "6.91", "seizures": "yes"}
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.parent.stat().st_mode & 0o077 == 0
    ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running)
    assert not path.exists()
    host.saveScene(tmp_path / "scene.mrb")
    assert b"6.91" not in (tmp_path / "scene.mrb").read_bytes()
    assert not [key for key in host.slicer.app.userSettings().allKeys() if "apgar" in key.lower()]
    ui.inputSelector.pick(add_volume(host, MATRIX, "Infant B", 1300.0))
    assert panel.widget.clinical.given == {}


def test_nothing_typed_is_no_option(reading: None, host: Any, panel: Any) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    process = play(panel, PlayedProcess(STAGES, code=1))
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    assert not [word for word in process.command.arguments if "clinical" in word]


def test_the_fields_are_those_that_the_library_knows(host: Any, panel: Any) -> None:
    """Beside gestation, age and cooling, which have fields of their own above."""
    variables = pytest.importorskip("AGE2HIELib.clinical.variables")
    from AGE2HIEUI.clinicalSection import _FIELDS

    assert set(_FIELDS) | {"gestation_weeks", "age_days", "cooled"} == set(variables.BY_NAME)
