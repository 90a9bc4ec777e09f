"""Every exported system on a real newborn and a real T1, called as a user calls it, with its maps.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/system_bundles.py RUN [--picture FILE] [--without-examination]

RUN is a folder of ``compare-systems``; each row that has exported a bundle is asked once: ``age2hie predict --examine``
with the row's own map on an ADC map of BONBID-HIE, ``age2hie explain --target age`` on a T1 where the bundle knows age.
Every call is a process of its own, whose seconds and memory are measured from outside. The networks have seen phantoms
only: a score or an age says that the bundle works, not what is true of these people.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import ROOT, Figures
from system_pictures import MapShown, draw_rows

sys.path.insert(0, str(ROOT))

from AGE2HIELib.bundle.reading import read_bundle
from training.run_folder import recorded_settings

INFANT = "MGHNICU_028-VISIT_01-ADC_ss.mha"  # oblique, 6 % of the brain injured
T1 = "sub-ixi012"
_PREDICTED, _REFUSED = 0, 3
_KIB = 2**10


@dataclass(frozen=True)
class Call:
    """One process of ``age2hie``: exit code, what it said on stderr, seconds by the clock, most memory, and the record
    that it left (None where it left none).
    """

    code: int
    said: str
    wall_s: float
    peak_mb: float
    record: dict[str, Any] | None


@dataclass(frozen=True)
class Row:
    """What one bundle gave; ``t1`` is None where it knows no age."""

    name: str
    infant: Call
    t1: Call | None
    shown: tuple[MapShown, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--infant", default=INFANT, help=f"file of BONBID-HIE (default: {INFANT})")
    parser.add_argument("--t1", default=T1, help=f"subject of t1-ages (default: {T1})")
    parser.add_argument("--picture", type=Path, help="where the maps go, one row a system")
    parser.add_argument("--without-examination", action="store_true", help="of the infant's map: half of the time")
    given = parser.parse_args()
    data = Path(os.environ["AGE2HIE_TEST_DATA"])
    adc = data / "bonbid-hie" / "1ADC_ss" / given.infant
    t1 = next((data / "t1-ages" / given.t1).rglob("*_T1w.nii.gz"))
    rows = []
    for bundle in sorted(given.run.glob("rows/*/model")):
        with tempfile.TemporaryDirectory() as scratch:
            rows.append(asked(bundle, adc, t1, Path(scratch), examine=not given.without_examination))
        print(told(rows[-1]), flush=True)
    figures_of(rows).write(real=True)
    if given.picture:
        draw_rows([(row.name, row.shown) for row in rows], given.picture)


def asked(bundle: Path, adc: Path, t1: Path, scratch: Path, *, examine: bool) -> Row:
    """Predict the infant and, where the bundle knows age, explain it in the T1."""
    name, method = bundle.parent.name, recorded_settings(bundle.parent).explain.method
    words = ["--model", str(bundle), "--saliency", method, *(["--examine"] if examine else [])]
    infant = called("predict", adc, words, scratch / "infant", "result.json")
    shown = [MapShown.read(scratch / "infant", "adc", "saliency", score_words(infant))] if infant.record else []
    if read_bundle(bundle).age is None:
        return Row(name, infant, None, tuple(shown))
    words = ["--model", str(bundle), "--target", "age", "--methods", method]
    age = called("explain", t1, words, scratch / "age", "explanations.json")
    if age.record:
        heading = f"read as {age.record['predicted_age_years']:.1f} years"
        shown.append(MapShown.read(scratch / "age", t1, f"saliency_{method}", heading))
    return Row(name, infant, age, tuple(shown))


def called(command: str, scan: Path, words: Sequence[str], output: Path, record: str) -> Call:
    """``age2hie`` of this checkout, measured from outside."""
    line = [sys.executable, "-m", "AGE2HIELib.cli", command, str(scan), *words, "--output", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        said.seek(0)
        lines = said.read().strip().splitlines()
    peak_mb = used.ru_maxrss * (1 if sys.platform == "darwin" else _KIB) / 1e6
    file = output / record
    found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    return Call(os.waitstatus_to_exitcode(status), lines[-1] if lines else "", wall_s, peak_mb, found)


def score_words(call: Call) -> str:
    record = call.record or {}
    if record.get("probability_adverse") is None:
        failed = [check["name"] for check in record.get("quality", {}).get("checks", []) if not check["passed"]]
        return f"no score ({', '.join(failed)})"
    return f"score {record['probability_adverse']:.2f}"


def told(row: Row) -> str:
    """A line a call."""
    lines = []
    for what, call in (("infant", row.infant), ("T1", row.t1)):
        if call is not None:
            done = call.code in (_PREDICTED, _REFUSED) and call.record is not None
            found = (score_words(call) if what == "infant" else age_words(call)) if done else call.said
            lines.append(f"{row.name:<22}{what:<8}{call.code}  {call.wall_s:6.1f} s  {call.peak_mb:6.0f} MB  {found}")
    verdict = (row.infant.record or {}).get("examination")
    if verdict:
        failed = [one["name"] for one in verdict["findings"] if not one["passed"]]
        lines.append(
            f"{'':<22}map     {verdict['method']}: {'passed' if verdict['passed'] else 'failed: ' + ', '.join(failed)}"
        )
    return "\n".join(lines)


def age_words(call: Call) -> str:
    return f"{(call.record or {})['predicted_age_years']:.1f} years"


def figures_of(rows: Sequence[Row]) -> Figures:
    """Score, age, gate, examination and cost of every row, and the most of all."""
    figures = Figures("system_bundles")
    for row in rows:
        record = row.infant.record or {}
        quality = record.get("quality", {"checks": []})["checks"]
        figures.add(f"{row.name}/exit-code", row.infant.code)
        if record.get("probability_adverse") is not None:
            figures.add(f"{row.name}/score", record["probability_adverse"])
        figures.add(f"{row.name}/gate/failed", sum(not check["passed"] for check in quality), "checks")
        cost_of(figures, f"{row.name}/infant", row.infant)
        verdict = record.get("examination")
        if verdict:
            kept = sum(one["passed"] for one in verdict["findings"])
            figures.add(f"{row.name}/examination/kept", kept, "limits")
            figures.add(f"{row.name}/examination/of", len(verdict["findings"]), "limits")
        if row.t1 is not None:
            figures.add(f"{row.name}/age/exit-code", row.t1.code)
            if row.t1.record:
                figures.add(f"{row.name}/age", row.t1.record["predicted_age_years"], "years")
            cost_of(figures, f"{row.name}/t1", row.t1)
    every = [call for row in rows for call in (row.infant, row.t1) if call is not None]
    figures.add("rows", len(rows))
    figures.add("t1/rows", sum(row.t1 is not None for row in rows))
    figures.add("failed", sum(call.code not in (_PREDICTED, _REFUSED) for call in every), "calls")
    figures.add("most/memory", max(call.peak_mb for call in every), "MB")
    figures.add("most/seconds", max(call.wall_s for call in every), "s")
    return figures


def cost_of(figures: Figures, name: str, call: Call) -> None:
    figures.add(f"{name}/seconds", call.wall_s, "s")
    figures.add(f"{name}/memory", call.peak_mb, "MB")


if __name__ == "__main__":
    main()
