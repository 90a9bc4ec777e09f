"""Each choice of sequences has a calibration of its own: fitted on infants with it, used for scans that have it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from bundles import CALIBRATION, CHANNELS, untrained_bundle, untrained_facts
from scans import bundled_atlas

from AGE2HIELib.bundle.metadata import METADATA
from AGE2HIELib.bundle.model_facts import KINDS, Reading, for_sequences, for_z_map, patterns
from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.bundle.training_cases import MemberCases, Scores, TrainingCases
from AGE2HIELib.errors import ModelError
from AGE2HIELib.inference.probability import combine_logits
from AGE2HIELib.pipeline.admission import Admitted, admit
from AGE2HIELib.pipeline.inputs import load_model, read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.sequences import GivenSequences
from AGE2HIELib.pipeline.stages import STAGES
from AGE2HIELib.preprocess.network_input import Channel, InputSpec
from AGE2HIELib.quality.check import DISTANCE
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Grid
from training import calibrating
from training.calibrating import calibrate
from training.evaluating import export_decisions, readable
from training.evaluation.decide import LEAST, apply
from training.evaluation.reliability import slope_and_intercept
from training.learning.augment import pick_z
from training.preparing.inputs import fed_kinds, has_input
from training.preparing.store import PreparedCohort
from training.run_folder import RunFolder
from training.settings_reading import load_settings

ALONE, T1, T2, BOTH = PATTERNS = ("atlas/adc", "atlas/adc+t1", "atlas/adc+t2", "atlas/adc+t1+t2")
# the calibrated logit is slope x logit + offset: what is sure of itself with T1 and T2 is not so without them
PLANTED = {ALONE: (0.5, -0.6), T1: (1.0, 0.2), T2: (1.2, 0.0), BOTH: (2.0, 0.7)}
SHAPE = (32, 32, 24)


def answers(infants: int, *, seed: int) -> pd.DataFrame:
    """So many infants of each pattern, and of all patterns together as "atlas": columns ``case z logit adverse``."""
    rng, parts = np.random.default_rng(seed), []
    for kind, (slope, offset) in PLANTED.items():
        logit = rng.normal(0, 1.5, infants)
        adverse = rng.random(infants) < 1 / (1 + np.exp(-(offset + slope * logit)))
        case = [f"{kind}-{number}" for number in range(infants)]
        parts.append(pd.DataFrame({"case": case, "logit": logit, "adverse": adverse, "z": kind}))
    return pd.concat([*parts, *(part.assign(z="atlas") for part in parts)], ignore_index=True)


def test_each_pattern_s_own_calibration_holds_where_the_common_one_does_not() -> None:
    """Fitted on 4,000 infants of each pattern, asked of 4,000 others: slope 1 and offset 0 to four standard errors.
    By the common one the slopes run from 0.5 to 2.
    """
    decisions, fresh = export_decisions(readable(answers(4000, seed=1))), answers(4000, seed=2)
    common = {}
    for kind in PATTERNS:
        part = fresh[fresh["z"] == kind]
        logit, adverse = part["logit"].to_numpy(float), part["adverse"].to_numpy(bool)
        slope, offset = slope_and_intercept(apply(decisions[kind], logit)[0], adverse)
        assert slope == pytest.approx(1, abs=0.2)
        assert offset == pytest.approx(0, abs=0.2)
        common[kind] = slope_and_intercept(apply(decisions["atlas"], logit)[0], adverse)
    assert common[ALONE][0] < 0.65
    assert common[BOTH][0] > 1.6
    assert common[ALONE][1] < -0.4
    assert common[BOTH][1] > 0.4


def test_a_pattern_of_too_few_infants_of_either_outcome_has_no_calibration() -> None:
    rows = [
        (f"{kind}{number}", kind, 0.1 * number, number < adverse)
        for kind, adverse, infants in (
            ("atlas", 3, 9),  # a kind of z-map is always read
            (ALONE, LEAST, 2 * LEAST),
            (T1, LEAST - 1, 90),
            (T2, 80, 79 + LEAST),
        )
        for number in range(infants)
    ]
    kept = readable(pd.DataFrame(rows, columns=["case", "z", "logit", "adverse"]))
    assert set(kept["z"]) == {"atlas", ALONE}


TABLE = pd.DataFrame(
    {
        "adverse": [True, False] * 4,
        "released_z": [True] * 4 + [False] * 4,
        "has_t1": [True, True, False, False] * 2,
        "has_t2": [True, False, True, False] * 2,
    }
)


def test_an_infant_says_something_of_every_choice_of_what_it_has() -> None:
    settings = load_settings("quick", None, ["network.name=fused"])
    kinds = fed_kinds(settings, TABLE)
    assert kinds == ("atlas", "released", "none", *PATTERNS, *(one.replace("atlas", "released") for one in PATTERNS))
    found = {kind: int(has_input(kind, TABLE).sum()) for kind in kinds}
    assert [found[kind] for kind in ("atlas", "released", "none", *PATTERNS)] == [8, 4, 8, 8, 4, 4, 2]
    assert found["released/adc+t1+t2"] == 1
    assert fed_kinds(load_settings("quick"), TABLE) == ("atlas", "released", "none")
    assert set(kinds) <= set(KINDS)
    assert patterns("none", ("t1", "t2")) == ()


def test_what_a_kind_does_not_name_is_left_out_of_the_image() -> None:
    stored = torch.randn(2, 5, 3, 3, 3)
    for kind, kept in zip(PATTERNS, ((), (2,), (3,), (2, 3)), strict=True):
        image = pick_z(stored, kind)
        assert torch.equal(image[:, :2], stored[:, :2])
        assert [number for number in (2, 3) if image[:, number].any()] == list(kept)
        assert all(torch.equal(image[:, number], stored[:, number + 1]) for number in kept)
    assert torch.equal(pick_z(stored, "released/adc+t2")[:, 1], stored[:, 2])
    assert torch.equal(pick_z(stored, "atlas")[:, 2:], stored[:, 3:])


def reading(intercept: float) -> Reading:
    return Reading(replace(CALIBRATION, intercept=intercept))


# no infants had T2 alone
READINGS = {"atlas": reading(0.0), "released": reading(9.0), ALONE: reading(1.0), T1: reading(2.0), BOTH: reading(3.0)}


def fused_bundle(folder: Path, readings: dict[str, Reading]) -> Bundle:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-62.0, -62.0, -46.0]
    more = tuple(Channel(name, 0.0, 1.0, -4.0, 4.0, scaling="robust") for name in ("t1", "t2"))
    scores = (Scores(np.linspace(-1, 0, 30), np.linspace(0, 1, 30)),)
    remembered = TrainingCases(
        (MemberCases(np.zeros(16), np.eye(16)),) * 2, 9e9, "planted", dict.fromkeys(readings, scores)
    )
    return untrained_bundle(
        folder,
        count=2,
        network="fused",
        network_arguments={"in_channels": 4, "channels": [4, 4, 4], "sequences": [2, 1, 1]},
        spec=InputSpec(Grid(SHAPE, affine), (*CHANNELS, *more)),
        z_origins=(bundled_atlas().sha256, "released"),
        readings=readings,
        cases=remembered,
        saliency_layer="block2",
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fused_bundle(tmp_path_factory.mktemp("models") / "fused", READINGS)


def test_a_bundle_keeps_the_patterns_and_one_without_them_is_written_as_before(bundle: Bundle, tmp_path: Path) -> None:
    assert read_bundle(bundle.folder).readings == READINGS
    assert json.loads((bundle.folder / METADATA).read_text(encoding="utf-8"))["age2hie"]["format"] == 3
    card = (bundle.folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert "| atlas/adc+t1 | 2 | 1.5 | 0.4 | 0.5 |" in card
    assert "| atlas/adc+t2 | too few infants: as atlas |" in card
    older = fused_bundle(tmp_path / "older", {kind: READINGS[kind] for kind in ("atlas", "released")})
    assert json.loads((older.folder / METADATA).read_text(encoding="utf-8"))["age2hie"]["format"] == 2
    model = for_sequences(for_z_map(older, bundled_atlas(), released=False), ("t1",))
    assert combine_logits([0.0], model) == combine_logits([0.0], replace(older, in_use="atlas"))


@pytest.mark.parametrize("odd", ["atlas/t1", "atlas/adc+t2+t1", "none/adc", "atlas/"])
def test_a_pattern_that_is_none_is_refused(odd: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'readings' is"):
        fused_bundle(tmp_path / "odd", {**READINGS, odd: reading(0.0)})


def test_a_model_of_adc_alone_has_no_patterns(tmp_path: Path) -> None:
    facts = untrained_facts(z_origins=("released",))
    with pytest.raises(ModelError, match="'readings' is"):
        untrained_bundle(
            tmp_path / "m", z_origins=("released",), readings={**facts.readings, "released/adc": reading(0)}
        )
    assert for_sequences(facts, ()) == replace(facts, in_use="released")


@pytest.mark.parametrize(
    ("given", "released", "kind", "intercept"),
    [
        ((), False, ALONE, 1.0),
        (("t1",), False, T1, 2.0),
        (("t2",), False, "atlas", 0.0),
        (("t1", "t2"), False, BOTH, 3.0),
        ((), True, "released", 9.0),
    ],
)
def test_a_scan_is_read_as_infants_with_the_same_sequences_are(
    bundle: Bundle, infant_file: Path, given: tuple[str, ...], released: bool, kind: str, intercept: float
) -> None:
    """T1 and T2 are the scan's own ADC here: what they show is of no account."""
    model = load_model(bundle.folder, device="cpu")
    scan = read_scan(infant_file)
    adc = scan.source.adc
    assert adc is not None
    beside = {name: adc.like(np.where(adc.array > 0, 3000 - adc.array, 0)) for name in given}
    asked = replace(scan, sequences=GivenSequences(beside))
    found = admit(asked, model, bundled_atlas(), Request(override=(DISTANCE,)), Stages(STAGES))
    assert isinstance(found, Admitted)
    if released:
        asked = replace(asked, z_adc=found.z)
        found = admit(asked, model, bundled_atlas(), Request(override=(DISTANCE,)), Stages(STAGES))
        assert isinstance(found, Admitted)
    facts = found.model.bundle
    assert (facts.kind, facts.calibration.intercept) == (kind, intercept)
    said = [one for one in found.gated.warnings if "has no calibration for infants with" in one]
    if "/" in kind:
        assert said == []
    else:
        had = "ADC and T2, of" if given else "ADC alone, of"
        assert len(said) == 1
        assert had in said[0]


