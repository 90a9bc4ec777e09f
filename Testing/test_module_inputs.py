"""What the module hands to its worker: nodes as files, DICOM files, masks, and the options of the call."""

from __future__ import annotations

import html
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AGE2HIELib.io.images import read_volume
from AGE2HIELib.io.source import read_source

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.host

SHAPE = (8, 10, 6)
OBLIQUE, _ = np.linalg.qr(np.array([[0.96, -0.20, 0.19], [0.24, 0.94, -0.24], [-0.13, 0.28, 0.95]]))


def grid(flip: int) -> np.ndarray:
    """Oblique and anisotropic; ``flip`` reverses one axis."""
    directions = OBLIQUE @ np.diag([1.5, 2.0, 4.0])
    if flip < 3:
        directions[:, flip] *= -1
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = directions, (-7.0, 11.0, 5.0)
    return matrix


def add(host: Any, matrix: np.ndarray, name: str = "Infant A") -> tuple[Any, np.ndarray]:
    values = np.random.default_rng(4).uniform(600, 2000, SHAPE).astype(np.float32)
    return host.slicer.util.addVolumeFromArray(values.transpose(2, 1, 0), matrix, name), values


@pytest.mark.parametrize("flip", range(4))
def test_every_voxel_is_written_where_it_lies(host: Any, panel: Any, tmp_path: Path, flip: int) -> None:
    from AGE2HIEUI.inputs import writeScan

    node, values = add(host, grid(flip))
    written = read_volume(writeScan(node, tmp_path))
    np.testing.assert_allclose(written.affine_ras, grid(flip), atol=1e-5)
    np.testing.assert_array_equal(written.array, values)


def test_a_parent_transform_moves_no_voxel_of_the_file(host: Any, panel: Any, tmp_path: Path) -> None:
    """The prediction is of the scan as it was measured; its results get the same transform in the scene."""
    from AGE2HIEUI.inputs import writeScan

    node, _ = add(host, grid(0))
    transform = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = host.slicer.util.vtkMatrixFromArray(np.diag([-1.0, -1.0, 1.0, 1.0]))
    transform.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(transform.GetID())
    np.testing.assert_allclose(read_volume(writeScan(node, tmp_path)).affine_ras, grid(0), atol=1e-5)


def test_a_diffusion_weighted_node_keeps_its_b_values_and_gradients(host: Any, panel: Any, tmp_path: Path) -> None:
    from AGE2HIEUI.inputs import writeScan

    sample = ROOT / "AGE2HIE" / "Resources" / "SampleData" / "SyntheticNewborn.nrrd"
    node = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", "DWI")
    storage = host.slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(sample))
    assert storage.ReadData(node)
    written, original = read_source(writeScan(node, tmp_path)).dwi, read_source(sample).dwi
    assert written is not None
    assert original is not None
    np.testing.assert_array_equal(written.array, original.array)
    np.testing.assert_allclose(written.b_values, original.b_values, atol=1e-3)
    np.testing.assert_allclose(written.affine_ras, original.affine_ras, atol=1e-5)
    if original.directions_ras is not None:
        np.testing.assert_allclose(written.directions_ras, original.directions_ras, atol=1e-5)


def test_a_node_without_image_is_refused_in_words(host: Any, panel: Any, tmp_path: Path) -> None:
    from AGE2HIEUI.inputs import UnusableNode, writeScan

    node = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    with pytest.raises(UnusableNode, match="'Empty' holds no image"):
        writeScan(node, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_mask_volume_lies_on_the_scans_grid(host: Any, panel: Any, tmp_path: Path) -> None:
    from AGE2HIEUI.inputs import writeMask

    scan, _ = add(host, grid(1))
    values = np.zeros(SHAPE, np.uint8)
    values[2:5, 3:9, 1:3] = 1
    mask = host.slicer.util.addVolumeFromArray(values.transpose(2, 1, 0), grid(1), "mask", "vtkMRMLLabelMapVolumeNode")
    written = read_volume(writeMask(mask, scan, tmp_path / "mask.nrrd"))
    np.testing.assert_array_equal(written.array, values)
    np.testing.assert_allclose(written.affine_ras, grid(1), atol=1e-5)


def test_a_segmentation_is_written_as_its_visible_segments(host: Any, panel: Any, tmp_path: Path) -> None:
    """Two segments, one of them hidden: the file holds the other one, voxel by voxel on the scan's grid."""
    from AGE2HIEUI.inputs import UnusableNode, writeMask

    scan, _ = add(host, grid(2))
    values = np.zeros(SHAPE, np.uint8)
    values[2:5, 3:9, 1:3] = 1
    values[5:7, 0:4, 3:6] = 2
    labels = host.slicer.util.addVolumeFromArray(
        values.transpose(2, 1, 0), grid(2), "labels", "vtkMRMLLabelMapVolumeNode"
    )
    node = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "brain")
    node.CreateDefaultDisplayNodes()
    assert host.slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labels, node)
    second = node.GetSegmentation().GetNthSegmentID(1)
    node.GetDisplayNode().SetSegmentVisibility(second, False)
    before = host.slicer.mrmlScene.GetNumberOfNodes()
    written = read_volume(writeMask(node, scan, tmp_path / "mask.nrrd"))
    np.testing.assert_array_equal(written.array > 0, values == 1)
    np.testing.assert_allclose(written.affine_ras, grid(2), atol=1e-5)
    assert host.slicer.mrmlScene.GetNumberOfNodes() == before
    with pytest.raises(UnusableNode, match="needs an input in the scene"):
        writeMask(node, None, tmp_path / "mask.nrrd")


