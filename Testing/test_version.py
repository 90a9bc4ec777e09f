"""One version everywhere: package, citation, extension, container, command line, and the newest of the changes."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from AGE2HIELib import cli
from AGE2HIELib.release import __version__

ROOT = Path(__file__).parents[1]
HEADINGS = ["Added", "Changed", "Fixed"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_file_that_states_the_version_states_this_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert tomllib.loads(text("pyproject.toml"))["project"]["version"] == __version__
    assert str(yaml.safe_load(text("CITATION.cff"))["version"]) == __version__
    assert yaml.safe_load(text("container/monai_deploy/app.yaml"))["application"]["version"] == __version__
    assert f"project(AGE2HIE VERSION {__version__})" in text("CMakeLists.txt")
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"age2hie {__version__}\n"


def test_the_changes_are_told_by_version_and_kind_and_the_newest_release_is_this_version() -> None:
    """``## 0.6.0 (2026-11-30)``, and below it Added, Changed and Fixed; what is not released yet stands above."""
    parts = re.split(r"^## (.*)$", text("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    released = [name for name in sections if name != "Unreleased"]
    version, day = re.fullmatch(r"(\S+) \((\S+)\)", released[0]).groups()  # type: ignore[union-attr]
    assert version == __version__
    assert yaml.safe_load(text("CITATION.cff"))["date-released"] == date.fromisoformat(day)
    for name in released:
        kinds = re.findall(r"^### (.*)$", sections[name], flags=re.MULTILINE)
        assert kinds == [kind for kind in HEADINGS if kind in kinds]
        assert kinds
        first = sections[name].split("### ")[0]
        assert "\n- " not in first  # every line is of one kind
