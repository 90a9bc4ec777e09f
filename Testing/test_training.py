"""The cohorts that training makes, what preparing keeps of a case, and the model that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scans import bundled_atlas

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import read_volume
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.scan import nearest
from AGE2HIELib.system.places import resource_path
from training.cohorts.bonbid import read_bonbid
from training.cohorts.synthetic_hie import (
    expert_threshold,
    injury_with_outcome,
    planned_cases,
    simulated_outcome,
    write_synthetic_hie,
)
from training.evaluation.platt import platt
from training.finetuning import planned_fits, pretraining_seed
from training.leakage import leaked_subjects, subject_hash
from training.lessons import SHUFFLED, TRUE, held_out_split, lessons, shuffle_ages
from training.preparing.infants import InfantOptions, infant_arrays, prepare_infants
from training.preparing.inputs import adc_spec
from training.preparing.store import image_file, load_prepared
from training.settings_reading import load_settings


def test_the_simulated_outcome_has_even_odds_at_a_load_of_one_percent() -> None:
    rng = np.random.default_rng(0)
    share = [
        np.mean([simulated_outcome(load, deep, rng) for _ in range(2000)])
        for load, deep in ((0.0097, 0.0), (0.0, 0.0), (0.2, 0.0), (0.005, 0.2))
    ]
    assert share[0] == pytest.approx(0.5, abs=0.04)
    assert share[1] < 0.03
    assert share[2] > 0.97
    assert share[3] > 0.8  # deep grey matter counts for more than its volume


def test_platt_recovers_slope_and_intercept() -> None:
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 2, 20_000)
    adverse = rng.random(20_000) < 1 / (1 + np.exp(-(0.7 * logit - 0.4)))
    found = platt(logit, adverse)
    assert found.slope == pytest.approx(0.7, abs=3 * found.slope_sd + 0.01)
    assert found.intercept == pytest.approx(-0.4, abs=3 * found.intercept_sd + 0.01)
    assert found.prevalence == adverse.mean()


def test_logits_that_order_cases_wrongly_are_calibrated_to_the_prevalence() -> None:
    logit = np.linspace(-1, 1, 40)
    found = platt(logit, logit < -0.5)
    assert found.slope == pytest.approx(1e-3)
    assert 1 / (1 + np.exp(-found.intercept)) == pytest.approx(0.25, abs=0.03)


def test_the_sites_have_the_paper_s_sizes_and_prevalence() -> None:
    plan = planned_cases({"MGH": 84, "BCH": 72}, seed=0)
    adverse = {site: [case.adverse for case in plan if case.site == site] for site in ("MGH", "BCH")}
    assert {site: (len(bad), sum(bad)) for site, bad in adverse.items()} == {"MGH": (84, 31), "BCH": (72, 42)}
    assert len({case.seed for case in plan}) == len(plan)
    assert planned_cases({"BCH": 72, "MGH": 84}, seed=0) == plan
    assert {case.seed for case in planned_cases({"MGH": 84}, seed=1)}.isdisjoint(case.seed for case in plan)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hie")
    write_synthetic_hie(folder, bundled_atlas(), {"MGH": 3, "BCH": 2}, seed=0, jobs=1)
    return folder


def options(jobs: int = 1) -> InfantOptions:
    return InfantOptions(resource_path("atlas"), adc_spec(4.0), "released", jobs)


def test_a_synthetic_cohort_is_read_back_as_it_was_planned(cohort: Path) -> None:
    cases, problems = read_bonbid(cohort)
    assert problems == []
    plan = {case.case: case.adverse for case in planned_cases({"MGH": 3, "BCH": 2}, seed=0)}
    assert {case.case: case.adverse for case in cases} == plan
    assert all(case.z_adc and case.lesion for case in cases)
    assert "no child was scanned" in (cohort / "README.md").read_text()


def test_a_prepared_case_has_its_lesion_where_z_is_low(cohort: Path) -> None:
    cases, _ = read_bonbid(cohort)
    loads = []
    for case in cases:
        row, arrays = infant_arrays(case, bundled_atlas(), adc_spec(4.0), z_maps="released")
        adc, _, released = arrays["volume"].astype(np.float32)
        lesion, brain = arrays["lesion"] > 0, adc != 0
        loads.append(row["lesion_load"])
        assert 250 < row["brain_ml"] < 650
        if row["lesion_load"] > 0.02:
            assert brain[lesion].mean() > 0.9  # a lesion at the border is cut by the mask
            assert np.median(released[lesion]) < np.median(released[brain & ~lesion]) - 0.3
            assert row["low_z_ml"] > 3
    assert max(loads) > 0.02


def test_experts_mark_injured_tissue_below_their_threshold_of_z_and_all_of_it(cohort: Path) -> None:
    marked_at = [expert_threshold(seed) for seed in range(1000)]
    assert min(marked_at) > -2.1
    assert max(marked_at) < -0.7
    assert np.mean(np.array(marked_at) < -1.4) == pytest.approx(0.65, abs=0.05)
    cases = {case.case: case for case in read_bonbid(cohort)[0]}
    marked_ml, injured_ml = [], []
    for planned in planned_cases({"MGH": 3, "BCH": 2}, seed=0):
        case = cases[planned.case]
        assert case.z_adc is not None
        assert case.lesion is not None
        z, marked = read_volume(case.z_adc), read_volume(case.lesion)
        rng = np.random.default_rng([planned.seed, 10])
        injury = injury_with_outcome(make_infant(planned.seed), planned, rng)
        injured = nearest(injury.lesion, z.grid).array & (read_volume(case.image).array != 0)
        np.testing.assert_array_equal(marked.array > 0, injured & (z.array < expert_threshold(planned.seed)))
        marked_ml.append((marked.array > 0).sum() * z.grid.voxel_ml)
        injured_ml.append(injured.sum() * z.grid.voxel_ml)
    assert 0 < sum(marked_ml) < 0.95 * sum(injured_ml)


def test_preparing_again_prepares_only_what_is_missing_or_was_changed(cohort: Path, tmp_path: Path) -> None:
    cases, _ = read_bonbid(cohort)
    first = prepare_infants(cases, tmp_path, options())
    files = sorted((tmp_path / "images").iterdir())
    assert len(files) == 5
    written = {file: file.stat().st_mtime_ns for file in files}
    victim = files[2]
    victim.unlink()
    second = prepare_infants(cases, tmp_path, options())
    assert second.sha256 == first.sha256
    np.testing.assert_array_equal(second.volumes, first.volumes)
    again = {file: file.stat().st_mtime_ns for file in files}
    assert [file for file in files if again[file] != written[file]] == [victim]
    fewer = prepare_infants(cases[:3], tmp_path, options())
    assert fewer.sha256 != first.sha256
    assert load_prepared(tmp_path).table["case"].tolist() == [case.case for case in cases[:3]]


def test_an_image_that_cannot_be_prepared_is_named_and_the_others_are_kept(cohort: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from AGE2HIELib.io.images import read_volume, write_volume

    cases, _ = read_bonbid(cohort)
    empty = read_volume(cases[0].image)
    path = tmp_path / "MGHNICU_900-VISIT_01-ADC_ss.mha"
    write_volume(empty.like(np.zeros_like(empty.array)), path)
    broken = replace(cases[0], case="MGHNICU_900-VISIT_01", image=path, z_adc=None, lesion=None)
    with pytest.raises(InputError, match=r"1 image\(s\) cannot be prepared:\nMGHNICU_900"):
        prepare_infants([*cases[:2], broken], tmp_path / "prepared", options())
    assert len(list((tmp_path / "prepared" / "images").iterdir())) == 2
    assert image_file(tmp_path, "k").name == "k.npz"


def test_held_out_subjects_cover_all_ages_and_keep_their_sessions_together() -> None:
    rng = np.random.default_rng(3)
    subjects = [f"sub-{n}" for n in range(200)]
    table = pd.DataFrame({"subject": subjects * 2, "age_years": np.tile(rng.uniform(0, 97, 200), 2)})
    learn, held = held_out_split(table, 0.25, seed=1)
    assert len(held) == 100
    assert set(table["subject"][learn]).isdisjoint(table["subject"][held])
    counts = np.histogram(table["age_years"][held], bins=[0, 25, 50, 75, 97])[0]
    expected = np.histogram(table["age_years"], bins=[0, 25, 50, 75, 97])[0] / 4
    assert np.abs(counts - expected).max() <= 4


def test_shuffled_ages_are_the_same_ages_of_other_subjects_and_held_out_ones_keep_theirs() -> None:
    ages = np.linspace(0, 97, 400)
    chosen = np.arange(0, 400, 2)
    mixed = shuffle_ages(ages, chosen, seed=0)
    assert sorted(mixed) == sorted(ages)
    assert abs(np.corrcoef(mixed[chosen], ages[chosen])[0, 1]) < 4 / np.sqrt(200)
    np.testing.assert_array_equal(mixed[1::2], ages[1::2])
    again = shuffle_ages(ages, chosen, seed=0, deal=1)
    assert abs(np.corrcoef(again[chosen], mixed[chosen])[0, 1]) < 4 / np.sqrt(200)


def test_repeats_start_from_the_pretrained_networks_in_turn_and_with_one_repeat_the_networks_of_a_split_do() -> None:
    table = pd.DataFrame([vars(case) for case in planned_cases({"MGH": 24, "BCH": 20}, seed=0)])
    table["subject"] = table["case"]

    def seeds(*changes: str) -> dict[str, list[int]]:
        settings = load_settings("quick", None, ["pretrain.seeds=2", "evaluate.arms=[transfer]", *changes])
        fits = planned_fits(settings, table)
        tested = [one for one in fits if not one.is_exported]
        return {
            "by repeat": [pretraining_seed(one, settings) == one.split.repeat % 2 for one in tested],
            "by network": [pretraining_seed(one, settings) == one.inner % 2 for one in tested],
            "members": [pretraining_seed(one, settings) for one in fits if one.is_exported],
        }

    several = seeds("evaluate.repeats=3", "export.members=3")
    assert all(several["by repeat"])
    assert not all(several["by network"])
    assert several["members"] == [0, 1, 0]
    once = seeds("evaluate.repeats=1")
    assert all(once["by network"])
    assert not all(once["by repeat"])


def test_every_pretrained_network_begins_and_learns_otherwise() -> None:
    settings = load_settings("quick", None, ["pretrain.seeds=3"])
    every = lessons(settings, (TRUE, SHUFFLED))
    assert [(one.kind, one.seed) for one in every][:4] == [(TRUE, 0), (TRUE, 1), (TRUE, 2), (SHUFFLED, 0)]
    assert len({one.key(settings.run.seed) for one in every}) == 3  # both kinds of a number begin alike
    assert len(lessons(load_settings("full"), (TRUE,))) == 5
    assert len(lessons(load_settings("demo"), (TRUE,))) == 1


def test_a_subject_or_an_image_that_was_seen_is_refused() -> None:
    assert subject_hash("sub-MGHNICU003") == subject_hash("MGHNICU_003")
    assert subject_hash("MGHNICU_030") != subject_hash("MGHNICU_003")
    assert len(leaked_subjects(["MGHNICU_003", "MGHNICU_004"], {subject_hash("sub-mghnicu003")})) == 1


def test_the_bundled_model_says_on_its_card_how_it_was_made() -> None:
    card = resource_path("models", "demo", "docs", "README.md").read_text(encoding="utf-8")
    assert "not for clinical use" in card
    assert "python training/run.py" in card
    assert "--preset bundle" in card
    size = sum(file.stat().st_size for file in resource_path("models", "demo").rglob("*") if file.is_file())
    assert size < 10e6  # six networks of 1.5 MB; a clone stays under 100 MB
