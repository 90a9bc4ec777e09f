"""What ``age2hie doctor`` says about a computer, and that every complaint comes with a remedy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from unittest.mock import Mock

import pytest
from calling import run

from AGE2HIELib.doctor import checks as machine
from AGE2HIELib.doctor import checks as packages
from AGE2HIELib.doctor import computer as examine
from AGE2HIELib.doctor import graphics
from AGE2HIELib.doctor.checks import version_at_least
from AGE2HIELib.doctor.graphics import Card, device_findings
from AGE2HIELib.errors import ModelError
from AGE2HIELib.release import REQUIREMENTS
from AGE2HIELib.system.places import installed_models, models_home

CARD = Card("GeForce RTX 3060", "535.129.03", "12.2", 12.0)


def test_this_computer_can_predict(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "doctor")
    assert code == 0
    assert "Ready to predict" in out
    assert "PROBLEM" not in out


def test_programs_get_json(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "doctor", "--json", "--slicer", "5.12.1")
    assert code == 0
    report = json.loads(out)
    assert report["ready"] is True
    names = [finding["name"] for finding in report["findings"]]
    assert names[:3] == ["Slicer", "Python", "packages"]
    assert {"torch", "device", "memory", "temporary folder", "models folder", "bundled files"} <= set(names)
    for finding in report["findings"]:
        assert (finding["status"] == "good") == (finding["remedy"] == "")


@pytest.mark.parametrize(("version", "status"), [("5.10.0", "problem"), ("5.12.0", "good"), ("6.0", "good")])
def test_slicer_must_be_new_enough(version: str, status: str) -> None:
    assert packages.slicer_version(version).status == status


@pytest.mark.parametrize(
    ("card", "build", "works", "status", "word"),
    [
        (None, None, False, "good", "none is needed"),
        (CARD, None, False, "notice", "without CUDA"),
        (CARD, "12.6", False, "notice", "driver runs up to 12.2"),
        (CARD, "12.1", False, "notice", "trial computation failed"),
        (CARD, "12.1", True, "good", "GeForce"),
        (Card("Quadro", "535", "12.2", 1.0), "12.1", True, "notice", "1.0 GB; 2 GB are needed"),
    ],
)
def test_torch_build_driver_and_card_are_held_against_each_other(
    card: Card | None, build: str | None, works: bool, status: str, word: str
) -> None:
    (finding,) = device_findings(card, build, works=works)
    assert finding.status == status
    assert word in finding.value


def test_the_card_is_read_from_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$#" -gt 0 ]; then echo "NVIDIA A2, 550.54.15, 15356"; '
        'else echo "| Driver Version: 550.54.15   CUDA Version: 12.4 |"; fi\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    card = graphics.nvidia_card()
    assert card is not None
    assert (card.name, card.driver, card.cuda) == ("NVIDIA A2", "550.54.15", "12.4")
    assert card.memory_gb == pytest.approx(15.0, abs=0.01)
    program.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    assert graphics.nvidia_card() is None


def test_missing_and_old_packages_are_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "nibabel":
            raise PackageNotFoundError(name)
        return "0.9" if name == "Jinja2" else "99.0"

    monkeypatch.setattr(packages, "version", version)
    finding = packages.packages()
    assert finding.status == "problem"
    assert f"pip install nibabel>={REQUIREMENTS['nibabel']} Jinja2>={REQUIREMENTS['Jinja2']}" in finding.remedy


def test_little_memory_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    assert machine.memory(2.0).status == "notice"
    assert machine.memory(16.0).status == "good"
    missing = machine.temporary_folder(tmp_path / "gone")
    assert missing.status == "problem"
    assert "TMPDIR" in missing.remedy


def test_a_changed_bundle_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import AGE2HIELib.system.places

    monkeypatch.setattr(AGE2HIELib.system.places, "resource_path", lambda *parts: tmp_path.joinpath(*parts))
    finding = examine.check_computer()[-1]
    assert (finding.name, finding.status) == ("bundled files", "problem")


def test_the_doctor_works_where_nothing_is_installed(tmp_path: Path) -> None:
    """Only the standard library: what is missing cannot keep it from saying so."""
    root = Path(__file__).resolve().parent.parent
    program = f"import sys; sys.path.insert(0, {str(root)!r}); from AGE2HIELib.cli import main; sys.exit(main())"
    blocked = "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]; "
    command = [sys.executable, "-I", "-S", "-c", blocked + program, "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2, done.stderr
    report = json.loads(done.stdout)
    problems = {finding["name"] for finding in report["findings"] if finding["status"] == "problem"}
    assert problems == {"packages", "torch"}


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose number no account has, in an empty environment: a container on a cluster."""
    monkeypatch.delenv("AGE2HIE_MODELS", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", Mock(side_effect=KeyError("uid not found: 12345")))


def test_a_user_without_a_home_is_told_and_can_predict(homeless: None, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "doctor")
    assert code == 0
    assert "note    models folder: This user has no home folder for models: HOME is not set" in out
    assert "Set AGE2HIE_MODELS to a folder of yours." in out
    assert "Ready to predict" in out


def test_a_user_without_a_home_has_the_bundled_model_and_installs_elsewhere(
    homeless: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert [path.name for path in installed_models()] == ["demo"]
    (tmp_path / "model.zip").touch()
    code, _, err = run(capfd, "model", "install", str(tmp_path / "model.zip"))
    assert code == 2
    assert err == (
        "age2hie: error: This user has no home folder for models: HOME is not set, and the system knows no account. "
        "Set AGE2HIE_MODELS to a folder of yours.\n"
    )
    monkeypatch.setenv("AGE2HIE_MODELS", str(tmp_path))
    assert models_home() == tmp_path
    monkeypatch.setenv("AGE2HIE_MODELS", "~/models")
    with pytest.raises(ModelError, match="no home folder"):
        models_home()


def test_a_home_that_is_no_path_is_none(homeless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise models would lie wherever a command was called."""
    monkeypatch.setenv("HOME", "home")
    with pytest.raises(ModelError, match="no home folder"):
        models_home()


def test_models_lie_where_the_system_keeps_a_users_data_and_those_of_the_place_before_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AGE2HIE_MODELS", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    before, now = tmp_path / ".age2hie" / "models", models_home()
    if sys.platform == "linux":
        assert now == tmp_path / "data" / "age2hie" / "models"
    for folder in (before / "a-1", before / "b-1", now / "b-1"):
        folder.mkdir(parents=True)
        (folder / "manifest.json").touch()
    assert installed_models()[1:] == (before / "a-1", now / "b-1")
    monkeypatch.setenv("AGE2HIE_MODELS", str(now))
    assert installed_models()[1:] == (now / "b-1",)


def test_models_are_listed_before_anything_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Slicer's panel does: the place is the same with the copy of platformdirs that pip has."""
    monkeypatch.delenv("AGE2HIE_MODELS", raising=False)
    home = models_home()
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert models_home() == home


def test_no_temporary_folder_and_a_closed_home_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", Mock(side_effect=FileNotFoundError(2, "No usable temporary directory")))
    finding = machine.temporary_folder()
    assert (finding.status, finding.value) == ("problem", "none can be written to")
    assert "TMPDIR" in finding.remedy
    monkeypatch.setattr(Path, "exists", Mock(side_effect=PermissionError(13, "Permission denied")))
    assert machine.models_folder(Path("/root/.age2hie/models")).name == "models folder"


@pytest.mark.parametrize(
    ("found", "least", "enough"),
    [
        ("2.13.0+cpu", "2.6", True),
        ("2.6.0rc1", "2.6", False),
        ("2.6.0.post1", "2.6", True),
        ("5.12.1", "5.12", True),
        ("5.9", "5.12", False),
        ("unknown", "12.2", False),
    ],
)
def test_versions_are_compared_as_pip_compares_them(found: str, least: str, enough: bool) -> None:
    assert version_at_least(found, least) == enough
