"""The panel's side-by-side comparison of saliency methods, with stand-in workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison_workers import TITLES, examination, explaining, explanations_writer
from panel_actions import ORIENTATIONS, SHAPE, SPOT, add_volume, affine, coloured, good, node_names, play, predict
from workers import STAGES

from AGE2HIELib.explain.compare import marked
from AGE2HIEPlayed import RESULT, PlayedProcess, event, record

pytestmark = pytest.mark.host

MATRIX = affine(ORIENTATIONS["axial RAS"])


@pytest.fixture
def ready(host: Any, panel: Any) -> Any:
    """A scan whose result is on the screen."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(MATRIX))
    return panel


def compare(host: Any, panel: Any, process: PlayedProcess | None = None) -> PlayedProcess:
    """One click, to its end."""
    process = play(panel, process or explaining(MATRIX, SHAPE, SPOT))
    panel.widget.ui.compareButton.click()
    host.wait(lambda: not panel.widget.running)
    return process


def standings(host: Any, panel: Any) -> list[Any]:
    from AGE2HIEUI.comparison import standingOf

    return [standingOf(panel.widget.comparisons.record, method) for method in TITLES]


def views(host: Any) -> dict[str, Any]:
    """Composite nodes of the comparison's views."""
    nodes = host.slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    return {node.GetLayoutName(): node for node in nodes if node.GetLayoutName().startswith("AGE2HIE")}


def layout(host: Any) -> int:
    return int(host.slicer.app.layoutManager().layout)


def test_a_comparison_needs_a_result_and_two_to_six_methods(host: Any, panel: Any) -> None:
    ui = panel.widget.ui
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    assert not ui.compareButton.enabled
    assert "Predict this scan first" in ui.compareButton.toolTip
    predict(host, panel, good(MATRIX))
    assert ui.compareButton.enabled
    assert ui.compareCollapsibleButton.collapsed
    panel.widget._parameterNode.compareMethods = "hirescam"
    assert "two to 6" in ui.compareButton.toolTip
    import qt

    labels = [ui.compareMethodsList.item(row).text() for row in range(8)]
    assert [label for label in labels if "minutes" in label] == labels[5:]
    ui.compareMethodsList.item(6).setCheckState(qt.Qt.Checked)
    assert panel.widget._parameterNode.compareMethods == "hirescam,occlusion"
    assert ui.compareButton.enabled


def test_the_call_is_that_of_explain_with_the_same_reading_options(host: Any, ready: Any) -> None:
    ready.widget._parameterNode.atlasFolder = "/an atlas"
    ready.widget.ui.compareTargetComboBox.setCurrentIndex(1)
    ready.widget.ui.ageSpinBox.value = 3.0
    process = compare(host, ready, PlayedProcess(STAGES, code=1))
    arguments = process.command.arguments
    assert arguments[3] == "explain"
    given = dict(item[2:].split("=", 1) for item in arguments if item.startswith("--") and item != "--")
    assert given.pop("output").endswith("output")
    assert given == {
        "atlas": "/an atlas",
        "methods": "hirescam,layercam,integrated-gradients",
        "target": "favourable",
        "device": "auto",
        "progress": "jsonl",
    }


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_left_is_left_in_every_view(host: Any, panel: Any, name: str) -> None:
    """A map planted in the patient's left half peaks there in the scene, and only there is its view coloured."""
    matrix = affine(ORIENTATIONS[name])
    flipped = matrix[0] @ (*SPOT, 1) > matrix[0] @ (SHAPE[0] - 4 - SPOT[0], *SPOT[1:], 1)
    spot = (SHAPE[0] - 4 - SPOT[0], *SPOT[1:]) if flipped else SPOT
    add_volume(host, matrix)
    panel.widget.initializeParameterNode()
    predict(host, panel, good(matrix))
    compare(host, panel, explaining(matrix, SHAPE, spot))
    for shift, node in enumerate(standings(host, panel)):
        values = host.slicer.util.arrayFromVolume(node)
        k, j, i = np.unravel_index(int(values.argmax()), values.shape)
        import vtk

        to_world = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(to_world)
        there = to_world.MultiplyPoint((float(i), float(j), float(k), 1.0))[:3]
        planted = (matrix @ (spot[0] + shift, *spot[1:], 1))[:3]
        np.testing.assert_allclose(there, planted, atol=0.01)
        if abs(matrix[0, 0]) > 3.9:  # the first axis runs from side to side
            assert there[0] < 0  # R is positive
        view = f"AGE2HIE{shift + 1}"
        host.slicer.app.layoutManager().sliceLogic(view).GetSliceNode().JumpSliceByOffsetting(*there)
        picture = host.sliceImage(view)
        assert coloured(picture[host.pixelOf(view, there)])
        mirrored = (-there[0] + 20, there[1], there[2])
        assert not coloured(picture[host.pixelOf(view, mirrored)])


