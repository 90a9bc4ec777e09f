"""``age2hie batch --engine dask`` beside the local engine: equal rows, faults survived, overhead, scaling; one table.

    python benchmark/engine.py [rows] [faults] [overhead] [scaling] [real] [--model DIR] [--seed 0]
        [--cases 200] [--predicted 20] [--short 1000] [--real 6]

A scheduler and workers in processes of their own on this computer, as ``Testing/clusters.py`` starts them.

rows      the same cases by both engines: ``cases.tsv`` must be the same to the byte but for ``seconds``. Cases are
          links to three sound scans and to folders that are refused or not readable (``batch_cases.py``).
faults    over many short cases both workers are killed after a tenth, the client after 40 %, and in the next call the
          scheduler after 70 %; a third call ends it. Every row must be that of its kind.
overhead  an item that does nothing, on one worker, beside a case that is predicted.
scaling   items that sleep, since these share no core, by 1, 2 and 4 workers: time of one worker over time of n over n.
real      the same with cases that are predicted, as far as the cores go.

Ends with 1 where rows are wrong.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

sys.path[:0] = [str(Path(__file__).parents[1] / "Testing"), str(Path(__file__).parents[1])]

from batch import events  # noqa: E402
from batch_cases import PREDICTED, make_kinds  # noqa: E402
from clusters import LocalCluster  # noqa: E402
from engine_faults import faults  # noqa: E402
from engine_scene import Scene, cluster_of, on  # noqa: E402
from figures import Figures  # noqa: E402
from pool_work import nothing, rest  # noqa: E402

from AGE2HIELib.batch.cluster import Cluster  # noqa: E402
from AGE2HIELib.batch.engine import Listener  # noqa: E402
from AGE2HIELib.batch.table import TABLE, read_table  # noqa: E402

PARTS = ("rows", "faults", "overhead", "scaling", "real")
WORKERS = (1, 2, 4)
REFUSED_SHARE = 0.02  # of the cases of rows
SLEEP_S, SLEEPS = 4.0, 16  # about as long as a case
IDLE_ITEMS, SOME = 1000, 3  # items that do nothing; cases that are predicted twice
WHO = ("client", "scheduler", "worker")
SECONDS = b"seconds"  # column of the table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless given")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the order of the cases")
    parser.add_argument("--cases", type=int, default=200, help="of rows")
    parser.add_argument("--predicted", type=int, default=20, help="of the cases of rows")
    parser.add_argument("--short", type=int, default=1000, help="cases of faults")
    parser.add_argument("--real", type=int, default=6, help="predicted cases of real")
    options = parser.parse_args()
    table, wrong = {}, 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "kinds").mkdir()
        more = ["--model", str(options.model.resolve())] if options.model else []
        scene = Scene(folder, make_kinds(folder / "kinds"), more, options.seed)
        for part in options.parts or PARTS:
            kept = Figures(f"engine-{part}")
            match part:
                case "rows":
                    table[part], unequal = compare_rows(scene, options.cases, options.predicted, kept)
                    wrong += unequal
                case "faults":
                    found = faults(scene, options.short)
                    at = ", ".join(f"{what} at {share:.0%}" for what, share in found.killed.items())
                    table[part] = f"{options.short} short cases, killed: {at}; exit codes {found.codes}; "
                    table[part] += f"rows that are not those of their kind: {found.wrong}"
                    wrong += not found.survived
                    kept.add("cases", options.short)
                    for what, share in found.killed.items():
                        kept.add(f"{what}/killed-at", 100 * share, "%")
                    kept.add("wrong", found.wrong)
                case "overhead":
                    table[part] = measure_overhead(scene, kept)
                case "scaling":
                    table[part] = f"{SLEEPS} items that sleep {SLEEP_S} s: {measure_scaling(scene, kept)}"
                case "real":
                    scene.link("real", options.real, predicted=options.real)
                    table[part] = f"{options.real} cases: {measure_real_scaling(scene, kept)}"
                case _:
                    parser.error(f"there is no part {part}: choose of {', '.join(PARTS)}")
            kept.write(model=options.model is None)
    print("| part | measured |\n| --- | --- |")
    print("\n".join(f"| {part} | {measured} |" for part, measured in table.items()))
    sys.exit(1 if wrong else 0)


def compare_rows(scene: Scene, count: int, predicted: int, kept: Figures) -> tuple[str, int]:
    """(in words, rows that differ)."""
    scene.link("cases", count, predicted=predicted, refused=round(REFUSED_SHARE * count))
    local_s = seconds_of(scene.batch("cases", "local", "--jobs", "2"))
    with cluster_of(scene, 2) as cluster:
        dask_s = seconds_of(scene.batch("cases", "dask", *on(cluster)))
    here, there = (lines_without_seconds(scene.folder / name / TABLE) for name in ("local", "dask"))
    equal = sum(one == other for one, other in zip(here[1:], there[1:], strict=False))
    codes = [row.exit_code for row in read_table(scene.folder / "dask").values()]
    kept.add("cases", count)
    kept.add("equal", equal)
    kept.add("predicted", codes.count(PREDICTED))
    words = f"{equal} of {count} equal to the byte but for seconds; {codes.count(PREDICTED)} were predicted"
    return f"{words} by each engine; local {local_s:.0f} s, dask {dask_s:.0f} s, two processes each", count - equal


def seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([*command, "--progress", "none"], check=False)
    return time.perf_counter() - start


def lines_without_seconds(table: Path) -> list[bytes]:
    """The head and a line for each case, as they are in the file."""
    head, *lines = table.read_bytes().rstrip(b"\n").split(b"\n")
    place = head.split(b"\t").index(SECONDS)
    return [b"\t".join(cell for n, cell in enumerate(line.split(b"\t")) if n != place) for line in (head, *lines)]


def measure_overhead(scene: Scene, kept: Figures) -> str:
    """Seconds as the clock has them depend on what else the computer does; processor time does so less."""
    scene.link("some", SOME, predicted=SOME)
    with cluster_of(scene, 1) as cluster:
        seconds_of_items(cluster, [0.0])  # what is loaded once
        before = processor_times(cluster)
        idle = seconds_of_items(cluster, [0.0] * IDLE_ITEMS) / IDLE_ITEMS
        each = (processor_times(cluster) - before) / IDLE_ITEMS
        for more in ((), ("--overwrite",)):  # the second has loaded torch
            before = processor_times(cluster)
            seconds_of(scene.batch("some", "some-done", *on(cluster), *more))
        case_cpu = float((processor_times(cluster) - before)[-1]) / SOME
    case = float(np.median([row.seconds or 0.0 for row in read_table(scene.folder / "some-done").values()]))
    for who, spent in zip(("item", *WHO), (each.sum(), *each), strict=True):
        kept.add(f"processor/{who}", 1e3 * spent, "ms")
    kept.add("processor/case", case_cpu, "s")
    kept.add("processor/share", 100 * each.sum() / case_cpu, "%")
    kept.add("clock/item", 1e3 * idle, "ms")
    kept.add("clock/case", case, "s")
    kept.add("clock/share", 100 * idle / case, "%")
    parts = ", ".join(f"{1e3 * spent:.1f} {who}" for who, spent in zip(WHO, each, strict=True))
    return (
        f"{IDLE_ITEMS} items that do nothing, one worker: processor time {1e3 * each.sum():.1f} ms an item ({parts}), "
        f"{each.sum() / case_cpu:.2%} of the {case_cpu:.1f} s of a case; by the clock {1e3 * idle:.0f} ms and "
        f"{case:.1f} s, {idle / case:.2%}"
    )


def processor_times(cluster: LocalCluster) -> np.ndarray:
    """Seconds of this process, of the scheduler, and of all workers."""
    workers = [process.cpu_times() for process in cluster.workers()]
    scheduler = psutil.Process(cluster.scheduler.pid).cpu_times()
    spent = [time.process_time(), *(sum(t.user + t.system for t in times) for times in ([scheduler], workers))]
    return np.array(spent)


def measure_scaling(scene: Scene, kept: Figures) -> str:
    took = {}
    for workers in WORKERS:
        with cluster_of(scene, workers) as cluster:
            seconds_of_items(cluster, [SLEEP_S] * 2 * workers)  # what is loaded once
            took[workers] = seconds_of_items(cluster, [SLEEP_S] * SLEEPS)
    return in_words(took, kept)


def measure_real_scaling(scene: Scene, kept: Figures) -> str:
    took = {}
    for workers in WORKERS:
        with cluster_of(scene, workers) as cluster:
            took[workers] = seconds_of_cases(scene.batch("real", f"real-{workers}", *on(cluster)))
    return in_words(took, kept)


def in_words(took: dict[int, float], kept: Figures) -> str:
    """Seconds by workers, and the efficiency: of one worker over those of n over n."""
    efficiency = {n: took[1] / seconds / n for n, seconds in took.items()}
    for n, seconds in took.items():
        kept.add(f"seconds/{n}", seconds, "s")
        kept.add(f"efficiency/{n}", efficiency[n])
    return "; ".join(f"{n} worker{'s' if n > 1 else ''} {took[n]:.1f} s ({efficiency[n]:.2f})" for n in took)


def seconds_of_items(cluster: LocalCluster, items: list[float]) -> float:
    """From the beginning of the first to the end of the last; by then the first worker is prepared."""
    began: list[float] = []
    listener = Listener(began=lambda _number: began.append(time.perf_counter()))
    for _ in Cluster(cluster.address, nothing, rest).run(items, listener):
        pass
    return time.perf_counter() - began[0]


def seconds_of_cases(command: list[str]) -> float:
    """The same for a batch."""
    began, ended = 0.0, 0.0
    with subprocess.Popen([*command, "--progress", "jsonl"], stdout=subprocess.PIPE, text=True) as batch:
        for event in events(batch):
            ended = time.perf_counter()
            began = began or (ended if event["event"] == "stage" else 0.0)
    return ended - began


if __name__ == "__main__":
    main()
