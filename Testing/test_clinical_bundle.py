"""The fusion with clinical variables in a bundle: kept, checked, added to one that lay there already."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from AGE2HIELib.bundle.clinical_facts import (
    CLINICAL,
    ClinicalFacts,
    check_clinical,
    clinical_text,
    read_clinical_facts,
)
from AGE2HIELib.bundle.model_facts import Calibration, Reading
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.bundle.training_cases import Scores
from AGE2HIELib.bundle.writing import Calibrated, add_calibration
from AGE2HIELib.clinical.fusion import fuse
from AGE2HIELib.clinical.variables import FUSED
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.places import resource_path
from training.learning.fusion import fit_fusion


def simulated(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(calibrated image logit, three variables with gaps, outcome)."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 1.5, count)
    adverse = rng.uniform(size=count) < expit(image)
    values = 0.8 * adverse[:, None] + rng.normal(size=(count, 3))
    values[rng.uniform(size=values.shape) < 0.2] = np.nan
    return image, values, adverse


def some_facts(kinds: tuple[str, ...] = ("atlas", "released")) -> ClinicalFacts:
    fusion = fit_fusion(*simulated(300, 9), FUSED[:3], penalty=3.0)
    return ClinicalFacts(dict.fromkeys(kinds, fusion), 300, 140, "a command", "drawn")


def test_a_bundle_keeps_the_fusion_and_names_what_is_wrong_in_it() -> None:
    facts = some_facts()
    read = read_clinical_facts(clinical_text(facts).encode(), ("atlas", "released"))
    image, values, _ = simulated(50, 10)
    for kind in read.fusions:
        one, other = (fuse(each.fusions[kind], image, values) for each in (facts, read))
        np.testing.assert_allclose(one.logit, other.logit, atol=1e-6)
        np.testing.assert_allclose(one.sd, other.sd, atol=1e-6)
    content = json.loads(clinical_text(facts))
    content["fusions"]["atlas"]["sd"][0] = 0
    with pytest.raises(ModelError, match="'sd' of clinical"):
        read_clinical_facts(json.dumps(content).encode(), ("atlas", "released"))
    with pytest.raises(ModelError, match="'fusions'"):
        check_clinical(facts, ("atlas",))
    bad = replace(facts.fusions["atlas"], covariance=-facts.fusions["atlas"].covariance)
    with pytest.raises(ModelError, match="'covariance' of clinical"):
        check_clinical(replace(facts, fusions={"atlas": bad, "released": bad}), ("atlas", "released"))


def test_a_bundle_gains_calibration_and_fusion_and_its_weights_stay(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(resource_path("models", "demo"), tmp_path / "model"))
    before = read_bundle(folder)
    moved = Reading(Calibration(slope=1.7, intercept=-0.2, prevalence=0.41, slope_sd=0.1, intercept_sd=0.1), 0.37)
    scores = Scores(np.array([-1.5, -0.25]), np.array([0.5, 1.25, 2.0]))
    calibrated = Calibrated(
        {"atlas": moved}, {"atlas": scores}, some_facts(tuple(before.readings)), "5 infants whom no network had seen"
    )
    after = add_calibration(folder, calibrated, "9.9.9")
    assert after.version == "9.9.9"
    assert after.clinical is not None
    assert after.clinical.cases == 300
    assert after.readings == {**before.readings, "atlas": moved}
    assert after.cases is not None
    assert before.cases is not None
    np.testing.assert_array_equal(after.cases.scores["atlas"][0].adverse, scores.adverse)
    others = set(before.readings) - {"atlas"}
    for kind in others:
        np.testing.assert_array_equal(after.cases.scores[kind][0].adverse, before.cases.scores[kind][0].adverse)
    changed = {name for name in before.files if before.files[name] != after.files[name]}
    assert changed == {"configs/metadata.json", "configs/cases.json", "docs/README.md", CLINICAL, "docs/clinical.md"}
    card = (folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert f"# {before.name} 9.9.9" in card
    assert "| atlas | -0.2 | 1.7 | 0.41 | 0.37 |" in card
    assert "z-map atlas: 2 favourable, 3 adverse" in card
    assert "5 infants whom no network had seen" in (folder / "configs" / "metadata.json").read_text(encoding="utf-8")
