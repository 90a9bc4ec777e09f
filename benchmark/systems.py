"""The figures of a comparison of systems, from what ``training/run.py compare-systems`` left in its folder.

    python benchmark/systems.py RUN [RUN ...]

A row of a later folder takes the place of the same row of an earlier one: rows are learned apart, on the same cohorts.
Nothing is computed anew but the errors by the bands of age that ``real_ages.py`` has, from the same held-out subjects'
answers. Printed: the rows of the tables of docs/systems.md, each with its citation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd
from figures import Figures
from real_ages import BANDS

from training.lessons import TRUE
from training.systems.page import TABLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    runs = parser.parse_args().runs
    table = pd.concat([pd.read_csv(run / TABLE, sep="\t").assign(run=str(run)) for run in runs])
    table = table.drop_duplicates("system", keep="last")
    figures = Figures("systems")
    figures.add("rows", len(table))
    for name, column, unit in (
        ("held-out", "age_n", ""),
        ("mean-age/error", "mean_age_mae", "years"),
        ("infants", "auc_n", ""),
    ):
        figures.add(name, table[column].dropna().iloc[0], unit)
    for _, row in table.iterrows():
        name = str(row["system"])
        add_age(name, row, Path(row["run"], "rows", name), figures)
        add_outcome(name, row, Path(row["run"], "rows", name), figures)
        figures.add(f"{name}/seconds", row["seconds"], "s of processor time")
        figures.add(f"{name}/memory", row["peak_mb"], "MB")
        print(line_of(name, figures))
    for run in runs:
        trained = json.loads((run / "run.json").read_text(encoding="utf-8"))["settings"]
        print(f"{trained['evaluate']['folds']} folds, {trained['finetune']['epochs']} epochs of fine-tuning")
    figures.write()


def add_age(name: str, row: pd.Series, folder: Path, into: Figures) -> None:
    """Error in held-out subjects, by band, and what is known of the map; nothing of a row that learned no age."""
    if pd.isna(row["age_mae"]):
        return
    into.add(f"{name}/error", row["age_mae"], "years", (row["age_low"], row["age_high"]))
    for band, error in errors_by_band(folder).items():
        into.add(f"{name}/error/{band}", error, "years")
    into.add(f"{name}/parameters", row["age_parameters"])
    into.add(f"{name}/age-map/untrained", row.get("age_map_untrained", float("nan")))


def add_outcome(name: str, row: pd.Series, folder: Path, into: Figures) -> None:
    """AUC over the test folds, what its map is worth, and the probes of its trunk; nothing of a row without them."""
    if pd.isna(row["auc"]):
        return
    into.add(f"{name}/auc", row["auc"], "", (row["auc_low"], row["auc_high"]))
    if f"{name}/parameters" not in into.found:
        into.add(f"{name}/parameters", row["outcome_parameters"])
    for part in ("untrained", "networks"):
        into.add(f"{name}/outcome-map/{part}", row.get(f"outcome_map_{part}", float("nan")))
    kept = json.loads((folder / "row.json").read_text(encoding="utf-8"))["row"]
    for part in ("probes", "probes_untrained"):
        for target, value in kept.get(part, {}).items():
            into.add(f"{name}/{part.replace('_', '/')}/{target}", value)


def errors_by_band(folder: Path) -> dict[str, float]:
    """Years, of the first network that learned true ages."""
    table = pd.read_csv(folder / "age_predictions.tsv", sep="\t")
    mine = table[(table["pretraining"] == TRUE) & (table["seed"] == 0)]
    error, age = (mine["predicted_years"] - mine["age_years"]).abs(), mine["age_years"]
    return {
        band.name.removesuffix(" years"): float(error[here].mean())
        for band in BANDS
        if (here := (age >= band.low) & (age < band.high)).any()
    }


def line_of(name: str, figures: Figures) -> str:
    """A row of the page's table; a dash where a row does not predict this."""
    bands = [band.name.removesuffix(" years") for band in BANDS]
    cells = [f"`{name}`", with_interval(name, "error", 1, figures)]
    cells += [shown(f"{name}/error/{band}", 1, figures) for band in bands]
    cells += [with_interval(name, "auc", 2, figures)]
    cells += [shown(f"{name}/{part}", 0, figures) for part in ("parameters", "seconds", "memory")]
    cited = [f"{name}/error+ {name}/error/{{{','.join(bands)}}}"] if f"{name}/error" in figures.found else []
    cited += [f"{name}/auc+"] if f"{name}/auc" in figures.found else []
    cited += [f"{name}/{{parameters,seconds,memory}}"]
    return f"| {' | '.join(cells)} <!-- systems: {' '.join(cited)} --> |"


def shown(name: str, digits: int, figures: Figures) -> str:
    return f"{figures.found[name].value:,.{digits}f}" if name in figures.found else "-"


def with_interval(name: str, part: str, digits: int, figures: Figures) -> str:
    one = figures.found.get(f"{name}/{part}")
    if one is None or one.interval is None:
        return "-"
    low, high = one.interval
    return f"{one.value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


if __name__ == "__main__":
    main()
