"""The check of the computer, and the installation from a folder, in the panel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from panel_actions import play

from AGE2HIEPlayed import PlayedProcess

pytestmark = pytest.mark.host
READY = json.dumps({"ready": True, "findings": []}).encode()
LACKS = "age2hie: error: The folder 'F' lacks wheels for this computer (x): torch>=2.6. Nothing was installed."


def ended(host: Any, panel: Any) -> None:
    host.wait(lambda: panel.widget.questions.job is None)


def test_a_folder_of_wheels_goes_to_the_worker_and_the_check_is_shown(host: Any, panel: Any, tmp_path: Path) -> None:
    process = play(panel, PlayedProcess([READY]))
    panel.widget.doctor.installFrom(tmp_path)
    ui = panel.widget.ui
    assert ui.wheelsCancelButton.enabled
    assert not ui.wheelsButton.enabled
    ended(host, panel)
    assert process.command.arguments[3:] == ("doctor", "--json", "--slicer", "5.12.0", f"--install={tmp_path}")
    assert "Ready to predict" in ui.doctorLabel.text
    assert ui.wheelsButton.enabled
    assert not ui.wheelsCancelButton.enabled


def test_what_the_folder_lacks_is_shown(host: Any, panel: Any, tmp_path: Path) -> None:
    play(panel, PlayedProcess(code=2, stderr=LACKS))
    panel.widget.doctor.installFrom(tmp_path)
    ended(host, panel)
    assert panel.widget.ui.doctorLabel.text.startswith("The folder &#x27;F&#x27; lacks wheels")
    assert "torch&gt;=2.6" in panel.widget.ui.doctorLabel.text


def test_an_installation_can_be_cancelled(host: Any, panel: Any, tmp_path: Path) -> None:
    process = play(panel, PlayedProcess(hangs=True))
    panel.widget.doctor.installFrom(tmp_path)
    panel.widget.ui.wheelsCancelButton.click()
    ended(host, panel)
    assert process.cancelled
    assert panel.widget.ui.doctorLabel.text == "Cancelled."
