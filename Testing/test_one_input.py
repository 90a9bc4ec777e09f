"""One way to the network: a prediction and the training feed it the same bytes for the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.pipeline import admission
from AGE2HIELib.pipeline.analysis import analyse
from AGE2HIELib.pipeline.inputs import load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.network_input import network_input
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.system.progress import Stages
from training.cohorts.bonbid import HieCase
from training.preparing import infants


@pytest.mark.parametrize("stored", ["as made", "NIfTI, other unit, axes swapped"])
def test_prediction_and_training_feed_the_network_the_same_bytes(
    infant_file: Path, untrained_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    """The module runs the command line as a child, so that these two are all ways there are."""
    scan = infant_file
    if stored != "as made":
        made = read_volume(infant_file)
        swapped = np.swapaxes(made.array, 0, 1)[::-1] / 1e6
        affine = made.affine_ras[:, [1, 0, 2, 3]].copy()
        affine[:3, 3] += affine[:3, 0] * (swapped.shape[0] - 1)
        affine[:3, 0] *= -1
        scan = tmp_path / "adc.nii.gz"
        write_volume(type(made)(swapped.astype(np.float32), affine), scan)
    fed: list[np.ndarray] = []

    def watched(*arguments: Any, **options: Any) -> np.ndarray:
        fed.append(network_input(*arguments, **options))
        return fed[-1]

    monkeypatch.setattr(admission, "network_input", watched)
    monkeypatch.setattr(infants, "network_input", watched)
    atlas, model = load_atlas(resource_path("atlas")), load_model(untrained_model)
    analyse(read_scan(scan), model, atlas, Request(), Stages(STAGES))
    case = HieCase(case="a", subject="a", site="x", image=scan, z_adc=None, lesion=None, adverse=True, age_days=None)
    infants.infant_arrays(case, atlas, model.bundle.spec, z_maps="atlas")
    predicted, trained = fed[0], fed[1]
    assert predicted.dtype == np.float32
    assert np.ptp(predicted) > 1
    assert predicted.tobytes() == trained.tobytes()
