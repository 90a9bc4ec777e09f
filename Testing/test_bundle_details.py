"""What the list of models says of each, and the removal of one."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from AGE2HIELib.bundle.details import delete_model, model_details, read_model_card, reference_scores
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.places import installed_models, resource_path

DEMO = resource_path("models", "demo")


def test_details_are_those_of_the_files() -> None:
    found = model_details(DEMO)
    weights = sum(path.stat().st_size for path in (DEMO / "models").iterdir())
    assert weights < found.size_bytes < 1.5 * weights
    assert found.licence == "Apache License Version 2.0"
    assert found.inputs == "ADC, z-map of ADC"
    assert "newborns" in found.task
    assert found.installed <= date.today()
    assert read_model_card(DEMO).startswith("# age2hie-demonstration")


def test_scores_of_other_infants_are_calibrated_as_a_scans_is() -> None:
    """373 adverse and 427 favourable, as the model's card says."""
    bundle = read_bundle(DEMO)
    found = reference_scores(DEMO, "atlas")
    assert found is not None
    assert (len(found.favourable), len(found.adverse)) == (427, 373)
    calibration = bundle.readings["atlas"].calibration
    logits = bundle.cases.scores["atlas"][0].adverse  # type: ignore[union-attr]
    wanted = 1 / (1 + np.exp(-(calibration.intercept + calibration.slope * logits)))
    np.testing.assert_allclose(found.adverse, wanted, rtol=1e-6)
    assert sum(found.favourable) / 342 < 0.4 < sum(found.adverse) / 298
    assert reference_scores(DEMO, "another") is None
    assert reference_scores(DEMO.parent, "atlas") is None


def test_a_folder_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    for function in (model_details, read_model_card):
        with pytest.raises(ModelError, match="Install it again"):
            function(tmp_path)


def test_only_what_was_installed_is_deleted(home: Path) -> None:
    folder = home / "a model-1.0"
    shutil.copytree(DEMO, folder)
    with pytest.raises(ModelError, match="no model that was installed"):
        delete_model(DEMO)
    with pytest.raises(ModelError, match="no model that was installed"):
        delete_model(home)
    assert (home / "a model-1.0" / "manifest.json").is_file()
    delete_model(folder)
    assert not folder.exists()
    assert installed_models() == (DEMO,)
