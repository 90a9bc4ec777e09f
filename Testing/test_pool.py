"""Work in processes that may die: one item is told as failed, every other one is done, and nobody is left behind."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path

import pool_work
import pytest
from pebble import ProcessExpired
from pool_work import do, nothing

from AGE2HIELib.batch.engine import ItemEnd, Limits, Listener
from AGE2HIELib.batch.pool import Pool, _exit_code, death_in_words
from AGE2HIELib.errors import InputError


def ended(items: Sequence[str], *, jobs: int = 1, limits: Limits | None = None) -> list[ItemEnd]:
    found = list(Pool(nothing, do, jobs, limits or Limits()).run(items))
    return sorted(found, key=lambda one: one.number)


def processes(found: Sequence[ItemEnd]) -> list[int]:
    return [one.result[1] for one in found if one.result is not None]


def test_every_item_is_done_once_by_workers_that_are_used_again() -> None:
    found = ended(list("abcdef"), jobs=2)
    assert [one.number for one in found] == list(range(6))
    assert [one.result[0] for one in found] == list("abcdef")
    assert len(set(processes(found))) <= 2
    assert all(10 < one.memory.now_mb <= one.memory.peak_mb < 1000 for one in found)


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_way_to_die_is_one_failed_item_and_the_others_are_done(jobs: int) -> None:
    found = ended(["a", "exit", "b", "segfault", "c", "killed", "d", "leave", "e"], jobs=jobs)
    assert [one.result[0] for one in found if one.result] == list("abcde")
    failures = {one.number: one.failure for one in found if one.failure}
    assert failures == {
        1: "The process ended with exit code 9.",
        3: "The process was ended by signal 11 (SIGSEGV).",
        5: "The process was ended by signal 9 (SIGKILL). The memory may have run out: try fewer --jobs.",
        7: "The process ended with exit code 4.",
    }


def test_a_worker_that_raised_is_told_in_words_and_not_used_again() -> None:
    found = ended(["a", "memory", "b", "fault", "c"])
    assert [one.failure for one in found] == ["", "MemoryError", "", "ValueError: of this item", ""]
    assert len(set(processes(found))) == 3


def test_an_item_that_hangs_is_ended_when_its_time_is_up() -> None:
    start = time.monotonic()
    found = ended(["a", "hang", "b"], limits=Limits(seconds=3.0))
    assert [one.failure for one in found] == ["", "It did not end within 0.05 minutes.", ""]
    assert time.monotonic() - start < 100


def test_a_worker_is_replaced_after_so_many_items() -> None:
    found = processes(ended(list("abcde"), limits=Limits(items=2)))
    assert [found[0] == found[1], found[1] == found[2], found[2] == found[3], found[3] == found[4]] == [
        *(True, False, True, False)
    ]


def test_a_worker_that_grows_is_replaced_and_one_that_does_not_stays() -> None:
    found = ended(["a", "grow", "grow", "grow", "b"], limits=Limits(memory_mb=2.5 * pool_work.KEPT_MB + 60))
    first, *_ = processes(found)
    assert processes(found)[1] == first
    assert processes(found)[-1] != first
    grown = found[1].memory.now_mb - found[0].memory.now_mb
    assert grown == pytest.approx(pool_work.KEPT_MB, rel=0.1)


def test_what_is_unusable_for_every_item_is_refused_before_the_first() -> None:
    with pytest.raises(InputError, match=r"There is no model\. Name one\."):
        list(Pool(pool_work.unusable, do, 2).run(["a", "b"]))


def test_a_defect_of_the_preparation_comes_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*ZeroDivisionError: ours"):
        list(Pool(pool_work.defect, do, 1).run(["a"]))


def test_workers_that_die_as_they_start_end_the_run_instead_of_being_started_forever() -> None:
    with pytest.raises(RuntimeError, match=r"3 workers in turn ended before their first case.*exit code 7"):
        list(Pool(pool_work.dies, do, 1).run(["a", "b"]))


def test_leaving_early_ends_the_workers_which_leave_nothing_half_made(tmp_path: Path) -> None:
    pool = Pool(nothing, pool_work.write_and_wait, 2)
    begun: list[int] = []
    outputs = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(KeyboardInterrupt), closing(pool.run(outputs, Listener(begun.append))) as endings:
        _interrupted_when(lambda: len(list(tmp_path.glob(".part-*/half"))) == 2, endings)
    assert begun == [0, 1]
    assert list(tmp_path.iterdir()) == []


def _interrupted_when(holds: Callable[[], bool], endings: object) -> None:
    """Ctrl-C in the main thread while it waits for the workers."""

    def watch() -> None:
        end = time.monotonic() + 60
        while not holds() and time.monotonic() < end:
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test runner may have taken it away
    try:
        threading.Thread(target=watch, daemon=True).start()
        next(endings)  # type: ignore[call-overload]
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_unknown_signal_has_a_number() -> None:
    assert death_in_words(-250) == "The process was ended by signal 250 (unknown)."


def test_how_a_process_ended_is_known_where_the_pipe_to_it_broke_first() -> None:
    """Pebble says then that the pool is broken, and not by which signal."""
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    process.start()
    process.kill()
    assert _exit_code(BrokenProcessPool(), process) == -signal.SIGKILL
    assert _exit_code(BrokenProcessPool(), None) is None
    assert _exit_code(ProcessExpired("", code=3), process) == 3
