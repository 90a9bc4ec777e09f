"""A folder of wheels for a computer without network: what it lacks is said at once, and nothing else is asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from AGE2HIELib.release import IN_SLICER, REQUIREMENTS

ROOT = Path(__file__).resolve().parent.parent
CALL = """
import json, sys
from pathlib import Path
from AGE2HIELib.doctor.wheels import install_from
from AGE2HIELib.errors import InputError
try:
    print(json.dumps(install_from(Path(sys.argv[1]), json.loads(sys.argv[2]))))
except InputError as error:
    sys.exit(str(error))
"""


def wheel(
    folder: Path, name: str, version: str = "2.0", *, needs: tuple[str, ...] = (), tag: str = "py3-none-any"
) -> Path:
    """A package of one module that says its version."""
    path, info = folder / f"{name}-{version}-{tag}.whl", f"{name}-{version}.dist-info"
    lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{name}.py": f"VERSION = '{version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{each},,\n" for each in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as made:
        for each, text in {**files, f"{info}/RECORD": record}.items():
            made.writestr(each, text)
    return path


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with pip and nothing else; tests get copies of what they change."""
    folder = tmp_path_factory.mktemp("bare") / "python"
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def without_network() -> list[str]:
    """A namespace without any network, where the system allows one; elsewhere a proxy that refuses, see ``call``."""
    program = shutil.which("unshare")
    if program and subprocess.run([program, "-rn", "true"], capture_output=True, check=False).returncode == 0:
        return [program, "-rn"]
    return []


def call(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    nowhere = "http://127.0.0.1:9"  # the port of `discard`: nobody listens
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere}
    command = [*without_network(), str(python), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def install(python: Path, folder: Path, **wanted: str) -> subprocess.CompletedProcess[str]:
    return call(python, "-c", CALL, str(folder), json.dumps(wanted))


def packages(python: Path) -> set[str]:
    done = call(python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check")
    return {each["name"] for each in json.loads(done.stdout)}


def test_what_is_missing_is_installed_with_what_it_needs(bare: Path, tmp_path: Path) -> None:
    """Of two versions the newer one, and no network."""
    wheel(tmp_path, "standinscan", "1.5")
    wheel(tmp_path, "standinscan", "2.1", needs=("standinbelow>=1", "never; python_version < '3'"))
    wheel(tmp_path, "standinbelow", "1.0")
    done = install(bare, tmp_path, standinscan="2.0")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["standinscan>=2.0"]
    seen = call(bare, "-c", "import standinscan, standinbelow; print(standinscan.VERSION, standinbelow.VERSION)")
    assert seen.stdout.split() == ["2.1", "1.0"]
    again = install(bare, tmp_path / ".", standinscan="2.0")
    assert json.loads(again.stdout) == []


def test_all_that_is_missing_is_named_in_one_line_before_anything_is_installed(bare: Path, tmp_path: Path) -> None:
    """Also what a wheel needs, what is too old and what is for another computer."""
    wheel(tmp_path, "standinone", needs=("standindeep>=3",))
    wheel(tmp_path, "standinold", "1.0")
    wheel(tmp_path, "standinwindows", tag="cp312-cp312-win_arm64")
    before = packages(bare)
    wanted = {"standinone": "1", "standinold": "2", "standinwindows": "1", "standinnone": "1"}
    done = install(bare, tmp_path, **wanted)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "Nothing was installed" in line
    for name in ("standinold>=2", "standinnone>=1", "standindeep>=3", "standinwindows>=1 (only for another"):
        assert name in line
    assert "standinone>=" not in line
    assert packages(bare) == before


@pytest.mark.parametrize("fault", ["damaged", "conflict"])
def test_what_pip_cannot_install_changes_nothing(fault: str, bare: Path, tmp_path: Path) -> None:
    if fault == "damaged":
        path = wheel(tmp_path, "standinfault")
        path.write_bytes(path.read_bytes()[:200])
    else:
        wheel(tmp_path, "standinfault", needs=("standinshared==1.0",))
        wheel(tmp_path, "standinother", needs=("standinshared==2.0",))
        wheel(tmp_path, "standinshared", "1.0")
        wheel(tmp_path, "standinshared", "2.0")
    before = packages(bare)
    done = install(bare, tmp_path, **{"standinfault": "1"} | ({"standinother": "1"} if fault == "conflict" else {}))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert {"damaged": "is damaged", "conflict": "fit together"}[fault] in line
    assert packages(bare) == before


def test_the_command_names_every_package_of_a_prediction(bare: Path, tmp_path: Path) -> None:
    """On a Python without any of them, torch among them; in Slicer with one more."""
    for more, expected in (((), REQUIREMENTS), (("--slicer", "5.12.0"), REQUIREMENTS | IN_SLICER)):
        done = call(bare, "-m", "AGE2HIELib.cli", "doctor", f"--install={tmp_path}", *more)
        assert done.returncode == 2, done.stdout
        (line,) = done.stderr.splitlines()
        named = [each.split(">=")[0] for each in line.split("): ", 1)[1].split(". Nothing")[0].split(", ")]
        assert named == list(expected)


def test_with_everything_there_an_empty_folder_is_enough(tmp_path: Path) -> None:
    """The Python of these tests has all of it."""
    done = call(Path(sys.executable), "-m", "AGE2HIELib.cli", "doctor", f"--install={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "nothing was missing" in done.stdout
    assert "Ready to predict" in done.stdout


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    done = call(Path(sys.executable), "-m", "AGE2HIELib.cli", "doctor", f"--install={tmp_path / 'gone'}")
    assert done.returncode == 2
    assert "'gone' is no folder" in done.stderr