def cohort(infants: int) -> PreparedCohort:
    """Noise in a box, lower in the adverse half; T1 in two of three, T2 in a few."""
    rng = np.random.default_rng(5)
    ill = np.arange(infants) % 2 == 0
    volumes = np.zeros((infants, 5, *SHAPE), dtype=np.float16)
    values = rng.normal(0, 0.4, (infants, 5, 10, 12, 8)) - rng.uniform(0, 1.5, infants)[:, None, None, None, None]
    volumes[:, :, 11:21, 10:22, 8:16] = values - 0.5 * ill[:, None, None, None, None]
    has = {"has_t1": np.arange(infants) % 3 > 0, "has_t2": np.arange(infants) < 6}
    for channel, there in zip((3, 4), has.values(), strict=True):
        volumes[~there, channel] = 0
    names = [f"case{number}" for number in range(infants)]
    known = {"case": names, "subject": names, "adverse": ill, "released_z": False, **has}
    return PreparedCohort(volumes, None, pd.DataFrame({**known, "image_sha256": names}), "")


def test_fresh_infants_calibrate_the_patterns_that_enough_of_them_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 24 infants 16 have a T1 and six a T2, three of either outcome; five of either are enough here."""
    made = cohort(24)
    monkeypatch.setattr(calibrating, "LEAST", 5)
    monkeypatch.setattr(calibrating, "calibration_cohort", lambda *_: made)
    before = fused_bundle(tmp_path / "model", {kind: READINGS[kind] for kind in ("atlas", "released")})
    settings = load_settings("bundle", None, ["network.name=fused", "export.calibration=24", "export.version=9.9.9"])
    after = calibrate(RunFolder(tmp_path / "run", settings), before.folder)
    assert set(after.readings) == {"atlas", "released", ALONE, T1}
    assert after.readings["released"] == before.readings["released"]
    assert after.readings[ALONE] != after.readings["atlas"]
    assert after.cases is not None
    assert {kind: len(after.cases.scores[kind][0].adverse) for kind in ("atlas", ALONE, T1)} == {
        "atlas": 12,
        ALONE: 12,
        T1: 8,
    }
    table = pd.read_csv(tmp_path / "run" / "calibration.tsv", sep="\t")
    assert table.set_index("z")["infants"].to_dict() == {"atlas": 24, ALONE: 24, T1: 16}
    card = (after.folder / "docs" / "README.md").read_text(encoding="utf-8")
    assert "| atlas/adc+t1+t2 | too few infants: as atlas |" in card