def test_label_maps_are_not_offered_as_scans(host: Any, panel: Any) -> None:
    host.slicer.util.addVolumeFromArray(np.ones(SHAPE[::-1], np.uint8), grid(0), "mask", "vtkMRMLLabelMapVolumeNode")
    panel.widget.initializeParameterNode()
    assert panel.widget.ui.inputSelector.currentNode() is None
    assert [panel.widget.ui.inputSelector.itemText(i) for i in range(panel.widget.ui.inputSelector.count)] == ["None"]


def test_a_node_from_dicom_is_read_from_its_files(host: Any, panel: Any, tmp_path: Path) -> None:
    """The files come in the series' order, under names that say nothing about the patient."""
    from AGE2HIEUI.inputs import writeScan

    node, _ = add(host, grid(0))
    folder = tmp_path / "Doe^John"
    folder.mkdir()
    for number in range(3):
        (folder / f"Doe{number}.dcm").write_bytes(bytes([number]) * 10)
        host.slicer.dicomDatabase.files[f"1.2.{number}"] = str(folder / f"Doe{number}.dcm")
    node.SetAttribute("DICOM.instanceUIDs", "1.2.0 1.2.1 1.2.2")
    out = tmp_path / "out"
    out.mkdir()
    written = writeScan(node, out)
    assert [path.name for path in sorted(written.iterdir())] == ["00000.dcm", "00001.dcm", "00002.dcm"]
    assert [path.read_bytes()[0] for path in sorted(written.iterdir())] == [0, 1, 2]
    (folder / "Doe1.dcm").unlink()  # a database that has lost one of them: the voxels in the scene are complete
    second = tmp_path / "second"
    second.mkdir()
    assert writeScan(node, second).name == "scan.nrrd"


@pytest.mark.parametrize(
    ("dates", "age"),
    [
        ({"0010,0030": "20260101", "0008,0022": "20260105"}, 4.0),
        ({"0010,0030": "20260101", "0008,0022": "", "0008,0021": "", "0008,0020": "20260102"}, 1.0),
        ({"0010,0030": "", "0008,0022": "20260105"}, None),
        ({"0010,0030": "20260110", "0008,0022": "20260105"}, None),
        ({"0010,0030": "unknown", "0008,0022": "20260105"}, None),
    ],
)
def test_the_age_comes_from_dicom_is_shown_and_is_kept_nowhere(
    host: Any, panel: Any, tmp_path: Path, dates: dict[str, str], age: float | None
) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(b"x")
    host.slicer.dicomDatabase.files["9.9"] = str(path)
    for tag, text in dates.items():
        host.slicer.dicomDatabase.values[str(path), tag] = text
    node, _ = add(host, grid(0))
    node.SetAttribute("DICOM.instanceUIDs", "9.9")
    panel.widget.initializeParameterNode()
    assert panel.widget.ui.ageSpinBox.value == (-1.0 if age is None else age)
    stored = panel.widget.state.parameters.parameterNode
    kept = [stored.GetParameter(name) for name in stored.GetParameterNames()]
    assert not [value for value in kept if age is not None and value == str(age)]
    panel.widget.ui.ageSpinBox.value = 7.0
    panel.leave()
    panel.enter()
    assert panel.widget.ui.ageSpinBox.value == 7.0  # typed for this infant
    other, _ = add(host, grid(1), "Infant B")
    panel.widget.ui.inputSelector.pick(other)
    assert panel.widget.ui.ageSpinBox.value == -1.0


