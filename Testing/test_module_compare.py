"""The panel's side-by-side comparison of saliency methods, with stand-in workers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from comparison_workers import (
    MATRIX,
    TITLES,
    compare,
    explaining,
    layout,
    standings,
    views,
)
from panel_actions import ORIENTATIONS, SHAPE, SPOT, add_volume, affine, coloured, good, node_names, play, predict
from workers import STAGES

from AGE2HIELib.explanation.compare import mark_strongest
from AGE2HIEPlayed import PlayedProcess, record

pytestmark = pytest.mark.host


def test_a_comparison_needs_a_result_and_two_to_six_methods(host: Any, panel: Any) -> None:
    ui = panel.widget.ui
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    assert not ui.compareButton.enabled
    assert "Predict this scan first" in ui.compareButton.toolTip
    predict(host, panel, good(MATRIX))
    assert ui.compareButton.enabled
    assert ui.compareCollapsibleButton.collapsed
    panel.widget.state.parameters.compareMethods = "hirescam"
    assert "two to 6" in ui.compareButton.toolTip
    import qt

    labels = [ui.compareMethodsList.item(row).text() for row in range(8)]
    assert [label for label in labels if "minutes" in label] == labels[5:]
    ui.compareMethodsList.item(6).setCheckState(qt.Qt.Checked)
    assert panel.widget.state.parameters.compareMethods == "hirescam,occlusion"
    assert ui.compareButton.enabled


def test_the_call_is_that_of_explain_with_the_same_reading_options(host: Any, ready: Any) -> None:
    ready.widget.state.parameters.atlasFolder = "/an atlas"
    ready.widget.ui.compareTargetComboBox.setCurrentIndex(1)
    ready.widget.ui.ageSpinBox.value = 3.0
    process = compare(host, ready, PlayedProcess(STAGES, code=1))
    arguments = process.command.arguments
    assert arguments[3] == "explain"
    given = dict(item[2:].split("=", 1) for item in arguments if item.startswith("--") and item != "--")
    assert given.pop("output").endswith("output")
    assert given == {
        "atlas": "/an atlas",
        "age-days": "3.0",
        "target": "favourable",
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
        np.testing.assert_array_equal(shown, mark_strongest(raw, percent / 100))
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
    folder = ready.widget.worker.job.call.folder
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
