"""A comparison in the scene: what is refused, replaced, saved, and removed with its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from comparison_workers import (
    MATRIX,
    compare,
    examination,
    explaining,
    explanations_writer,
    layout,
    standings,
    views,
)
from panel_actions import ORIENTATIONS, SHAPE, SPOT, affine, node_names
from workers import STAGES

from AGE2HIEPlayed import RESULT, PlayedProcess, event

pytestmark = pytest.mark.host


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
    "names an odd target": (explaining(MATRIX, SHAPE, SPOT, target="both"), "target is"),
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
    ready.widget.state.parameters.earlierResults = EarlierResults.KEEP
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


def test_the_result_is_exported_with_its_comparisons(host: Any, ready: Any, tmp_path: Path) -> None:
    from AGE2HIEUI.nodes import part

    compare(host, ready)
    ready.widget.results.export(tmp_path / "exported")
    folder = tmp_path / "exported" / "explanations-1-adverse"
    methods = [row["method"] for row in json.loads((folder / "explanations.json").read_text())["maps"]]
    images = {f"{kind}_{method}.nii.gz" for kind in ("saliency", "members_agree") for method in methods}
    assert len(methods) >= 2
    assert {path.name for path in folder.iterdir()} == {
        *images,
        "agreement.nii.gz",
        "evidence.csv",
        "explanations.json",
    }
    for method in methods:
        written = nib.load(folder / f"saliency_{method}.nii.gz")
        np.testing.assert_allclose(written.affine, MATRIX, atol=1e-4)
        shown = host.slicer.util.arrayFromVolume(part(ready.widget.comparisons.record, f"saliency.{method}"))
        np.testing.assert_allclose(np.asarray(written.dataobj), shown.T, rtol=1e-6)


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
