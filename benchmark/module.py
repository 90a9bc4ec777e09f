"""The Slicer module in the headless host: how long its thread waits while a worker runs, and how fast cancel is.

    python benchmark/module.py [--repeat N]

A timer of 50 ms runs in the panel's thread during real predictions of the sample data: printed is the longest time
between two of its ticks. It is to stay under 200 ms from the moment the worker runs until it has ended; loading the
result is counted apart. Cancel is timed from the click to the moment when no process of the tree is left, behind a
PythonSlicer that, like Slicer's, is a launcher with the worker as its child.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "AGE2HIE" / "Testing" / "Python"), str(ROOT)]

from figures import Figures, cores  # noqa: E402

TICK_MS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        from workers import stand_in_python

        from slicer_host import Host

        os.environ["PATH"] = f"{stand_in_python(Path(scratch, 'bin'))}{os.pathsep}{os.environ['PATH']}"
        host = Host.start()
        module = host.load(ROOT / "AGE2HIE" / "AGE2HIE.py")
        _choose_sample(module)
        print(f"{cores()} cores, {options.repeat} runs")
        waits = [_longest_wait(host, module.widget) for _ in range(options.repeat)]
        figures = Figures("module")
        names = ("click", "while the worker runs", "loading the result")
        for name, values in zip(names, zip(*waits, strict=True), strict=True):
            figures.add(f"longest-wait/{name}", 1000 * max(values), "ms")
            print(f"longest wait of a {TICK_MS} ms timer, {name:<24}{max(values) * 1000:6.0f} ms")
        for at in (0.3, 2.0, 4.0):
            seconds, left = _cancel(host, module.widget, at)
            figures.add(f"cancel/{at:g}-s/seconds", seconds, "s until the tree is gone")
            figures.add(f"cancel/{at:g}-s/left", left, "processes")
            print(f"cancel after {at:3.1f} s: tree gone after {seconds:.2f} s, {left} processes left")
        module.close()
    figures.write(model=True)


def _choose_sample(module: Any) -> None:
    import SampleData

    import AGE2HIE

    AGE2HIE.registerSampleData()
    module.widget.ui.inputSelector.setCurrentNode(SampleData.downloadSample(AGE2HIE.SAMPLE_NAME))


def _longest_wait(host: Any, widget: Any) -> tuple[float, float, float]:
    """Seconds between ticks: in the click itself, until the worker has ended, and while the result is loaded."""
    import qt

    ticks: list[float] = []
    timer = qt.QTimer()
    timer.setInterval(TICK_MS)
    timer.connect("timeout()", lambda: ticks.append(time.perf_counter()))
    timer.start()
    start = time.perf_counter()
    widget.ui.predictButton.click()
    clicked = time.perf_counter()
    loads: list[tuple[float, float]] = []
    finish = widget.worker._finish

    def timed(job: Any, tell: Any) -> None:
        began = time.perf_counter()
        finish(job, tell)
        loads.append((began, time.perf_counter()))

    widget.worker._finish = timed
    ticks.append(clicked)
    while widget.running:
        host.process()
        time.sleep(0.001)
    timer.stop()
    widget.worker._finish = finish
    before = [tick for tick in ticks if clicked <= tick <= loads[0][0]] + [loads[0][0]]
    longest = max(after - earlier for earlier, after in pairwise(before))
    return clicked - start, longest, loads[0][1] - loads[0][0]


def _cancel(host: Any, widget: Any, after: float) -> tuple[float, int]:
    widget.ui.predictButton.click()
    mark = str(widget.worker.job.call.folder)
    until = time.perf_counter() + after
    while time.perf_counter() < until:
        host.process()
        time.sleep(0.005)
    start = time.perf_counter()
    widget.ui.cancelButton.click()
    while _processes(mark) and time.perf_counter() < start + 30:
        host.process()
        time.sleep(0.005)
    seconds = time.perf_counter() - start
    while widget.running:
        host.process()
    return seconds, _processes(mark)


def _processes(mark: str) -> int:
    """Live processes whose command names the run's folder: launcher and worker."""
    listed = subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True, check=True).stdout
    return sum(mark in line and not line.startswith("Z") for line in listed.splitlines())


if __name__ == "__main__":
    main()
