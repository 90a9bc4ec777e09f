"""The quality gate on scans that must pass and on scans that must not, and the range of every check beside its limit.

    AGE2HIE_TEST_DATA=FOLDER python benchmark/gate.py --keep FOLDER [--cases 300] [--spoilt 10] [--jobs 2]

Phantoms are drawn as the training's were, half of each site; the first of them are spoilt in turn. A phantom takes
about three seconds on a core; its row is kept in FOLDER, where ``fresh_cases.py`` leaves it too, and a second call with
the same code goes on where the first one stopped. Without ``AGE2HIE_TEST_DATA`` real scans are left out.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import gate_cases
import numpy as np
from figures import Figures
from fresh_cases import bundled_atlas, gated_scan, plan, scanned
from gate_cases import PHANTOM, Row, row_of, rows_file
from gate_limits import print_limits
from tqdm import tqdm

from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.source import Source
from AGE2HIELib.pipeline.admission import admit, gate_scan
from AGE2HIELib.pipeline.inputs import Scan, load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES, STAGES
from AGE2HIELib.preprocess.mask import brain_mask
from AGE2HIELib.quality import Quality, check_quality
from AGE2HIELib.quality.check import DISTANCE, OVERRIDABLE
from AGE2HIELib.quality.maps import Z_DETAIL, z_map_check
from AGE2HIELib.system.parallel import run_all
from AGE2HIELib.system.places import find_model
from AGE2HIELib.system.progress import Stages
from training.cohorts.synthetic_hie import Planned
from training.files import write_text

Item = TypeVar("Item")
NEWBORN, NEWBORN_GIVEN_Z = "newborn", "newborn, given z-map"  # kinds of rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--cases", type=int, default=300, help="phantoms that must pass")
    parser.add_argument("--spoilt", type=int, default=10, help="of them that are made unusable, in every way")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    cases = plan((options.cases + 1) // 2)[: options.cases]
    run = partial(_kept, options.keep, options.jobs)
    real = "AGE2HIE_TEST_DATA" in os.environ
    newborns = run("newborn", newborn_rows, gate_cases.real_newborns()) if real else []
    foreign = run("foreign-z", foreign_z_rows, gate_cases.real_newborns()) if real else []
    spoilt = run("spoilt", spoilt_rows, cases[: options.spoilt])
    scans = run("bad", bad_scan_rows, list(gate_cases.real_bad_scans())) if real else []
    phantoms = run(PHANTOM, phantom_rows, cases)
    print_sound({"phantoms": phantoms, "real newborns": newborns})
    print_stopped([*spoilt, *scans, *foreign])
    figures = figures_of({"phantoms": phantoms, "newborns": newborns})
    if newborns:
        figures.add("newborns", len({row["name"] for row in newborns}))
        for name, kind in (("own", NEWBORN), ("given-z", NEWBORN_GIVEN_Z)):
            away = _numbers([row for row in newborns if row["kind"] == kind], DISTANCE)
            figures.add(f"distance/{name}/median", np.median(away))
            figures.add(f"distance/{name}/largest", max(away))
        for name, percent in print_limits(limit_values(newborns), _distance_limit()).items():
            figures.add(name, percent, "%")
    figures.write(model=True, real=bool(newborns))


def figures_of(groups: dict[str, list[Row]]) -> Figures:
    """How many of each group pass, and the range of every check with a number."""
    figures = Figures("gate")
    for group, rows in groups.items():
        if not rows:
            continue
        figures.add(f"{group}/rows", len(rows))
        figures.add(f"{group}/pass", sum(not _failed(row) for row in rows))
        for name in {one["name"]: None for row in rows for one in row["checks"]}:
            values = _numbers(rows, name)
            if values:
                figures.add(f"{group}/{name}", float(np.median(values)), "median", (min(values), max(values)))
    return figures


def _distance_limit() -> float:
    cases = bundled_model().bundle.cases
    assert cases is not None  # the bundled model has them
    return cases.distance_limit


bundled_model = cache(lambda: load_model(find_model(None)))


def newborn_rows(path: Path) -> list[Row]:
    """One with a z-map of our own and one with the released one; both with the distance that the bundled model asks."""
    rows = []
    for z_adc in (None, gate_cases.released_z(path)):
        request = Request(override=OVERRIDABLE)  # a warning must not end the questions
        admitted = admit(read_scan(path, z_adc=z_adc), bundled_model(), bundled_atlas(), request, Stages(STAGES))
        kind = NEWBORN if z_adc is None else NEWBORN_GIVEN_Z
        rows.append(row_of(kind, path.name, admitted.gated.quality))
    return rows


def foreign_z_rows(path: Path) -> list[Row]:
    """The released z-map turned round, and those of four other infants brought to this one's brain."""
    adc = gate_cases.newborn_adc(path)
    brain = adc.like(adc.array != 0)
    found = gate_cases.wrong_z_maps(path, brain)
    return [row_of(kind, path.name, Quality((z_map_check(adc, brain, z),))) for kind, z in found]


