"""The exported model read by infants whom no network saw: what is fitted, what is refused, what stays."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.bundle.weights import load_members
from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.system.places import resource_path
from training import calibrating
from training.calibrating import calibrate, infants_a_site
from training.evaluation.platt import platt
from training.evaluation.reliability import cross_fitted
from training.learning.augment import pick_z
from training.preparing.store import PreparedCohort
from training.run_folder import RunFolder
from training.settings_reading import load_settings

INFANTS, ADVERSE = 14, 7  # their answers cost seconds; so many must do in these tests


def cohort(*, adverse: int = ADVERSE, released: bool = True) -> PreparedCohort:
    """Noise in a box of the bundled model's grid, lower in the adverse infants."""
    rng = np.random.default_rng(5)
    ill = np.arange(INFANTS) < adverse
    volumes = np.zeros((INFANTS, 3, 32, 32, 24), dtype=np.float16)
    values = rng.normal(0, 0.4, (INFANTS, 3, 10, 12, 8)) - rng.uniform(0, 1.5, INFANTS)[:, None, None, None, None]
    volumes[:, :, 11:21, 10:22, 8:16] = values - 0.5 * ill[:, None, None, None, None]
    table = pd.DataFrame(
        {
            "case": [f"case{n}" for n in range(INFANTS)],
            "subject": [f"case{n}" for n in range(INFANTS)],
            "adverse": ill,
            "released_z": released,
            "image_sha256": [f"{n:064x}" for n in range(INFANTS)],
            "clinical_cord_ph": rng.normal(7.0, 0.1, INFANTS) - 0.1 * ill,
        }
    )
    return PreparedCohort(volumes, None, table, "")


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "LEAST", 5)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return read_bundle(Path(shutil.copytree(resource_path("models", "demo"), tmp_path / "model")))


def run_with(folder: Path, calibration: object) -> RunFolder:
    change = f"export.calibration={calibration}"
    return RunFolder(folder, load_settings("bundle", None, [change, "export.version=9.9.9"]))


