"""A lesion as a segmentation that the user corrects: what is measured, shown, kept and taken back."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_actions import ORIENTATIONS, SHAPE, SPOT, add_volume, affine, predict
from test_module_tables import LESION, SCORE, TABLE, cells
from workers import result_writer

from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.volume import Volume
from AGE2HIEPlayed import RESULT, PlayedProcess, event, record

pytestmark = pytest.mark.host

MATRIX = affine(ORIENTATIONS["oblique"])
HALF = {**LESION, "method": "corrected by a reader", "volume_ml": 0.9, "share": 0.002, "interval": [0.002, 0.002]}
ANSWER = event(
    event="lesion",
    lesion=HALF,
    scores=[{**SCORE, "value": "1"}],
    regions=[{"label": 9, "lesion_ml": 0.9, "lesion_share": 0.4}],
)


def lesion_array() -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    array[SPOT[0] : SPOT[0] + 3, SPOT[1] : SPOT[1] + 2, SPOT[2]] = 1
    return array


def with_lesion(array: np.ndarray, matrix: np.ndarray = MATRIX) -> PlayedProcess:
    def write(folder: Path) -> None:
        result_writer(matrix, SHAPE, SPOT, record(lesion=LESION, scores=[SCORE]))(folder)
        (folder / "regions.csv").write_text(TABLE, encoding="utf-8")
        (folder / "placement.h5").write_bytes(b"\x89HDF a placement")
        write_volume(Volume(array, matrix), folder / "lesion.nii.gz")

    return PlayedProcess([RESULT], write=write)


@pytest.fixture
def drawn(host: Any, panel: Any) -> Any:
    """A result with a lesion of six voxels."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, with_lesion(lesion_array()))
    assert panel.widget.results.record is not None, panel.widget.ui.messageLabel.text
    return panel


def draw(host: Any, panel: Any, array: np.ndarray) -> None:
    """As the Segment Editor does: into the segment, on the scan's grid."""
    from AGE2HIEUI.nodes import part

    result = panel.widget.results.record
    segmentation, adc = part(result, "lesion"), part(result, "adc")
    labelmap = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    labelmap.CopyOrientation(adc)
    host.slicer.util.updateVolumeFromArray(labelmap, array.transpose(2, 1, 0).astype(np.uint8))
    segments = segmentation.GetSegmentation()
    segments.RemoveAllSegments()
    logic = host.slicer.vtkSlicerSegmentationsModuleLogic
    logic.ImportLabelmapToSegmentationNode(labelmap, segmentation)
    if not segments.GetNumberOfSegments():
        segments.AddEmptySegment()
    host.slicer.mrmlScene.RemoveNode(labelmap)


def measure(host: Any, panel: Any, process: PlayedProcess) -> PlayedProcess:
    panel.widget.logic.newProcess = lambda: process
    host.wait(lambda: process.command is not None, 10)
    host.wait(lambda: panel.widget.measuring.job is None, 10)
    return process


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_the_lesion_lies_where_the_file_has_it(host: Any, panel: Any, tmp_path: Path, name: str) -> None:
    """Through a segmentation and back, left as left."""
    matrix = affine(ORIENTATIONS[name])
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, with_lesion(lesion_array(), matrix))
    panel.widget.results.export(tmp_path / "out")
    assert panel.widget.ui.messageFrame.isHidden()
    written = read_volume(tmp_path / "out" / "lesion.nii.gz")
    there = [written.grid.affine_ras @ (*index, 1) for index in np.argwhere(written.array > 0)]
    planted = [matrix @ (*index, 1) for index in np.argwhere(lesion_array())]
    order = lambda points: np.array(sorted(points, key=lambda p: tuple(np.round(p, 3))))  # noqa: E731
    np.testing.assert_allclose(order(there), order(planted), atol=1e-3)


