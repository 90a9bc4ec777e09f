"""``age2hie batch`` over a thousand cases: memory, seconds, a crash, a kill, and whether every row is right at the end.

    python benchmark/batch.py [--cases 1000] [--predicted 0.03] [--refused 0.02] [--jobs 2] [--model DIR] [--seed 0]

The cases are folders, links to a few kinds that ``batch_cases.py`` makes: sound scans, scans that the quality gate
refuses, and the rest not readable, which is what keeps the run short; the mix is printed. First one case of each kind
is done undisturbed. Then, over all of them, one worker is killed after a tenth of the cases, and everything with
``kill -9`` after half of them; the same call goes on. At the end every row must be that of its kind. Ends with 1 where
it is not.

Printed at 10 %, 50 % and 100 % of the cases: the most resident memory that a worker and the parent have had so far,
what workers keep after a prediction (median since the line before), seconds a case, and the time left that was told.
Memory is read from /proc, so Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from batch_cases import PREDICTED, REFUSED, UNUSABLE, link_cases, make_kinds, mixed
from figures import Figures

from AGE2HIELib.batch.table import CaseRow, read_table

AT = (0.1, 0.5, 1.0)
CRASH_AT, KILL_AT = 0.1, 0.5
ASKED_AT = (0.6, 0.8)  # when the time left is held against what it then took
CRASHED = 1


@dataclass
class Seen:
    """Of one call: MB, seconds since its start, and cases.

    Attributes:
        kept: MB of the worker after each prediction since the last line was printed.
        left: at how many cases which time left was told, and when.
        killed: workers.
        parent_mb: of the parent, whenever a line was printed.
    """

    start: float
    parent: int
    worker_peak: float = 0.0
    ended: int = 0
    kept: list[float] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    left: dict[int, tuple[float, float]] = field(default_factory=dict)
    killed: list[int] = field(default_factory=list)
    parent_mb: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--predicted", type=float, default=0.03, help="share of the cases")
    parser.add_argument("--refused", type=float, default=0.02, help="share of the cases")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the order of the cases")
    options = parser.parse_args()
    more = ["--jobs", str(options.jobs), *(["--model", str(options.model)] if options.model else [])]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "kinds").mkdir()
        codes = make_kinds(folder / "kinds")
        wanted = undisturbed(folder, codes, more)
        shares = {PREDICTED: options.predicted, REFUSED: options.refused}
        made = link_cases(folder / "kinds", folder / "cases", mixed(codes, options.cases, shares, options.seed))
        print(", ".join(f"{count} {kind}" for kind, count in sorted(Counter(made.values()).items())), flush=True)
        command = program("batch", str(folder / "cases"), "--output", str(folder / "out"), *more)
        first = watch(command, made, codes, disturb=True)
        there = read_table(folder / "out")
        wrong = told_wrong("when killed", there, made, wanted, complete=False)
        second = watch(command, made, codes, disturb=False)
        wrong += told_wrong("at the end", read_table(folder / "out"), made, wanted, complete=True)
        seconds_of_kinds(read_table(folder / "out"))
    figures_of(first, second, wrong, options.cases).write(model=options.model is None)
    if wrong or first.codes[CRASHED] != 1 or second.codes[CRASHED]:
        sys.exit(f"NOT AS IT SHOULD BE: {wrong} rows; {first.codes[CRASHED]}, {second.codes[CRASHED]} crashed")


def figures_of(first: Seen, second: Seen, wrong: int, cases: int) -> Figures:
    """Of both calls together; the parent's memory after a tenth of the cases, and at the end."""
    figures = Figures("batch")
    figures.add("cases", cases)
    for name, code in (("predicted", PREDICTED), ("refused", REFUSED), ("unusable", UNUSABLE)):
        figures.add(name, second.codes[code])
    figures.add("rows/wrong", wrong)
    if first.parent_mb and second.parent_mb:
        figures.add("parent/after-100" if cases == 1000 else "parent/after-a-tenth", first.parent_mb[0], "MB")
        figures.add("parent/after-all", second.parent_mb[-1], "MB")
    figures.add("worker/most", max(first.worker_peak, second.worker_peak), "MB")
    return figures


def undisturbed(folder: Path, codes: dict[str, int], more: list[str]) -> dict[str, CaseRow]:
    """The row of each kind. Raises SystemExit where one does not end as it was made to."""
    start = time.perf_counter()
    command = program("batch", str(folder / "kinds"), "--output", str(folder / "alone"), "--progress", "none", *more)
    subprocess.run(command, check=False, capture_output=True)
    rows = read_table(folder / "alone")
    if {name: row.exit_code for name, row in rows.items()} != codes:
        sys.exit(f"the kinds do not end as they were made to: {rows}")
    print(f"one case of each of {len(codes)} kinds, undisturbed: {time.perf_counter() - start:.0f} s")
    return {name: anonymous(row) for name, row in rows.items()}