def test_number_and_sets_come_from_the_bundle_s_own_answers_to_these_infants(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cohort()
    assert made.volumes.shape[2:] == bundle.spec.grid.shape
    monkeypatch.setattr(calibrating, "calibration_cohort", lambda *_: made)
    after = calibrate(run_with(tmp_path / "run", INFANTS), bundle.folder)
    adverse = made.table["adverse"].to_numpy(bool)
    images = torch.from_numpy(made.volumes)
    for kind in ("atlas", "released", "none"):
        with torch.no_grad():
            answers = [member(pick_z(images, kind))[:, 0].numpy() for member in load_members(bundle)]
        own = np.mean(answers, axis=0)
        fitted = platt(own, adverse)
        found = after.readings[kind].calibration
        assert found.slope == pytest.approx(fitted.slope, rel=1e-4)
        assert found.intercept == pytest.approx(fitted.intercept, abs=1e-4)
        assert found.prevalence == 0.5
        assert after.cases is not None
        np.testing.assert_allclose(after.cases.scores[kind][0].adverse, np.sort(own[adverse]), atol=1e-5)
    changed = {name for name in bundle.files if bundle.files[name] != after.files[name]}
    assert not any(name.endswith(".pt") for name in changed)
    assert after.clinical is not None
    assert after.clinical.fusions["atlas"].names == ("cord_ph",)
    log = json.loads((after.folder / "configs" / "metadata.json").read_text(encoding="utf-8"))["changelog"]
    assert log["9.9.9"] == "calibrated on 14 synthetic infants (7 adverse) whom no network had seen"
    card = (after.folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert "rest on 14 synthetic infants (7 adverse) whom no network had seen, as the exported networks" in card
    assert "pooled protocol" not in card


def test_a_calibration_under_the_model_s_own_version_is_told_beside_its_export(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "calibration_cohort", lambda *_: cohort())
    run = RunFolder(tmp_path, load_settings("bundle", None, [f"export.version={bundle.version}"]))
    calibrate(run, bundle.folder)
    log = json.loads((bundle.folder / "configs" / "metadata.json").read_text(encoding="utf-8"))["changelog"]
    assert next(iter(log)) == bundle.version
    assert log[bundle.version].endswith("; calibrated on 14 synthetic infants (7 adverse) whom no network had seen")


def test_where_no_infant_has_a_released_z_map_its_reading_and_fusion_stay(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "calibration_cohort", lambda *_: cohort(released=False))
    after = calibrate(run_with(tmp_path / "run", INFANTS), bundle.folder)
    assert after.readings["released"] == bundle.readings["released"]
    assert after.readings["atlas"] != bundle.readings["atlas"]
    assert after.clinical is not None
    assert bundle.clinical is not None
    assert after.clinical.fusions["released"].names == bundle.clinical.fusions["released"].names


def test_without_clinical_variables_an_old_fusion_does_not_join_a_new_reading(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cohort()
    bare = replace(made, table=made.table.drop(columns="clinical_cord_ph"))
    monkeypatch.setattr(calibrating, "calibration_cohort", lambda *_: bare)
    after = calibrate(run_with(tmp_path / "run", INFANTS), bundle.folder)
    assert after.clinical is None
    assert not any("clinical" in name for name in after.files)


def test_too_few_and_synthetic_infants_for_a_real_model_are_refused_and_nothing_changes(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "calibration_cohort", lambda *_: cohort(adverse=4))
    with pytest.raises(InputError, match="4 adverse and 10 favourable infants are too few"):
        calibrate(run_with(tmp_path / "run", INFANTS), bundle.folder)
    with pytest.raises(InputError, match="No infants are named"):
        calibrate(run_with(tmp_path / "run", 0), bundle.folder)
    monkeypatch.setattr(calibrating, "read_bundle", lambda _: replace(bundle, demonstration=False))
    with pytest.raises(InputError, match="learned from real infants, and 14 synthetic ones cannot"):
        calibrate(run_with(tmp_path / "run", INFANTS), bundle.folder)
    monkeypatch.setattr(calibrating, "read_bundle", lambda _: replace(bundle, z_origins=("0" * 64, "released", "none")))
    with pytest.raises(ModelError, match="was not trained on z-maps of the atlas"):
        calibrate(run_with(tmp_path / "run", INFANTS), bundle.folder)
    assert read_bundle(bundle.folder).sha256 == bundle.sha256


def test_synthetic_infants_are_divided_among_the_sites_as_the_cohort_is() -> None:
    assert infants_a_site({"MGH": 350, "BCH": 290}, 800) == {"MGH": 438, "BCH": 362}


def test_ten_parts_read_by_the_rest_say_what_a_reading_is_worth() -> None:
    """4,000 infants whose outcome follows 2 x logit - 0.5: calibrated as well as chance allows, its fifth power not."""
    rng = np.random.default_rng(11)
    logit = rng.normal(0, 1, 4000)
    adverse = rng.random(4000) < 1 / (1 + np.exp(0.5 - 2 * logit))
    known = {"case": [str(n) for n in range(4000)], "adverse": adverse}
    answered = pd.concat(
        [pd.DataFrame({**known, "z": "atlas", "logit": logit}), pd.DataFrame({**known, "z": "none", "logit": logit**5})]
    )
    found = cross_fitted(answered, seed=0).set_index("z")
    assert found.loc["atlas", "slope"] == pytest.approx(1.0, abs=0.02)
    assert found.loc["atlas", "intercept"] == pytest.approx(0.0, abs=0.02)
    assert found.loc["atlas", "error"] < found.loc["atlas", "perfect"] + 0.01
    assert found.loc["none", "error"] > 2 * found.loc["none", "perfect"]  # no line leads from it to the outcome
