"""Where in T1 the pretrained network sees age: maps of held-out subjects, evenly over age.

``AGE2HIELib.explanation.age`` says what is explained, and in which unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.age import answer_age
from AGE2HIELib.explanation.compare import standing
from AGE2HIELib.explanation.registry import find_method
from AGE2HIELib.explanation.robustness import on_voxels
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.networks.age import AgeNetwork
from AGE2HIELib.report.colours import grey_scale, standing_scale
from AGE2HIELib.report.overlay import COLUMNS, TILE_WIDTH, MapRow, mosaic, over
from AGE2HIELib.report.summary import in_years
from AGE2HIELib.report.tiles import View, choose_view, tile
from AGE2HIELib.system.parallel import bar_seconds
from AGE2HIELib.volume import Grid, Volume
from training.explaining.sampling import choose_subjects
from training.exporting import explained_layer
from training.files import read_row, sha256_of, store_row, write_tsv, write_whole
from training.learning.ages import predicted_years
from training.learning.fitting import WEIGHTS
from training.preparing.inputs import t1_spec
from training.preparing.store import PreparedCohort, is_prepared, load_prepared
from training.pretraining import TRUE, Lesson, held_out_split, trained_age_network
from training.run_folder import RunFolder
from training.settings import SYNTHETIC, T1_PLACEMENT

VERSION = 1  # raise it when the same subject would be explained otherwise


@dataclass(frozen=True)
class Subject:
    """Attributes:
    name: of the scan, as its file is called.
    image: float32 ``(1, 1, D, H, W)`` along right, anterior, superior, as the network is fed; 0 outside the brain.
    brain_ml, age_years: of the subject.
    """

    name: str
    subject: str
    image: np.ndarray
    brain_ml: float
    age_years: float


def map_ages(run: RunFolder) -> pd.DataFrame:
    """Map what is not there yet; writes ``age_maps/``, ``age_maps.tsv`` and ``age_maps.png``.

    Raises:
        InputError: there is no pretrained network yet, or no subjects are asked for.
    """
    settings = run.settings
    if settings.explain.subjects == 0:
        raise InputError("The setting explain.subjects is 0: no subject is asked for. Set it to a number.")
    weights = run.pretraining(TRUE) / WEIGHTS
    if not weights.exists() or not is_prepared(run.prepared_ages):
        raise InputError("There is no network that has learned age in this run. Run the step 'pretrain' first.")
    cohort = load_prepared(run.prepared_ages)
    network = trained_age_network(run, cohort, Lesson(TRUE))
    network.requires_grad_(False).eval()
    grid = t1_spec(settings.input.spacing_mm, T1_PLACEMENT, settings.network.poolings).grid
    words = (VERSION, cohort.sha256, settings.explain.method)
    rows, shown = [], []
    bar = tqdm(held_out_subjects(run, cohort), desc="age maps", mininterval=bar_seconds())
    for one in bar:
        row, saliency = _kept(run, one, network, grid, sha256_of([weights], one.name, *words))
        rows.append({**row, "synthetic": settings.ages.source == SYNTHETIC})
        shown.append(AgeMapShown(Volume(one.image[0, 0], grid.affine_ras), saliency, one.age_years, row["predicted"]))
    table = pd.DataFrame(rows)
    write_tsv(run.age_map_table, table)
    picture = age_picture(shown, method=settings.explain.method, synthetic=settings.ages.source == SYNTHETIC)
    write_whole(run.age_map_picture, lambda part: picture.save(part, optimize=False))
    return table


def held_out_subjects(run: RunFolder, cohort: PreparedCohort) -> list[Subject]:
    """Those that are explained, youngest first."""
    settings = run.settings
    _, held = held_out_split(cohort.table, settings.ages.held_out, seed=settings.run.seed)
    chosen = choose_subjects(cohort.table.iloc[held], settings.explain.subjects)
    rows = cohort.table.loc[chosen, ["name", "subject", "brain_ml", "age_years"]].to_dict("records")
    images = [np.asarray(cohort.volumes[[place]], dtype=np.float32) for place in chosen]
    return [
        Subject(str(row["name"]), str(row["subject"]), image, float(row["brain_ml"]), float(row["age_years"]))
        for row, image in zip(rows, images, strict=True)
    ]


def _kept(run: RunFolder, one: Subject, network: AgeNetwork, grid: Grid, key: str) -> tuple[dict[str, Any], Volume]:
    """The row and the map of a subject, from its files where they are there."""
    facts, file = run.age_maps / f"{one.name}.json", run.age_maps / f"{one.name}.nii.gz"
    row = read_row(facts, key)
    if row is not None and file.exists():
        return row, read_volume(file)  # the network's grid is in canonical order
    saliency = age_map(network, one.image, grid, method=run.settings.explain.method)
    write_whole(file, lambda part: write_volume(saliency, part))
    volumes, brain_ml = one.image, np.array([one.brain_ml])
    row = {
        "subject": one.subject,
        "scan": one.name,
        "age": one.age_years,
        "predicted": float(predicted_years(network, volumes, brain_ml)[0]),
        "method": run.settings.explain.method,
        **where(saliency),
    }
    store_row(facts, key, row)
    return row, saliency


def age_map(network: AgeNetwork, image: np.ndarray, grid: Grid, *, method: str) -> Volume:
    """The map of ``explain.age`` on the voxels of the network's input, 0 outside the brain.

    Args:
        network: in evaluation mode, its weights without gradients.
        image: float32 ``(1, 1, D, H, W)``, 0 outside the brain.
        grid: of the image, in the template's frame.
    """
    answer = answer_age(
        network, image, method=method, layer=explained_layer(network.encoder, float(grid.spacing_mm[0]))
    )
    values = on_voxels(answer.cells, answer.where, grid.shape)
    return Volume(np.where(image[0, 0] != 0, values, 0).astype(np.float32), grid.affine_ras)


def where(saliency: Volume) -> dict[str, float]:
    """Peak in mm (right, anterior, superior of the template's centre) and the sides' shares of the positive values.

    ``asymmetry`` is the left's share less the right's, -1..1. All are NaN where nothing is positive.
    """
    names = ("peak_right_mm", "peak_anterior_mm", "peak_superior_mm", "left", "right", "asymmetry")
    positive = np.maximum(saliency.array.astype(np.float64), 0)
    if positive.max() <= 0:
        return dict.fromkeys(names, float("nan"))
    peak = np.unravel_index(int(positive.argmax()), positive.shape)
    at = (saliency.affine_ras @ [*peak, 1.0])[:3]
    right = saliency.affine_ras[0, 0] * np.arange(positive.shape[0]) + saliency.affine_ras[0, 3]
    sagittal = positive.sum(axis=(1, 2)) / positive.sum()
    middle = float(sagittal[right == 0].sum()) / 2  # voxels on the midline belong to both sides
    sides = float(sagittal[right < 0].sum()) + middle, float(sagittal[right > 0].sum()) + middle
    return dict(zip(names, (*map(float, at), *sides, sides[0] - sides[1]), strict=True))


_T1_WINDOW = (-3.0, 3.0)  # spreads from the brain's median, the unit in which the network is fed


@dataclass(frozen=True)
class AgeMapShown:
    """Attributes:
    t1: as the network is fed, 0 outside the brain.
    saliency: same grid.
    age_years, predicted_years: of the subject.
    """

    t1: Volume
    saliency: Volume
    age_years: float
    predicted_years: float


def age_picture(shown: Sequence[AgeMapShown], *, method: str, synthetic: bool) -> Image.Image:
    """Slices of all subjects at the same places of the template; colours tell what share of a map's own positive
    values lies in stronger voxels, so that all rows share one scale.
    """
    everywhere = np.any([one.t1.array != 0 for one in shown], axis=0)
    view = choose_view(shown[0].t1.like(everywhere), columns=COLUMNS, tile_width=TILE_WIDTH)
    rows = [_row(one, view, find_method(method).title, synthetic=synthetic) for one in shown]
    return mosaic(rows, view, everywhere.shape[2], demonstration=synthetic)


def _row(one: AgeMapShown, view: View, title: str, *, synthetic: bool) -> MapRow:
    brain = one.t1.like(one.t1.array != 0)
    ranked = one.t1.like(standing(one.saliency.array).astype(np.float32))
    grey, hot = grey_scale(_T1_WINDOW), standing_scale()

    def draw(level: int) -> np.ndarray:
        below = over(tile(one.t1, level, view, grey, brain=brain), np.zeros(3))
        return over(tile(ranked, level, view, hot, brain=brain), below)

    who = "Synthetic subject" if synthetic else "Subject"
    ages = f"{who} of {in_years(one.age_years)}, predicted {in_years(one.predicted_years)}"
    return MapRow(f"{ages}: {title} of the predicted age over T1", "0", "peak", hot, draw)
