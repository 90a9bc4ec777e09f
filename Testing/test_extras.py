"""What may be missing of a result, and how it says so: nothing half written, no words of a library, exit code kept."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from AGE2HIELib import cli
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.report.extras import write_extra
from AGE2HIELib.volume import Volume

VOLUMES = ("adc.nii.gz", "brain_mask.nii.gz", "regions.nii.gz")  # of a scan that is refused once it is placed


def test_an_extra_that_can_be_written_is_there_and_nothing_else(tmp_path: Path) -> None:
    def write(part: Path) -> None:
        (part / "dicom").mkdir()
        (part / "dicom" / "report.dcm").write_text("whole")

    assert write_extra("the DICOM objects", write, tmp_path) is None
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "dicom",
        "dicom/report.dcm",
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "full", "/home/quellenthal"), "No space left on device."),
        (ValueError("Quellenthal^Zenobia"), "ValueError in test_extras.py, line "),
        (ImportError("no highdicom"), "ImportError in test_extras.py, line "),
        (InputError("The scan's files do not say it."), "The scan's files do not say it."),
        (MemoryError(), "MemoryError in test_extras.py, line "),
    ],
)
def test_one_that_fails_leaves_nothing_half_and_says_why(error: Exception, reason: str, tmp_path: Path) -> None:
    (tmp_path / "adc.nii.gz").write_text("the result")

    def write(part: Path) -> None:
        (part / "half.dcm").write_text("half")
        raise error

    said = write_extra("the DICOM objects", write, tmp_path)
    assert said is not None
    assert said.startswith(f"The DICOM objects could not be written, and the result stands without: {reason}")
    assert "quellenthal" not in said.lower()
    assert [path.name for path in tmp_path.iterdir()] == ["adc.nii.gz"]


def test_a_cancelled_run_is_no_extra_that_failed(tmp_path: Path) -> None:
    def write(part: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_extra("the page", write, tmp_path)


def test_a_result_without_picture_and_page_keeps_its_exit_code(
    untrained_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A scan that is refused at once will do: everything is written in the same place as for a number."""

    def half(*arguments: object, **_: object) -> None:
        folder = next(one for one in reversed(arguments) if isinstance(one, Path))
        (folder / "half").write_text("half")
        raise OSError(errno.ENOSPC, "full")

    scan, out = tmp_path / "scan.nii.gz", tmp_path / "out"
    write_volume(Volume(np.full((16, 16, 16), 1200.0, np.float32), np.diag([2.0, 2.0, 2.0, 1.0])), scan)
    call = ["predict", str(scan), "--model", str(untrained_model), "--output", str(out)]
    monkeypatch.setattr("AGE2HIELib.commands.predict.write_picture", half)
    assert cli.main(call) == 3
    lines = capfd.readouterr().err.splitlines()
    said = "The picture could not be written, and the result stands without: No space left on device."
    assert [line for line in lines if "warning" in line] == [f"age2hie: warning: {said}"]
    assert said in json.loads((out / "result.json").read_text())["warnings"]
    page = (out / "report.html").read_text()
    assert said in page.replace("&#39;", "'")
    assert "<img src" not in page
    assert {path.name for path in out.iterdir()} == {*VOLUMES, "report.html", "result.json"}

    monkeypatch.setattr("AGE2HIELib.commands.predict.write_page", half)
    assert cli.main([*call, "--overwrite"]) == 3
    assert {path.name for path in out.iterdir()} == {*VOLUMES, "result.json"}
    assert "report.html" not in capfd.readouterr().err
