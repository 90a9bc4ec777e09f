"""Calls of the command line, and what a refusal must look like."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from AGE2HIELib import cli


def run(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def assert_refused_in_one_line(code: int, out: str, err: str) -> None:
    assert code == 2, err
    assert out == ""
    assert err.startswith("age2hie: error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    # what is wrong, and in a further sentence what to do
    assert err.strip().count(". ") >= 1, err
    assert err.strip().endswith((".", "'"))


def save_nifti(path: Path, array: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(array.astype(np.float32), np.diag([2.0, 2.0, 2.0, 1.0])), path)
    return path
