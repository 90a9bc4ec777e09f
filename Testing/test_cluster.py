"""The engine of clusters, with a real scheduler and workers in processes of their own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pool_work
import pytest
from calling import assert_refused_in_one_line, run
from clusters import LocalCluster, local_cluster
from pool_work import do, nothing

from AGE2HIELib.batch import cluster_worker
from AGE2HIELib.batch.cluster import Cluster
from AGE2HIELib.batch.cluster_worker import ClusterTask, prepare_here, sources_sha256
from AGE2HIELib.batch.engine import EngineLostError, ItemEnd, Limits, Listener, check_scheduler
from AGE2HIELib.errors import InputError

LOST = "The worker was lost twice with it."


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Four workers of 700 MB, of which a fresh one has 160 to 180."""
    with local_cluster(tmp_path_factory.mktemp("cluster"), 4, "--memory-limit", "700MB") as started:
        yield started


def ended(cluster: LocalCluster, items: Sequence[str], *, jobs: int = 0, limits: Limits | None = None) -> list[ItemEnd]:
    engine = Cluster(cluster.address, nothing, do, jobs, limits or Limits())
    return sorted(engine.run(items), key=lambda one: one.number)


def test_every_item_is_done_once_by_all_the_workers(cluster: LocalCluster) -> None:
    begun: list[int] = []
    names = [f"item {number}" for number in range(60)]
    found = sorted(Cluster(cluster.address, nothing, do).run(names, Listener(begun.append)), key=lambda one: one.number)
    assert [one.number for one in found] == sorted(begun) == list(range(60))
    assert [one.result[0] for one in found] == names
    assert {one.result[1] for one in found} <= {process.pid for process in cluster.workers()}
    assert all(10 < one.memory.now_mb <= one.memory.peak_mb < 1000 for one in found)


def test_each_way_to_die_is_one_failed_item_after_one_more_try_and_the_others_are_done(cluster: LocalCluster) -> None:
    begun: list[int] = []
    items = ["a", "killed", "b", "leave", "c", "fill", "d"]
    found = sorted(Cluster(cluster.address, nothing, do).run(items, Listener(begun.append)), key=lambda one: one.number)
    assert [one.result[0] for one in found if one.result] == list("abcd")
    failures = {one.number: one.failure for one in found if one.failure}
    assert failures[3] == "The process ended with exit code 4."
    assert failures.keys() == {1, 3, 5}
    assert all(failures[number].startswith(LOST) for number in (1, 5))  # 800 MB are more than a worker may have
    assert [begun.count(number) for number in range(7)] == [1, 2, 1, 1, 1, 2, 1]


def test_an_item_whose_worker_is_killed_is_done_by_another(cluster: LocalCluster, tmp_path: Path) -> None:
    engine = Cluster(cluster.address, nothing, pool_work.once_slow, 1)
    killer = threading.Thread(target=kill_who_began, args=(tmp_path / "began",))
    killer.start()
    (one,) = engine.run([tmp_path / "began"])
    killer.join()
    assert (one.result, one.failure) == ("done at the second try", "")


def kill_who_began(mark: Path) -> None:
    import psutil

    while not mark.exists() or not mark.read_text():
        time.sleep(0.05)
    psutil.Process(int(mark.read_text())).kill()


def test_an_item_that_hangs_is_given_up_and_its_worker_replaced(cluster: LocalCluster) -> None:
    found = ended(cluster, ["a", "hang", "b"], jobs=1, limits=Limits(seconds=2.0))
    assert [one.failure for one in found] == ["", "It did not end within 0.0333 minutes.", ""]
    assert found[0].result[1] != found[2].result[1]


def test_a_worker_that_keeps_much_of_its_memory_is_replaced(cluster: LocalCluster) -> None:
    found = ended(cluster, ["a", "grow", "grow", "b"], jobs=1)
    pids = [one.result[1] for one in found]
    # 160 + 2 x 200 MB are more than 0.7 of 700, and less than 0.95, at which dask itself ends a worker
    assert pids[0] == pids[1] == pids[2] != pids[3]


@pytest.mark.parametrize(
    ("prepare", "error", "words"),
    [
        (pool_work.unusable, InputError, r"None of 4 workers can do this work\. There is no model\. Name one\."),
        (pool_work.defect, RuntimeError, r"(?s)Traceback.*ZeroDivisionError: ours"),
        (pool_work.dies, EngineLostError, r"3 workers in turn were lost as they loaded the model"),
    ],
)
def test_a_preparation_that_fails_ends_the_run(
    cluster: LocalCluster, prepare: object, error: type[Exception], words: str
) -> None:
    assert callable(prepare)
    with pytest.raises(error, match=words):
        list(Cluster(cluster.address, prepare, do).run(["a", "b"]))


