"""The page of the comparison, and its table: what each system is, its figures and intervals, its maps, its cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from training.evaluation.age import BANDS, LEAST_LEARNED, error_text
from training.evaluation.table import value_text
from training.files import write_text, write_tsv
from training.reporting.content import (
    RESEARCH_BANNER,
    SYNTHETIC_BANNER,
    Block,
    Image,
    Paragraph,
    Picture,
    Points,
    ReportSection,
    ReportTable,
    section,
)
from training.reporting.page import page_text
from training.systems.measuring import AGE_MAP, OUTCOME_MAP, UNTRAINED_AGE_MAP, UNTRAINED_OUTCOME_MAP, RowTask

PAGE, TABLE = "systems.html", "systems.tsv"
_TITLE = "Systems of brain age and outcome, side by side"
_HOW = (
    "The same subjects, infants and folds for all; epochs and rates are common, none is tuned to a system. Age: mean "
    "absolute error in held-out subjects. Outcome: area under the ROC curve over the test folds. Brackets: 95 % "
    "bootstrap intervals over people, the networks held fixed; overlapping intervals do not order systems. Seconds: of "
    "one core, all steps. Memory: the most that a process of the system had. A dash: it does not predict this."
)
_PROBES = (
    "Ridge regression on the mean features of the last block, of held-out subjects: trained trunk | the same network "
    "untrained. R2 below 0 is worse than the mean, an AUC of 0.5 is chance."
)


_CONTROLS = (
    "Rank correlation of two maps over the brain, -1 to 1. Untrained: with the map of the same build with first "
    "weights: near 1 little of what was learned can be seen in the map. Two networks: between the maps of "
    "the two exported networks, which differ in seed and in the infants they learned from: near 0 the map belongs to "
    "the network and not to the infant. Outcome: the synthetic infant; age: mean over the subjects shown below."
)
_SOURCES = (
    "No figure here repeats a source's: other subjects, other images, another size. An error that is not clearly below "
    "that of the mean age (in brackets) says that nothing was learned. One seed for each system."
)


def write_page(root: Path, tasks: Sequence[RowTask], rows: Mapping[str, Mapping[str, Any]], *, command: str) -> Path:
    """Write ``systems.html`` and ``systems.tsv``; returns the page."""
    shown = [task for task in tasks if task.system.name in rows]
    write_tsv(root / TABLE, pd.DataFrame([_table_row(task, rows[task.system.name]) for task in shown]))
    sections = [
        section("In one table", [main_table(shown, rows)]),
        section("Error of age by band", [band_table(shown, rows)]),
        section("Linear probes on the frozen trunks", [probe_table(shown, rows)]),
        section("What the maps are worth", [control_table(shown, rows)]),
        section("Beside what the sources report", [source_table(shown, rows)]),
        *(section(task.system.title, list(_about(task, rows[task.system.name]))) for task in shown),
        section("How it was made", [Paragraph(f"Made by: {command}")]),
    ]
    write_text(root / PAGE, _html(sections, synthetic=all(task.settings.synthetic for task in tasks)))
    return root / PAGE


def _html(sections: Sequence[ReportSection], *, synthetic: bool) -> str:
    banner = SYNTHETIC_BANNER if synthetic else RESEARCH_BANNER
    footer = f"Every figure stands in {TABLE}. Made by AGE2HIE, open-source software for research."
    return page_text(_TITLE, banner, sections, footer)


def main_table(tasks: Sequence[RowTask], rows: Mapping[str, Mapping[str, Any]]) -> ReportTable:
    header = (
        *("System", "Error of age, years", "AUC of the outcome", "Parameters, age", "Parameters, outcome"),
        *("Seconds", "Memory, GB"),
    )
    cells = []
    for task in tasks:
        row = rows[task.system.name]
        cells.append(
            (
                task.system.title,
                _value(row, "age_mae", "age_low", "age_high", 2),
                _value(row, "auc", "auc_low", "auc_high", 3),
                *(f"{row[name]:,}" if name in row else "-" for name in ("age_parameters", "outcome_parameters")),
                f"{row['seconds']:.0f}",
                f"{row['peak_mb'] / 1000:.2f}",
            )
        )
    counted = [row for row in rows.values() if "age_n" in row][:1], [row for row in rows.values() if "auc_n" in row][:1]
    sizes = [f"{one['age_n']} held-out subjects" for one in counted[0]] + [
        f"{one['auc_n']} infants" for one in counted[1]
    ]
    return ReportTable(header, tuple(cells), note=f"{', '.join(sizes).capitalize()}. {_HOW}")


def band_table(tasks: Sequence[RowTask], rows: Mapping[str, Mapping[str, Any]]) -> ReportTable:
    """Mean absolute error by band: a year-scale error hides what happens in infants."""
    known = [task for task in tasks if "age_bands" in rows[task.system.name]]
    bands = [band.name for band in BANDS if any(band.name in rows[one.system.name]["age_bands"] for one in known)]
    cells = []
    for task in known:
        found = rows[task.system.name]["age_bands"]
        cells.append(
            (task.system.title, *(error_text(name, found[name]["mae"]) if name in found else "-" for name in bands))
        )
    first = rows[known[0].system.name]["age_bands"] if known else {}
    counts = ", ".join(f"{name} {first[name]['n']}" for name in bands if name in first)
    return ReportTable(("System", *bands), tuple(cells), note=f"Held-out subjects: {counts}.")


def probe_table(tasks: Sequence[RowTask], rows: Mapping[str, Mapping[str, Any]]) -> ReportTable:
    """What each trunk knows of the held-out subjects before any infant is seen, beside the same trunk untrained."""
    known = [(task.system.title, rows[task.system.name]) for task in tasks if "probes" in rows[task.system.name]]
    names = list(dict.fromkeys(name for _, row in known for name in row["probes"]))
    cells = tuple((title, *(_beside(row, name) for name in names)) for title, row in known)
    return ReportTable(("System", *names), cells, note=_PROBES)


def _beside(row: Mapping[str, Any], name: str) -> str:
    values = [row[part].get(name) for part in ("probes", "probes_untrained")]
    return " | ".join("-" if value is None else f"{value:.2f}" for value in values)


def control_table(tasks: Sequence[RowTask], rows: Mapping[str, Mapping[str, Any]]) -> ReportTable:
    """How far each map depends on what was learned, and on which network learned it."""
    columns = {
        "Outcome, untrained": "outcome_map_untrained",
        "Outcome, two networks": "outcome_map_networks",
        "Age, untrained": "age_map_untrained",
    }
    cells = []
    for task in tasks:
        row = rows[task.system.name]
        values = (f"{row[name]:.2f}" if name in row else "-" for name in columns.values())
        cells.append((task.system.title, task.settings.explain.method, *values))
    return ReportTable(("System", "Map", *columns), tuple(cells), note=_CONTROLS)


def source_table(tasks: Sequence[RowTask], rows: Mapping[str, Mapping[str, Any]]) -> ReportTable:
    """What the source reports, what was found here, and why it is worse where it is."""
    cells = []
    for task in tasks:
        row, system = rows[task.system.name], task.system
        here = [f"{row['age_mae']:.1f} years (mean age {row['mean_age_mae']:.1f})"] if "mean_age_mae" in row else []
        here += [f"AUC {row['auc']:.2f}"] if "auc" in row else []
        cells.append((system.title, system.reports or "no figure", ", ".join(here) or "-", why_worse(task, row)))
    return ReportTable(("System", "The source", "Here", "Why"), tuple(cells), note=_SOURCES, numbers=False)


def why_worse(task: RowTask, row: Mapping[str, Any]) -> str:
    """Of an error of age above the one that the source reports; a dash where it reports none, or there is none here."""
    published = task.system.published_years
    if published is None or "age_mae" not in row:
        return "-"
    if row["age_mae"] <= published:
        return "not worse, in easier subjects: phantoms have no disease"
    settings = task.settings
    learned = round(settings.ages.subjects * (1 - settings.ages.held_out))
    reasons = [f"{learned} phantoms, cells of {settings.input.spacing_mm:g} mm, {settings.pretrain.epochs} epochs"]
    if row["age_mae"] > LEAST_LEARNED * row.get("mean_age_mae", float("inf")):
        reasons.append("it is hardly better than the mean age: it has not learned")
    return "; ".join([*reasons, *([task.system.falls_short] if task.system.falls_short else [])])


def _about(task: RowTask, row: Mapping[str, Any]) -> Iterator[Block]:
    system = task.system
    said = {
        "What it is": system.what,
        "Source": system.source,
        "What the source reports": system.reports,
        "Otherwise here": system.differs,
        "Its map": system.made_map,
    }
    yield Points(tuple(f"{name}: {text}" for name, text in said.items() if text))
    for name, file, twin, of in (
        ("outcome_map", OUTCOME_MAP, UNTRAINED_OUTCOME_MAP, "the synthetic infant"),
        ("age_map", AGE_MAP, UNTRAINED_AGE_MAP, "T1"),
    ):
        if name in row:
            words = f"{system.title} on {of}: {row[name]}."
            yield from _picture(task, name, file, words)
            yield from _picture(task, f"{name}_untrained", twin, f"The same network without training, on {of}.")


def _picture(task: RowTask, name: str, file: str, words: str) -> Iterator[Block]:
    if (task.folder / file).exists():
        yield Image(Picture(f"{task.system.name}_{name}", words, words, (task.folder / file).read_bytes()))


def _value(row: Mapping[str, Any], name: str, low: str, high: str, digits: int) -> str:
    return value_text(row[name], row[low], row[high], digits) if name in row else "-"


def _table_row(task: RowTask, row: Mapping[str, Any]) -> dict[str, Any]:
    """A flat row: facts of the system, then figures; bands and steps as columns of their own."""
    flat = {key: value for key, value in row.items() if not isinstance(value, dict)}
    probes = {f"probe {name}": value for name, value in row.get("probes", {}).items()}
    bands = {f"age_mae {name}": one["mae"] for name, one in row.get("age_bands", {}).items()}
    steps = {f"seconds {name}": value for name, value in row["seconds_by_step"].items()}
    system = task.system
    return {"system": system.name, "title": system.title, "source": system.source, **flat, **bands, **probes, **steps}
