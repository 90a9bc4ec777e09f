"""What Slicer keeps of the user's choices, and what happens after a restart in the middle of an installation."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_actions import ORIENTATIONS, add_volume, affine, good, predict

pytestmark = pytest.mark.host

MATRIX = affine(ORIENTATIONS["axial RAS"])


def test_choices_survive_a_restart(host: Any, panel: Any, tmp_path: Path) -> None:
    """A new scene's panel has them; those of an infant are not among them."""
    ui = panel.widget.ui
    (tmp_path / "atlas").mkdir()
    ui.thresholdSlider.value = 55.0
    ui.coloursComboBox.setCurrentIndex(1)
    ui.prevalenceSpinBox.value = 0.3
    ui.gestationSpinBox.value = 39.0
    ui.cooledComboBox.setCurrentIndex(1)
    ui.ageSpinBox.value = 3.0
    panel.widget.state.parameters.atlasFolder = str(tmp_path / "atlas")
    host.closeScene()
    assert ui.thresholdSlider.value == 55.0
    assert ui.coloursComboBox.currentIndex == 1
    assert ui.prevalenceSpinBox.value == 0.3
    assert ui.atlasFolderEdit.text == str(tmp_path / "atlas")
    assert ui.gestationSpinBox.value == 20.0  # not known
    assert ui.cooledComboBox.currentIndex == 0
    kept = host.slicer.app.userSettings().allKeys()
    assert not [key for key in kept if "gestation" in key or "cooled" in key or "age" in key.split("/")[-1]]


def test_a_folder_that_is_gone_is_not_chosen_again(host: Any, panel: Any, tmp_path: Path) -> None:
    panel.widget.state.parameters.atlasFolder = str(tmp_path / "gone")
    panel.widget.refresh()
    host.closeScene()
    assert panel.widget.ui.atlasFolderEdit.text == ""


def test_a_saved_scene_keeps_its_own_choices(host: Any, panel: Any, tmp_path: Path) -> None:
    panel.widget.ui.thresholdSlider.value = 25.0
    host.saveScene(tmp_path / "scene.mrb")
    panel.widget.ui.thresholdSlider.value = 70.0
    host.loadScene(tmp_path / "scene.mrb")
    assert panel.widget.ui.thresholdSlider.value == 25.0


def mark(host: Any) -> dict[str, Any] | None:
    text = host.slicer.app.userSettings().value("AGE2HIE/afterRestart")
    return json.loads(text) if text else None


def test_an_installation_leaves_a_mark_that_goes_with_its_run(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scan = tmp_path / "scan.nrrd"
    scan.write_text("x")
    monkeypatch.setattr(host.recorder, "missing", {"nibabel"})
    seen: list[Any] = []
    install = host.recorder.install
    monkeypatch.setattr(host.recorder, "install", lambda *a: (seen.append(mark(host)), install(*a)))
    panel.widget.ui.inputPathEdit.text = str(scan)
    predict(host, panel, good(MATRIX))
    assert seen[0]["path"] == str(scan)
    assert mark(host) is None
    predict(host, panel, good(MATRIX))  # nothing is missing now
    assert len(seen) == 1


def test_a_declined_installation_leaves_no_mark(host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    monkeypatch.setattr(host.recorder, "missing", {"nibabel"})
    monkeypatch.setattr(host.recorder, "refuse", True)
    panel.widget.ui.predictButton.click()
    assert "Code P1" in panel.widget.ui.messageLabel.text
    assert mark(host) is None


@pytest.mark.parametrize(("age", "resumed"), [(5.0, True), (1800.0, False)])
def test_after_a_restart_the_module_opens_with_scan_and_click(
    host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, age: float, resumed: bool
) -> None:
    from AGE2HIEUI.resume import resume

    scan = tmp_path / "scan.nrrd"
    scan.write_text("x")
    content = {"path": str(scan), "series": "4", "time": time.time() - age}
    host.slicer.app.userSettings().setValue("AGE2HIE/afterRestart", json.dumps(content))
    opened: list[str] = []
    monkeypatch.setattr(host.slicer.util, "selectModule", opened.append, raising=False)
    clicked: list[Any] = []
    monkeypatch.setattr(panel.widget.worker, "start", clicked.append)
    resume()
    assert mark(host) is None  # whatever was in it
    assert opened == (["AGE2HIE"] if resumed else [])
    assert len(clicked) == int(resumed)
    if resumed:
        assert panel.widget.ui.inputPathEdit.text == str(scan)
        assert clicked[0].call.request.series == "4"
        clicked[0].close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"path": "x"}', "null"])
def test_a_broken_mark_does_nothing(host: Any, panel: Any, text: str) -> None:
    from AGE2HIEUI.resume import resume

    host.slicer.app.userSettings().setValue("AGE2HIE/afterRestart", text)
    resume()
    assert panel.widget.ui.inputPathEdit.text == ""


def test_layers_blink_and_keys(host: Any, ready: Any) -> None:
    """The colours go and come; the keys belong to the module while it is open."""
    from AGE2HIEUI.nodes import part

    ui, views, result = ready.widget.ui, ready.widget.views, ready.widget.results.record

    def front() -> tuple[Any, float]:
        node = next(iter(host.slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")))
        return node.GetForegroundVolumeID(), round(node.GetForegroundOpacity(), 3)

    saliency, z = part(result, "saliency").GetID(), part(result, "z_adc").GetID()
    assert front() == (saliency, 0.7)
    views.toggle()
    assert front() == (saliency, 0.0)
    views.toggle()
    ui.blinkButton.click()
    host.wait(lambda: front()[1] == 0.0, 5)
    host.wait(lambda: front()[1] == 0.7, 5)
    ui.blinkButton.click()
    assert front() == (saliency, 0.7)
    views.nextLayer()
    assert front() == (z, 0.7)
    views.nextLayer()
    assert not front()[0]
    ui.layerComboBox.setCurrentIndex(0)
    assert front() == (saliency, 0.7)
    assert [shortcut.isEnabled() for shortcut in views.shortcuts] == [True] * 4
    ready.leave()
    assert [shortcut.isEnabled() for shortcut in views.shortcuts] == [False] * 4
    ready.enter()
    assert all(shortcut.isEnabled() for shortcut in views.shortcuts)


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_without_a_lesion_the_next_place_is_the_strongest_evidence(host: Any, panel: Any, name: str) -> None:
    from panel_actions import SPOT

    matrix = affine(ORIENTATIONS[name])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    panel.widget.ui.nextPlaceButton.click()
    assert "strongest evidence" in panel.widget.ui.placeLabel.text
    there = (matrix @ (*SPOT, 1))[:3]
    for view, axis in (("Red", 2), ("Green", 1), ("Yellow", 0)):
        node = host.slicer.app.layoutManager().sliceLogic(view).GetSliceNode()
        assert abs(abs(node.GetSliceOffset()) - abs(there[axis])) <= 2 * 6.0 + 0.1  # a ball of two voxels
        row, column = host.pixelOf(view, there)
        image = host.sliceImage(view)
        assert np.ptp(image[max(row - 8, 0) : row + 9, max(column - 8, 0) : column + 9].astype(int), axis=2).max() > 40
