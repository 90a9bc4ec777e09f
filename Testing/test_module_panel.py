"""The Slicer module in the headless host: what a user clicks and sees."""

from __future__ import annotations

import unittest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_actions import (
    BALL_MM,
    ORIENTATIONS,
    SHAPE,
    SPOT,
    add_volume,
    affine,
    coloured,
    good,
    node_names,
    predict,
)
from workers import refused_record, result_writer

from AGE2HIEPlayed import RESULT, PlayedProcess, record

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.host


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
    red = full[row, column]
    assert int(red[0]) > int(red[2]) + 40
    assert int(blue[2]) > int(red[2]) + 40


def test_the_threshold_hides_what_lies_below_it(host: Any, panel: Any) -> None:
    """Entries of the colour table, of which the map's value picks one: 0 to its peak in 256 steps."""
    add_volume(host, affine(np.eye(3)))
    panel.widget.initializeParameterNode()
    predict(host, panel, good(affine(np.eye(3))))
    from AGE2HIEUI import colours, scene

    saliency = scene.part(panel.widget.results.record, "saliency")
    table = saliency.GetNodeReference(colours.COLOURS)
    for percent, first in ((0.0, 1), (30.0, 76), (50.0, 128), (100.0, 255)):
        panel.widget.ui.thresholdSlider.value = percent
        opacities = [table.GetLookupTable().GetTableValue(entry)[3] for entry in range(256)]
        assert opacities.index(1.0) == first
        assert all(value == 0 for value in opacities[:first])
        assert all(value == 1 for value in opacities[first:])
    legend = host.slicer.modules.colors.logic().GetColorLegendDisplayNode(saliency)
    assert legend.GetVisibility()
    assert legend.GetTitleText() == "evidence"
    assert saliency.GetDisplayNode().GetWindowLevelMin() == 0
    assert saliency.GetDisplayNode().GetWindowLevelMax() == pytest.approx(0.4)


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
    assert ui.checksTable.item(0, 1).text() == "NOT PASSED"
    assert "Is this a newborn?" in ui.checksTable.item(0, 3).text()
    assert not ui.remediesLabel.isHidden()
    assert ui.remediesLabel.text == "<b>brain volume</b>: 1200 (must be: 230 to 700 ml). Is this a newborn?"
    assert ui.gaugeLabel.isHidden()  # an empty bar looks like a score of nought
    assert node_names(host) == before
    ui.inputSelector.pick(add_volume(host, affine(np.eye(3)), "Infant B", 1100.0))
    assert ui.resultCollapsibleButton.isHidden()


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


def test_what_ctest_runs_inside_slicer_passes_here(host: Any, panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script that CMake lists, in the stand-in: at least it says the same here."""
    monkeypatch.syspath_prepend(str(ROOT / "AGE2HIE" / "Testing" / "Python"))
    import AGE2HIEPanelTest

    outcome = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(AGE2HIEPanelTest).run(outcome)
    assert outcome.testsRun == 4
    assert [str(text) for _, text in (*outcome.failures, *outcome.errors)] == []
