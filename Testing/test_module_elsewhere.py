"""A GPU on another computer, in the panel: off until an address is typed, said in the notice, and never in a scene."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from comparison_workers import MATRIX
from pacs import needs_openssl
from panel_actions import add_volume, play
from serving_work import TOKEN, serving
from workers import STAGES

from AGE2HIEPlayed import PlayedProcess

pytestmark = pytest.mark.host
SAMPLE = Path(__file__).resolve().parent.parent / "AGE2HIE/Resources/SampleData/SyntheticNewborn.nrrd"
ADDRESS = "https://gpu.hospital:8443"


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    return path


def asked(host: Any, panel: Any, button: str) -> tuple[str, ...]:
    """The words of the call that a click makes."""
    if panel.widget.state.parameters.inputVolume is None:
        add_volume(host, MATRIX)
        panel.widget.initializeParameterNode()
    process = PlayedProcess(STAGES, hangs=True)
    play(panel, process)
    getattr(panel.widget.ui, button).click()
    assert process.command is not None, panel.widget.ui.messageLabel.text
    panel.widget.ui.cancelButton.click()
    host.wait(lambda: not panel.widget.running)
    return tuple(process.command.arguments)


def test_without_an_address_nothing_is_said_of_another_computer(host: Any, panel: Any) -> None:
    ui = panel.widget.ui
    assert ui.workerCollapsibleButton.collapsed
    assert (ui.workerAddressEdit.text, ui.workerLabel.text) == ("", "")
    assert "leave this computer" not in ui.noticeLabel.text
    for button in ("predictButton", "checkButton"):
        assert not [word for word in asked(host, panel, button) if "worker" in word]


def test_the_notice_says_where_a_scan_goes_and_the_call_does_so(host: Any, panel: Any, token: Path) -> None:
    ui = panel.widget.ui
    ui.deviceComboBox.setCurrentIndex(1)
    ui.workerAddressEdit.text = ADDRESS
    ui.workerTokenEdit.text = str(token)
    assert "<b>Scans leave this computer:</b> the voxels of the brain go to gpu.hospital:8443" in ui.noticeLabel.text
    assert ui.workerLabel.text == ""
    assert not ui.deviceComboBox.enabled  # that of this computer
    words = asked(host, panel, "predictButton")
    assert [word for word in words if "worker" in word] == [f"--worker={ADDRESS}", f"--worker-token={token}"]
    assert not [word for word in words if word.startswith("--device") or TOKEN in word]
    assert not [word for word in asked(host, panel, "checkButton") if "worker" in word]  # which needs no network
    ui.workerCertificateEdit.text = str(token)
    assert f"--worker-certificate={token}" in asked(host, panel, "predictButton")
    ui.workerAddressEdit.text = ""
    assert "leave this computer" not in ui.noticeLabel.text
    words = asked(host, panel, "predictButton")
    assert "--device=cpu" in words
    assert not [word for word in words if "worker" in word]


@pytest.mark.parametrize(
    ("address", "token_file", "expected"),
    [
        ("http://gpu", "token", "is not encrypted"),
        ("gpu", "token", "Give it as https://HOST:11443"),
        (ADDRESS, "", "'Address' wants a token."),
        (ADDRESS, "missing", "cannot be read"),
    ],
)
def test_what_is_missing_is_said_at_once(
    panel: Any,
    token: Path,
    address: str,
    token_file: str,
    expected: str,
) -> None:
    ui = panel.widget.ui
    ui.workerTokenEdit.text = str(token.with_name(token_file)) if token_file else ""
    ui.workerAddressEdit.text = address
    assert expected in ui.workerLabel.text.replace("&#x27;", "'")
    assert "--worker" not in ui.workerLabel.text


def test_it_is_kept_by_slicer_and_by_no_scene(host: Any, panel: Any, token: Path, tmp_path: Path) -> None:
    """Who opens somebody's scene sends nothing to that one's computer."""
    import zipfile

    panel.widget.ui.workerAddressEdit.text = ADDRESS
    panel.widget.ui.workerTokenEdit.text = str(token)
    add_volume(host, MATRIX)
    host.saveScene(tmp_path / "scene.mrb")
    with zipfile.ZipFile(tmp_path / "scene.mrb") as scene:
        for name in scene.namelist():
            assert b"gpu.hospital" not in scene.read(name)
            assert str(token).encode() not in scene.read(name)
    settings = host.slicer.app.userSettings()
    kept = {key: settings.value(key) for key in settings.allKeys() if "elsewhere" in key}
    assert kept == {
        "AGE2HIE/elsewhere/address": ADDRESS,
        "AGE2HIE/elsewhere/certificate": "",
        "AGE2HIE/elsewhere/tokenFile": str(token),
    }
    assert TOKEN not in json.dumps(kept)


def test_it_is_there_after_a_restart(host: Any, token: Path) -> None:
    settings = host.slicer.app.userSettings()
    settings.setValue("AGE2HIE/elsewhere/address", ADDRESS)
    settings.setValue("AGE2HIE/elsewhere/tokenFile", str(token))
    root = Path(__file__).resolve().parent.parent
    panel = host.load(root / "AGE2HIE" / "AGE2HIE.py")
    try:
        assert panel.widget.ui.workerAddressEdit.text == ADDRESS
        assert "go to gpu.hospital:8443" in panel.widget.ui.noticeLabel.text
        assert f"--worker={ADDRESS}" in asked(host, panel, "predictButton")
    finally:
        panel.close()


def test_torch_need_not_be_installed_then(host: Any, panel: Any, token: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from AGE2HIEUI import install

    def missing(_before: Any) -> None:
        raise install.NotInstalled("PyTorch is missing.", "Install it.")

    checked: list[str] = []
    monkeypatch.setattr(install, "_ensureTorch", missing)
    check = host.slicer.packaging.pip_check

    def noted(one: Any, *more: Any) -> Any:  # Slicer's own asks itself about what a package needs in turn
        checked.append(str(one))
        return check(one, *more)

    monkeypatch.setattr(host.slicer.packaging, "pip_check", noted)
    add_volume(host, MATRIX)
    panel.widget.initializeParameterNode()
    panel.widget.ui.predictButton.click()
    assert "PyTorch is missing." in panel.widget.ui.messageLabel.text
    panel.widget.ui.workerAddressEdit.text = ADDRESS
    panel.widget.ui.workerTokenEdit.text = str(token)
    checked.clear()
    asked(host, panel, "predictButton")
    for needed in ("numpy", "SimpleITK"):
        assert [one for one in checked if one.startswith(needed)]
    assert not [one for one in checked if one.startswith(("monai", "torch"))]


def test_what_the_worker_says_is_shown_in_the_panels_words(host: Any, panel: Any, token: Path) -> None:
    from AGE2HIEUI import workerTexts

    said = "does not take the token. Give the file with the token that is its own (--worker-token)"
    assert workerTexts.inThePanel(said).endswith("its own ('Token file')")
    assert workerTexts.inThePanel("Check the address (--worker).") == "Check the address ('Address')."


@needs_openssl
@pytest.mark.slow
def test_a_scan_is_predicted_there_as_it_is_here(host: Any, panel: Any, tmp_path: Path) -> None:
    """The real worker and the real command line, behind the panel's own click."""
    ui = panel.widget.ui
    ui.inputPathEdit.text = str(SAMPLE)
    records = []
    (tmp_path / "worker").mkdir()
    with serving(tmp_path / "worker", tmp_path / "none") as options:
        given = dict(option.split("=", 1) for option in options)
        ui.workerCertificateEdit.text = given["--worker-certificate"]
        ui.workerTokenEdit.text = given["--worker-token"]
        for address in (given["--worker"], ""):
            ui.workerAddressEdit.text = address
            ui.predictButton.click()
            host.wait(lambda: not panel.widget.running, 300)
            result = panel.widget.results.record
            assert result is not None, ui.messageLabel.text
            records.append(json.loads(result.GetText()))
    away, here = records
    assert "on another computer" in away.pop("machine")
    assert "on another computer" not in here.pop("machine")
    away.pop("timing_s")
    here.pop("timing_s")
    assert away == here


@needs_openssl
@pytest.mark.slow
def test_a_worker_that_does_not_know_us_is_said_in_the_panel(host: Any, panel: Any, tmp_path: Path) -> None:
    from serving_work import served

    with served(tmp_path) as there:
        (tmp_path / "wrong").write_text("b" * 64)
        ui = panel.widget.ui
        ui.inputPathEdit.text = str(SAMPLE)
        ui.workerAddressEdit.text = f"https://127.0.0.1:{there.worker.port}"
        ui.workerCertificateEdit.text = str(there.worker.certificate)
        ui.workerTokenEdit.text = str(tmp_path / "wrong")
        ui.predictButton.click()
        host.wait(lambda: not panel.widget.running, 300)
        assert "does not take the token." in ui.messageLabel.text
        assert panel.widget.results.record is None
