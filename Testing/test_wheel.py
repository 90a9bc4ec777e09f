"""A wheel that is installed the ordinary way brings everything a prediction needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = ("models/demo/manifest.json", "atlas/atlas.json", "atlas/mean.nii.gz", "t1_template/outline.nii.gz")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_the_library_and_its_resources_and_no_training(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"AGE2HIELib/_resources/{name}" for name in BUNDLED} <= names
    assert "AGE2HIELib/report/page.html.j2" in names
    assert not [name for name in names if name.startswith(("training/", "Testing/", "AGE2HIE/"))]


def test_the_installed_wheel_runs_the_demo_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    # the folder stands before the checkout's editable install, and -P keeps the current folder out
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = [sys.executable, "-P", "-c", "import AGE2HIELib; print(AGE2HIELib.__file__)"]
    found = subprocess.run(where, cwd=empty, env=environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(site)
    command = [sys.executable, "-P", "-m", "AGE2HIELib.cli", "demo"]
    done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((empty / "age2hie-demo" / "result.json").read_text(encoding="utf-8"))
    assert record["demonstration"] is True
    assert str(Path("age2hie-demo") / "report.html") in done.stdout
    assert [path.name for path in empty.iterdir()] == ["age2hie-demo"]
