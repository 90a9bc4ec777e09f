"""Work spread over processes: the same results in the same order, and nobody left behind by a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from AGE2HIELib.system.parallel import run_all

ROOT = Path(__file__).resolve().parent.parent


def root_and_threads(number: int) -> tuple[float, int]:
    return number**0.5, torch.get_num_threads()


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items_computed_on_one_thread(jobs: int) -> None:
    before = torch.get_num_threads()
    found = run_all(root_and_threads, [9, 4, 1], jobs=jobs, description="roots")
    assert found == [(3.0, 1), (2.0, 1), (1.0, 1)]
    assert torch.get_num_threads() == before


def test_a_fault_in_one_item_is_raised_here() -> None:
    with pytest.raises(ValueError, match="three"):
        run_all(fail_at_three, [1, 2, 3, 4], jobs=2, description="faults")


_PROGRAM = """
import sys, time
sys.path[:0] = {paths!r}
from AGE2HIELib.system.parallel import run_all
from test_parallel import tell_and_wait
if __name__ == "__main__":
    run_all(tell_and_wait, [sys.argv[1] + "/a", sys.argv[1] + "/b"], jobs=2, description="waiting")
"""


def tell_and_wait(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(120)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_killed_run_leaves_no_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(_PROGRAM.format(paths=[str(ROOT), str(ROOT / "Testing")]))
    parent = subprocess.Popen([sys.executable, str(script), str(tmp_path)], stderr=subprocess.DEVNULL)
    told = [tmp_path / "a", tmp_path / "b"]
    _wait(lambda: all(path.exists() and path.read_text() for path in told), seconds=60)
    children = [Path("/proc", path.read_text()) for path in told]
    assert all(child.exists() for child in children)
    parent.kill()
    parent.wait()
    _wait(lambda: not any(child.exists() and "zombie" not in _state(child) for child in children), seconds=20)


def _state(process: Path) -> str:
    try:
        return next(line for line in (process / "status").read_text().splitlines() if line.startswith("State"))
    except (OSError, StopIteration):
        return "zombie"


def _wait(holds: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
