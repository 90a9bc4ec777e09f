"""A scan that is chosen from disk: what a saved scene says of it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_actions import SHAPE
from workers import result_writer

from AGE2HIEPlayed import RESULT, PlayedProcess

pytestmark = pytest.mark.host


def saved(host: Any, path: Path) -> bytes:
    """The scene as an .mrb, unpacked with the names in it, and as an .mrml."""
    host.saveScene(path)
    assert host.slicer.mrmlScene.Commit(str(path.with_suffix(".mrml")))
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        content = b"".join(packed.read(name) for name in names)
    return content + "".join(names).encode() + path.with_suffix(".mrml").read_bytes()


def predict_from_disk(host: Any, panel: Any, path: Path, series: str) -> None:
    panel.widget.ui.inputPathEdit.text = str(path)
    panel.widget.ui.seriesEdit.text = series
    process = PlayedProcess([RESULT], write=result_writer(np.eye(4), SHAPE, (4, 5, 3)))
    panel.widget.logic.newProcess = lambda: process
    panel.widget.ui.predictButton.click()
    host.wait(lambda: not panel.widget.running)
    assert process.command.arguments[-1] == str(path)


def test_a_saved_scene_does_not_say_where_a_scan_lies(host: Any, panel: Any, tmp_path: Path) -> None:
    """Neither the path nor the folder's own name, which in a hospital is the patient's."""
    folder = tmp_path / "Patients" / "20240107" / "Doe^Jane"
    folder.mkdir(parents=True)
    predict_from_disk(host, panel, folder, "4711")
    ui = panel.widget.ui
    assert "0.70" in ui.scoreLabel.text
    content = saved(host, tmp_path / "scene.mrb")
    assert b"Scan from disk" in content
    for said in (str(folder), "Patients", "20240107", "Doe", "4711"):
        assert said.encode() not in content
    host.closeScene()
    assert (ui.inputPathEdit.text, ui.seriesEdit.text) == ("", "")
    host.loadScene(tmp_path / "scene.mrb")
    assert ui.inputPathEdit.text == ""
    ui.inputPathEdit.text, ui.seriesEdit.text = str(folder), "4711"
    assert "0.70" in ui.scoreLabel.text  # the result is known again by the hash of where its scan lies
    ui.seriesEdit.text = "4712"
    assert ui.scoreLabel.text == ""


def test_a_path_in_a_scene_of_an_earlier_version_goes(host: Any, panel: Any, tmp_path: Path) -> None:
    """The result still belongs to its scan."""
    from AGE2HIEUI import scene

    folder = tmp_path / "Doe^Jane"
    folder.mkdir()
    predict_from_disk(host, panel, folder, "")
    (record,) = scene.results()
    record.SetAttribute("AGE2HIE.inputPath", f"{folder}\n")
    record.RemoveAttribute(scene.SOURCE)
    node = panel.widget.state.parameters.parameterNode
    node.SetParameter("inputPath", str(folder))
    node.SetParameter("series", "3")
    panel.leave()
    panel.enter()
    assert record.GetAttribute("AGE2HIE.inputPath") is None
    assert not {"inputPath", "series"} & set(node.GetParameterNames())
    assert "0.70" in panel.widget.ui.scoreLabel.text
    assert b"Doe" not in saved(host, tmp_path / "scene.mrb")