def test_all_maps_share_one_scale_whatever_their_units(host: Any, ready: Any) -> None:
    compare(host, ready)
    nodes = standings(host, ready)
    displays = [node.GetDisplayNode() for node in nodes]
    assert len({display.GetColorNodeID() for display in displays}) == 1
    for node, display in zip(nodes, displays, strict=True):
        values = host.slicer.util.arrayFromVolume(node)
        assert (values.min(), values.max()) == (0, 1)
        assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 1)
        legend = host.slicer.modules.colors.logic().GetColorLegendDisplayNode(node)
        assert legend.GetVisibility()
    first, *others = [np.sort(host.slicer.util.arrayFromVolume(node).ravel())[-50:] for node in nodes]
    for other in others:
        np.testing.assert_allclose(first, other, atol=1e-5)  # the same ball, in units that differ by 3e8


@pytest.mark.parametrize("percent", [10.0, 50.0, 90.0])
def test_the_threshold_is_a_share_of_each_maps_evidence(host: Any, ready: Any, percent: float) -> None:
    """What is not transparent are the fewest voxels that hold the share; the agreement is that of these voxels."""
    from AGE2HIEUI.nodes import part

    compare(host, ready)
    ready.widget.ui.compareShareSlider.value = percent
    record_ = ready.widget.comparisons.record
    marks = []
    for method, node in zip(TITLES, standings(host, ready), strict=True):
        raw = host.slicer.util.arrayFromVolume(part(record_, f"saliency.{method}"))
        shown = host.slicer.util.arrayFromVolume(node) >= node.GetDisplayNode().GetLowerThreshold()
        np.testing.assert_array_equal(shown, marked(raw, percent / 100))
        assert raw[shown].sum() >= percent / 100 * raw[raw > 0].sum()
        marks.append(shown)
    votes = host.slicer.util.arrayFromVolume(part(record_, "agreement"))
    np.testing.assert_allclose(votes, np.mean(marks, axis=0), atol=1e-6)


def test_opacity_and_threshold_change_all_views_together(host: Any, ready: Any) -> None:
    compare(host, ready)
    before = {view: (np.ptp(host.sliceImage(view).astype(int), axis=2) > 40).sum() for view in views(host)}
    assert len(before) == 4
    assert all(before.values())
    ready.widget.ui.compareShareSlider.value = 5.0
    for view, count in before.items():
        assert (np.ptp(host.sliceImage(view).astype(int), axis=2) > 40).sum() < count
    ready.widget.ui.compareOpacitySlider.value = 0.0
    for view in before:
        assert not (np.ptp(host.sliceImage(view).astype(int), axis=2) > 40).any()


def test_the_views_are_axial_labelled_and_scrolled_together(host: Any, ready: Any) -> None:
    compare(host, ready)
    manager = host.slicer.app.layoutManager()
    nodes = [manager.sliceLogic(f"AGE2HIE{number}").GetSliceNode() for number in range(1, 5)]
    assert [node.GetLayoutLabel() for node in nodes] == [*TITLES.values(), "Agreement"]
    assert {node.GetOrientation() for node in nodes} == {"Axial"}
    assert all(view.GetLinkedControl() and view.GetHotLinkedControl() for view in views(host).values())
    assert len({view.GetBackgroundVolumeID() for view in views(host).values()}) == 1
    ordinary = manager.sliceLogic("Red").GetSliceOffset()
    logic = manager.sliceLogic("AGE2HIE2")
    logic.StartSliceOffsetInteraction()
    logic.SetSliceOffset(13.0)
    logic.EndSliceOffsetInteraction()
    assert [round(manager.sliceLogic(node.GetLayoutName()).GetSliceOffset(), 3) for node in nodes] == [13.0] * 4
    assert manager.sliceLogic("Red").GetSliceOffset() == ordinary


