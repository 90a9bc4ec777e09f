"""What the Slicer module keeps in the scene, and what it must never leave there or show."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_actions import (
    ORIENTATIONS,
    SHAPE,
    SPOT,
    add_volume,
    affine,
    good,
    node_names,
    play,
    predict,
)
from workers import STAGES

from AGE2HIEPlayed import PlayedProcess, record

pytestmark = pytest.mark.host


def test_a_new_result_replaces_or_joins_the_old_one(host: Any, panel: Any) -> None:
    from AGE2HIEUI import scene
    from AGE2HIEUI.parameters import EarlierResults

    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    empty = node_names(host)
    predict(host, panel, good(affine(np.eye(3))))
    one = len(node_names(host))
    predict(host, panel, good(affine(np.eye(3)), record(probability_adverse=0.6)))
    assert len(node_names(host)) == one
    assert "0.60" in panel.widget.ui.scoreLabel.text
    panel.widget.state.parameters.earlierResults = EarlierResults.KEEP
    predict(host, panel, good(affine(np.eye(3)), record(probability_adverse=0.8)))
    assert len(scene.results()) == 2
    assert "0.80" in panel.widget.ui.scoreLabel.text
    for result in scene.results():
        scene.removeResult(result)
    kept = [name for name in node_names(host) if "Layout" not in name and "SubjectHierarchy" not in name]
    assert kept == [name for name in empty if "Layout" not in name and "SubjectHierarchy" not in name]


def test_no_result_is_shown_beside_another_scan(host: Any, panel: Any) -> None:
    first = add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    ui = panel.widget.ui
    second = add_volume(host, affine(np.eye(3)), "Infant B", 1300.0)
    ui.inputSelector.pick(second)
    assert ui.scoreLabel.text == ""
    assert ui.resultCollapsibleButton.isHidden()
    composites = host.slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert all(not composite.GetForegroundVolumeID() for composite in composites)
    ui.inputSelector.pick(first)
    assert "0.70" in ui.scoreLabel.text  # its own result comes back
    host.slicer.util.arrayFromVolume(first)[0, 0, 0] += 1
    host.slicer.util.arrayFromVolumeModified(first)
    assert ui.scoreLabel.text == ""  # these are not the voxels that were predicted
    ui.inputPathEdit.text = str(Path(__file__))
    assert ui.resultCollapsibleButton.isHidden()


def test_a_scan_that_changes_or_goes_while_it_is_predicted_gets_no_result(host: Any, panel: Any) -> None:
    volume = add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    before = node_names(host)
    play(panel, good(affine(np.eye(3))))
    panel.widget.ui.predictButton.click()
    host.slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
    host.slicer.util.arrayFromVolumeModified(volume)
    host.wait(lambda: not panel.widget.running)
    assert "changed while it was predicted" in panel.widget.ui.messageLabel.text
    play(panel, good(affine(np.eye(3))))
    panel.widget.ui.predictButton.click()
    host.slicer.mrmlScene.RemoveNode(volume)
    host.wait(lambda: not panel.widget.running)
    assert "removed while it was predicted" in panel.widget.ui.messageLabel.text
    assert set(node_names(host)) <= set(before)


def test_a_scan_that_is_renamed_stays_the_same_scan(host: Any, panel: Any) -> None:
    volume = add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    play(panel, good(affine(np.eye(3))))
    panel.widget.ui.predictButton.click()
    volume.SetName("Another name")
    host.wait(lambda: not panel.widget.running)
    assert "0.70" in panel.widget.ui.scoreLabel.text
    volume.SetName("A third name")
    assert "0.70" in panel.widget.ui.scoreLabel.text


def test_the_opened_report_does_not_stay_on_the_disk(host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import qt

    opened: list[Path] = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())))
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    panel.widget.ui.reportButton.click()
    assert opened[0].read_text(encoding="utf-8") == "<html>Bericht für Zoë</html>"
    assert opened[0].parent.stat().st_mode & 0o077 == 0
    panel.widget.ui.reportButton.click()
    assert not opened[0].parent.exists()
    panel.widget.ui.inputSelector.pick(add_volume(host, affine(np.eye(3)), "Infant B", 1300.0))
    assert not opened[1].parent.exists()


def test_an_mrb_brings_results_and_parameters_back(host: Any, panel: Any, tmp_path: Path) -> None:
    from AGE2HIEUI import colours, scene

    matrix = affine(ORIENTATIONS["oblique"])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    panel.widget.ui.thresholdSlider.value = 55.0
    panel.widget.ui.gestationSpinBox.value = 39.0
    panel.widget.ui.prevalenceSpinBox.value = 0.3
    panel.widget.ui.ageSpinBox.value = 3.0
    before = host.slicer.util.arrayFromVolume(scene.part(panel.widget.results.record, "saliency")).copy()
    host.saveScene(tmp_path / "Zoë's scene.mrb")
    assert b"ageDays" not in (tmp_path / "Zoë's scene.mrb").read_bytes()
    host.closeScene()
    assert panel.widget.ui.scoreLabel.text == ""
    assert not scene.results()
    host.loadScene(tmp_path / "Zoë's scene.mrb")
    ui = panel.widget.ui
    assert ui.thresholdSlider.value == 55.0
    assert ui.gestationSpinBox.value == 39.0
    assert ui.prevalenceSpinBox.value == 0.3
    assert ui.ageSpinBox.value == -1.0  # an age is not kept
    assert "0.70" in ui.scoreLabel.text
    result = panel.widget.results.record
    saliency = scene.part(result, "saliency")
    np.testing.assert_array_equal(host.slicer.util.arrayFromVolume(saliency), before)
    assert json.loads(result.GetText())["probability_adverse"] == 0.7
    assert scene.part(result, "report").GetText() == "<html>Bericht für Zoë</html>"
    assert scene.part(result, "region_table").GetTable().GetValueByName(2, "region").ToString() == "thalamus"
    table = saliency.GetNodeReference(colours.COLOURS).GetLookupTable()
    assert [table.GetTableValue(entry)[3] for entry in (139, 140)] == [0.0, 1.0]


def test_the_exported_files_are_those_of_the_command_line(host: Any, panel: Any, tmp_path: Path) -> None:
    import nibabel

    matrix = affine(ORIENTATIONS["oblique, flipped and swapped"])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    folder = tmp_path / "für Zoë"
    panel.widget.results.export(folder)
    expected = {"result.json", "report.html", "regions.csv"}
    volumes = {f"{name}.nii.gz" for name in ("adc", "z_adc", "saliency", "brain_mask", "regions")}
    assert {path.name for path in folder.iterdir()} == expected | volumes
    image = nibabel.load(folder / "saliency.nii.gz")
    # Slicer stores a left-handed grid with its slices in the other order: the same voxels at the same places
    assert sorted(image.shape) == sorted(SHAPE)
    spots = np.argwhere(np.asarray(image.dataobj) > 0.2)
    there = nibabel.affines.apply_affine(image.affine, spots.mean(0))
    np.testing.assert_allclose(there, (matrix @ (*SPOT, 1))[:3], atol=0.01)
    np.testing.assert_allclose(np.linalg.norm(image.affine[:3, :3], axis=0), (4.0, 3.5, 6.0), atol=1e-4)
    written = (folder / "regions.csv").read_text(encoding="utf-8").splitlines()
    assert written[3] == "thalamus,left,1.5,1300,,9"
    panel.widget.results.export(folder)
    assert "was not exported" in panel.widget.ui.messageLabel.text
    assert len(list(tmp_path.iterdir())) == 1


def test_an_export_that_fails_half_way_leaves_nothing(
    host: Any, ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one that was ended with Slicer stay, once the result is exported again."""
    from AGE2HIEUI import scene

    def full(_record: Any, folder: Path) -> None:
        (folder / "adc.nii.gz").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part" / "lesion.nii.gz").write_bytes(b"half, of a Slicer that was ended")
    with monkeypatch.context() as patch:
        patch.setattr(scene, "exportResult", full)
        ready.widget.results.export(tmp_path / "out")
    assert "No space left" in ready.widget.ui.messageLabel.text
    assert list(tmp_path.iterdir()) == []
    ready.widget.results.export(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not (tmp_path / "out" / "lesion.nii.gz").exists()


def test_results_follow_the_inputs_transform(host: Any, panel: Any) -> None:
    from AGE2HIEUI import scene

    volume = add_volume(host, affine(np.eye(3)))
    transform = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    for role in (*scene.VOLUMES, "outline"):
        assert scene.part(panel.widget.results.record, role).GetTransformNodeID() == transform.GetID()


@pytest.mark.parametrize("leave", ["close the scene", "reload the module", "close the module"])
def test_leaving_a_run_ends_it_and_leaves_the_scene_as_it_was(host: Any, panel: Any, leave: str) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    before = node_names(host)
    process = play(panel, PlayedProcess(STAGES, hangs=True))
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not process.parts)
    folder = panel.widget.worker.job.call.folder
    assert folder.is_dir()
    actions: dict[str, Callable[[], None]] = {
        "close the scene": host.closeScene,
        "reload the module": panel.reload,
        "close the module": panel.close,
    }
    actions[leave]()
    assert process.cancelled
    assert not folder.exists()
    if leave != "close the scene":
        assert node_names(host) == before
    assert not panel.widget.running


