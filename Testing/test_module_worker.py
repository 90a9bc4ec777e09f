"""The real worker behind a stand-in PythonSlicer: a whole prediction, paths, and the self-test."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.host, pytest.mark.slow]


@pytest.fixture
def infant(host: Any) -> Any:
    """The sample data as a node."""
    host.load(ROOT / "AGE2HIE" / "AGE2HIE.py").close()
    import SampleData

    import AGE2HIE

    AGE2HIE.registerSampleData()
    return SampleData.downloadSample(AGE2HIE.SAMPLE_NAME)


SAMPLE = ROOT / "AGE2HIE" / "Resources" / "SampleData" / "SyntheticNewborn.nrrd"
NUMBERS = ("probability_adverse", "interval", "members")


@pytest.fixture(scope="module")
def from_command_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample data, predicted without Slicer."""
    out = tmp_path_factory.mktemp("command") / "out"
    call = [sys.executable, "-m", "AGE2HIELib.cli", "predict", str(SAMPLE), "--output", str(out), "--progress", "none"]
    subprocess.run(call, check=True, capture_output=True)
    return out


def predicted(host: Any, panel: Any) -> tuple[Any, dict[str, Any]]:
    panel.widget.ui.predictButton.click()
    folder = panel.widget.worker.job.call.folder
    assert folder.stat().st_mode & 0o077 == 0  # nobody else may enter it
    host.wait(lambda: not panel.widget.running, 300)
    result = panel.widget.results.record
    assert result is not None, panel.widget.ui.messageLabel.text
    assert not folder.exists()
    return result, json.loads(result.GetText())


def test_a_file_chosen_in_the_panel_gives_the_command_lines_result_exactly(
    host: Any, panel: Any, from_command_line: Path
) -> None:
    panel.widget.ui.inputPathEdit.text = str(SAMPLE)
    _, mine = predicted(host, panel)
    theirs = json.loads((from_command_line / "result.json").read_text(encoding="utf-8"))
    for key in (*NUMBERS, "label", "quality", "saliency", "model", "input"):
        assert mine[key] == theirs[key], key


def test_a_node_of_the_scene_gives_the_command_lines_result_to_rounding(
    host: Any, infant: Any, panel: Any, from_command_line: Path
) -> None:
    """Slicer keeps a grid as spacing, directions and origin: written again, a matrix differs in its last bits."""
    import nibabel

    from AGE2HIEUI import scene

    panel.widget.ui.inputSelector.pick(infant)
    result, mine = predicted(host, panel)
    theirs = json.loads((from_command_line / "result.json").read_text(encoding="utf-8"))
    for key in NUMBERS:
        np.testing.assert_allclose(mine[key], theirs[key], atol=1e-6)
    there = np.asarray(nibabel.load(from_command_line / "saliency.nii.gz").dataobj)
    here = host.slicer.util.arrayFromVolume(scene.part(result, "saliency")).transpose(2, 1, 0)
    np.testing.assert_allclose(here, there, atol=1e-5 * np.abs(there).max())


@pytest.mark.long
def test_two_methods_are_compared_with_the_result(host: Any, infant: Any, panel: Any) -> None:
    """The maps of ``age2hie explain`` belong to what ``age2hie predict`` gave: the first of them is its saliency."""
    from AGE2HIEUI.nodes import part

    panel.widget.ui.inputSelector.pick(infant)
    result, _ = predicted(host, panel)
    panel.widget.state.parameters.compareMethods = "hirescam,layercam"
    panel.widget.ui.compareButton.click()
    host.wait(lambda: not panel.widget.running, 300)
    comparison = panel.widget.comparisons.record
    assert comparison is not None, panel.widget.ui.compareMessageLabel.text
    arrays = [part(result, "saliency"), part(comparison, "saliency.hirescam")]
    one, other = (host.slicer.util.arrayFromVolume(node) for node in arrays)
    np.testing.assert_allclose(one, other, atol=1e-5 * np.abs(one).max())
    assert host.slicer.util.arrayFromVolume(part(comparison, "agreement")).max() == 1
    labels = [node.GetLayoutLabel() for node in host.slicer.util.getNodesByClass("vtkMRMLSliceNode")]
    assert {"HiResCAM", "LayerCAM", "Agreement"} <= set(labels)
    assert "networks agree to" in panel.widget.ui.comparisonLabel.text


@pytest.mark.real
@pytest.mark.long
def test_a_real_newborns_adc_map_is_predicted_in_the_panel(host: Any, panel: Any, real_data: Path) -> None:
    """MGHNICU_010, 22 % of the brain injured: a score, a table, a chart, and an overlay over the brain."""
    from AGE2HIEUI import scene

    scan = next((real_data / "bonbid-hie" / "1ADC_ss").glob("*010*"))
    node = host.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Infant")
    storage = host.slicer.vtkMRMLVolumeArchetypeStorageNode()
    storage.SetFileName(str(scan))
    assert storage.ReadData(node)
    node.CreateDefaultDisplayNodes()
    panel.widget.ui.inputSelector.pick(node)
    result, record = predicted(host, panel)
    assert record["quality"]["passed"]
    assert record["probability_adverse"] > 0.5
    assert scene.part(result, "region_table").GetTable().GetNumberOfRows() == 34
    assert scene.part(result, "chart").GetNumberOfPlotSeriesNodes() == 3
    saliency = scene.part(result, "saliency")
    values = host.slicer.util.arrayFromVolume(saliency)
    k, j, i = np.unravel_index(int(values.argmax()), values.shape)
    brain = host.slicer.util.arrayFromVolume(scene.part(result, "brain_mask"))
    assert brain[k, j, i] == 1
    there = (_matrix(host, saliency) @ (i, j, k, 1))[:3]
    panel.widget.ui.outlineCheckBox.setChecked(False)
    for view in ("Red", "Green", "Yellow"):
        host.slicer.app.layoutManager().sliceLogic(view).GetSliceNode().JumpSliceByOffsetting(*there)
    for view in ("Red", "Green", "Yellow"):
        row, column = host.pixelOf(view, there)
        assert np.ptp(host.sliceImage(view)[row, column].astype(int)) > 40, view


