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
from AGE2HIELib.report.extras import Extras, write_extra
from AGE2HIELib.volume import Volume

# of a scan that is refused once it is placed
RESULT = ("adc.nii.gz", "brain_mask.nii.gz", "regions.nii.gz", "placement.h5", "result.json")


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


def filled(tmp_path: Path) -> Extras:
    """A result of one volume, with a page and DICOM objects beside it."""
    (tmp_path / "adc.nii.gz").write_text("the result")
    extras = Extras(tmp_path, ["of the scan"])
    extras.write("the page", lambda part: (part / "report.html").write_text("page") and None)
    extras.write("the DICOM objects", lambda part: (part / "dicom").mkdir())
    return extras


def test_extras_that_have_filled_the_disk_make_way_for_the_record(tmp_path: Path) -> None:
    """The sizes of a page and of a record differ by the run; a disk that had space for the page may have none after."""
    extras, record = filled(tmp_path), tmp_path / "result.json"

    def write() -> None:
        record.write_text("; ".join(extras.warnings))
        if (tmp_path / "report.html").exists() or (tmp_path / "dicom").exists():
            raise OSError(errno.ENOSPC, "full")

    extras.then(write)
    said = "Pages, pictures and DICOM objects were removed, since they left no space for the result itself."
    assert extras.lost == [said]
    assert record.read_text() == f"of the scan; {said}"
    assert {path.name for path in tmp_path.iterdir()} == {"adc.nii.gz", "result.json"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_record_that_cannot_be_written_at_all_is_no_result(code: int, tmp_path: Path) -> None:
    extras = filled(tmp_path)

    def write() -> None:
        raise OSError(code, "no")

    with pytest.raises(OSError, match="no"):
        extras.then(write)
    assert (tmp_path / "report.html").exists() == (code == errno.EIO)


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
    monkeypatch.setattr("AGE2HIELib.pipeline.prediction.write_picture", half)
    assert cli.main(call) == 3
    lines = capfd.readouterr().err.splitlines()
    said = "The picture could not be written, and the result stands without: No space left on device."
    assert [line for line in lines if "warning" in line] == [f"age2hie: warning: {said}"]
    assert said in json.loads((out / "result.json").read_text())["warnings"]
    page = (out / "report.html").read_text()
    assert said in page.replace("&#39;", "'")
    assert "<img src" not in page
    assert {path.name for path in out.iterdir()} == {*RESULT, "report.html"}

    monkeypatch.setattr("AGE2HIELib.pipeline.prediction.write_page", half)
    assert cli.main([*call, "--overwrite"]) == 3
    assert {path.name for path in out.iterdir()} == set(RESULT)
    assert "report.html" not in capfd.readouterr().err
