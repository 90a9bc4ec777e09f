"""The Slicer module in the headless host: what a user clicks, sees and keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workers import RESULT, STAGES, PlayedProcess, record, refused_record, result_writer

pytestmark = pytest.mark.host

SHAPE = (30, 36, 12)
BALL_MM = 14.0
SPOT = (8, 22, 2)  # well off every middle, so that a flip along any axis moves it

# Rotated about two axes, anisotropic, and once for each handedness and storage order of the axes.
TILT = np.array([[0.96, -0.20, 0.19], [0.24, 0.94, -0.24], [-0.13, 0.28, 0.95]])
TILT, _ = np.linalg.qr(TILT)
ORIENTATIONS = {
    "axial RAS": np.diag([4.0, 3.5, 6.0]),
    "LPS": np.diag([-4.0, -3.5, 6.0]),
    "oblique": TILT @ np.diag([4.0, 3.5, 6.0]),
    "oblique, flipped and swapped": TILT @ np.array([[0, -3.5, 0], [4.0, 0, 0], [0, 0, -6.0]]),
}


def affine(directions: np.ndarray) -> np.ndarray:
    """With the grid's middle near the scene's origin."""
    matrix = np.eye(4)
    matrix[:3, :3] = directions
    matrix[:3, 3] = -directions @ (np.array(SHAPE) - 1) / 2 + (3.0, -5.0, 2.0)
    return matrix


def add_volume(host: Any, matrix: np.ndarray, name: str = "Infant A", value: float = 1000.0) -> Any:
    array = np.full(SHAPE, value, np.float32)
    array[2:6, 3:9, 2:4] = value + 400
    return host.slicer.util.addVolumeFromArray(array.transpose(2, 1, 0), matrix, name)


def play(panel: Any, process: PlayedProcess) -> PlayedProcess:
    panel.widget.logic.newProcess = lambda: process
    return process


def predict(host: Any, panel: Any, process: PlayedProcess) -> PlayedProcess:
    """One click, to its end."""
    play(panel, process)
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    return process


def good(matrix: np.ndarray, content: dict[str, Any] | None = None) -> PlayedProcess:
    return PlayedProcess([*STAGES, RESULT], write=result_writer(matrix, SHAPE, SPOT, content))


def node_names(host: Any) -> list[str]:
    nodes = host.slicer.mrmlScene.GetNodes()
    return sorted(nodes.GetItemAsObject(i).GetID() for i in range(nodes.GetNumberOfItems()))


def coloured(pixel: np.ndarray) -> bool:
    return bool(np.ptp(pixel.astype(int)) > 40)


def test_the_button_says_what_is_missing(host: Any, panel: Any) -> None:
    ui = panel.widget.ui
    assert not ui.predictButton.enabled
    assert "Choose a scan" in ui.predictButton.toolTip
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    assert ui.predictButton.enabled
    ui.inputPathEdit.text = "/no/such/folder"
    assert not ui.predictButton.enabled
    assert "/no/such/folder" in ui.predictButton.toolTip


def test_a_demonstration_score_says_nothing_about_a_child(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    ui = panel.widget.ui
    assert "Demonstration score" in ui.headingLabel.text
    assert "0.70" in ui.scoreLabel.text
    assert "0.50-0.90" in ui.scoreLabel.text
    shown = " ".join(label.text for label in (ui.headingLabel, ui.scoreLabel, ui.labelLabel)).lower()
    assert "synthetic" in shown
    assert not [word for word in ("probability", "adverse", "favourable", "risk") if word in shown]
    assert "Research use only" in ui.noticeLabel.text
    assert "SYNTHETIC" in ui.modelLabel.text


@pytest.mark.parametrize(
    ("label", "word"), [("adverse", "adverse"), ("favourable", "favourable"), ("indeterminate", "indeterminate")]
)
def test_a_real_models_label_is_said_in_words(host: Any, panel: Any, label: str, word: str) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3)), record(demonstration=False, label=label)))
    assert "Probability of an adverse outcome" in panel.widget.ui.headingLabel.text
    assert word in panel.widget.ui.labelLabel.text


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_the_overlay_is_where_the_saliency_is(host: Any, panel: Any, name: str) -> None:
    """Pixels of all three views at the ball's place are coloured; at its mirror images they are grey."""
    matrix = affine(ORIENTATIONS[name])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    panel.widget.ui.outlineCheckBox.setChecked(False)
    predict(host, panel, good(matrix))
    there = (matrix @ (*SPOT, 1))[:3]
    middle = matrix[:3, :3] @ ((np.array(SHAPE) - 1) / 2) + matrix[:3, 3]
    for logic in [host.slicer.app.layoutManager().sliceLogic(view) for view in ("Red", "Green", "Yellow")]:
        logic.GetSliceNode().JumpSliceByOffsetting(*there)
    checked = 0
    for view, axes in (("Red", (0, 1)), ("Green", (0, 2)), ("Yellow", (1, 2))):
        image = host.sliceImage(view)
        row, column = host.pixelOf(view, there)
        assert coloured(image[row, column]), f"{view}: no colour at the saliency"
        for axis in axes:
            mirrored = there.copy()
            mirrored[axis] = 2 * middle[axis] - there[axis]
            if abs(mirrored[axis] - there[axis]) < BALL_MM:  # an oblique grid brings one of them back into the ball
                continue
            row, column = host.pixelOf(view, mirrored)
            assert not coloured(image[row, column]), f"{view}: colour at the mirror image along {'RAS'[axis]}"
            checked += image[row, column].max() > 0
    assert checked >= 4  # most mirror images lie in the picture, over the scan