def test_volumes_and_scores_follow_a_correction(host: Any, drawn: Any, tmp_path: Path) -> None:
    ui = drawn.widget.ui
    assert "1.75 ml" in ui.findingsLabel.text
    assert not ui.editLesionButton.isHidden()
    assert ui.computedLesionButton.isHidden()
    smaller = lesion_array()
    smaller[SPOT] = 0
    process = PlayedProcess([ANSWER])
    drawn.widget.logic.newProcess = lambda: process
    draw(host, drawn, smaller)
    measure(host, drawn, process)
    assert "<b>Lesion: 0.90 ml, 0.2 % of the brain</b>" in ui.findingsLabel.text, ui.messageLabel.text
    assert "Corrected by you" in ui.findingsLabel.text
    assert "Basal ganglia (Barkovich): 1" in ui.findingsLabel.text
    assert cells(ui.regionsTable)[0][:2] == ["thalamus, left", "0.90 ml, 40 %"]
    assert "0.70" in ui.scoreLabel.text  # the number is of the scan, and stays
    assert process.command.arguments[3] == "lesion"
    assert not Path(process.command.arguments[-1]).exists()  # the private folder is gone
    drawn.widget.results.export(tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"lesion.nii.gz", "correction.json", "placement.h5"} <= names
    assert json.loads((tmp_path / "out" / "result.json").read_text())["lesion"]["volume_ml"] == LESION["volume_ml"]
    ui.computedLesionButton.click()
    assert "1.75 ml" in ui.findingsLabel.text
    assert "Corrected by you" not in ui.findingsLabel.text
    assert ui.computedLesionButton.isHidden()


def test_what_the_worker_reads_is_the_result_and_the_drawn_lesion(host: Any, drawn: Any, tmp_path: Path) -> None:
    from AGE2HIEUI.lesion import writeForMeasuring

    corrected = writeForMeasuring(drawn.widget.results.record, tmp_path)
    names = {path.name for path in (tmp_path / "result").iterdir()}
    assert names == {
        "result.json",
        "adc.nii.gz",
        "brain_mask.nii.gz",
        "z_adc.nii.gz",
        "placement.h5",
    }
    assert (tmp_path / "result" / "placement.h5").read_bytes() == b"\x89HDF a placement"
    assert int((read_volume(corrected).array > 0).sum()) == 6


def test_a_corrected_lesion_that_cannot_be_measured_loses_nothing(host: Any, drawn: Any) -> None:
    """One line with a code; what was drawn stays, and the measures of before."""
    from AGE2HIEUI.lesion import lesionMark

    ui, said = (
        drawn.widget.ui,
        "age2hie: error: The corrected lesion holds no voxel of the brain. Draw it over the scan.",
    )
    process = PlayedProcess([], code=2, stderr=said)
    drawn.widget.logic.newProcess = lambda: process
    draw(host, drawn, np.zeros(SHAPE, np.uint8))
    host.wait(lambda: not ui.messageFrame.isHidden(), 10)
    assert "Code R5" in ui.messageLabel.text
    assert "1.75 ml" in ui.findingsLabel.text
    assert lesionMark(drawn.widget.results.record) == ""
    ui.editLesionButton.setVisible(True)
    drawn.widget.correction.restore()
    assert lesionMark(drawn.widget.results.record) != ""
    assert ui.messageFrame.isHidden()


def test_a_lesion_from_another_grid_is_measured_on_the_scans(host: Any, drawn: Any, tmp_path: Path) -> None:
    """A segmentation with voxels half as large and a corner of its own, as one that was imported: the same place."""
    from AGE2HIEUI.lesion import writeForMeasuring
    from AGE2HIEUI.nodes import part

    finer = np.kron(lesion_array(), np.ones((2, 2, 2), np.uint8))[6:, 10:]
    matrix = MATRIX @ np.diag([0.5, 0.5, 0.5, 1.0])
    matrix[:3, 3] += matrix[:3, :3] @ (6 - 0.5, 10 - 0.5, -0.5)
    labelmap = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    host.slicer.util.updateVolumeFromArray(labelmap, finer.transpose(2, 1, 0).copy())
    labelmap.SetIJKToRASMatrix(host.slicer.util.vtkMatrixFromArray(matrix))
    segmentation = part(drawn.widget.results.record, "lesion")
    drawn.widget.logic.newProcess = lambda: PlayedProcess([ANSWER])
    segmentation.GetSegmentation().RemoveAllSegments()
    host.slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, segmentation)
    written = read_volume(writeForMeasuring(drawn.widget.results.record, tmp_path))
    assert int((written.array > 0).sum()) == 6
    there = (written.grid.affine_ras @ (*np.argwhere(written.array > 0).mean(0), 1))[:3]
    np.testing.assert_allclose(there, (MATRIX @ (*np.argwhere(lesion_array()).mean(0), 1))[:3], atol=0.01)


