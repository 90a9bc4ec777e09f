"""Over many short cases a worker, the client and the scheduler of a cluster are killed, one after the other."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

from batch import events, told_wrong, undisturbed
from batch_cases import PREDICTED
from clusters import LocalCluster
from engine_scene import Scene, cluster_of, on

from AGE2HIELib.batch.table import read_table

WORKER, CLIENT, SCHEDULER = "workers", "client", "scheduler"
FIRST_CALL = {WORKER: 0.1, CLIENT: 0.4}  # at which share of the cases what is killed
SECOND_CALL = {SCHEDULER: 0.7}
SHORT = ("sound 6mm", "no image", "no scan", "truncated", "two scans")  # kinds of cases
LONG = 6  # cases that are predicted


@dataclass
class Faults:
    """``killed``: what, at which share of the cases; ``codes``: how each call ended; ``wrong``: rows in the end."""

    killed: dict[str, float] = field(default_factory=dict)
    codes: list[int | None] = field(default_factory=list)
    wrong: int = 0

    @property
    def survived(self) -> bool:
        return self.killed.keys() == FIRST_CALL.keys() | SECOND_CALL.keys() and not self.wrong


def faults(scene: Scene, count: int) -> Faults:
    """Three calls over the same cases, of which a few take seconds; every row must be that of its kind."""
    scene = scene.only(SHORT, scene.folder / "of faults")
    made = scene.link("short", count, predicted=LONG)
    wanted = undisturbed(scene.folder, scene.codes, scene.more)
    found = Faults()
    with cluster_of(scene, 2) as cluster:
        for kills in (FIRST_CALL, SECOND_CALL):
            found.codes.append(_disturbed(scene, cluster, made, kills, found))
            found.wrong += told_wrong("after a kill", read_table(scene.folder / "kept"), made, wanted, complete=False)
    with cluster_of(scene, 2) as cluster:
        last = subprocess.run(scene.batch("short", "kept", *on(cluster), "--progress", "none"), check=False)
    found.codes.append(last.returncode)
    found.wrong += told_wrong("at the end", read_table(scene.folder / "kept"), made, wanted, complete=True)
    return found


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
