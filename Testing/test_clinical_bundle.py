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
from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.bundle.writing import add_clinical
from AGE2HIELib.clinical.fusion import fuse
from AGE2HIELib.clinical.variables import FUSED
from AGE2HIELib.errors import ModelError
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


def test_a_bundle_gains_the_fusion_and_nothing_else_of_it_moves(untrained_model: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(untrained_model, tmp_path / "model"))
    before = read_bundle(folder)
    assert before.clinical is None
    after = add_clinical(folder, some_facts(tuple(before.readings)), "9.9.9")
    assert after.version == "9.9.9"
    assert after.clinical is not None
    assert after.readings == before.readings
    changed = {name for name in before.files if before.files[name] != after.files[name]}
    assert changed == {"configs/metadata.json", "docs/README.md"}
    assert after.files.keys() - before.files.keys() == {CLINICAL, "docs/clinical.md"}
    assert after.sha256 != before.sha256
