"""The reader on folders of real series of many scanners, beside a rule of its own, a row a series.

    python benchmark/vendors.py FOLDER [FOLDER ...] [--limit 120] [--tsv FILE]

For whoever has such folders: the dcm2niix QA sets, the test data of other converters, exports of a hospital. A case is
every DICOM series of every folder that holds DICOM files directly, each such folder as a whole where it holds several
(which is what a user gives), and every image file. The library reads a case and fits its ADC in a process of its own,
so that a crash or a hang is one row. Beside it stands ``vendors_rule.py``, which shares no code with the library:
dcm2niix by its command line, its ``.bval`` and ``.bvec``, and a slope.

Verdicts: ``equal`` (b-values agree, the ADC of tissue to 1 %), ``differs``, ``refused`` (the rule has an ADC), ``none
expected`` (the library has an ADC, the rule has none), ``left to the gate`` (a 3D image that is not known to be an ADC
map), ``both refuse``, ``no tissue``, ``crashed``. The rule is no judge: where it
differs somebody must look. What headers say in free text is not printed, only folders' names, relative to FOLDER,
and numbers of series; a message of the library names no patient.

The table goes to stdout, aligned, or as TSV to the file that ``--tsv`` names (a run with the same file goes on).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import pydicom
from figures import Figures
from pydicom.misc import is_dicom
from vendors_library import CRASHED, Found, found_by_library
from vendors_rule import Expected, expected_of_dicom, expected_of_image, in_words

IMAGES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
SAME_ADC = 0.01  # of the median ratio: both fit logarithms of the same samples
SAME_B = 0.5  # s/mm2: one of the two may round
SAME_E6 = 1.0  # 1e-6 mm2/s: a phantom whose volumes repeat one another has an ADC of 0
WHOLE = "all"
QUOTED = re.compile(r"'[^']*'")  # a message quotes descriptions of series
UNREADABLE = (OSError, ValueError, TypeError, AttributeError, KeyError, EOFError, pydicom.errors.InvalidDicomError)


@dataclass(frozen=True)
class Case:
    """``series`` is a number, "all" for a folder with several, or "" for an image file."""

    name: str
    series: str
    vendor: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table, all of it text."""

    name: str
    series: str
    files: str
    vendor: str
    expected: str
    found: str
    adc: str
    ratio: str
    verdict: str
    seconds: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--limit", type=float, default=120, metavar="SECONDS", help="for the library on one case")
    parser.add_argument(
        "--tsv", type=Path, metavar="FILE", help="written row by row; rows that it holds are not redone"
    )
    options = parser.parse_args()
    rows = kept(options.tsv)
    done = {(row.name, row.series) for row in rows}
    for folder in options.folder:
        for case in cases(folder):
            if (case.name, case.series) not in done:
                rows.append(row_of(case, options.limit))
                keep(options.tsv, rows[-1], first=len(rows) == 1)
    print_table(rows)


def kept(table: Path | None) -> list[Row]:
    if table is None or not table.exists():
        return []
    with table.open(newline="") as file:
        return [Row(*cells) for cells in list(csv.reader(file, delimiter="\t"))[1:]]


