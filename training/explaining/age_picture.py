"""age_maps.png: a row a subject, T1 in grey and over it where the network sees age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from AGE2HIELib.explanation.compare import standing
from AGE2HIELib.explanation.registry import METHODS
from AGE2HIELib.report.colours import grey_scale, standing_scale
from AGE2HIELib.report.overlay import COLUMNS, TILE_WIDTH, Row, mosaic, over
from AGE2HIELib.report.tiles import View, choose_view, tile
from AGE2HIELib.report.years import in_years
from AGE2HIELib.volume import Volume

_T1_WINDOW = (-3.0, 3.0)  # spreads from the brain's median, the unit in which the network is fed


@dataclass(frozen=True)
class Shown:
    """Attributes:
    t1: as the network is fed, 0 outside the brain.
    saliency: same grid.
    age_years, predicted_years: of the subject.
    """

    t1: Volume
    saliency: Volume
    age_years: float
    predicted_years: float


def age_picture(shown: Sequence[Shown], *, method: str, synthetic: bool) -> Image.Image:
    """Slices of all subjects at the same places of the template; colours tell what share of a map's own positive
    values lies in stronger voxels, so that all rows share one scale.
    """
    everywhere = np.any([one.t1.array != 0 for one in shown], axis=0)
    view = choose_view(shown[0].t1.like(everywhere), columns=COLUMNS, tile_width=TILE_WIDTH)
    rows = [_row(one, view, METHODS[method].title, synthetic=synthetic) for one in shown]
    return mosaic(rows, view, everywhere.shape[2], demonstration=synthetic)


def _row(one: Shown, view: View, title: str, *, synthetic: bool) -> Row:
    brain = one.t1.like(one.t1.array != 0)
    ranked = one.t1.like(standing(one.saliency.array).astype(np.float32))
    grey, hot = grey_scale(_T1_WINDOW), standing_scale()

    def draw(level: int) -> np.ndarray:
        below = over(tile(one.t1, level, view, grey, brain=brain), np.zeros(3))
        return over(tile(ranked, level, view, hot, brain=brain), below)

    who = "Synthetic subject" if synthetic else "Subject"
    ages = f"{who} of {in_years(one.age_years)}, predicted {in_years(one.predicted_years)}"
    return Row(f"{ages}: {title} of the predicted age over T1", "0", "peak", hot, draw)