def test_a_worker_without_the_library_is_told_of_once_and_left_out(cluster: LocalCluster, tmp_path: Path) -> None:
    (tmp_path / "AGE2HIELib").mkdir()
    (tmp_path / "AGE2HIELib" / "__init__.py").write_text("raise ImportError('this one stands for none')")
    said: list[str] = []
    before = len(cluster.workers())
    cluster.add_workers(1, PYTHONPATH=str(tmp_path))
    while len(cluster.workers()) <= before:
        time.sleep(0.1)
    engine, items = Cluster(cluster.address, nothing, do), ["a"] * 5
    while not said:
        assert all(one.result[0] == "a" for one in engine.run(items, Listener(said=said.append)))
    assert len(said) == 1
    assert "left out. It has no age2hie" in said[0]
    added = cluster.started.pop()
    added.terminate()
    added.wait()


def test_a_worker_of_another_version_or_state_refuses_in_one_sentence() -> None:
    task = ClusterTask.of("run", nothing, do)
    with pytest.raises(InputError, match=r"It has age2hie \S+, and this call is of 9\.9\. Start the workers again"):
        prepare_here(replace(task, version="9.9"))
    with pytest.raises(InputError, match="It has loaded another state of age2hie"):
        prepare_here(replace(task, sources="0" * 64))
    with pytest.raises(InputError, match="does not find the folder 'nowhere' of the checkout"):
        prepare_here(replace(task, packages=(Path("nowhere"),)))
    assert not cluster_worker._prepared


def test_the_state_of_the_sources_is_over_names_and_content(tmp_path: Path) -> None:
    found = set()
    for name, text in (("a.py", b"x = 1\n"), ("b.py", b"x = 1\n"), ("a.py", b"x = 2\n")):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        (folder / name).write_bytes(text)
        found.add(sources_sha256((folder,)))
    assert len(found) == 3
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows" / "a.py").write_bytes(b"x = 1\r\n")
    assert sources_sha256((tmp_path / "windows",)) in found


def test_engine_and_scheduler_go_together() -> None:
    check_scheduler("local", None)
    check_scheduler("dask", "tcp://head:8786")
    with pytest.raises(InputError, match="needs --scheduler ADDRESS"):
        check_scheduler("dask", None)
    with pytest.raises(InputError, match="Add that, or leave it out"):
        check_scheduler("local", "tcp://head:8786")


@pytest.mark.parametrize("address", ["nonsense", "nonsense://x:8786", "tcp://head", "tcp://head:port", "tcp://:8786"])
def test_what_is_no_address_is_refused_before_a_scan_is_looked_for(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output, engine = tmp_path / "out", ("--engine", "dask", "--scheduler", address)
    code, out, err = run(capfd, "batch", tmp_path / "absent", "--output", output, *engine)
    assert_refused_in_one_line(code, out, err)
    assert f"--scheduler is '{address}', which is no address" in err
    assert not output.exists()


@pytest.mark.parametrize("address", ["head:8786", "tls://10.1.2.3:8786", "tcp://[fe80::1%eth0]:8786"])
def test_addresses_as_dask_writes_them_are_taken(address: str) -> None:
    check_scheduler("dask", address)


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:9", "no-such-host.invalid:8786", "tcp://127.0.0.1:99999", "tcp://a..b:1"]
)
def test_a_scheduler_that_is_not_there_is_one_sentence_without_dasks_patience(address: str) -> None:
    begun = time.monotonic()
    with pytest.raises(InputError, match=f"The scheduler '{address}' does not answer"):
        list(Cluster(address, nothing, do).run(["a"]))
    assert time.monotonic() - begun < 15


def test_a_port_that_is_another_programs_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("AGE2HIELib.batch.cluster_client._CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InputError, match=f"The scheduler '{address}' does not answer"):
            list(Cluster(address, nothing, do).run(["a"]))


def test_a_program_that_greets_with_text_is_no_scheduler() -> None:
    """dask took SSH's greeting for a length of message, and asked for so much memory."""
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            with other.accept()[0] as connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")

        threading.Thread(target=greet, daemon=True).start()
        address = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(InputError, match="another program than a scheduler listens there"):
            list(Cluster(address, nothing, do).run(["a"]))


def test_a_scheduler_that_is_killed_ends_the_run_in_one_sentence(cluster: LocalCluster) -> None:
    """The last test of this cluster."""
    run = Cluster(cluster.address, nothing, do).run(["a", "hang", "hang", "hang", "hang", "b"])
    assert next(run).result[0] == "a"
    cluster.scheduler.kill()
    with pytest.raises(EngineLostError, match=r"The scheduler tcp://\S+ is gone\. Start it and its workers again\."):
        list(run)
