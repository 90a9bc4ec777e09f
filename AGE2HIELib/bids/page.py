"""sub-XX.html: every scan of a subject on one page, with the way to each scan's own."""

from __future__ import annotations

import base64
from pathlib import Path

from AGE2HIELib.bids.summary import ScanSummary, scan_summaries
from AGE2HIELib.report.page import template
from AGE2HIELib.result.findings import SCORE_HEADING
from AGE2HIELib.system.outputs import output_file


def write_subject_page(folder: Path, output: Path, subject: str) -> None:
    """From what lies in the subject's ``folder`` of results; it opens offline, with the pictures in it."""
    found = list(scan_summaries(folder))
    page = template("subject.html.j2").render(
        subject=f"sub-{subject}",
        scans=found,
        pictures={scan.row.case: _embedded(scan) for scan in found},
        links={scan.row.case: scan.page.relative_to(output).as_posix() for scan in found if scan.page is not None},
        score_heading=SCORE_HEADING,
        record={"demonstration": any(scan.record and scan.record["demonstration"] for scan in found)},
    )
    with output_file(output / f"sub-{subject}.html", overwrite=True) as part:
        part.write_text(page, encoding="utf-8")


def _embedded(scan: ScanSummary) -> str:
    if scan.picture is None:
        return ""
    return "data:image/png;base64," + base64.b64encode(scan.picture.read_bytes()).decode("ascii")