def test_the_scene_holds_tables_chart_and_report(host: Any, panel: Any) -> None:
    from AGE2HIEUI import scene

    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    result = panel.widget.results.record
    table = scene.part(result, "region_table").GetTable()
    assert [table.GetColumnName(i) for i in range(3)] == ["region", "hemisphere", "volume_ml"]
    assert table.GetValueByName(2, "region").ToString() == "thalamus"
    assert panel.widget.ui.regionTableView.mrmlTableNode() is scene.part(result, "region_table")
    chart = scene.part(result, "chart")
    assert chart.GetNumberOfPlotSeriesNodes() == 3
    members = scene.part(result, "member_table").GetTable()
    assert [members.GetValue(row, 1).ToDouble() for row in range(3)] == [0.6, 0.7, 0.8]
    panel.widget.ui.chartButton.click()
    assert host.slicer.modules.plots.logic().shown is chart
    assert scene.part(result, "report").GetText() == "<html>Bericht für Zoë</html>"
    hierarchy = host.slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(host.slicer.mrmlScene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result))
    assert hierarchy.GetItemName(folder) == "AGE2HIE: Infant A"
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(scene.part(result, "saliency"))) == folder


def test_threshold_opacity_and_outline_change_the_picture(host: Any, panel: Any) -> None:
    matrix = affine(ORIENTATIONS["axial RAS"])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    ui = panel.widget.ui
    there = (matrix @ (*SPOT, 1))[:3]
    host.slicer.app.layoutManager().sliceLogic("Red").GetSliceNode().JumpSliceByOffsetting(*there)
    row, column = host.pixelOf("Red", there)
    full = host.sliceImage("Red")
    ui.opacitySlider.value = 0.1
    faint = host.sliceImage("Red")
    assert np.ptp(faint[row, column].astype(int)) < np.ptp(full[row, column].astype(int)) / 2
    ui.opacitySlider.value = 0.7
    lines = int((np.ptp(full.astype(int), axis=2) > 40).sum())
    ui.outlineCheckBox.click()
    assert int((np.ptp(host.sliceImage("Red").astype(int), axis=2) > 40).sum()) < lines
    ui.coloursComboBox.setCurrentIndex(1)
    blue = host.sliceImage("Red")[row, column]
    assert blue[2] > blue[0] or blue[2] > full[row, column][2]


def test_the_threshold_hides_what_lies_below_it(host: Any, panel: Any) -> None:
    """Entries of the colour table, of which the map's value picks one: 0 to its peak in 256 steps."""
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    from AGE2HIEUI import scene

    saliency = scene.part(panel.widget.results.record, "saliency")
    table = saliency.GetNodeReference(scene.COLOURS)
    for percent, first in ((0.0, 1), (30.0, 76), (50.0, 128), (100.0, 255)):
        panel.widget.ui.thresholdSlider.value = percent
        opacities = [table.GetLookupTable().GetTableValue(entry)[3] for entry in range(256)]
        assert opacities.index(1.0) == first
        assert all(value == 0 for value in opacities[:first])
        assert all(value == 1 for value in opacities[first:])
    assert saliency.GetDisplayNode().GetWindowLevelMin() == 0
    assert saliency.GetDisplayNode().GetWindowLevelMax() == pytest.approx(0.4)


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
    panel.widget._parameterNode.earlierResults = EarlierResults.KEEP
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
    assert set(node_names(host)) <= set(before)


