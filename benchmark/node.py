"""``age2hie node`` beside a real Orthanc: studies in, killed on the way, every object out once; hostile senders.

    python benchmark/node.py [--studies 50] [--kills 2] [--hostile 600] [--seed 0] [--stub] [--model DIR] [--output F]

Needs Debian's orthanc and dcmtk. Studies are synthetic (five phantoms under a patient's name each), sent by storescu,
predicted by the real application (--stub: a stand-in, for many kills) and sent back with storage commitment asked for.
Each kill is SIGKILL at a random moment of a random step. Then every study is queried by findscu, every object is
opened, and log, page, figures, queue and names of files are searched for every identifier. Ends with 1 where one of
this does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "Testing"), str(Path(__file__).parents[1])]

from figures import Figures  # noqa: E402
from hostile import attack  # noqa: E402
from pacs import (  # noqa: E402
    Orthanc,
    echo,
    identifiers,
    node_file,
    orthanc,
    pacs_lacks,
    running_node,
    store,
    study_of,
    wait_until,
)

from AGE2HIELib.node.config import read_config  # noqa: E402
from AGE2HIELib.node.settings import NodeSettings  # noqa: E402
from AGE2HIELib.phantom.write import write_phantom  # noqa: E402

INJURIES = ("none", "bgt", "watershed", "near-total", "none")
_LONGEST_S = 7200.0
_FIGURES = {  # rows of the table that are one number, by their names among the results
    "studies sent in": "studies",
    "images sent in": "images",
    "killed with SIGKILL": "kills",
    "studies in the state sent": "sent",
    "commitments received": "committed",
    "studies whose objects are in the PACS": "studies-with-objects",
    "objects in the PACS (REST)": "objects/made",
    "objects in the PACS (findscu)": "objects/listed",
    "UIDs more than once": "objects/twice",
    "objects with another patient or study": "objects/of-another-study",
    "seconds of a prediction (median)": "prediction/seconds",
    "memory of a prediction (MB, largest)": "memory/prediction-mb",
    "hostile attempts": "hostile/attempts",
    "its memory afterwards (MB)": "memory/node-mb",
    "identifiers searched for": "identifiers/searched",
    "identifiers found in log, page, figures, queue, names": "identifiers/found",
}


@dataclass
class Scene:
    """``studies``: UIDs by number, whose files lie in ``folder/in/NUMBER``."""

    folder: Path
    pacs: Orthanc
    config: Path
    settings: NodeSettings
    studies: list[str]
    stub: bool
    moments: list[str] = field(default_factory=list)

    def states(self) -> dict[str, str]:
        try:
            with sqlite3.connect(self.settings.folder / "queue.sqlite", timeout=30) as database:
                return dict(database.execute("SELECT key, state FROM studies").fetchall())
        except sqlite3.OperationalError:
            return {}

    def ended(self) -> bool:
        states = list(self.states().values())
        return len(states) == len(self.studies) and set(states) <= {"sent", "failed", "skipped"}

    def events(self) -> list[dict[str, object]]:
        assert self.settings.log is not None
        return [json.loads(line) for line in self.settings.log.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=50)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--hostile", type=int, default=600, help="attempts")
    parser.add_argument("--stub", action="store_true", help="a stand-in for the prediction, and one series a study")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--output", type=Path, help="file for the table (Markdown)")
    options = parser.parse_args()
    if pacs_lacks():
        sys.exit(f"There is no {pacs_lacks()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with orthanc(folder / "orthanc") as pacs:
            scene = make_scene(folder, pacs, options)
            began = time.monotonic()
            feed_and_kill(scene, options.kills, random.Random(options.seed))
            seconds = time.monotonic() - began
            rows = judged(scene, seconds)
            rows += hostile(scene, options.hostile, options.seed)
    table = "\n".join(["| | found | wanted |", "| --- | --- | --- |", *(f"| {a} | {b} | {c} |" for a, b, c in rows)])
    print(table)
    figures = Figures("node-stub" if options.stub else "node")
    for name, found, _ in rows:
        if name in _FIGURES:
            figures.add(_FIGURES[name], float(str(found)))
    for number, words in enumerate(scene.moments, 1):
        for part in words.split(", "):
            figures.add(f"kill-{number}/{part.split()[1]}", int(part.split()[0]))
    figures.write(model=options.model is None)
    if options.output:
        options.output.write_text(table + "\n", encoding="utf-8")
    sys.exit(any(wanted not in ("", str(found)) for _, found, wanted in rows))


def make_scene(folder: Path, pacs: Orthanc, options: argparse.Namespace) -> Scene:
    tables = {"pacs": "commitment = true", "predict": f"model = '{options.model.resolve()}'" if options.model else ""}
    config = node_file(folder / "node", pacs=pacs, tables=tables)
    sources = []
    for seed, injury in enumerate(INJURIES):
        (folder / f"phantom-{seed}").mkdir()
        made = write_phantom(
            folder / f"phantom-{seed}", seed=seed, file_format="dicom", injury=injury, acquisition="6mm"
        )
        sources.append(made)
    studies = [
        study_of(
            number,
            sources[number % len(sources)],
            folder / "in" / str(number),
            pattern="006-*" if options.stub else "*",
        )
        for number in range(options.studies)
    ]
    return Scene(folder, pacs, config, read_config(config), studies, options.stub)


def feed_and_kill(scene: Scene, kills: int, chance: random.Random) -> None:
    """Start the node again after each kill, while studies are sent until each has been taken."""
    sender = threading.Thread(target=feed, args=(scene,), daemon=True)
    count = len(scene.studies)
    with_sent = sorted(chance.sample(range(max(kills + 1, count - 1)), kills))
    for number in [*with_sent, None]:
        with running_node(scene.config, stub=scene.stub) as node:
            wait_until(lambda: echo(scene.settings.listen.port) == 0, 120, "the node listens")
            if sender.ident is None:
                sender.start()
            if number is None:
                wait_until(scene.ended, _LONGEST_S, "all studies have ended")
                continue
            wait_until(lambda: sent(scene) >= number, _LONGEST_S, f"{number} are sent")  # noqa: B023
            time.sleep(chance.uniform(0, 2 if scene.stub else 12))
            scene.moments.append(moment(scene))
            os.kill(node.pid, signal.SIGKILL)
            node.wait()
    sender.join(60)


def sent(scene: Scene) -> int:
    return sum(state == "sent" for state in scene.states().values())


def moment(scene: Scene) -> str:
    """Studies by state when the node was killed."""
    found = Counter(scene.states().values())
    return ", ".join(f"{count} {state}" for state, count in sorted(found.items()))


def feed(scene: Scene) -> None:
    """As a PACS does: what was not taken is sent again."""
    for number in range(len(scene.studies)):
        while store(scene.folder / "in" / str(number), scene.settings.listen.port).returncode != 0:
            time.sleep(1)


Row = tuple[str, object, str]


def judged(scene: Scene, seconds: float) -> list[Row]:
    count, events = len(scene.studies), scene.events()
    wanted = {str(one["study"]): one["of"] for one in events if one["event"] == "sending"}
    predicted = Counter(str(one["result"]) for one in events if one["event"] == "prediction")
    listed, wrong, uids, classes = 0, 0, Counter[str](), Counter[str]()
    with_objects = 0
    for number, study in enumerate(scene.studies):
        objects = scene.pacs.objects(study)
        with_objects += bool(objects)
        listed += scene.pacs.found_by_query(study)
        for one in objects:
            uids[str(one.SOPInstanceUID)] += 1
            classes[one.SOPClassUID.name] += 1
            wrong += str(one.PatientID) != f"MRN-77319{number:03d}" or one.StudyInstanceUID != study
    states = Counter(scene.states().values())
    return [
        ("studies sent in", count, str(count)),
        ("images sent in", sum(1 for _ in scene.folder.glob("in/*/*.dcm")), ""),
        ("killed with SIGKILL", len(scene.moments), ""),
        *((f"at kill {number}", words, "") for number, words in enumerate(scene.moments, 1)),
        ("studies in the state sent", states["sent"], str(count)),
        ("studies whose objects are in the PACS", with_objects, str(count)),
        ("objects in the PACS (REST)", sum(uids.values()), str(sum(int(str(one)) for one in wanted.values()))),
        ("objects in the PACS (findscu)", listed, str(sum(uids.values()))),
        ("UIDs more than once", sum(many > 1 for many in uids.values()), "0"),
        ("objects with another patient or study", wrong, "0"),
        ("kinds of objects", ", ".join(f"{many} {name}" for name, many in sorted(classes.items())), ""),
        ("predictions", ", ".join(f"{many} {name}" for name, many in sorted(predicted.items())), ""),
        ("commitments received", sum(one["event"] == "sent" for one in events), ""),
        ("seconds", f"{seconds:.0f}", ""),
        ("seconds of a prediction (median)", median([one["seconds"] for one in events if "seconds" in one]), ""),
        ("memory of a prediction (MB, largest)", max([0.0, *_peaks(events)]), ""),
    ]


def _peaks(events: Sequence[dict[str, object]]) -> list[float]:
    return [float(str(one["peak_mb"])) for one in events if one.get("peak_mb")]


def median(values: Sequence[object]) -> str:
    ordered = sorted(float(str(value)) for value in values)
    return f"{ordered[len(ordered) // 2]:.1f}"


def hostile(scene: Scene, attempts: int, seed: int) -> list[Row]:
    """The same node on the same queue, attacked; then everything that it has told or kept is searched."""
    before, objects = scene.states(), scene.pacs.count()
    port = scene.settings.listen.port
    with running_node(scene.config, stub=scene.stub) as node:
        wait_until(lambda: echo(port) == 0, 120, "the node listens")
        kinds = attack(port, attempts, seed=seed)
        alive = node.poll() is None and echo(port) == 0
        time.sleep(3 * scene.settings.quiet_s)
        told = {
            path: urllib.request.urlopen(f"http://127.0.0.1:{scene.settings.monitor.port}{path}", timeout=30).read()
            for path in ("/", "/metrics")
        }
        memory_mb = memory_of(node)
        node.terminate()
        said, _ = node.communicate(timeout=60)
    queue = scene.settings.folder
    assert scene.settings.log is not None
    told |= {"log": scene.settings.log.read_bytes(), "said": said.encode()}
    told["queue"] = b"".join(path.read_bytes() for path in queue.glob("queue.sqlite*"))
    told["names"] = b"".join(os.fsencode(path) for path in queue.rglob("*"))
    words = identifiers(range(len(scene.studies)), scene.studies)
    hits = [f"{word.decode()} in {what}" for word in words for what, text in told.items() if word in text]
    return [
        *((f"hostile: {kind}", many, "") for kind, many in sorted(kinds.items())),
        ("hostile attempts", sum(kinds.values()), str(attempts)),
        ("the node answers afterwards", alive, "True"),
        ("its memory afterwards (MB)", f"{memory_mb:.0f}", ""),
        ("studies that changed or came", len(set(scene.states().items()) ^ set(before.items())), "0"),
        ("objects in the PACS more than before", scene.pacs.count() - objects, "0"),
        ("left in the folder of incoming objects", len(list((queue / "incoming").iterdir())), "0"),
        ("identifiers searched for", len(words), ""),
        ("identifiers found in log, page, figures, queue, names", len(hits), "0"),
    ]


def memory_of(node: subprocess.Popen[str]) -> float:
    for line in Path(f"/proc/{node.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1e3
    return 0.0


if __name__ == "__main__":
    main()
