"""A result appears whole or not at all, and an earlier one survives whatever happens to a later run."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from AGE2HIELib.errors import InputError
from AGE2HIELib.system.outputs import output_file, output_folder


def earlier_result(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("earlier")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail_half_way(out: Path, failure: BaseException) -> None:
    with output_folder(out, overwrite=True) as part:
        (part / "result.json").write_text("half")
        raise failure


def test_a_finished_run_leaves_the_output_and_nothing_else(tmp_path: Path) -> None:
    with output_folder(tmp_path / "new" / "out", overwrite=False) as part:
        (part / "result.json").write_text("done")
        assert not (tmp_path / "new" / "out").exists()
    assert names(tmp_path / "new") == ["out"]
    assert (tmp_path / "new" / "out" / "result.json").read_text() == "done"


@pytest.mark.parametrize("place", [output_folder, output_file])
def test_a_place_that_may_not_be_entered_is_said(place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for another user than root; ``Path.exists`` raises there, which was a traceback."""
    target = (tmp_path / "closed" / "out.nii").resolve()
    real = os.stat

    def closed(path, *args, **options):
        if Path(os.fspath(path)) == target:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "stat", closed)
    with pytest.raises(InputError, match="may not be entered"), place(target, overwrite=False):
        pass


def test_a_failed_run_leaves_no_trace_not_even_the_parents_it_made(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        fail_half_way(tmp_path / "new" / "deep" / "out", KeyError())
    assert names(tmp_path) == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt, InputError, MemoryError])
def test_an_earlier_result_survives_a_failed_overwrite(tmp_path: Path, failure: type[BaseException]) -> None:
    out = earlier_result(tmp_path / "out")
    with pytest.raises(failure):
        fail_half_way(out, failure())
    assert names(tmp_path) == ["out"]
    assert (out / "result.json").read_text() == "earlier"


def test_overwriting_replaces_the_whole_folder(tmp_path: Path) -> None:
    out = earlier_result(tmp_path / "out")
    (out / "regions.csv").write_text("earlier")
    with output_folder(out, overwrite=True) as part:
        (part / "result.json").write_text("later")
    assert names(tmp_path) == ["out"]
    assert names(out) == ["result.json"]
    assert (out / "result.json").read_text() == "later"


def test_a_rename_that_fails_puts_the_earlier_result_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = earlier_result(tmp_path / "out")
    rename = Path.rename

    def fails_for_the_new_one(path: Path, target: Path) -> Path:
        if path.name.startswith(".part-"):
            raise OSError(errno.ENOSPC, "full")
        return rename(path, target)

    monkeypatch.setattr("AGE2HIELib.system.outputs._exchanged", lambda *_: False)  # as on a disk that cannot
    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(InputError, match="No space left"), output_folder(out, overwrite=True) as part:
        (part / "result.json").write_text("later")
    assert names(tmp_path) == ["out"]
    assert (out / "result.json").read_text() == "earlier"


def test_a_result_set_aside_by_a_killed_run_is_put_back_by_the_next(tmp_path: Path) -> None:
    earlier_result(tmp_path / ".out.age2hie-aside")
    with pytest.raises(InputError, match="exists already"), output_folder(tmp_path / "out", overwrite=False):
        pass
    assert (tmp_path / "out" / "result.json").read_text() == "earlier"


def test_an_existing_output_is_refused_without_overwrite(tmp_path: Path) -> None:
    out = earlier_result(tmp_path / "out")
    with pytest.raises(InputError, match="exists already"), output_folder(out, overwrite=False):
        pytest.fail("no work may start")
    (tmp_path / "file.nii.gz").write_text("earlier")
    with pytest.raises(InputError, match="exists already"), output_file(tmp_path / "file.nii.gz", overwrite=False):
        pytest.fail("no work may start")


def test_what_another_run_made_meanwhile_is_not_replaced_unasked(tmp_path: Path) -> None:
    def both_at_once(place, output: Path) -> None:  # type: ignore[no-untyped-def]
        with place(output, overwrite=False) as part:
            with place(output, overwrite=False) as other:
                (other / "result.json" if other.is_dir() else other).write_text("the other's")
            (part / "result.json" if part.is_dir() else part).write_text("ours")

    for name, place in (("folder", output_folder), ("file.csv", output_file)):
        with pytest.raises(InputError, match="exists already"):
            both_at_once(place, tmp_path / name)
    assert (tmp_path / "folder" / "result.json").read_text() == "the other's"
    assert (tmp_path / "file.csv").read_text() == "the other's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.csv", "folder"]


def test_overwrite_never_deletes_a_folder_that_no_run_made(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_text("mine")
    with pytest.raises(InputError, match="no earlier run made"), output_folder(tmp_path / "photos", overwrite=True):
        pytest.fail("no work may start")
    assert (tmp_path / "photos" / "one.jpg").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="Choose a place"), output_folder(tmp_path / "file" / "out", overwrite=False):
        pytest.fail("no work may start")
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder that not even root can write, on Linux")
def test_a_read_only_folder_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="Choose a place"), output_folder(Path("/proc/self/out"), overwrite=False):
        pytest.fail("no work may start")


def test_the_output_may_not_be_or_hold_what_is_read(tmp_path: Path) -> None:
    scan = earlier_result(tmp_path / "case") / "adc.nii.gz"
    scan.write_text("the only copy")
    for output in (tmp_path / "case", tmp_path, scan):
        with pytest.raises(InputError, match="which is read"), output_folder(output, overwrite=True, inputs=[scan]):
            pytest.fail("no work may start")
    with pytest.raises(InputError, match="which is read"), output_file(scan, overwrite=True, inputs=[scan]):
        pytest.fail("no work may start")
    assert scan.read_text() == "the only copy"


def test_a_full_disk_is_reported_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No space left"), output_folder(tmp_path / "out", overwrite=False):
        raise OSError(errno.ENOSPC, "full")
    assert names(tmp_path) == []


def test_a_file_keeps_the_suffix_that_names_its_format(tmp_path: Path) -> None:
    with output_file(tmp_path / "adc.nii.gz", overwrite=False) as part:
        assert part.name.endswith(".nii.gz")
        part.write_text("map")
    assert names(tmp_path) == ["adc.nii.gz"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without asking them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_130_and_leaves_the_earlier_result(tmp_path: Path, number: signal.Signals) -> None:
    out = earlier_result(tmp_path / "out")
    program = textwrap.dedent(
        """
        import signal, sys, time
        from pathlib import Path
        import AGE2HIELib.cli as cli
        from AGE2HIELib.system.outputs import output_folder

        def slow(arguments, progress):
            with output_folder(Path(sys.argv[1]), overwrite=True) as part:
                (part / "half").write_text("half")
                print("working", flush=True)
                time.sleep(60)

        cli._command = lambda arguments: slow
        # what a shell runs in its background ignores this signal from the start
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.exit(cli.main(["model", "info"]))
        """
    )
    running = subprocess.Popen([sys.executable, "-c", program, str(out)], stdout=-1, stderr=-1, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "working\n"
    started = time.monotonic()
    running.send_signal(number)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 130
    assert time.monotonic() - started < 20
    assert errors.startswith("age2hie: error: Cancelled")
    assert errors.count("\n") == 1
    assert names(tmp_path) == ["out"]
    assert (out / "result.json").read_text() == "earlier"
