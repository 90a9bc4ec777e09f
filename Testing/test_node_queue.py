"""The queue on the disk: states, versions, and what a kill at any moment leaves."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.queue import COMPLETE, FAILED, FILE, PREDICTED, RECEIVED, SENT, Queue, StudyLine

KEY = digest_of("1.2.3")


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def line(queue: Queue, key: str = KEY) -> StudyLine:
    found = queue.line(key)
    assert found is not None
    return found


def test_a_digest_is_what_the_shell_makes() -> None:
    said = subprocess.run("printf %s 1.2.3 | sha256sum | cut -c1-16", shell=True, capture_output=True, text=True)
    assert said.stdout.strip() == KEY


def test_a_study_goes_through_its_states(queue: Queue) -> None:
    queue.arrived(KEY, 100, objects=1)
    queue.arrived(KEY, 50, objects=1)
    assert (line(queue).objects, line(queue).bytes, queue.kept_bytes()) == (2, 150, 150)
    for state in (COMPLETE, PREDICTED, SENT):
        assert queue.move(line(queue), state, digest="d")
        assert line(queue).state == state
    assert queue.counts() == {**dict.fromkeys(queue.counts(), 0), SENT: 1}


def test_who_worked_on_an_older_version_moves_nothing(queue: Queue) -> None:
    """An object that comes while the study is predicted: the prediction of the smaller study does not count."""
    queue.arrived(KEY, 100, objects=1)
    queue.move(line(queue), COMPLETE, digest="of one")
    older = line(queue)
    queue.arrived(KEY, 100, objects=1)
    assert not queue.move(older, PREDICTED)
    assert (line(queue).state, line(queue).objects, line(queue).digest) == (RECEIVED, 2, "")
    queue.postpone(older, 1000, "late")
    assert line(queue).attempts == 0


def test_an_object_that_comes_again_moves_a_failed_study_only(queue: Queue) -> None:
    queue.arrived(KEY, 100, objects=1)
    for state, after in ((COMPLETE, COMPLETE), (PREDICTED, PREDICTED), (SENT, SENT), (FAILED, RECEIVED)):
        queue.move(line(queue), state)
        before = line(queue)
        time.sleep(0.01)
        queue.touched(KEY)
        assert line(queue).state == after
        assert (line(queue).since > before.since) == (state in (SENT, FAILED))


def test_a_failed_attempt_waits_and_is_counted(queue: Queue) -> None:
    queue.arrived(KEY, 100, objects=1)
    queue.move(line(queue), COMPLETE)
    queue.postpone(line(queue), 1000, "The PACS does not answer.")
    assert queue.due(COMPLETE) == []
    assert (line(queue).attempts, line(queue).reason) == (1, "The PACS does not answer.")
    queue.postpone(line(queue), -1, "now", failed=False)
    assert [one.attempts for one in queue.due(COMPLETE)] == [1]
    queue.move(line(queue), PREDICTED)
    assert line(queue).attempts == 0


def test_images_that_came_anew_after_the_deletion_are_not_deleted(queue: Queue) -> None:
    queue.arrived(KEY, 100, objects=1)
    queue.move(line(queue), SENT)
    seen = line(queue)
    assert queue.forgot_files(seen)
    assert queue.kept_bytes() == 0
    queue.arrived(KEY, 30, objects=1)
    assert (line(queue).objects, line(queue).bytes) == (1, 30)
    assert not queue.forgot_files(seen)


def test_a_queue_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(InputError, match="Move it away"):
        Queue(tmp_path)


def test_many_threads_lose_nothing(queue: Queue) -> None:
    def work() -> None:
        for _ in range(25):
            queue.arrived(KEY, 1, objects=1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (line(queue).objects, line(queue).version) == (200, 200)


_WRITER = """
import sys
from pathlib import Path
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.queue import Queue
folder = Path(sys.argv[1])
files, queue = StudyFiles(folder), Queue(folder)
for number in range(int(sys.argv[2]), 10_000):
    key = digest_of(str(number // 20))
    queue.arrived(key, 5000, objects=1)
    files.write(key, str(number), number.to_bytes(4, "big") * 1250)
    print(number, flush=True)
"""


def test_what_was_acknowledged_is_there_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    """Five kills of a process that receives: each acknowledged object is whole, and its study has a line."""
    files, chance, begin = StudyFiles(tmp_path), random.Random(3), 0
    files.make()
    acknowledged = 0
    for _ in range(5):
        command = [sys.executable, "-c", _WRITER, str(tmp_path), str(begin)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.3))
            process.kill()
            said = process.stdout.read().split()
        begin = acknowledged = int(said[-1]) + 1 if said else begin + 1
        files.prepare()
        queue = Queue(tmp_path)
        for number in range(acknowledged):
            key = digest_of(str(number // 20))
            assert files.holds(key, str(number), number.to_bytes(4, "big") * 1250), number
            assert line(queue, key).state == RECEIVED
        for path in files.folder.rglob("*.dcm"):
            assert path.stat().st_size == 5000
        assert list((tmp_path / "incoming").iterdir()) == []
        queue.close()
    assert acknowledged > 20


def test_studies_are_taken_up_again_where_the_queue_was_lost(tmp_path: Path) -> None:
    files = StudyFiles(tmp_path)
    files.make()
    files.write(KEY, "1", b"image")
    queue = Queue(tmp_path)
    queue.counted(KEY, 1, 5)
    assert (line(queue).state, line(queue).objects) == (RECEIVED, 1)
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_digest_of_a_study_does_not_depend_on_the_order(tmp_path: Path) -> None:
    digests = set()
    for name, order in (("a", (1, 2, 3)), ("b", (3, 1, 2)), ("c", (1, 2))):
        files = StudyFiles(tmp_path / name)
        files.make()
        for number in order:
            files.write(KEY, str(number), bytes([number]) * 10)
        digests.add(files.digest(KEY))
    assert len(digests) == 2