def _matrix(host: Any, node: Any) -> np.ndarray:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return np.asarray(host.slicer.util.arrayFromVTKMatrix(matrix))


@pytest.mark.long
def test_cancel_of_the_real_worker_leaves_nothing(host: Any, infant: Any, panel: Any) -> None:
    panel.widget.ui.inputSelector.pick(infant)
    before = host.slicer.mrmlScene.GetNumberOfNodes()
    panel.widget.ui.predictButton.click()
    folder = panel.widget.worker.job.call.folder
    host.wait(lambda: panel.widget.ui.statusLabel.text != "", 60)
    panel.widget.ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running, 60)
    assert not folder.exists()
    assert host.slicer.mrmlScene.GetNumberOfNodes() == before
    assert panel.widget.ui.messageFrame.isHidden()


def test_a_scan_from_disk_with_spaces_and_letters(host: Any, panel: Any, tmp_path: Path, infant_file: Path) -> None:
    scan = tmp_path / "Säugling 1" / "--output=x ADC.mha"
    scan.parent.mkdir()
    scan.write_bytes(infant_file.read_bytes())
    panel.widget.ui.inputPathEdit.text = str(scan)
    panel.widget.ui.ageSpinBox.value = 8.25
    panel.widget.ui.prevalenceSpinBox.value = 0.35
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running, 300)
    ui = panel.widget.ui
    assert "Demonstration score" in ui.headingLabel.text, ui.messageLabel.text
    assert "where there was no cooling" in ui.warningsLabel.text
    assert "8.25" not in panel.widget.results.record.GetText()
    assert "for a prevalence of 0.35, which was given; the model was calibrated at 0.466" in ui.labelLabel.text


def test_the_self_test_passes(host: Any, panel: Any) -> None:
    """What Slicer runs for 'Reload and Test'."""
    import AGE2HIE

    outcome = unittest.TestResult()
    AGE2HIE.AGE2HIETest().run(outcome)
    assert outcome.testsRun == 1
    assert not outcome.failures, outcome.failures
    assert not outcome.errors, outcome.errors


@pytest.mark.long
def test_a_read_only_installation_works(host: Any, tmp_path: Path, infant_file: Path) -> None:
    """Module and library as Slicer installs them, in a folder nobody may write to: nothing is written there."""
    import shutil

    folder = tmp_path / "qt-scripted-modules"
    folder.mkdir()
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "AGE2HIELib", folder / "AGE2HIELib", ignore=ignore)
    shutil.copytree(ROOT / "Resources" / "models", folder / "AGE2HIELib" / "_resources" / "models")
    shutil.copytree(ROOT / "Resources" / "atlas", folder / "AGE2HIELib" / "_resources" / "atlas")
    shutil.copytree(ROOT / "AGE2HIE" / "AGE2HIEUI", folder / "AGE2HIEUI", ignore=ignore)

    def tree() -> str:
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    before = tree()
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    program = (
        "import sys, pathlib; sys.dont_write_bytecode = True\n"
        f"sys.path[:0] = [{str(ROOT / 'Testing')!r}]\n"
        "from slicer_host import Host; host = Host.start()\n"
        f"sys.path.insert(0, {str(folder)!r})\n"
        "from AGE2HIEUI.command import PREDICT, WorkerCall, commandOf\n"
        "from AGE2HIELib.pipeline.request import Request\n"
        f"scan, call = pathlib.Path({str(infant_file)!r}), pathlib.Path({str(tmp_path / 'call')!r})\n"
        "command = commandOf(*WorkerCall(PREDICT, Request(scan), call).arguments)\n"
        "import subprocess\n"
        "sys.exit(subprocess.run(command.arguments, env=command.environment).returncode)"
    )
    try:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "call" / "output" / "result.json").is_file()
        assert tree() == before
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_the_computer_is_checked_from_the_panel(host: Any, panel: Any) -> None:
    panel.widget.ui.doctorButton.click()
    host.wait(lambda: "Looking" not in panel.widget.ui.doctorLabel.text, 120)
    text = panel.widget.ui.doctorLabel.text
    assert "Slicer: 5.12.0" in text
    assert "Ready to predict" in text


def test_a_model_is_installed_from_the_panel(host: Any, panel: Any, untrained_model: Path, tmp_path: Path) -> None:
    import shutil

    archive = shutil.make_archive(str(tmp_path / "modèle"), "zip", untrained_model)
    count = panel.widget.ui.modelSelector.count
    panel.widget.models.install(Path(archive))
    host.wait(lambda: panel.widget.ui.modelSelector.count > count, 120)
    panel.widget.ui.modelSelector.setCurrentIndex(count)
    chosen = Path(panel.widget.state.parameters.model)
    assert chosen.parent == tmp_path / "models"
    assert json.loads((chosen / "manifest.json").read_text(encoding="utf-8"))["format"] == 1
    panel.widget.models.install(tmp_path / "no such.zip")
    host.wait(lambda: not panel.widget.ui.messageFrame.isHidden(), 120)
    assert "There is no archive" in panel.widget.ui.messageLabel.text
