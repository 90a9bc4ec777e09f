"""What a command imports, and when: a prediction of one scan spends a third of its time on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BEFORE_PLACEMENT = ("torch", "monai", "lightning")  # torch is loaded beside the placement, not in front of it
NEVER = (  # of one ADC map; each takes 0.05 to 1 s, and has a task of its own
    "captum", "dask", "highdicom", "jsonschema", "lightning", "matplotlib", "monai", "nilearn", "pandas", "pydicom",
    "pynetdicom", "requests", "scipy.optimize", "scipy.spatial", "scipy.stats", "sklearn", "statsmodels",
)  # fmt: skip


def _imported(program: str) -> set[str]:
    """Every module that a new Python holds after a program, and their packages."""
    told = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint('|'.join(sys.modules))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(told.stdout.splitlines()[-1].split("|"))


def test_nothing_of_torch_is_imported_before_the_placement() -> None:
    program = "import AGE2HIELib.cli, AGE2HIELib.commands.predict, AGE2HIELib.report.folder"
    assert not set(BEFORE_PLACEMENT) & _imported(program)


def test_the_command_line_itself_imports_neither_arrays_nor_images() -> None:
    assert not {"numpy", "scipy", "SimpleITK", "nibabel", "jinja2"} & _imported("import AGE2HIELib.cli")


@pytest.mark.slow
def test_one_prediction_imports_what_it_needs_and_no_more(tmp_path: Path) -> None:
    program = (
        "from AGE2HIELib.cli import main\n"
        f"main(['phantom', '--output', {str(tmp_path / 'infant')!r}, '--format', 'mha', '--acquisition', '6mm'])"
    )
    _imported(program)
    scan, output = tmp_path / "infant" / "adc.mha", tmp_path / "result"
    imported = _imported(
        f"from AGE2HIELib.cli import main\nassert main(['predict', {str(scan)!r}, '--output', {str(output)!r}]) == 0"
    )
    assert "torch" in imported
    assert not set(NEVER) & imported
