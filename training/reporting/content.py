"""The tables, facts and blocks that a report is made of; a fact that is missing is called unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

SYNTHETIC_BANNER = "Synthetic cohort: says nothing about any child. Research use only."
RESEARCH_BANNER = "Research use only. Not a medical device; no decision about a patient's care may rest on this page."
UNKNOWN = "unknown"


@dataclass(frozen=True)
class ExplanationTables:
    """What the steps ``examine`` and ``age-maps`` have found; None where they were not asked.

    Attributes:
        examinations: rows of ``examinations.tsv``.
        figures: name of each figure in them -> its "limit" and what a map is worth "else".
        age_maps: rows of ``age_maps.tsv``.
        picture: ``age_maps.png``.
    """

    examinations: pd.DataFrame | None = None
    figures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    age_maps: pd.DataFrame | None = None
    picture: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """One finished evaluation.

    Attributes:
        synthetic: whether the cases were made by the phantom code.
        command: what makes this report again.
        settings: resolved configuration, nested or not.
        provenance: package versions, data hash, commit, start; no name of a machine or a user.
        cases: one row a case, columns ``case subject site adverse`` and measurements.
        predictions: rows of ``predictions.tsv``.
        age_predictions: rows of ``age_predictions.tsv``; None when no encoder was pretrained in this run.
        curves: heading -> ``metrics.csv`` of a Lightning CSV logger.
        summary, comparisons: of ``evaluation.summary``.
        further: of ``evaluation.summary.further_outcomes``; empty where the cohort has no further outcomes.
        notes: what the reader must know besides, a sentence each.
        explained: maps of the outcome and of age.
    """

    title: str
    synthetic: bool
    command: str
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any]
    cases: pd.DataFrame
    predictions: pd.DataFrame
    age_predictions: pd.DataFrame | None
    summary: pd.DataFrame
    comparisons: pd.DataFrame
    further: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: Mapping[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    explained: ExplanationTables = ExplanationTables()

    @property
    def banner(self) -> str:
        return SYNTHETIC_BANNER if self.synthetic else RESEARCH_BANNER


def flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """``("fit.epochs", "5")`` and so on, in the order given."""
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", UNKNOWN if value is None else str(value)


def sizes(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases and subjects by site and outcome, and of all sites: columns ``site cases subjects normal adverse``."""
    rows = [("all sites", cases), *((str(site), part) for site, part in cases.groupby("site"))]
    return pd.DataFrame(
        [
            {
                "site": name,
                "cases": len(part),
                "subjects": part["subject"].nunique(),
                "normal": int((~part["adverse"].astype(bool)).sum()),
                "adverse": int(part["adverse"].sum()),
            }
            for name, part in rows[1:] + rows[:1]
        ]
    )


@dataclass(frozen=True)
class Picture:
    """A PNG with the words that stand under it; ``name`` is also its file's."""

    name: str
    alt: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Paragraph:
    text: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Points:
    items: tuple[str, ...]
    kind: str = "points"


@dataclass(frozen=True)
class ReportTable:
    """Cells are text; the first column holds names, the others are set flush right when ``numbers``."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: bool = True
    kind: str = "table"


@dataclass(frozen=True)
class Image:
    picture: Picture
    kind: str = "image"


Block = Paragraph | Points | ReportTable | Image


@dataclass(frozen=True)
class ReportSection:
    heading: str
    blocks: tuple[Block, ...]


def section(heading: str, blocks: Sequence[Block]) -> ReportSection:
    return ReportSection(heading, tuple(blocks))
