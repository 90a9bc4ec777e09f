"""Two calls of training/run.py in one folder: the second is refused in one line, and a killed one holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from AGE2HIELib.errors import InputError
from training.run import STEPS, main
from training.run_lock import LOCK, alone_in

HOLDER = (
    "import sys, time; from pathlib import Path; from training.run_lock import alone_in\n"
    "with alone_in(Path(sys.argv[1])):\n"
    "    print('held', flush=True); time.sleep(60)\n"
)


@pytest.mark.skipif(os.name == "nt", reason="no open file is removed there")
def test_the_lock_of_a_call_that_begins_while_this_one_ends_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = FileLock.release

    def another_begins(lock: FileLock, force: bool = False) -> None:
        release(lock, force)
        (tmp_path / LOCK).touch()

    monkeypatch.setattr(FileLock, "release", another_begins)
    with alone_in(tmp_path):
        pass
    assert (tmp_path / LOCK).exists()


@pytest.mark.parametrize("step", [None, *(name for name in STEPS if name != "check-data")])
def test_a_second_call_is_refused_in_one_line_and_writes_nothing(
    step: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "run"
    words = ["--preset", "quick", "--output", str(root)]
    with alone_in(root):
        assert main([step, *words] if step else words) == 2
        assert [path.name for path in root.iterdir()] == [LOCK]
    told = capsys.readouterr()
    assert told.err == (
        "run.py: error: Another call of run.py is at work in 'run'. Wait for its end, or give another --output.\n"
    )
    assert not root.exists()  # nothing was made in it


@pytest.mark.skipif(os.name == "nt", reason="ends a process by SIGKILL")
def test_a_killed_call_holds_nothing(tmp_path: Path) -> None:
    root = tmp_path / "run"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(root)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="is at work in 'run'"), alone_in(root):
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert (root / LOCK).exists()
    began = time.monotonic()
    with alone_in(root):
        assert time.monotonic() - began < 5
    assert not (root / LOCK).exists()


def test_processes_of_one_call_do_not_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with alone_in(tmp_path):
        monkeypatch.setenv("RANK", "1")
        with alone_in(tmp_path):
            pass
        assert (tmp_path / LOCK).exists()
        monkeypatch.setenv("RANK", "0")
        with pytest.raises(InputError, match="Another call"), alone_in(tmp_path):
            pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="The run's folder 'run' cannot be used: Not a directory"):
        alone_in(tmp_path / "file" / "run").__enter__()