def test_the_call_holds_what_was_chosen_and_nothing_else(host: Any, panel: Any) -> None:
    from AGE2HIEPlayed import PlayedProcess

    add(host, grid(0))
    panel.widget.initializeParameterNode()
    process = PlayedProcess(hangs=True)
    panel.widget.logic.newProcess = lambda: process
    panel.widget.ui.predictButton.click()
    arguments = process.command.arguments
    assert arguments[1:4] == ("-m", "AGE2HIELib.cli", "predict")
    assert arguments[-2] == "--"
    assert Path(arguments[-1]).name == "scan.nrrd"
    names = [item.split("=")[0] for item in arguments if item.startswith("--") and item != "--"]
    assert names == ["--output", "--progress", "--saliency"]
    panel.widget.ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running)
    chosen = panel.widget.state.parameters
    chosen.gestationWeeks, chosen.atlasFolder = 38.0, "/an atlas"
    panel.widget.ui.prevalenceSpinBox.value = 0.35
    panel.widget.ui.cooledComboBox.setCurrentIndex(1)
    panel.widget.ui.deviceComboBox.setCurrentIndex(1)
    panel.widget.ui.alignComboBox.setCurrentIndex(2)
    panel.widget.ui.ageSpinBox.value = 0.0
    panel.widget.logic.newProcess = lambda: process
    process.cancelled, process.parts = False, []
    panel.widget.ui.predictButton.click()
    given = dict(item[2:].split("=", 1) for item in process.command.arguments if "=" in item)
    assert (given["gestation-weeks"], given["cooled"], given["device"]) == ("38.0", "yes", "cpu")
    assert (given["atlas"], given["age-days"], given["prevalence"]) == ("/an atlas", "0.0", "0.35")
    assert given["align"] == "off"


def test_a_series_is_asked_for_and_belongs_to_the_result(host: Any, panel: Any, tmp_path: Path) -> None:
    """A folder of several series: the message speaks of the field, the call of the option, the result of the series."""
    from workers import result_writer

    from AGE2HIEPlayed import RESULT, PlayedProcess, event

    ui = panel.widget.ui
    ui.inputPathEdit.text = str(tmp_path)
    error = event(event="error", code=2, message="The folder holds 2 series: 3, 4.", remedy="Name one with --series.")
    panel.widget.logic.newProcess = lambda: PlayedProcess([error], code=2)
    ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    assert "The folder holds 2 series" in ui.messageLabel.text
    assert "'DICOM series'" in html.unescape(ui.messageLabel.text)
    assert "--series" not in ui.messageLabel.text
    ui.seriesEdit.text = "3"
    process = PlayedProcess([RESULT], write=result_writer(np.eye(4), SHAPE, (4, 5, 3)))
    panel.widget.logic.newProcess = lambda: process
    ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    assert "--series=3" in process.command.arguments
    assert "0.70" in ui.scoreLabel.text
    ui.seriesEdit.text = "4"
    assert ui.scoreLabel.text == ""
    ui.seriesEdit.text = "3"
    assert "0.70" in ui.scoreLabel.text


def test_the_workers_environment(host: Any, panel: Any) -> None:
    from AGE2HIEUI.command import workerEnvironment

    found = workerEnvironment({"PYTHONPATH": "/a", "LANG": "C", "LD_LIBRARY_PATH": "/slicer/lib"})
    assert found["PYTHONPATH"].split(":") == [str(ROOT), "/a"]
    assert found["PYTHONUTF8"] == "1"
    assert found["LD_LIBRARY_PATH"] == "/slicer/lib"
    assert workerEnvironment({})["PYTHONPATH"] == str(ROOT)


def test_t1_and_t2_of_the_infant_go_beside_the_scan_on_their_own_grids(host: Any, panel: Any) -> None:
    """The gate alone reads neither; another scan clears both: they were the first infant's."""
    scan, _ = add(host, grid(0))
    t1, values = add(host, grid(1), "T1 of A")
    other, _ = add(host, grid(3), "Infant B")
    parameters = panel.widget.state.parameters
    panel.widget.ui.inputSelector.pick(scan)
    panel.widget.ui.t1Selector.pick(t1)
    assert parameters.t1Volume is t1
    call = panel.widget.logic.prepare(parameters, None)
    try:
        assert call.request.t2 is None
        written = read_volume(call.request.t1)
        np.testing.assert_allclose(written.affine_ras, grid(1), atol=1e-5)
        np.testing.assert_array_equal(written.array, values)
        assert f"--t1={call.request.t1}" in call.request.argv()
    finally:
        shutil.rmtree(call.folder)
    check = panel.widget.logic.prepareCheck(parameters, None)
    try:
        assert check.request.t1 is None
    finally:
        shutil.rmtree(check.folder)
    panel.widget.ui.inputSelector.pick(other)
    assert parameters.t1Volume is None
    assert panel.widget.ui.t1Selector.currentNode() is None