def test_one_click_goes_back_and_one_returns(host: Any, ready: Any) -> None:
    before = layout(host)
    compare(host, ready)
    shown = layout(host)
    assert shown != before
    ready.widget.ui.compareBackButton.click()
    assert layout(host) == before
    ready.widget.ui.compareShowButton.click()
    assert layout(host) == shown
    ready.widget.ui.showButton.click()  # the ordinary overlay is not drawn into the comparison's views
    assert layout(host) == before
    ready.widget.ui.compareShowButton.click()
    ready.leave()
    ready.enter()
    assert layout(host) == shown
    predict(host, ready, good(MATRIX, record(probability_adverse=0.6)))
    assert layout(host) == before
    assert ready.widget.ui.comparisonFrame.isHidden()


def test_a_comparison_is_shown_beside_its_own_scan_only(host: Any, ready: Any) -> None:
    ui, first = ready.widget.ui, ready.widget.ui.inputSelector.currentNode()
    before = layout(host)
    compare(host, ready)
    ui.inputSelector.pick(add_volume(host, MATRIX, "Infant B", 1300.0))
    assert ui.comparisonFrame.isHidden()
    assert layout(host) == before
    assert not any(view.GetForegroundVolumeID() for view in views(host).values())
    ui.inputSelector.pick(first)
    assert not ui.comparisonFrame.isHidden()
    host.slicer.util.arrayFromVolume(first)[0, 0, 0] += 1
    host.slicer.util.arrayFromVolumeModified(first)
    assert ui.comparisonFrame.isHidden()


def test_while_one_runs_the_other_button_is_grey_and_cancel_leaves_nothing(host: Any, ready: Any) -> None:
    ui, nodes = ready.widget.ui, node_names(host)
    process = play(ready, PlayedProcess(STAGES, hangs=True))
    ui.compareButton.click()
    folder = ready.widget.runner.folder
    assert not ui.predictButton.enabled
    assert ui.predictButton.toolTip == ui.compareButton.toolTip == "A comparison is running."
    assert "0.70" in ui.scoreLabel.text  # its result stays
    assert ui.progressBar.isHidden()
    ui.compareCancelButton.click()
    host.wait(lambda: not ready.widget.running)
    assert process.cancelled
    assert not folder.exists()
    assert node_names(host) == nodes
    assert ui.compareMessageFrame.isHidden()
    play(ready, PlayedProcess(STAGES, hangs=True))
    ui.predictButton.click()
    assert ui.compareButton.toolTip == "A prediction is running."
    ui.cancelButton.click()
    host.wait(lambda: not ready.widget.running)


def without(name: str) -> Any:
    def write(folder: Path) -> None:
        explanations_writer(MATRIX, SHAPE, SPOT)(folder)
        (folder / name).unlink()

    return write


REFUSAL = event(event="error", code=3, message="Refused: brain volume is 1200.", remedy="Give a --mask.")
BAD = {
    "fails": (PlayedProcess(STAGES, code=1), "code 1"),
    "refuses": (PlayedProcess([*STAGES, REFUSAL], code=3), "Refused: brain volume"),
    "has no record": (PlayedProcess([RESULT], write=without("explanations.json")), "there is none"),
    "forgets a map": (PlayedProcess([RESULT], write=without("saliency_layercam.nii.gz")), "saliency_layercam"),
    "forgets the members": (PlayedProcess([RESULT], write=without("members_agree_hirescam.nii.gz")), "members_agree"),
    "forgets the table": (PlayedProcess([RESULT], write=without("evidence.csv")), "evidence.csv"),
    "is elsewhere": (explaining(affine(ORIENTATIONS["LPS"]), SHAPE, SPOT), "not on the grid"),
    "explains another number": (explaining(MATRIX, SHAPE, SPOT, probability_adverse=0.6), "another number"),
    "names no map": (explaining(MATRIX, SHAPE, SPOT, maps=[]), "no maps"),
    "names an odd target": (explaining(MATRIX, SHAPE, SPOT, target="both"), "unknown target"),
    "examines badly": (explaining(MATRIX, SHAPE, SPOT, examination=[{"method": 3}]), "cannot be read"),
    "examines another map": (
        explaining(MATRIX, SHAPE, SPOT, examination=[examination("occlusion", passed=True)]),
        "not there",
    ),
}