def limit_values(newborns: list[Row]) -> dict[str, dict[str, float]]:
    """By infant and check, as ``gate_limits`` asks for them."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in newborns:
        values = {one["name"]: one["value"] for one in row["checks"] if isinstance(one["value"], int | float)}
        if row["kind"] == NEWBORN:
            found[row["name"]] |= values
        else:
            found[row["name"]] |= {Z_DETAIL: values[Z_DETAIL], f"{DISTANCE}, given z-map": values[DISTANCE]}
    return dict(found)


def phantom_rows(case: Planned) -> list[Row]:
    return [row_of(PHANTOM, case.case, gated_scan(scanned(case)[1]).quality)]


def spoilt_rows(case: Planned) -> list[Row]:
    adc = scanned(case)[1]
    bad = [*gate_cases.spoilt(case.case, adc, seed=case.seed), *gate_cases.warned_of(case.case, adc)]
    return [row for each in bad for row in bad_scan_rows(each)]


def bad_scan_rows(bad: gate_cases.Bad) -> list[Row]:
    source = gate_cases.read(bad)
    return [row_of(bad.kind, bad.name, _asked(source) if source else Quality(()), unreadable=source is None)]


def _asked(source: Source) -> Quality:
    """The placement, which takes most of the time, is made only where nothing refuses before it."""
    atlas = bundled_atlas()
    if source.adc is not None:
        adc = to_canonical(source.adc)
        early = check_quality(source, adc, brain_mask(adc, contrast=None), None, atlas)
        if any(check.severity == "refuse" for check in early.stopping):
            return early
    return gate_scan(Scan(source), atlas, Request(), Stages(CHECK_STAGES)).quality


def _kept(folder: Path, jobs: int, of: str, function: Callable[[Item], list[Row]], items: list[Item]) -> list[Row]:
    """The rows of all items; those that are there already are not made again."""
    files = [rows_file(folder, of, _name(item)) for item in items]
    missing = [pair for pair in zip(items, files, strict=True) if not pair[1].exists()]
    run_all(partial(_keep, function), missing, jobs=jobs, description=of)
    return [row for file in files for row in json.loads(file.read_text())]


def _keep(function: Callable[[Item], list[Row]], pair: tuple[Item, Path]) -> None:
    item, file = pair
    write_text(file, json.dumps(function(item)) + "\n")


def _name(item: Any) -> str:
    return item.case if isinstance(item, Planned) else item.name


def print_sound(groups: dict[str, list[Row]]) -> None:
    """How many pass, and the lowest and highest value of every check beside its limit."""
    for group, rows in groups.items():
        stopped = {row["name"]: _failed(row) for row in rows if _failed(row)}
        tqdm.write(
            f"{group}: {len(rows) - len(stopped)} of {len(rows)} pass"
            + "".join(f"\n  {name}: {', '.join(names)}" for name, names in stopped.items())
        )
    limits = {one["name"]: one["limit"] for rows in groups.values() for row in rows for one in row["checks"]}
    print(f"\n{'check':32}" + "".join(f"{group:>24}" for group in groups) + "   limit")
    for name, limit in limits.items():
        print(f"{name:32}" + "".join(f"{_range(rows, name):>24}" for rows in groups.values()) + f"   {limit}")


def print_stopped(rows: list[Row]) -> None:
    """How many of each kind are refused, warned of or unreadable, by which checks, and which pass."""
    kinds = defaultdict(list)
    for row in rows:
        kinds[row["kind"]].append(row)
    print(f"\n{'kind':20}{'scans':>6}{'refused':>9}{'warned':>8}{'unreadable':>12}{'pass':>6}")
    for kind, of_kind in kinds.items():
        verdicts = [_verdict(row) for row in of_kind]
        counts = [verdicts.count(one) for one in ("refused", "warned", "unreadable", "passed")]
        print(f"{kind:20}{len(of_kind):6}{counts[0]:9}{counts[1]:8}{counts[2]:12}{counts[3]:6}")
    for row in rows:
        if _verdict(row) == "passed":
            print(f"passed: {row['kind']}, {row['name']}")


def _verdict(row: Row) -> str:
    severities = {one["severity"] for one in row["checks"] if not one["passed"]}
    if row["unreadable"]:
        return "unreadable"
    return "refused" if "refuse" in severities else "warned" if severities else "passed"


def _failed(row: Row) -> list[str]:
    return [f"{one['name']} {one['value']}" for one in row["checks"] if not one["passed"]]


def _range(rows: list[Row], name: str) -> str:
    values = [one["value"] for row in rows for one in row["checks"] if one["name"] == name]
    numbers = _numbers(rows, name)
    if not numbers:
        return f"{len(set(values))} values" if values else "-"
    return f"{min(numbers):.4g} to {max(numbers):.4g}"


def _numbers(rows: list[Row], name: str) -> list[float]:
    values = [one["value"] for row in rows for one in row["checks"] if one["name"] == name]
    return [float(value) for value in values if isinstance(value, int | float)]


if __name__ == "__main__":
    main()
