"""cases.tsv: a row for each case that has ended. The file is whole at any moment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from AGE2HIELib.report.extras import lost_extras
from AGE2HIELib.result.record import Result
from AGE2HIELib.system.outputs import output_file

TABLE = "cases.tsv"
_NUMBERS = (
    "probability_adverse",
    "interval_low",
    "interval_high",
    "prevalence",
    "lesion_ml",
    "lesion_share",
    "probability_with_clinical",
)
_SHARE_OF_TIME = 0.05  # that a batch may take to write its table
SCORES = ("barkovich_bgt", "barkovich_ws", "nichd")  # columns: names of injury scores in the record


@dataclass(frozen=True)
class CaseRow:
    """How one case ended; a number is None where there is none.

    Attributes:
        exit_code: as of ``age2hie predict``.
        prevalence: share of adverse outcomes that the numbers before it hold for.
        lesion_ml, lesion_share: volume of lesion, and its share of the brain, 0..1; also where only a warning keeps the
            number back.
        probability_with_clinical: joined with the clinical variables that were given.
        failed_checks: names of the gate's checks that were not passed, joined by "; ".
        barkovich_bgt, barkovich_ws, nichd: injury scores, computed from diffusion alone and not read by a radiologist;
            empty where there is no lesion map or the atlas has no zones for them.
        seconds: the case took; of a prediction, the sum of its stages.
        message: what was wrong, and what to do; of a result, what could not be written beside it.
    """

    case: str
    exit_code: int
    label: str = ""
    probability_adverse: float | None = None
    interval_low: float | None = None
    interval_high: float | None = None
    prevalence: float | None = None
    lesion_ml: float | None = None
    lesion_share: float | None = None
    probability_with_clinical: float | None = None
    failed_checks: str = ""
    barkovich_bgt: str = ""
    barkovich_ws: str = ""
    nichd: str = ""
    seconds: float | None = None
    message: str = ""


def row_of_result(case: str, exit_code: int, result: Result) -> CaseRow:
    """From ``result.json``, so that a case has the same row whether it was done now or before."""
    low, high = result.interval or (None, None)
    failed = [check for check in result.quality.checks if not check.passed]
    stopping = [check for check in failed if not check.overridden]
    scores = {score.name: score.value for score in result.scores}
    return CaseRow(
        case,
        exit_code,
        result.label or "",
        result.probability_adverse,
        low,
        high,
        result.prevalence,
        result.lesion.volume_ml if result.lesion else None,
        result.lesion.share if result.lesion else None,
        result.clinical.probability_adverse if result.clinical is not None else None,
        "; ".join(check.name for check in failed),
        **{name: scores.get(name, "") for name in SCORES},
        seconds=sum(result.timing_s.values()),
        message=" ".join([*(check.remedy for check in stopping[:1]), *lost_extras(result.warnings)]),
    )


class CaseTable:
    """cases.tsv of a batch that goes on: what an earlier call had said of its cases, and what has ended since.

    A file is written anew as a whole, so that it is whole at any moment. As a case ends that is done at once where it
    takes little of the time, and else at the latest by ``catch_up``: were the table of 10,000 cases written for each of
    them, that alone would take minutes.
    """

    def __init__(self, cases: Sequence[str], folder: Path) -> None:
        self._folder, wanted = folder, set(cases)
        self.earlier = {name: row for name, row in read_table(folder).items() if name in wanted}
        # by the cases' order, whatever the order in which they end
        self._lines = {name: _line(self.earlier[name]) if name in self.earlier else "" for name in cases}
        self._behind, self._written, self._took_s = True, 0.0, 0.0
        self.catch_up()

    def add(self, row: CaseRow) -> None:
        self._lines[row.case], self._behind = _line(row), True
        if time.monotonic() - self._written >= self._took_s * (1 / _SHARE_OF_TIME - 1):
            self.catch_up()

    def catch_up(self) -> None:
        """Write what is not in the file."""
        if not self._behind:
            return
        began = time.monotonic()
        _write_lines(filter(None, self._lines.values()), self._folder)
        self._behind, self._written = False, time.monotonic()
        self._took_s = self._written - began


def write_table(rows: Iterable[CaseRow], folder: Path) -> None:
    _write_lines((_line(row) for row in rows), folder)


def _write_lines(lines: Iterable[str], folder: Path) -> None:
    header = "\t".join(field.name for field in fields(CaseRow))
    with output_file(folder / TABLE, overwrite=True, tidy=False) as part:
        # file names need no code
        part.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8", errors="backslashreplace")


def read_table(folder: Path) -> dict[str, CaseRow]:
    """Rows by case; nothing where there is no table, or one that this program has not written."""
    try:
        header, *lines = (folder / TABLE).read_text(encoding="utf-8").splitlines()
        if header.split("\t") != [field.name for field in fields(CaseRow)]:
            return {}
        rows = [_row(line.split("\t")) for line in lines]
    except (OSError, ValueError, TypeError):
        return {}
    return {row.case: row for row in rows}


def _line(row: CaseRow) -> str:
    shown = ("" if number is None else f"{number:.6f}" for number in (getattr(row, name) for name in _NUMBERS))
    seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
    scores = (row.barkovich_bgt, row.barkovich_ws, row.nichd)
    texts = (row.case, str(row.exit_code), row.label, *shown, row.failed_checks, *scores, seconds, row.message)
    return "\t".join(" ".join(text.split()) if text != row.case else text for text in texts)


def _row(cells: list[str]) -> CaseRow:
    case, code, label, *numbers, failed, bgt, watershed, nichd, seconds, message = cells
    known: dict[str, Any] = {name: float(cell) if cell else None for name, cell in zip(_NUMBERS, numbers, strict=True)}
    known |= {"barkovich_bgt": bgt, "barkovich_ws": watershed, "nichd": nichd}
    took = float(seconds) if seconds else None
    return CaseRow(case, int(code), label, **known, failed_checks=failed, seconds=took, message=message)
