"""Infants who lack what others have calibrate what they have, and damaged readings are refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_sequence_readings import ALONE, READINGS, T1, cohort, fused_bundle

from AGE2HIELib.bundle.metadata import METADATA
from AGE2HIELib.bundle.reading import Bundle, read_bundle, write_manifest
from AGE2HIELib.errors import ModelError
from training import calibrating
from training.calibrating import calibrate
from training.evaluating import export_decisions
from training.evaluation.clinical import clinical_facts
from training.run_folder import RunFolder
from training.settings_reading import load_settings


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fused_bundle(tmp_path_factory.mktemp("models") / "fused", READINGS)


def test_infants_without_any_sequence_calibrate_adc_alone(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings of the call need not say that the model is fused: the bundle does."""
    made = cohort(24)
    volumes = made.volumes.copy()
    volumes[:, 3:] = 0
    without = replace(made, volumes=volumes, table=made.table.assign(has_t1=False, has_t2=False))
    drawn = []
    monkeypatch.setattr(calibrating, "LEAST", 5)
    monkeypatch.setattr(calibrating, "write_synthetic_hie", lambda *_, **__: None)
    monkeypatch.setattr(calibrating, "write_synthetic_sequences", lambda *_, **__: drawn.append("sequences"))
    monkeypatch.setattr(calibrating, "read_bonbid", lambda *_: ([], []))
    monkeypatch.setattr(calibrating, "prepare_infants", lambda *_: without)
    own = Path(shutil.copytree(bundle.folder, tmp_path / "model"))
    settings = load_settings("bundle", None, ["export.calibration=24", "export.version=9.9.9"])
    after = calibrate(RunFolder(tmp_path / "run", settings), own)
    assert drawn == ["sequences"]
    changed = {kind for kind in READINGS if after.readings[kind] != READINGS[kind]}
    assert changed == {ALONE}
    assert set(after.readings) == set(READINGS)


def test_a_pattern_whose_infants_lack_a_variable_is_fused_as_its_kind_of_z_map(tmp_path: Path) -> None:
    """The pH is known of the infants without T1 alone."""
    rng = np.random.default_rng(3)
    adverse = rng.random(300) < 0.4
    ph = np.where(adverse, 6.95, 7.1) + rng.normal(0, 0.1, 300)
    names = [f"case{number}" for number in range(300)]
    table = pd.DataFrame(
        {"case": names, "adverse": adverse, "clinical_cord_ph": np.where(np.arange(300) < 240, ph, np.nan)}
    )
    logits = pd.DataFrame({"case": names, "logit": rng.normal(adverse, 1.0), "adverse": adverse, "z": "atlas"})
    both = pd.concat([logits, logits.iloc[240:].assign(z=T1)])
    facts = clinical_facts(both, export_decisions(both), table, made_with="a test", assumption="")
    assert facts is not None
    assert facts.fusions["atlas"].names == ("cord_ph",)
    assert facts.fusions[T1] == facts.fusions["atlas"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("intercept", "-1e999"),
        ("slope", "1e999"),
        ("intercept", "1" + "0" * 400),
        ("covariance", "-50"),
        ("slope_sd", "1e999"),
    ],
)
def test_a_reading_that_is_no_number_is_refused(bundle: Bundle, tmp_path: Path, key: str, text: str) -> None:
    """A probability of 0 with an interval of 0 to 0 came from the first."""
    folder = Path(shutil.copytree(bundle.folder, tmp_path / "damaged"))
    content = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    content["age2hie"]["readings"][T1]["calibration"][key] = "HERE"
    (folder / METADATA).write_text(json.dumps(content).replace('"HERE"', text), encoding="utf-8")
    write_manifest(folder)
    with pytest.raises(ModelError, match=f"'{key}'"):
        read_bundle(folder)