@pytest.mark.parametrize("habit", BAD)
def test_a_bad_comparison_ends_in_a_message_and_the_result_stays(host: Any, ready: Any, habit: str) -> None:
    process, cause = BAD[habit]
    nodes, before = node_names(host), layout(host)
    compare(host, ready, process)
    ui = ready.widget.ui
    assert cause in ui.compareMessageLabel.text
    assert "--mask" not in ui.compareMessageLabel.text
    assert not ui.compareMessageFrame.isHidden()
    assert node_names(host) == nodes
    assert layout(host) == before
    assert "0.70" in ui.scoreLabel.text
    assert ui.comparisonFrame.isHidden()
    assert ui.compareButton.enabled


def test_a_failed_map_has_an_amber_banner(host: Any, ready: Any) -> None:
    ui = ready.widget.ui
    found = [examination("hirescam", passed=True), examination("layercam", passed=False)]
    compare(host, ready, explaining(MATRIX, SHAPE, SPOT, examination=found))
    text = ui.compareExaminationLabel.text
    assert "HiResCAM was examined: all 2 figures were kept" in text
    assert "Do not rely on this map (LayerCAM)" in text
    assert "learned nothing (likeness &lt;to&gt; random: 0.93; limit: at most 0.5)" in text
    assert "background-color" in ui.compareExaminationLabel.styleSheet


def test_a_second_comparison_replaces_the_one_of_its_target(host: Any, ready: Any) -> None:
    from AGE2HIEUI.comparison import comparisonsOf
    from AGE2HIEUI.parameters import EarlierResults

    compare(host, ready)
    count = len(node_names(host))
    compare(host, ready)
    assert len(node_names(host)) == count
    compare(host, ready, explaining(MATRIX, SHAPE, SPOT, target="favourable"))
    ui, result = ready.widget.ui, ready.widget.results.record
    assert len(comparisonsOf(result)) == ui.comparisonSelector.count == 2
    assert "favourable" in ui.comparisonSelector.currentText
    ui.comparisonSelector.setCurrentIndex(0)
    assert "adverse" in ready.widget.comparisons.record.GetName()
    assert next(iter(views(host).values())).GetForegroundVolumeID() == standings(host, ready)[0].GetID()
    ready.widget._parameterNode.earlierResults = EarlierResults.KEEP
    compare(host, ready)
    assert len(comparisonsOf(result)) == 3


def test_a_comparison_lies_below_its_result_and_goes_with_it(host: Any, ready: Any) -> None:
    from AGE2HIEUI import scene

    empty = len(node_names(host))
    compare(host, ready)
    hierarchy = host.slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(host.slicer.mrmlScene)
    result = ready.widget.results.record
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(standings(host, ready)[0]))
    assert hierarchy.GetItemName(folder) == "Comparison of explanations (for an adverse outcome)"
    assert hierarchy.GetItemParent(folder) == hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result))
    assert len(node_names(host)) > empty + 10
    scene.removeResult(result)
    left = [name for name in node_names(host) if "Volume" in name and "Display" not in name]
    assert left == ["vtkMRMLScalarVolumeNode1"]  # the scan
    tables = [node.GetName() for node in host.slicer.util.getNodesByClass("vtkMRMLColorTableNode")]
    assert not [name for name in tables if name.startswith("AGE2HIE")]
    assert not host.slicer.util.getNodesByClass("vtkMRMLTableNode")
    assert not host.slicer.util.getNodesByClass("vtkMRMLColorLegendDisplayNode")
    names = [hierarchy.GetItemName(item) for item in range(1, 60) if hierarchy.GetItemName(item)]
    assert not [name for name in names if "AGE2HIE" in name or "Comparison" in name]


