"""Imports point down one list, and the library stays free of Slicer, of training and of packages it does not need."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "AGE2HIELib"

# Each may import those before it, and its own folder.
ORDER = (
    "errors",
    "volume",
    "requirements",
    "resources",
    "installed",
    "orientation",
    "progress",
    "leftovers",
    "system_files",
    "outputs",
    "notices",
    "streams",
    "timing",
    "io",
    "preprocess",
    "phantom",
    "quality",
    "networks",
    "inference",
    "explain",
    "report",
    "doctor",
    "pipeline",
    "age_pipeline",
    "parallel",
    "many",
    "normative",
    "options",
    "commands",
    "cli",
)
OPTIONAL = {  # extras: for models of these networks, and for hospitals
    "networks/monai_networks.py": "monai",
    "report/hospital/capture.py": "highdicom",
    "report/hospital/structured.py": "highdicom",
    "report/hospital/identity.py": "highdicom",
}
ALLOWED = {"numpy", "scipy", "SimpleITK", "nibabel", "pydicom", "dcm2niix", "PIL", "jinja2", "torch", "tqdm"}


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_imports_point_down(path: Path) -> None:
    here = ORDER.index(part(path))
    for name in imported(path):
        root, _, rest = name.partition(".")
        if root != "AGE2HIELib" or not rest:
            continue
        there = ORDER.index(rest.split(".")[0])
        assert there <= here, f"{path.name} imports {name}, which stands above it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_library_imports_what_it_declares_and_nothing_else(path: Path) -> None:
    extra = OPTIONAL.get(path.relative_to(LIBRARY).as_posix(), "AGE2HIELib")
    for name in imported(path):
        root = name.split(".")[0]
        assert root in ALLOWED | {"AGE2HIELib", "__future__", extra} | sys.stdlib_module_names, (
            f"{path.name} imports {name}"
        )


def test_training_is_imported_by_nobody() -> None:
    """But for the scripts that measure it, which are not installed either."""
    for folder in ("AGE2HIELib", "AGE2HIE"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not any(name.split(".")[0] == "training" for name in imported(path)), path


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