def test_a_refusal_gives_checks_with_remedies_and_no_number(host: Any, panel: Any) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    before = node_names(host)
    refusal = PlayedProcess(
        [b'{"event":"error","code":3,"message":"Refused","remedy":"Is this a newborn?"}\n', RESULT],
        code=3,
        write=result_writer(affine(np.eye(3)), SHAPE, SPOT, refused_record()),
    )
    predict(host, panel, refusal)
    ui = panel.widget.ui
    assert "Refused" in ui.headingLabel.text
    assert ui.scoreLabel.text.count("no number") == 1
    assert ui.checksTable.item(0, 2).text() == "NOT PASSED"
    assert "Is this a newborn?" in ui.checksTable.item(0, 3).text()
    assert node_names(host) == before
    ui.inputSelector.pick(add_volume(host, affine(np.eye(3)), "Infant B", 1100.0))
    assert ui.resultCollapsibleButton.isHidden()


def test_an_mrb_brings_results_and_parameters_back(host: Any, panel: Any, tmp_path: Path) -> None:
    from AGE2HIEUI import scene

    matrix = affine(ORIENTATIONS["oblique"])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    panel.widget.ui.thresholdSlider.value = 55.0
    panel.widget.ui.gestationSpinBox.value = 39.0
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
    assert ui.ageSpinBox.value == -1.0  # an age is not kept
    assert "0.70" in ui.scoreLabel.text
    result = panel.widget.results.record
    saliency = scene.part(result, "saliency")
    np.testing.assert_array_equal(host.slicer.util.arrayFromVolume(saliency), before)
    assert json.loads(result.GetText())["probability_adverse"] == 0.7
    assert scene.part(result, "report").GetText() == "<html>Bericht für Zoë</html>"
    assert scene.part(result, "region_table").GetTable().GetValueByName(2, "region").ToString() == "thalamus"
    table = saliency.GetNodeReference(scene.COLOURS).GetLookupTable()
    assert [table.GetTableValue(entry)[3] for entry in (139, 140)] == [0.0, 1.0]


def test_the_exported_files_are_those_of_the_command_line(host: Any, panel: Any, tmp_path: Path) -> None:
    import nibabel

    matrix = affine(ORIENTATIONS["oblique, flipped and swapped"])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    folder = tmp_path / "für Zoë"
    panel.widget.exportTo(folder)
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
    assert written[3] == "thalamus,left,1.5,,9"
    panel.widget.exportTo(folder)
    assert "was not exported" in panel.widget.ui.messageLabel.text


def test_results_follow_the_inputs_transform(host: Any, panel: Any) -> None:
    from AGE2HIEUI import scene

    volume = add_volume(host, affine(np.eye(3)))
    transform = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    for role in (*scene.VOLUMES, "outline"):
        assert scene.part(panel.widget.results.record, role).GetTransformNodeID() == transform.GetID()


def test_side_by_side_shows_saliency_and_z_in_linked_axial_views(host: Any, panel: Any) -> None:
    from AGE2HIEUI import scene

    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    panel.widget.ui.sideBySideButton.click()
    result = panel.widget.results.record
    layers = {node.GetLayoutName(): node for node in host.slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}
    assert layers["Red"].GetForegroundVolumeID() == scene.part(result, "saliency").GetID()
    assert layers["Yellow"].GetBackgroundVolumeID() == scene.part(result, "z_adc").GetID()
    assert layers["Red"].GetLinkedControl()
    assert layers["Yellow"].GetLinkedControl()
    manager = host.slicer.app.layoutManager()
    assert manager.layout == host.slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    assert manager.sliceLogic("Yellow").GetSliceNode().GetOrientation() == "Axial"


@pytest.mark.parametrize("leave", ["close the scene", "reload the module", "close the module"])
def test_leaving_a_run_ends_it_and_leaves_the_scene_as_it_was(host: Any, panel: Any, leave: str) -> None:
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    before = node_names(host)
    process = play(panel, PlayedProcess(STAGES, hangs=True))
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not process.parts)
    folder = panel.widget._run[0].folder
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