def test_an_mrb_that_was_saved_side_by_side_opens_side_by_side(host: Any, ready: Any, tmp_path: Path) -> None:
    compare(host, ready)
    ready.widget.ui.compareShareSlider.value = 20.0
    shown, values = layout(host), host.slicer.util.arrayFromVolume(standings(host, ready)[1]).copy()
    host.saveScene(tmp_path / "side by side.mrb")
    host.closeScene()
    assert layout(host) != shown
    assert ready.widget.ui.comparisonFrame.isHidden()
    host.loadScene(tmp_path / "side by side.mrb")
    assert not ready.widget.ui.comparisonFrame.isHidden()
    np.testing.assert_array_equal(host.slicer.util.arrayFromVolume(standings(host, ready)[1]), values)
    assert ready.widget.ui.compareShareSlider.value == 20.0
    assert standings(host, ready)[1].GetDisplayNode().GetLowerThreshold() == pytest.approx(0.8, abs=1e-4)
    ready.widget.ui.compareShowButton.click()
    own = {node.GetID() for node in standings(host, ready)}
    assert own < {view.GetForegroundVolumeID() for view in views(host).values()}
    ready.widget.ui.compareBackButton.click()
    assert layout(host) == host.slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView


def test_examination_of_a_prediction(host: Any, panel: Any) -> None:
    """Nothing, one plain line, or an amber banner; the check box adds the option."""
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    ui = panel.widget.ui
    process = predict(host, panel, good(MATRIX))
    assert "--examine" not in process.command.arguments
    assert ui.examinationLabel.isHidden()
    ui.examineCheckBox.setChecked(True)
    process = predict(host, panel, good(MATRIX, record(examination=examination("hirescam", passed=True))))
    assert "--examine" in process.command.arguments
    assert ui.examinationLabel.text == "hirescam was examined: all 2 figures were kept."
    assert ui.examinationLabel.styleSheet == ""
    predict(host, panel, good(MATRIX, record(examination=examination("hirescam", passed=False))))
    assert "Do not rely on this map" in ui.examinationLabel.text
    assert "0.93; limit: at most 0.5" in ui.examinationLabel.text
    assert "under noise" not in ui.examinationLabel.text
    assert "#ffe0b2" in ui.examinationLabel.styleSheet
    even = examination("hirescam", passed=False)
    even["findings"][0]["value"] = None
    predict(host, panel, good(MATRIX, record(examination=even)))
    assert "cannot be had; limit: at most 0.5" in ui.examinationLabel.text
    predict(host, panel, good(MATRIX, record(examination=None)))
    assert ui.examinationLabel.isHidden()


@pytest.mark.parametrize("key", ["name", "value", "limit", "passed", "meaning"])
def test_a_bad_examination_is_no_result(host: Any, panel: Any, key: str) -> None:
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    for odd in ([], "no"):
        found = examination("hirescam", passed=False)
        found["findings"][0][key] = odd if key in ("value", "passed") else []
        predict(host, panel, good(MATRIX, record(examination=found)))
        assert "cannot be read" in panel.widget.ui.messageLabel.text
    contradiction = {**examination("hirescam", passed=False), "passed": True}
    predict(host, panel, good(MATRIX, record(examination=contradiction)))
    assert "cannot be read" in panel.widget.ui.messageLabel.text


def test_time_left_of_a_slow_map_falls_while_it_is_made() -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "AGE2HIE"))
    from AGE2HIEUI.remaining import progressOf, stageSeconds

    expected = {**stageSeconds(("hirescam", "occlusion")), "predict": 0.0}
    before = sum(seconds for name, seconds in expected.items() if name not in ("explain", "report"))
    moments = [progressOf(expected, "explain", before + inside, inside) for inside in (0.0, 30.0, 55.0, 300.0)]
    lefts = [left for _, left in moments]
    assert lefts[0] == pytest.approx(60.47, abs=0.1)
    assert lefts[1] == pytest.approx(30.47, abs=0.1)
    assert lefts == sorted(lefts, key=lambda left: -(left or 0))
    assert moments[3][0] < 1
    assert progressOf(expected, "a stage of a later version", 9.0, 1.0) == (0.0, None)
    assert list(stageSeconds(("hirescam",), examine=True))[-2:] == ["examine", "report"]
