"""What the report says of the explanations: how the outcome maps fared, and where the age maps lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from training.reporting.content import Block, ExplanationTables, Image, Paragraph, Picture, ReportTable
from training.reporting.figures import AGE_MAPS

_SEEN = (
    "The exported networks have learned from these infants, so that their probabilities are no test of anything; how "
    "their maps behave is what is looked at."
)
_HOW_READ = (
    "A figure that is not kept says what a map is not worth; one that is kept proves nothing: a map can pass all of "
    "them and still name what only goes along with the outcome."
)
_LESION = (
    "Pointing: the map's peak lies in the lesion dilated by half a cell of the map. Enrichment: share of the map's "
    "positive values in the lesion over the lesion's share of the brain; 1 is chance. Infants with a marked lesion "
    "were preferred, and neither figure says that the network rests on the lesion, nor that it should."
)
_SIDES = (
    "Share of the positive values on each side of the midline and their difference, left less right. Positive values "
    "raise the predicted age as against nothing at that place in the layer that was explained: they are no map of what "
    "ages in a brain. The maps of a few subjects show no rule. The mean over subjects "
    "and its spread in the template: age_maps_mean.nii.gz and age_maps_sd.nii.gz. Seeds agree: rank "
    "correlation of two maps of a subject that draw other numbers; 1 for methods that draw none."
)
_SYNTHETIC = "Synthetic: "


def examination_blocks(found: ExplanationTables) -> Iterator[Block]:
    """Counts, every figure over all infants, and the figures that need a lesion; nothing where none was examined."""
    table = found.examinations
    if table is None or table.empty:
        return
    made = table[_text(table["refused"]) == ""]
    yield Paragraph(_counted(table, made))
    if made.empty:
        return
    failed = [str(names).split("; ") for names in _text(made["failed_figures"])]
    rows = [
        (name, told["limit"], f"{sum(name not in one for one in failed)} of {len(made)}", _spread(made[name]))
        for name, told in found.figures.items()
    ]
    yield ReportTable(("Figure", "Limit", "Kept by", "Median (range)"), tuple(rows), note=_HOW_READ)
    yield from _lesion_blocks(made)


def _counted(table: pd.DataFrame, made: pd.DataFrame) -> str:
    groups = made.groupby(["site", "outcome"]).size().rename("count").reset_index().to_dict("records")
    parts = ", ".join(f"{group['count']} {group['outcome']} from {group['site']}" for group in groups)
    head = _SYNTHETIC if table["synthetic"].all() else ""
    refused = f" Refused by the quality gate: {len(table) - len(made)}." if len(table) > len(made) else ""
    kept = int((made["failed"] == 0).sum()) if len(made) else 0
    return (
        f"{head}{len(made)} examined ({parts or 'no infant'}), maps by {', '.join(table['method'].unique())}; "
        f"{kept} kept every limit.{refused} {_SEEN} Every row: examinations.tsv."
    )


def _lesion_blocks(made: pd.DataFrame) -> Iterator[Block]:
    known = made.dropna(subset=["pointing"]) if "pointing" in made else made.iloc[:0]
    if known.empty:
        yield Paragraph("No infant that was examined has a marked lesion: whether maps name it is unknown.")
        return
    hits = f"{int(known['pointing'].astype(bool).sum())} of {len(known)}"
    row = (hits, _spread(known["peak_mm"]), _spread(known["enrichment"]))
    header = ("Pointing", "Peak from the lesion, mm, median (range)", "Enrichment, median (range)")
    yield ReportTable(header, (row,), note=_LESION)


def age_map_blocks(found: ExplanationTables, pictures: Mapping[str, Picture]) -> Iterator[Block]:
    """A row a subject and the picture; nothing where no map was made."""
    table = found.age_maps
    if table is None or table.empty:
        return
    if AGE_MAPS in pictures:
        yield Image(pictures[AGE_MAPS])
    rows = tuple(
        (
            f"{row['age']:.2f}",
            f"{row['predicted']:.2f}",
            ", ".join(f"{row[f'peak_{way}_mm']:.0f}" for way in ("right", "anterior", "superior")),
            *(f"{row[name]:.2f}" for name in ("left", "right", "asymmetry")),
            f"{row['seed_agreement']:.2f}" if "seed_agreement" in row else "-",  # earlier runs did not ask
        )
        for row in table.to_dict("records")
    )
    header = (
        "Age, years",
        "Predicted",
        "Peak right, anterior, superior, mm",
        "Left",
        "Right",
        "Asymmetry",
        "Seeds agree",
    )
    head = f"{_SYNTHETIC}nobody was scanned. " if table["synthetic"].all() else ""
    yield ReportTable(header, rows, note=f"{head}{_SIDES}")


def _text(column: pd.Series) -> pd.Series:
    """Without what a table that was read again has for empty cells."""
    return column.astype(object).fillna("")


def _spread(values: pd.Series) -> str:
    known = values.dropna().astype(float)
    if known.empty:
        return "-"
    return f"{known.median():.2f} ({known.min():.2f} to {known.max():.2f})"