def keep(table: Path | None, row: Row, *, first: bool) -> None:
    if table is None:
        return
    with table.open("a", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        if first:
            writer.writerow([column.name for column in fields(Row)])
        writer.writerow(astuple(row))


def cases(root: Path) -> Iterator[Case]:
    """Folder by folder, in the order of their names."""
    for place, folders, names in os.walk(root):
        folders.sort()
        name = str(Path(root.name, Path(place).relative_to(root)))
        paths = [Path(place, file) for file in sorted(names)]
        yield from _dicom_cases(name, paths)
        for path in paths:
            if path.name.lower().endswith(IMAGES):
                yield Case(f"{name}/{path.name}", "", "-", (path,))


def _dicom_cases(name: str, paths: list[Path]) -> Iterator[Case]:
    series: dict[str, list[Path]] = {}
    said: dict[str, tuple[str, str]] = {}
    tags = ["SeriesInstanceUID", "SeriesNumber", "Manufacturer", "Rows"]
    for path in paths:
        try:
            if not is_dicom(path):
                continue
            header: pydicom.Dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
            uid = str(header.get("SeriesInstanceUID", "?")) if "Rows" in header else "no image"
            words = str(header.get("Manufacturer") or "?").split()
        except UNREADABLE:
            uid, words, header = "unreadable", ["?"], pydicom.Dataset()
        series.setdefault(uid, []).append(path)
        said.setdefault(uid, (str(header.get("SeriesNumber", "?")), words[0].capitalize() if words else "?"))
    numbers = Counter(number for number, _ in said.values())
    for order, (uid, files) in enumerate(series.items()):
        number, vendor = said[uid]
        label = number if numbers[number] == 1 else f"{number} ({order})"
        yield Case(name, label, vendor, tuple(files))
    if len(series) > 1:
        vendors = sorted({vendor for _, vendor in said.values() if vendor != "?"})
        yield Case(name, WHOLE, "/".join(vendors), tuple(path for files in series.values() for path in files))


def row_of(case: Case, limit_s: float) -> Row:
    with tempfile.TemporaryDirectory(prefix="vendors-") as scratch:
        given = _links(case, Path(scratch))
        rule = Path(scratch, "rule")
        expected = expected_of_dicom(given, rule, limit_s) if case.series else expected_of_image(given)
        start = time.perf_counter()
        found = found_by_library(given, limit_s)
        seconds = f"{time.perf_counter() - start:.1f}"
    verdict, median, ratio = compared(expected, found)
    count = str(len(case.files))
    words = QUOTED.sub("'..'", found.error) or _words(found)
    return Row(case.name, case.series, count, case.vendor, expected.words, words, median, ratio, verdict, seconds)


def _words(found: Found) -> str:
    assert found.b_values is not None  # set wherever there is no error
    unknown = "" if found.known else " (no known unit)"
    warned = f" [warnings: {found.warnings}]" if found.warnings else ""
    return f"{found.kind}: {in_words(found.b_values)}{unknown}{warned}"


def _links(case: Case, scratch: Path) -> Path:
    """An image file itself; of DICOM a folder of links, so that a case holds its own files only."""
    if not case.series:
        return case.files[0]
    folder = scratch / "given"
    folder.mkdir()
    for number, path in enumerate(case.files):
        (folder / f"{number:06d}{path.suffix}").symlink_to(path.resolve())
    return folder


def compared(expected: Expected, found: Found) -> tuple[str, str, str]:
    """The verdict, the median ADC of tissue in 1e-6 mm2/s, and the median of its ratio to the rule's."""
    if found.adc is None:
        crashed = found.error.startswith(CRASHED)
        return ("crashed" if crashed else "both refuse" if expected.adc is None else "refused"), "-", "-"
    if expected.adc is None:
        usable = np.isfinite(found.adc) & (found.adc != 0)
        middle = f"{np.median(found.adc[usable]):.0f}" if usable.any() else "-"
        return ("none expected" if found.known else "left to the gate"), middle, "-"
    if found.adc.shape != expected.adc.shape:
        return "differs", "-", f"{found.adc.shape} for {expected.adc.shape}"
    tissue = expected.tissue & np.isfinite(found.adc) & np.isfinite(expected.adc) & (expected.adc != 0)
    if not tissue.any():
        return "no tissue", "-", "-"  # every sample repeats another
    ours, theirs = found.adc[tissue], expected.adc[tissue]
    ratio = float(np.median(ours / theirs))
    close = abs(ratio - 1) < SAME_ADC or float(np.median(np.abs(ours - theirs))) < SAME_E6
    equal = close and found.b_values is not None and _same_b(expected.b_values, found.b_values)
    return ("equal" if equal else "differs"), f"{np.median(ours):.0f}", f"{ratio:.4f}"


def _same_b(wanted: np.ndarray, found: np.ndarray) -> bool:
    """Whether the volumes' b-values agree, whatever their order."""
    return len(wanted) == len(found) and bool(np.allclose(np.sort(wanted), np.sort(found), rtol=0, atol=SAME_B))


def print_table(rows: list[Row]) -> None:
    cells = [[column.name for column in fields(Row)], *[list(astuple(row)) for row in rows]]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    figures = Figures("vendors")
    figures.add("rows", len(rows))
    for verdict, count in Counter(row.verdict for row in rows).most_common():
        print(f"{verdict}: {count}")
        figures.add(verdict, count)
    figures.write()


if __name__ == "__main__":
    main()
