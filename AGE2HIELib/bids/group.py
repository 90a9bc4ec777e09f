"""The tables of the group: a row for each scan that was read, refused or unusable, with a dictionary of the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.bids.dataset import Dataset, Visit, images
from AGE2HIELib.bids.infants import infant_of, read_infant_tables
from AGE2HIELib.bids.selection import T1W
from AGE2HIELib.bids.summary import ScanSummary, scan_summaries
from AGE2HIELib.bids.work import RESULTS
from AGE2HIELib.errors import InputError
from AGE2HIELib.result.findings import SCORE_HEADING
from AGE2HIELib.system.outputs import output_file

_ENDINGS = {"0": "read", "1": "defect of age2hie", "2": "unusable input", "3": "kept back by the quality gate"}
_TITLE = "What age2hie bids found in each scan. Research use only."
_SCORE = f"Injury score, {SCORE_HEADING}; empty where it cannot be computed."
# name in the table: (attribute of the case's row, what its dictionary says)
_OUTCOME: dict[str, tuple[str, dict[str, Any]]] = {
    "exit_code": ("exit_code", {"Description": "How the scan ended.", "Levels": _ENDINGS}),
    "label": ("label", {"Description": "Reading of the number by the model's threshold; demonstration says nothing."}),
    "probability_adverse": (
        "probability_adverse",
        {"Description": "Of an adverse outcome at two years; of a demonstration model a score.", "Units": "1"},
    ),
    "interval_low": ("interval_low", {"Description": "Lower end of its 90 % interval.", "Units": "1"}),
    "interval_high": ("interval_high", {"Description": "Upper end of its 90 % interval.", "Units": "1"}),
    "prevalence": ("prevalence", {"Description": "Share of adverse outcomes that the number holds for.", "Units": "1"}),
    "lesion_ml": ("lesion_ml", {"Description": "Volume of lesion, from diffusion alone.", "Units": "mL"}),
    "lesion_share": ("lesion_share", {"Description": "Part of the brain that is lesion, 0 to 1.", "Units": "1"}),
    "barkovich_bgt": ("barkovich_bgt", {"Description": f"Barkovich, basal ganglia and thalamus. {_SCORE}"}),
    "barkovich_ws": ("barkovich_ws", {"Description": f"Barkovich, watershed. {_SCORE}"}),
    "nichd": ("nichd", {"Description": f"NICHD. {_SCORE}"}),
    "failed_checks": ("failed_checks", {"Description": "Checks of the quality gate that the scan did not pass."}),
    "message": ("message", {"Description": "What was wrong, and what to do."}),
}
_AGE: dict[str, dict[str, Any]] = {
    "exit_code": {"Description": "How the scan ended.", "Levels": _ENDINGS},
    "predicted_age": {"Description": "Age that the network reads from the T1-weighted image.", "Units": "year"},
    "demonstration": {
        "Description": "Whether that network saw synthetic scans only: then its age says nothing about anybody.",
        "Levels": {"yes": "synthetic scans only", "no": "real scans, too"},
    },
    "age_at_scan": {"Description": "Age by the tables of the dataset that was read.", "Units": "year"},
    "age_gap": {"Description": "Predicted age less age at the scan.", "Units": "year"},
    "brain_volume": {"Description": "Volume of the brain mask.", "Units": "mL"},
    "message": {"Description": "What was wrong, and what to do."},
}
_KEYS = {
    "participant_id": {"Description": "The subject."},
    "session_id": {"Description": "The session."},
}


@dataclass(frozen=True)
class GroupTables:
    """How many scans of each kind stand in the tables, and the tables that were written."""

    diffusion: int
    t1: int
    tables: tuple[Path, ...]


def write_group_tables(output: Path, dataset: Dataset) -> GroupTables:
    """``phenotype/age2hie.tsv`` and ``phenotype/age2hie_brainage.tsv``, each with its dictionary.

    ``dataset``, which was read, says the ages at the scans.

    Raises:
        InputError: no scan has been read into the output, or a table of the dataset cannot be used.
    """
    every = [scan for folder in sorted((output / RESULTS).glob("sub-*")) for scan in scan_summaries(folder)]
    if not every:
        raise InputError(f"'{output.name}' holds no result of the level participant. Run that level first.")
    diffusion = [scan for scan in every if scan.kind != T1W]
    t1 = [scan for scan in every if scan.kind == T1W]
    made = []
    if diffusion:
        columns = {name: said for name, (_, said) in _OUTCOME.items()}
        rows = [[_cell(getattr(scan.row, attribute)) for attribute, _ in _OUTCOME.values()] for scan in diffusion]
        made.append(_write(output / "phenotype" / "age2hie.tsv", columns, diffusion, rows))
    if t1:
        ages = list(_ages(dataset, t1))
        rows = [_age_cells(scan, age) for scan, age in zip(t1, ages, strict=True)]
        made.append(_write(output / "phenotype" / "age2hie_brainage.tsv", _AGE, t1, rows))
    _write_participants(output, [scan.subject for scan in every])
    return GroupTables(len(diffusion), len(t1), tuple(made))


def _ages(dataset: Dataset, scans: Sequence[ScanSummary]) -> Iterator[float | None]:
    """At each scan, None where no table states it."""
    participants = read_infant_tables(dataset)
    for scan in scans:
        folder = dataset.root / f"sub-{scan.subject}"
        visit = Visit(scan.subject, scan.session, folder / f"ses-{scan.session}" if scan.session else folder)
        found = [image for image in images(dataset, visit, "anat") if image.name.suffix == T1W]
        try:
            yield infant_of(dataset, participants, visit, found[0]).age_years if found else None
        except InputError:  # told in the row of the scan
            yield None


def _age_cells(scan: ScanSummary, age: float | None) -> list[str]:
    record = scan.record or {}
    years = record.get("predicted_age_years")
    gap = years - age if years is not None and age is not None else None
    saw = {None: None, True: "yes", False: "no"}[record.get("demonstration")]
    cells = (scan.row.exit_code, years, saw, age, gap, record.get("brain_ml"), scan.row.message)
    return [_cell(value) for value in cells]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).split()) if value not in (None, "") else "n/a"


def _write(path: Path, columns: Mapping[str, Any], scans: Sequence[ScanSummary], rows: Sequence[Sequence[str]]) -> Path:
    """Rows by subject and session; a column of sessions only where there are any."""
    with_sessions = any(scan.session for scan in scans)
    keys = {name: said for name, said in _KEYS.items() if with_sessions or name != "session_id"}
    lines = ["\t".join((*keys, *columns))]
    for scan, row in zip(scans, rows, strict=True):
        session = [f"ses-{scan.session}" if scan.session else "n/a"] if with_sessions else []
        lines.append("\t".join((f"sub-{scan.subject}", *session, *row)))
    _write_text(path.with_suffix(".json"), json.dumps({"Description": _TITLE, **keys, **columns}, indent=2) + "\n")
    _write_text(path, "\n".join(lines) + "\n")
    return path


def _write_participants(output: Path, subjects: Sequence[str]) -> None:
    rows = [f"sub-{subject}" for subject in dict.fromkeys(subjects)]
    _write_text(output / "participants.tsv", "\n".join(("participant_id", *rows)) + "\n")
    said = {"Description": "Subjects of whom a scan was read.", "participant_id": _KEYS["participant_id"]}
    _write_text(output / "participants.json", json.dumps(said, indent=2) + "\n")


def _write_text(path: Path, text: str) -> None:
    with output_file(path, overwrite=True) as part:
        part.write_text(text, encoding="utf-8")