def test_a_result_waits_while_another_module_is_open(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    play(panel, good(affine(np.eye(3))))
    panel.widget.ui.predictButton.click()
    panel.leave()
    before = node_names(host)
    for _ in range(30):
        host.process()
    assert node_names(host) == before
    panel.enter()
    host.wait(lambda: not panel.widget.running)
    assert "0.70" in panel.widget.ui.scoreLabel.text


def test_cancel_leaves_the_scene_as_it_was(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    before, score = node_names(host), panel.widget.ui.scoreLabel.text
    process = play(panel, PlayedProcess(STAGES, hangs=True))
    panel.widget.ui.predictButton.click()
    assert panel.widget.ui.scoreLabel.text == ""
    assert not panel.widget.ui.predictButton.enabled
    panel.widget.ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running)
    assert process.cancelled
    assert node_names(host) == before
    assert panel.widget.ui.scoreLabel.text == score
    assert panel.widget.ui.messageFrame.isHidden()


def test_a_reloaded_module_works_and_leaves_no_observer(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    old = panel.widget
    panel.reload()
    assert panel.widget is not old
    assert old.Observations == []
    panel.enter()
    predict(host, panel, good(affine(np.eye(3))))
    assert "0.70" in panel.widget.ui.scoreLabel.text
    panel.widget.cleanup()
    assert panel.widget.Observations == []
