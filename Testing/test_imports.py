"""Imports keep to the contracts in pyproject.toml, and the library stays free of packages that it does not need."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "AGE2HIELib"

# extras, for models of these networks, for hospitals and for clusters; what Slicer does without; a copy of platformdirs
OPTIONAL = {
    "batch/pool.py": "pebble",
    "serving/queue.py": "pebble",
    "node/connections.py": "pynetdicom",
    "node/receiver.py": "pynetdicom",
    "node/sender.py": "pynetdicom",
    "batch/cluster_client.py": "distributed",
    "batch/cluster_worker.py": "distributed",
    "system/places.py": "pip",
    "tables/reading.py": "openpyxl",
    "networks/monai_networks.py": "monai",
    "networks/swin.py": "monai",
    "report/hospital/capture.py": "highdicom",
    "report/hospital/structured.py": "highdicom",
    "report/hospital/coding.py": "highdicom",
    "report/hospital/finding_groups.py": "highdicom",
    "report/hospital/identity.py": "highdicom",
    "report/hospital/stamp.py": "highdicom",
    "report/hospital/multiframe.py": "highdicom",
    "report/hospital/segmentation.py": "highdicom",
    "report/hospital/parametric.py": "highdicom",
    "report/hospital/anatomy.py": "highdicom",
}
ALLOWED = {"numpy", "scipy", "SimpleITK", "nibabel", "pydicom", "dcm2niix", "PIL", "jinja2", "torch", "tqdm"}
ALLOWED |= {"psutil", "filelock", "packaging", "platformdirs"}


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively: write the full name"
            assert node.module is not None
            yield node.module


def part(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


FILES = [path for path in sorted(LIBRARY.rglob("*.py")) if path.parent != LIBRARY or path.name != "__init__.py"]


def broken_contracts(root: Path) -> str:
    """What import-linter says of a checkout by the contracts in its pyproject.toml; empty where all are kept."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    # the files of this checkout, wherever an editable install points to; the first folder holds the Slicer module
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "AGE2HIE"), str(root)]), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert "Analyzed" in done.stdout, done.stdout + done.stderr
    return "" if done.returncode == 0 else done.stdout


def test_every_import_keeps_to_the_contracts() -> None:
    broken = broken_contracts(ROOT)
    assert not broken, broken


FORBIDDEN = {
    "a circle inside a folder, for type checkers only": (
        "AGE2HIELib/bundle/age_facts.py",
        "if TYPE_CHECKING:\n    from AGE2HIELib.bundle.reading import Bundle\n",
        "No cycles are allowed in AGE2HIELib.bundle",
    ),
    "a circle between two folders": (
        "AGE2HIELib/bundle/weights.py",
        "def late() -> None:\n    from AGE2HIELib.inference import predict\n",
        "AGE2HIELib.bundle is not allowed to import AGE2HIELib.inference",
    ),
    "an import that points up": (
        "AGE2HIELib/volume.py",
        "from AGE2HIELib.io import images\n",
        "AGE2HIELib.volume is not allowed to import AGE2HIELib.io",
    ),
    "a prediction that runs the phantom generator": (
        "AGE2HIELib/pipeline/brain_age.py",
        "def late() -> None:\n    from AGE2HIELib.phantom.templates import make_t1_template\n",
        "AGE2HIELib.pipeline.brain_age -> AGE2HIELib.phantom.templates",
    ),
    "a library that knows training": (
        "AGE2HIELib/volume.py",
        "from training import settings\n",
        "AGE2HIELib is not allowed to import training",
    ),
    "a circle inside training": (
        "training/files.py",
        "from training import steps\n",
        "No cycles are allowed in training",
    ),
    "a folder without a place in the order": ("AGE2HIELib/new/__init__.py", "", "AGE2HIELib.new"),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_what_no_contract_allows_is_named(case: str, tmp_path: Path) -> None:
    name, lines, message = FORBIDDEN[case]
    for folder in ("AGE2HIE", "AGE2HIELib", "training"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "Resources"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(lines)
    assert message in broken_contracts(tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_library_imports_what_it_declares_and_nothing_else(path: Path) -> None:
    extra = OPTIONAL.get(path.relative_to(LIBRARY).as_posix(), "AGE2HIELib")
    for name in imported(path):
        root = name.split(".")[0]
        assert root in ALLOWED | {"AGE2HIELib", "__future__", extra} | sys.stdlib_module_names, (
            f"{path.name} imports {name}"
        )


def test_no_message_sends_anybody_to_an_index_for_this_very_package() -> None:
    """It is on none; an extra of a checkout is ``pip install ".[node]"``, and a package alone has its own name."""
    folders = (LIBRARY, ROOT / "training", ROOT / "AGE2HIE", ROOT / "container", ROOT / "docs")
    files = [path for folder in folders for kind in ("*.py", "*.md") for path in folder.rglob(kind)]
    assert len(files) > 300
    sent = [path.name for path in files if re.search(r"pip install \S*age2hie\b", path.read_text(encoding="utf-8"))]
    assert sent == []


def test_the_library_never_prints() -> None:
    """Only the command line talks to people."""
    for path in FILES:
        if part(path) in ("commands", "cli"):
            continue
        calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        assert not any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls), path


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["--version"], ["predict"]])
def test_help_and_a_wrong_call_wait_for_no_library(arguments: list[str]) -> None:
    program = (
        "import sys; from AGE2HIELib.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print(sorted({sorted(ALLOWED)!r} & sys.modules.keys()), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_scan_that_is_refused_waits_for_no_network() -> None:
    """torch takes a second: the commands import it where a network is needed."""
    commands = ("predict", "batch", "reproduce")
    program = "; ".join(f"import AGE2HIELib.commands.{name}" for name in commands)
    command = [sys.executable, "-c", f"import sys; {program}; print('torch' in sys.modules)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