def anonymous(row: CaseRow) -> CaseRow:
    """Without what may differ between two cases of a kind: their names, and their seconds."""
    return replace(row, case="", seconds=None, message=row.message.replace(f"'{row.case}'", "''"))


def watch(command: list[str], made: dict[str, str], codes: dict[str, int], *, disturb: bool) -> Seen:
    """Run a batch to its end, or to the half of it, and print what was seen of its processes."""
    with subprocess.Popen(
        [*command, "--progress", "jsonl"], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as batch:
        seen = Seen(time.perf_counter(), batch.pid)
        print(
            f"{'cases':>6} {'largest worker':>15} {'kept after a case':>18} {'parent':>8} {'s a case':>9} {'left':>8}"
        )
        for event in events(batch):
            if event["event"] == "case":
                note(seen, event)
                if event["ended"] in {round(share * event["of"]) for share in AT}:
                    tell(seen, event)
                if disturb and event["ended"] >= KILL_AT * event["of"]:
                    os.killpg(batch.pid, signal.SIGKILL)
                    break
            elif disturb and event["event"] == "stage" and codes[made[event["name"]]] == PREDICTED:
                crash(seen, event["of"])
    ending = "kill -9" if disturb else f"exit code {batch.returncode}"
    print(f"{ending} after {seen.seconds:.0f} s; codes of the cases that ended: {dict(sorted(seen.codes.items()))}")
    for ended, (left, when) in seen.left.items():
        if not disturb:
            print(f"after {ended} cases {left:.0f} s were told to be left; it took {seen.seconds - when:.0f} s")
    return seen


def note(seen: Seen, event: dict[str, Any]) -> None:
    seen.ended = event["ended"]
    seen.codes[event["code"]] += 1
    now_mb, peak_mb = event["worker_mb"]
    seen.worker_peak = max(seen.worker_peak, peak_mb)
    if event["code"] == PREDICTED and not event["kept"]:
        seen.kept.append(now_mb)
    if event["ended"] in {round(share * event["of"]) for share in ASKED_AT} and event["seconds_left"] is not None:
        seen.left[event["ended"]] = (event["seconds_left"], seen.seconds)


def tell(seen: Seen, event: dict[str, Any]) -> None:
    kept = f"{np.median(seen.kept):.0f} MB" if seen.kept else "none"
    left = "" if event["seconds_left"] is None else f"{event['seconds_left']:.0f} s"
    seen.parent_mb.append(resident_peak_mb(seen.parent))
    line = f"{seen.ended:>6} {seen.worker_peak:>12.0f} MB {kept:>18} {seen.parent_mb[-1]:>5.0f} MB"
    print(f"{line} {seen.seconds / seen.ended:>9.2f} {left:>8}", flush=True)
    seen.kept.clear()


def crash(seen: Seen, of: int) -> None:
    """Kill one worker as a scan is begun that takes seconds; again where the one that was killed had nothing to do."""
    due = CRASH_AT * of + 20 * len(seen.killed)
    if seen.codes[CRASHED] or seen.ended < due:
        return
    worker = next(child for child in workers_of(seen.parent) if child not in seen.killed)
    os.kill(worker, signal.SIGKILL)
    seen.killed.append(worker)
    print(f"{seen.ended:>6} a worker is killed", flush=True)


def workers_of(parent: int) -> Iterator[int]:
    """Children that are no tracker of resources."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split():
        try:
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                yield int(child)
        except OSError:  # it has ended meanwhile
            continue


def told_wrong(
    when: str, rows: dict[str, CaseRow], made: dict[str, str], wanted: dict[str, CaseRow], *, complete: bool
) -> int:
    """How many rows are missing or not those of their kind; the crashed one is right until the next call."""
    crashed = [name for name, row in rows.items() if row.exit_code == CRASHED and "SIGKILL" in row.message]
    due = set(made) if complete else set(rows) - set(crashed)
    wrong = sorted(name for name in due if name not in rows or anonymous(rows[name]) != wanted[made[name]])
    print(f"{when}: {len(rows)} rows, {len(due) - len(wrong)} of {len(due)} as undisturbed, {len(crashed)} crashed")
    for name in wrong[:5]:
        print(f"  {name} ({made[name]}): {rows.get(name)}")
    return len(wrong)


def seconds_of_kinds(rows: dict[str, CaseRow]) -> None:
    for code, words in ((PREDICTED, "predicted"), (REFUSED, "refused"), (UNUSABLE, "unusable")):
        seconds = [row.seconds for row in rows.values() if row.exit_code == code and row.seconds is not None]
        if seconds:
            print(f"{words}: {len(seconds)} cases, median {np.median(seconds):.1f} s, together {sum(seconds):.0f} s")


def events(batch: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert batch.stdout is not None
    for line in batch.stdout:
        yield json.loads(line)


def resident_peak_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1.024e-3 for line in lines if line.startswith("VmHWM")), 0.0)


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "AGE2HIELib.cli", *arguments]


if __name__ == "__main__":
    main()
