"""Memory and seconds of ``age2hie batch`` over many cases: links to a few synthetic scans.

    python benchmark/batch.py [--cases 60] [--scans 4] [--jobs 2] [--model DIR]

Prints, at 10 %, 50 % and 100 % of the cases, the most resident memory that a worker and the parent have had so far,
what the workers keep after a case, and seconds a case. Memory is read from /proc, so Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

LOOK_EVERY_S = 0.5
AT = (0.1, 0.5, 1.0)
ACQUISITIONS = ("6mm", "4mm", "2mm")
INJURIES = ("bgt", "none", "watershed", "near-total")


@dataclass
class Seen:
    """MB; ``kept``: what the worker of each case had after it, in the order in which they ended."""

    parent_peak: float = 0.0
    worker_peak: float = 0.0
    kept: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--scans", type=int, default=4, help="that the cases are links to")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scans = [make_scan(folder, number) for number in range(options.scans)]
        (folder / "cases").mkdir()
        for number in range(options.cases):
            (folder / "cases" / f"case-{number:04d}.mha").symlink_to(scans[number % len(scans)])
        model = ["--model", str(options.model)] if options.model else []
        watch(["batch", str(folder / "cases"), "--output", str(folder / "out"), "--jobs", str(options.jobs), *model])


def make_scan(folder: Path, number: int) -> Path:
    made = folder / f"scan-{number}"
    acquisition, injury = ACQUISITIONS[number % len(ACQUISITIONS)], INJURIES[number % len(INJURIES)]
    what = ("--seed", str(number), "--format", "mha", "--acquisition", acquisition, "--injury", injury)
    subprocess.run(program("phantom", "--output", str(made), *what), check=True, capture_output=True)
    return made / "adc.mha"


def watch(arguments: list[str]) -> None:
    """Run a batch, look at its processes, and print what was seen."""
    seen, start, codes = Seen(), time.perf_counter(), dict[int, int]()
    batch = subprocess.Popen([*program(*arguments), "--progress", "jsonl"], stdout=subprocess.PIPE, text=True)
    threading.Thread(target=look, args=(batch, seen), daemon=True).start()
    print(f"{'cases':>6} {'largest worker':>15} {'kept after a case':>18} {'parent':>8} {'s a case':>9}")
    for event in events(batch):
        if event["event"] != "case":
            continue
        codes[event["code"]] = codes.get(event["code"], 0) + 1
        kept, peak = event["worker_mb"]
        seen.kept.append(kept)
        seen.worker_peak = max(seen.worker_peak, peak)
        if event["ended"] in {round(share * event["of"]) for share in AT}:
            tell(seen, time.perf_counter() - start)
    code = batch.wait()
    middle = len(seen.kept) // 2
    halves = (float(np.median(part)) for part in (seen.kept[:middle], seen.kept[middle:]) if part)
    print(f"kept after a case, median of each half: {', '.join(f'{mb:.0f} MB' for mb in halves)}")
    print(f"exit code {code}; codes of the cases: {dict(sorted(codes.items()))}")


def tell(seen: Seen, seconds: float) -> None:
    done = len(seen.kept)
    kept = f"{min(seen.kept):.0f}-{max(seen.kept):.0f} MB"
    line = f"{done:>6} {seen.worker_peak:>12.0f} MB {kept:>18} {seen.parent_peak:>5.0f} MB {seconds / done:>9.2f}"
    print(line, flush=True)


def events(batch: subprocess.Popen[str]) -> Iterator[dict[str, object]]:
    assert batch.stdout is not None
    for line in batch.stdout:
        yield json.loads(line)


def look(batch: subprocess.Popen[str], seen: Seen) -> None:
    while batch.poll() is None:
        seen.parent_peak = max(seen.parent_peak, resident_peak_mb(batch.pid))
        time.sleep(LOOK_EVERY_S)


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
