"""``kill -9`` at random moments of ``predict`` and ``batch``: what is left, and what the next run makes of it.

    python benchmark/kills.py [--only predict|batch] [--times 30] [--seed 0] [--model DIR] [--cases 3]

After each kill: the output is absent, the earlier one to the byte, or the whole new one; no worker goes on. After the
second run: the output is that of an undisturbed run (times aside), and no hidden file is left beside it. Every other
kill finds an earlier result of other scans and ``--overwrite``; of ``batch`` every other kill spares the workers, which
must end by themselves. Half of the moments lie anywhere in the run, half in its last fifth, where results are written.
Ends with 1 where one of this does not hold.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from figures import Figures

COMMANDS = ("predict", "batch")
STARTS = 0.5  # seconds; before, there is only an interpreter that loads
SOONER = 0.85  # of the moment, where a run had ended before it
LEAVE_S = 30.0  # for workers whose parent was killed
_SECONDS = re.compile(r"<dt>Seconds</dt>.*?</dd>")


@dataclass(frozen=True)
class Trial:
    """``moment_s`` after the start; ``earlier``: a result of other scans is there; ``workers``: they are killed too."""

    number: int
    moment_s: float
    earlier: bool
    workers: bool


@dataclass(frozen=True)
class Scene:
    """``wanted``: what an undisturbed run makes of ``scans``; ``before``: the folder that one made of other scans."""

    command: str
    scans: Path
    wanted: dict[str, str]
    before: Path
    model: tuple[str, ...]
    scratch: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=COMMANDS)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--cases", type=int, default=3, help="of the batch")
    options = parser.parse_args()
    model = ("--model", str(options.model.resolve())) if options.model else ()
    wrong, figures = 0, Figures("kills")
    with tempfile.TemporaryDirectory() as folder:
        make_scans(Path(folder), options.cases)
        for command in (options.only,) if options.only else COMMANDS:
            failed = kill_often(command, Path(folder), model, options)
            figures.add(f"{command}/kills", options.times)
            figures.add(f"{command}/held", options.times - failed)
            wrong += failed
    figures.write(model=options.model is None)
    sys.exit(1 if wrong else 0)


def make_scans(folder: Path, cases: int) -> None:
    """``scans/`` and, for the earlier results, ``others/`` with the same names."""
    for kind, first in (("scans", 1), ("others", 101)):
        for number in range(cases):
            made = folder / f"{kind}-{number}"
            injury = ("bgt", "none", "watershed")[number % 3]
            what = ("--seed", str(first + number), "--format", "mha", "--acquisition", "6mm", "--injury", injury)
            subprocess.run(program("phantom", "--output", str(made), *what), check=True, capture_output=True)
            (folder / kind).mkdir(exist_ok=True)
            (made / "adc.mha").rename(folder / kind / f"infant-{number}.mha")


def kill_often(command: str, folder: Path, model: tuple[str, ...], options: argparse.Namespace) -> int:
    whole = folder / command
    whole.mkdir()
    name = "infant-0.mha" if command == "predict" else ""
    undisturbed = []
    for kind in ("others", "scans"):
        start = time.perf_counter()
        run(command, folder / kind / name, whole / kind, model, whole)
        undisturbed.append(time.perf_counter() - start)
    scene = Scene(command, folder / "scans" / name, content(whole / "scans"), whole / "others", model, whole)
    print(f"{command}: {undisturbed[1]:.1f} s undisturbed; kill -9 {options.times} times, seed {options.seed}")
    print(f"{'kill':>4} {'at s':>6} {'earlier':>8} {'killed':>8}  {'found':<34} {'left over':>9} {'next run':>9}  held")
    trials = list(planned(options.times, undisturbed[1], options.seed))
    wrong = sum(not held(scene, trial) for trial in trials)
    print(f"{command}: {len(trials) - wrong} of {len(trials)} held")
    return wrong


def planned(times: int, seconds: float, seed: int) -> Iterator[Trial]:
    rng = np.random.default_rng(seed)
    for number in range(times):
        first = STARTS if number % 4 < 2 else 0.8 * seconds
        yield Trial(number, float(rng.uniform(first, seconds)), number % 2 == 1, number % 4 in (0, 3))


def held(scene: Scene, trial: Trial) -> bool:
    """One kill and one run after it, told in a line."""
    place = scene.scratch / f"kill-{trial.number}"
    output, more = place / "output", ("--overwrite",) if trial.earlier else ()
    before, moment_s = content(scene.before) if trial.earlier else {}, trial.moment_s
    while not killed(scene, trial, place, moment_s, (*scene.model, *more)):
        moment_s *= SOONER  # the run had ended: the computer has less to do than when it was undisturbed
    gone = workers_gone(place)
    found, left = content(output), hidden(place)
    whole = finished(scene, before, found)
    code = run(scene.command, scene.scans, output, (*scene.model, *more), place)
    # predict leaves what is there: a run that was killed as it left has done everything
    done = code == 0 or (scene.command == "predict" and code == 2 and found == scene.wanted)
    right = done and content(output) == scene.wanted and (code == 2 or hidden(place) == 0)
    told = in_words(scene, before, found) if whole else "NEITHER OLD NOR NEW"
    line = f"{trial.number:>4} {moment_s:>6.2f} {'yes' if trial.earlier else 'no':>8} "
    line += f"{'all' if trial.workers else 'parent':>8}  {told:<34} {left:>9} {'equal' if right else 'WRONG':>9}  "
    print(line + ("yes" if whole and gone and right else "NO" if gone else "NO: workers live on"), flush=True)
    shutil.rmtree(place)
    return whole and gone and right


def killed(scene: Scene, trial: Trial, place: Path, moment_s: float, more: tuple[str, ...]) -> bool:
    """Start a run on a fresh place and kill it; False where it had ended before."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if trial.earlier:
        shutil.copytree(scene.before, place / "output")
    with started(scene.command, scene.scans, place / "output", more, place) as process:
        time.sleep(moment_s)
        if process.poll() is not None:
            return False
        (os.killpg if trial.workers else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
    return True


def finished(scene: Scene, before: dict[str, str], found: dict[str, str]) -> bool:
    """Every unit (the result of predict; of batch each case and the table) is the earlier, the wanted, or not there."""
    for unit in {unit_of(name) for name in (*scene.wanted, *before, *found)}:
        if unit == "cases.tsv":
            continue  # rows as cases end: looked at by in_words
        parts = [{n: one for n, one in files.items() if unit_of(n) == unit} for files in (found, before, scene.wanted)]
        if parts[0] not in (parts[1], parts[2]):
            return False
    return not any(name.startswith("cases.tsv") for name in found) or found["cases.tsv"] != "broken"


def in_words(scene: Scene, before: dict[str, str], found: dict[str, str]) -> str:
    units = {unit_of(name) for name in scene.wanted} - {"cases.tsv"}
    new = sum(all(found.get(n) == one for n, one in scene.wanted.items() if unit_of(n) == unit) for unit in units)
    if scene.command == "predict":
        return "the new one" if new else "the earlier one" if before else "nothing"
    rows = found.get("cases.tsv", "").count("\n")
    return f"{new} new, {len(units) - new if before else 0} earlier cases, {rows} rows"


def unit_of(name: str) -> str:
    return name.split("/")[0] if "/" in name else ("cases.tsv" if name == "cases.tsv" else "result")


def content(folder: Path) -> dict[str, str]:
    """What each file says, times left out: a digest, and of the table of a batch its rows."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): meaning(path)
        for path in files
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def meaning(path: Path) -> str:
    if path.name == "cases.tsv":
        return table(path)
    data = path.read_bytes()
    if path.name == "result.json":
        data = json.dumps({**json.loads(data), "timing_s": None}).encode()
    elif path.name == "report.html":
        data = _SECONDS.sub("", data.decode("utf-8")).encode()
    elif path.suffix == ".h5":
        placed = sitk.ReadTransform(str(path))  # its file holds the hour
        data = repr((placed.GetFixedParameters(), placed.GetParameters())).encode()
    elif path.suffix == ".gz":
        data = gzip.decompress(data)  # the packed one holds the hour
    return hashlib.sha256(data).hexdigest()


def table(path: Path) -> str:
    """Rows without their seconds; "broken" where one is not whole."""
    text = path.read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines())
    at = header.index("seconds")
    if not text.endswith("\n") or any(len(row) != len(header) for row in rows):
        return "broken"
    return "\n".join("\t".join(row[:at] + row[at + 1 :]) for row in (header, *rows))


def hidden(place: Path) -> int:
    """Temporary files and folders in the output, beside it, and in the folder for temporary ones."""
    nearby = [*place.iterdir(), *((place / "output").iterdir() if (place / "output").is_dir() else [])]
    return sum(path.name.startswith(".") for path in nearby) + len(list((place / "tmp").iterdir()))


def workers_gone(place: Path) -> bool:
    """The processes of a run know its folder for temporary files."""
    mark = f"TMPDIR={place / 'tmp'}".encode()
    end = time.monotonic() + LEAVE_S
    while time.monotonic() < end:
        if not any(mark in environment(process) for process in Path("/proc").glob("[0-9]*")):
            return True
        time.sleep(0.1)
    return False


def environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


@contextmanager
def started(
    command: str, scans: Path, output: Path, more: tuple[str, ...], place: Path
) -> Iterator[subprocess.Popen[str]]:
    (place / "tmp").mkdir(exist_ok=True)
    jobs = ("--jobs", "2") if command == "batch" else ()
    arguments = program(command, str(scans), "--output", str(output), "--progress", "none", *jobs, *more)
    there = {**os.environ, "TMPDIR": str(place / "tmp")}
    with (place / "said").open("w") as said:
        yield subprocess.Popen(arguments, env=there, stdout=said, stderr=said, text=True, start_new_session=True)


def run(command: str, scans: Path, output: Path, more: tuple[str, ...], place: Path) -> int:
    with started(command, scans, output, more, place) as process:
        return process.wait()


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "AGE2HIELib.cli", *arguments]


if __name__ == "__main__":
    main()
