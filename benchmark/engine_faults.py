"""Over many short cases a worker, the client and the scheduler of a cluster are killed, one after the other."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

from batch import events, told_wrong, undisturbed
from batch_cases import PREDICTED
from clusters import LocalCluster
from engine_scene import Scene, cluster_of, on
from figures import Figures

from AGE2HIELib.batch.table import CaseRow, read_table

WORKER, CLIENT, SCHEDULER = "workers", "client", "scheduler"
FIRST_CALL = {WORKER: 0.1, CLIENT: 0.4}  # at which share of the cases what is killed
SECOND_CALL = {SCHEDULER: 0.7}
SHORT = ("sound 6mm", "no image", "no scan", "truncated", "two scans")  # kinds of cases
LONG = 6  # cases that are predicted


@dataclass
class Faults:
    """``killed``: what, at which share of the cases; of each call how it ended, its rows, and how many are wrong."""

    killed: dict[str, float] = field(default_factory=dict)
    codes: list[int | None] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)

    @property
    def survived(self) -> bool:
        return self.killed.keys() == FIRST_CALL.keys() | SECOND_CALL.keys() and not any(self.wrong)


def faults(scene: Scene, count: int) -> Faults:
    """Three calls over the same cases, of which a few take seconds; every row must be that of its kind."""
    scene = scene.only(SHORT, scene.folder / "of faults")
    made = scene.link("short", count, predicted=LONG)
    wanted = undisturbed(scene.folder, scene.codes, scene.more)
    found = Faults()
    with cluster_of(scene, 2) as cluster:
        for kills in (FIRST_CALL, SECOND_CALL):
            found.codes.append(_disturbed(scene, cluster, made, kills, found))
            _count(found, scene, made, wanted, complete=False)
    with cluster_of(scene, 2) as cluster:
        last = subprocess.run(scene.batch("short", "kept", *on(cluster), "--progress", "none"), check=False)
    found.codes.append(last.returncode)
    _count(found, scene, made, wanted, complete=True)
    return found


def _count(found: Faults, scene: Scene, made: dict[str, str], wanted: dict[str, CaseRow], *, complete: bool) -> None:
    rows, when = read_table(scene.folder / "kept"), "at the end" if complete else "after a kill"
    found.rows.append(len(rows))
    found.wrong.append(told_wrong(when, rows, made, wanted, complete=complete))


def figures_of(found: Faults, count: int) -> Figures:
    """Of calls from the first on; the share of the cases at which something was killed in per cent."""
    figures = Figures("engine-faults")
    figures.add("cases", count)
    figures.add("predicted", LONG)
    for what, share in found.killed.items():
        figures.add(f"killed/{what}", 100 * share, "% of the cases")
    for number, (rows, wrong) in enumerate(zip(found.rows, found.wrong, strict=True), start=1):
        figures.add(f"call-{number}/rows", rows)
        figures.add(f"call-{number}/right", rows - wrong)
    return figures


def _disturbed(
    scene: Scene, cluster: LocalCluster, made: dict[str, str], kills: dict[str, float], found: Faults
) -> int | None:
    """Its exit code. Both workers are killed as one begins a case that takes seconds: one at least has work in hand."""
    command, ended = scene.batch("short", "kept", *on(cluster), "--progress", "jsonl"), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        for event in events(client):
            if event["event"] == "case":
                ended = event["ended"] / event["of"]
            begins = event["event"] == "stage" and scene.codes[made[event["name"]]] == PREDICTED
            due = {what for what, share in kills.items() if ended >= share} - found.killed.keys()
            if WORKER in due and begins:
                for worker in cluster.workers():
                    worker.kill()
            elif CLIENT in due:
                client.kill()
            elif SCHEDULER in due:
                cluster.scheduler.kill()
            else:
                continue
            found.killed[next(what for what in kills if what in due)] = ended
    return client.returncode
