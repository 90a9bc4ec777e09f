"""What every scan of a derivative dataset came to, by its results: for a subject's page and the group's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.batch.table import CaseRow, read_table
from AGE2HIELib.bids.names import parse_name
from AGE2HIELib.bids.selection import T1W
from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.comparison import PAGE as AGE_PAGE
from AGE2HIELib.pipeline.comparison import PICTURE as AGE_PICTURE
from AGE2HIELib.pipeline.comparison import RECORD as AGE_RECORD
from AGE2HIELib.report.folder import OVERLAY, PAGE
from AGE2HIELib.result.stored import RECORD, read_content


@dataclass(frozen=True)
class ScanSummary:
    """One scan and how it ended.

    Attributes:
        subject, session: labels without their prefix; the session is empty where there is none.
        kind: dwi or T1w.
        record: the content of result.json or explanations.json; None where the scan was unusable.
        page, picture: of the result, below the subject's folder; None where they are missing.
    """

    subject: str
    session: str
    kind: str
    row: CaseRow
    record: Mapping[str, Any] | None
    page: Path | None
    picture: Path | None


def scan_summaries(folder: Path) -> Iterator[ScanSummary]:
    """Of one subject's folder below ``results``, by session, diffusion before T1."""
    for name, row in sorted(read_table(folder).items(), key=_diffusion_first):
        parsed = parse_name(f"{name}.tsv")
        if parsed is None:  # a row that no call of ours has written
            continue
        is_t1 = parsed.suffix == T1W
        record, page, picture = (AGE_RECORD, AGE_PAGE, AGE_PICTURE) if is_t1 else (RECORD, PAGE, OVERLAY)
        made = folder / name
        yield ScanSummary(
            parsed.entities.get("sub", ""),
            parsed.entities.get("ses", ""),
            parsed.suffix,
            row,
            _record(made / record) if row.exit_code in (0, 3) else None,
            made / page if (made / page).is_file() else None,
            made / picture if (made / picture).is_file() else None,
        )


def _diffusion_first(entry: tuple[str, CaseRow]) -> tuple[str, bool]:
    visit, _, kind = entry[0].rpartition("_")
    return visit, kind == T1W


def _record(path: Path) -> Mapping[str, Any] | None:
    try:
        return read_content(path)
    except InputError:
        return None