def test_a_correction_comes_back_with_the_scene(host: Any, drawn: Any, tmp_path: Path) -> None:
    smaller = lesion_array()
    smaller[SPOT] = 0
    process = PlayedProcess([ANSWER])
    drawn.widget.logic.newProcess = lambda: process
    draw(host, drawn, smaller)
    measure(host, drawn, process)
    host.saveScene(tmp_path / "scene.mrb")
    host.closeScene()
    assert drawn.widget.ui.findingsLabel.text == ""
    drawn.widget.logic.newProcess = lambda: pytest.fail("it was measured again")
    host.loadScene(tmp_path / "scene.mrb")
    for _ in range(60):
        host.process()
    assert "0.90 ml" in drawn.widget.ui.findingsLabel.text
    assert "Corrected by you" in drawn.widget.ui.findingsLabel.text


def test_a_scan_in_which_nothing_was_found_has_an_empty_segment(host: Any, panel: Any, tmp_path: Path) -> None:
    """It can be drawn into; a result is there all the same."""
    from AGE2HIEUI.nodes import part

    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, with_lesion(np.zeros(SHAPE, np.uint8)))
    assert "0.70" in panel.widget.ui.scoreLabel.text, panel.widget.ui.messageLabel.text
    segments = part(panel.widget.results.record, "lesion").GetSegmentation()
    assert segments.GetNumberOfSegments() == 1
    assert segments.GetNthSegment(0).GetName() == "Lesion"
    panel.widget.results.export(tmp_path / "out")
    assert panel.widget.ui.messageFrame.isHidden()
    process = PlayedProcess([ANSWER])
    panel.widget.logic.newProcess = lambda: process
    draw(host, panel, lesion_array())
    measure(host, panel, process)
    assert "0.90 ml" in panel.widget.ui.findingsLabel.text


def test_a_result_without_a_lesion_offers_no_correction(host: Any, ready: Any) -> None:
    assert ready.widget.ui.editLesionButton.isHidden()
    assert ready.widget.ui.computedLesionButton.isHidden()


def test_bytes_survive_as_text(host: Any) -> None:
    from AGE2HIEUI.nodes import bytesNode, bytesOf

    node = bytesNode("any", bytes(range(256)), [])
    assert bytesOf(node) == bytes(range(256))
    node.SetText(base64.b64encode(b"x").decode() + "?")
    with pytest.raises(ValueError, match=r"base64|padding|Only"):
        bytesOf(node)


def test_the_lesion_is_evaluated_against_a_reference(host: Any, drawn: Any) -> None:
    """Six voxels of 4 x 3.5 x 6 mm against four of them: Dice 0.8; a volume on another grid is one line."""
    ui = drawn.widget.ui
    assert ui.referenceCollapsibleButton.collapsed
    assert not ui.evaluateButton.enabled
    reference = lesion_array()
    reference[SPOT[0]] = 0
    volume = host.slicer.util.addVolumeFromArray(reference.transpose(2, 1, 0), MATRIX, "Expert")
    ui.referenceSelector.pick(volume)
    ui.evaluateButton.click()
    found = dict(cells(ui.referenceTable))
    assert found["Dice"] == "0.80", ui.messageLabel.text
    assert found["lesion"] == "0.50 ml"  # 6 x 84 mm3
    assert found["reference"] == "0.34 ml"
    assert found["largest distance (Hausdorff)"] == "4.0 mm"
    elsewhere = host.slicer.util.addVolumeFromArray(reference.transpose(2, 1, 0), np.diag([1.0, 1, 1, 1]), "Elsewhere")
    ui.referenceSelector.pick(elsewhere)
    ui.evaluateButton.click()
    assert "does not lie on the scan" in ui.messageLabel.text
    assert "Code R6" in ui.messageLabel.text
