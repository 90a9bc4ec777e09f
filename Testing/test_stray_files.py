"""Whose leftovers may go: those of a process that is known to have ended, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from ended import ROOT, ended_mark

from AGE2HIELib.commands.batch import LOCK, batch_folder
from AGE2HIELib.errors import InputError
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.system.stray_files import owner_is_gone, owner_mark, remove_stale_files


def test_a_process_is_gone_when_it_has_ended_and_not_before() -> None:
    assert not owner_is_gone(owner_mark())
    assert owner_is_gone(ended_mark())


def test_a_number_given_to_a_later_process_does_not_hide_that_the_owner_is_gone() -> None:
    computer, pid, began = owner_mark().split("_")
    assert pid == str(os.getpid())
    assert owner_is_gone(f"{computer}_{pid}_{int(began) - 1}")


def test_a_clock_that_is_set_does_not_make_a_living_process_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux computes the time of the computer's start, and of each process's, from what the clock says now."""
    mark, start = owner_mark(), psutil.boot_time()
    if psutil.LINUX:
        monkeypatch.setattr(psutil, "boot_time", lambda: start + 3600)
        monkeypatch.setattr("psutil._pslinux.boot_time", lambda: start + 3600)
    assert owner_mark() == mark
    assert not owner_is_gone(mark)


def test_a_process_of_another_computer_may_be_alive() -> None:
    computer, pid, began = ended_mark().split("_")
    assert not owner_is_gone(f"{computer[::-1]}x_{pid}_{began}")


@pytest.mark.parametrize("mark", ["", "5e1f", "a_b_c", "a_1", "photos"])
def test_what_is_no_mark_belongs_to_nobody_who_is_gone(mark: str) -> None:
    assert not owner_is_gone(mark)


def test_only_leftovers_of_the_dead_are_removed(tmp_path: Path) -> None:
    gone = ended_mark()
    (tmp_path / f".part-{gone}-1").mkdir()
    (tmp_path / f".part-{gone}-1" / "adc.nii.gz").write_text("half")
    (tmp_path / f".part-{gone}-2.tsv").write_text("half")
    keep = {f".part-{owner_mark()}-1", ".part-0123456789ab", f"part-{gone}-1", f".other-{gone}-1"}
    for name in keep:
        (tmp_path / name).write_text("not ours to remove")
    remove_stale_files(tmp_path, ".part-")
    assert {path.name for path in tmp_path.iterdir()} == keep
    remove_stale_files(tmp_path / "not there", ".part-")


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "scan").write_text("the only copy")
    (tmp_path / f".part-{ended_mark()}-1").symlink_to(tmp_path / "mine")
    remove_stale_files(tmp_path, ".part-")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine" / "scan").read_text() == "the only copy"


def test_the_next_run_beside_it_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / f".part-{ended_mark()}-1").mkdir()
    with output_folder(tmp_path / "out", overwrite=False) as part:
        (part / "result.json").write_text("done")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_mark_does_not_tell_the_computers_name() -> None:
    import socket

    assert socket.gethostname().lower() not in owner_mark().lower()


_FILL_AND_WAIT = """
import sys
from pathlib import Path
from AGE2HIELib.commands.batch import batch_folder
with batch_folder(Path(sys.argv[1]), inputs=[]):
    print("inside", flush=True)
    input()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_a_second_batch_into_the_same_folder_waits_its_turn(tmp_path: Path, killed: bool) -> None:
    """However the first one ends, nobody has to mend anything before the next."""
    call = [sys.executable, "-c", _FILL_AND_WAIT, str(tmp_path)]
    with subprocess.Popen(call, cwd=ROOT, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "inside\n"
        with pytest.raises(InputError, match="Another batch is writing"), batch_folder(tmp_path, inputs=[]):
            pytest.fail("no work may start")
        other.kill() if killed else other.communicate("\n")
    assert [path.name for path in tmp_path.iterdir()] == ([LOCK] if killed else [])
    with batch_folder(tmp_path, inputs=[]) as folder:
        assert folder == tmp_path.resolve()
    assert list(tmp_path.iterdir()) == []
