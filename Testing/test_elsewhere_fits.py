"""An explanation from another computer is held against the model and the image that were asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import untrained_bundle

from AGE2HIELib.elsewhere.networks import check_fits
from AGE2HIELib.elsewhere.wire import WireError
from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.pipeline.inputs import load_model
from AGE2HIELib.volume import Volume


def test_an_explanation_that_is_none_of_these_networks_is_refused(tmp_path: Path) -> None:
    untrained_bundle(tmp_path / "small", count=2)
    model = load_model(tmp_path / "small", device="cpu")
    asked = {"method": "hirescam", "layer": "block2", "target": "adverse"}
    made = explain_score(model.members, model.bundle, np.zeros((1, 2, 56, 64, 48), np.float32), **asked)
    check_fits(made, model.bundle, **asked)
    number, cells = made.prediction, made.saliency
    aside, outside = cells.affine_ras.copy(), cells.affine_ras @ np.diag([1.2, 1.2, 1.2, 1])
    aside[0, 3] += 40
    maps = {"saliency": Volume(cells.array, aside), "agreement": Volume(cells.array, aside)}
    apart = {"agreement": Volume(cells.array, aside)}
    larger = {"saliency": Volume(cells.array, outside), "agreement": Volume(cells.array, outside)}
    damages: tuple[tuple[dict[str, Any], str], ...] = (
        ({"method": "gradcam"}, "was not asked"),
        ({"target": "favourable"}, "was not asked"),
        ({"layer": "block1"}, "was not asked"),
        ({"prediction": replace(number, probability_adverse=7.0)}, "no probability"),
        ({"prediction": replace(number, interval=number.interval[::-1])}, "no probability"),
        ({"prediction": replace(number, members=(0.5, -1.0))}, "no probability"),
        ({"prediction": replace(number, members=number.members[:1])}, "1 networks have answered, and the model has 2"),
        (apart, "lie apart"),
        (maps, "do not lie in the image"),
        (larger, "do not lie in the image"),
    )
    for changes, expected in damages:
        with pytest.raises(WireError, match=expected):
            check_fits(replace(made, **changes), model.bundle, **asked)
