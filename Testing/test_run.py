"""python training/run.py from its command line: the whole way on synthetic cohorts, and on the real sample scans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from marks import long
from scans import bundled_atlas

from AGE2HIELib.bundle.reading import known_subjects, read_bundle
from AGE2HIELib.bundle.weights import load_members
from training.cohorts.bonbid import read_bonbid
from training.evaluation.platt import platt
from training.leakage import subject_hash
from training.preparing.infants import infant_arrays
from training.preparing.inputs import adc_spec
from training.preparing.store import load_prepared
from training.pretraining import PRETRAINED
from training.run import main

TINY = [
    "--preset", "quick",
    "--set", "ages.subjects=9",
    "--set", "hie.cases={MGH: 12, BCH: 10}",
    "--set", "pretrain.epochs=2",
    "--set", "pretrain.seeds=2",
    "--set", "evaluate.protocols=[pooled]",
    "--set", "evaluate.arms=[transfer, scratch]",
    "--set", "explain.subjects=1",
    "--set", "run.jobs=1",
]  # fmt: skip
ACROSS = ["--set", "evaluate.protocols=[pooled, cross-site]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    assert main([*TINY, "--output", str(folder)]) == 0
    return folder


def assert_predicted_once(run: Path, adverse: dict[str, int], cases: int) -> pd.DataFrame:
    predictions = pd.read_csv(run / "predictions.tsv", sep="\t")
    counts = predictions.groupby(["protocol", "arm"])["case"].agg(["count", "nunique"])
    assert (counts == cases).all().all()
    assert set(predictions["arm"]) == {
        *("transfer", "scratch", "majority", "site-only", "mean-adc", "lesion-volume"),
        *("clinical-alone", "image-alone", "image+clinical"),
    }
    assert predictions.drop_duplicates("case").groupby("site")["adverse"].sum().to_dict() == adverse
    assert predictions["probability"].between(0, 1).all()
    return predictions


@pytest.mark.slow
def test_every_case_is_predicted_once_by_every_arm_and_row(run: Path) -> None:
    predictions = assert_predicted_once(run, {"BCH": 6, "MGH": 4}, 22)  # 58 % of 10 and 37 % of 12
    assert set(predictions["setting"]) == {"pooled"}


@pytest.mark.long
def test_every_case_is_predicted_once_in_every_protocol(tmp_path: Path) -> None:
    assert main([*TINY, *ACROSS, "--set", "run.jobs=2", "--output", str(tmp_path / "run")]) == 0
    predictions = assert_predicted_once(tmp_path / "run", {"BCH": 6, "MGH": 4}, 22)
    assert set(predictions["setting"]) == {"pooled", "MGH->BCH", "BCH->MGH"}


@pytest.mark.slow
def test_the_report_and_the_record_say_what_was_run_and_that_it_is_synthetic(run: Path) -> None:
    page = (run / "report" / "report.html").read_text(encoding="utf-8")
    assert "Synthetic cohort" in page
    assert "Research use only" in page
    record = json.loads((run / "run.json").read_text())
    assert record["settings"]["hie"]["cases"] == {"MGH": 12, "BCH": 10}
    assert record["versions"]["torch"]
    assert len(record["ages_sha256"]) == len(record["hie_sha256"]) == 64
    assert str(run) not in page


@pytest.mark.slow
def test_the_bundle_loads_says_it_is_a_demonstration_and_knows_whom_it_has_seen(run: Path) -> None:
    bundle = read_bundle(run / "model")
    assert bundle.demonstration
    assert (
        "synthetic only: 22 procedural phantoms (10 in the style of BCH, 12 in the style of MGH)" in bundle.trained_on
    )
    assert bundle.z_origins == (bundled_atlas().sha256, "released", "none")
    assert len(load_members(bundle)) == 2
    seen = known_subjects(bundle)
    assert subject_hash("MGHNICU_003") in seen
    assert subject_hash("sub-synthetic300005") in seen
    assert subject_hash("MGHNICU_903") not in seen
    assert bundle.age is not None
    assert bundle.age.demonstration
    assert bundle.age.trained_on.subjects + bundle.age.held_out.subjects == 9
    held = pd.read_csv(run / "age_predictions.tsv", sep="\t").query("pretraining == 'age' and seed == 0")
    error = (held["predicted_years"] - held["age_years"]).abs().mean()
    assert bundle.age.held_out.mean_absolute_error_years == pytest.approx(error, abs=0.05)


@pytest.mark.slow
def test_the_bundle_is_calibrated_on_the_pooled_ensembles_for_each_kind_of_z_map(run: Path) -> None:
    bundle = read_bundle(run / "model")
    found = pd.concat(
        [pd.read_csv(path, sep="\t") for path in (run / "fits" / "transfer").glob("pooled*/*/*/logits.tsv")]
    )
    means = found[found["role"] == "test"].groupby(["case", "z"])["logit"].mean().unstack()
    assert len(means) == 22
    adverse = load_prepared(run / "prepared" / "hie").table.set_index("case")["adverse"].astype(bool)[means.index]
    assert bundle.cases is not None
    for kind in ("atlas", "released", "none"):
        (scores,) = bundle.cases.scores[kind]
        np.testing.assert_allclose(scores.adverse, np.sort(means.loc[adverse, kind]), rtol=1e-5)
        np.testing.assert_allclose(scores.favourable, np.sort(means.loc[~adverse, kind]), rtol=1e-5)
        fitted = platt(means[kind].to_numpy(), adverse.to_numpy())
        assert bundle.readings[kind].calibration.slope == pytest.approx(fitted.slope)
    card = (run / "model" / "docs" / "README.md").read_text(encoding="utf-8")
    assert "the pooled protocol: every case once, by the mean logit of 2 networks that never saw it" in card
    assert "z-map released: 12 favourable, 10 adverse" in card


@pytest.mark.slow
def test_several_networks_are_pretrained_and_the_exported_members_come_from_all_of_them(run: Path) -> None:
    trunks = [torch.load(run / "pretraining" / name / PRETRAINED, weights_only=True) for name in ("age", "age-1")]
    assert trunks[0]["seen"] == trunks[1]["seen"]
    deepest = "blocks.block3.conv.weight"
    assert not torch.equal(trunks[0]["trunk"][deepest], trunks[1]["trunk"][deepest])
    predictions = pd.read_csv(run / "age_predictions.tsv", sep="\t")
    counts = predictions.groupby(["pretraining", "seed"]).size()
    assert counts.index.tolist() == [("age", 0), ("age", 1), ("brain-volume", 0), ("mean", 0)]
    assert counts.nunique() == 1
    members = load_members(read_bundle(run / "model"))
    for number, member in enumerate(members):  # two epochs move a weight little
        moved = [float((member.state_dict()[deepest] - each["trunk"][deepest]).abs().mean()) for each in trunks]
        assert moved[number] < 0.3 * moved[1 - number]
    page = (run / "report" / "report.md").read_text(encoding="utf-8")
    assert "2 networks were pretrained for each arm; the networks of a split start from them in turn." in page
    assert "from 2 pretrained trunks in turn" in (run / "model" / "docs" / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_same_command_again_changes_nothing_and_other_settings_are_refused(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: (run / name).read_bytes() for name in ("predictions.tsv", "summary.tsv", "age_predictions.tsv")}
    manifest = (run / "model" / "manifest.json").read_bytes()
    assert main([*TINY, "--output", str(run)]) == 0
    assert {name: (run / name).read_bytes() for name in before} == before
    assert (run / "model" / "manifest.json").read_bytes() == manifest
    assert main([*TINY, "--set", "finetune.epochs=9", "--output", str(run)]) == 2
    assert "other settings (finetune.epochs: 2, now 9)" in capsys.readouterr().err


@pytest.mark.slow
def test_the_exported_model_is_examined_and_age_is_mapped(run: Path) -> None:
    examined = pd.read_csv(run / "examinations.tsv", sep="\t")
    assert len(examined) == 1
    row = examined.iloc[0]
    assert pd.isna(row["refused"])
    assert 0 < row["probability"] < 1
    assert row["likeness under noise"] <= 1
    assert row["synthetic"]
    assert row["peak_mm"] >= 0
    ages = pd.read_csv(run / "age_maps.tsv", sep="\t")
    held = pd.read_csv(run / "age_predictions.tsv", sep="\t").query("pretraining == 'age' and seed == 0")
    held = held.set_index("subject")
    assert len(ages) == 1
    np.testing.assert_allclose(ages["predicted"], held.loc[ages["subject"], "predicted_years"], rtol=1e-4)
    np.testing.assert_allclose(ages["age"], held.loc[ages["subject"], "age_years"], rtol=1e-6)
    page = (run / "report" / "report.md").read_text(encoding="utf-8")
    assert "## Saliency maps, examined" in page
    assert "Synthetic: 1 examined (1 adverse from BCH)" in page
    assert "](figures/age_maps.png)" in page


@pytest.mark.slow
def test_what_was_explained_is_not_explained_again_and_more_may_be_asked_for(run: Path) -> None:
    (first,) = (run / "examined").iterdir()
    made = [first, *(run / "age_maps").iterdir()]
    before = [file.stat().st_mtime_ns for file in made]
    assert main(["age-maps", *TINY, "--set", "explain.subjects=2", "--output", str(run)]) == 0
    assert main(["examine", *TINY, "--set", "explain.cases=2", "--output", str(run)]) == 0
    assert [file.stat().st_mtime_ns for file in made] == before
    assert len(list((run / "age_maps").glob("*.json"))) == len(pd.read_csv(run / "age_maps.tsv", sep="\t")) == 2
    assert len(list((run / "examined").iterdir())) == len(pd.read_csv(run / "examinations.tsv", sep="\t")) == 2
    assert main(["examine", *TINY, "--export", str(run / "nowhere"), "--output", str(run)]) == 2


def test_folds_that_cannot_be_made_are_refused_before_any_time_is_spent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--set", "hie.cases={MGH: 12, BCH: 6}"]
    assert main([*TINY, *few, "--output", str(tmp_path / "run")]) == 2
    assert "Site BCH has 2 normal subjects" in capsys.readouterr().err
    assert not (tmp_path / "run" / "data").exists()


def test_an_unknown_setting_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("pretrain:\n  epocs: 3\nfinetune:\n  epochs: many\n")
    assert main(["--config", str(config), "--output", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "There is no setting 'pretrain.epocs'" in said
    assert "'finetune.epochs' is 'many'" in said
    assert not (tmp_path / "run").exists()


MADE_UP = """file = "made_up_outcomes_for_a_test.csv"
[columns]
case = "case"
outcome = "made up from the lesion load"
[outcome]
adverse = ["1"]
normal = ["0"]
"""
OVER_ONE_PERCENT = ("010", "014", "028", "299", "305", "306", "350", "373", "379", "440", "456")


def every_nth_subject(source: Path, step: int, folder: Path) -> Path:
    """A BIDS folder of links to every ``step``-th subject of another."""
    folder.mkdir()
    table = pd.read_csv(source / "participants.tsv", sep="\t", dtype=str).sort_values("participant_id").iloc[::step]
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    for subject in table["participant_id"]:
        (folder / subject).symlink_to(source / subject, target_is_directory=True)
    for file in source.glob("dataset_description.json"):
        (folder / file.name).symlink_to(file)
    return folder


def made_up_outcomes(hie: Path, folder: Path) -> tuple[list[str], Path]:
    """The cases, and the mapping of a table with an outcome for each."""
    cases = sorted(path.name[:11] for path in (hie / "1ADC_ss").iterdir())
    rows = [f"{case},{int(case[-3:] in OVER_ONE_PERCENT)}" for case in cases]
    table = "\n".join(["case,made up from the lesion load", *rows])
    (folder / "made_up_outcomes_for_a_test.csv").write_text(table + "\n")
    (folder / "outcomes.toml").write_text(MADE_UP)
    return cases, folder / "outcomes.toml"


LOADS = {"MGHNICU_010": 22.0, "MGHNICU_306": 57.1, "MGHNICU_231": 0.0}  # percent of the brain


@pytest.mark.real
@pytest.mark.parametrize("subject", ["MGHNICU_010", long("MGHNICU_306"), long("MGHNICU_231")])
def test_a_real_infant_is_prepared_with_the_lesion_load_of_its_experts(
    subject: str, tmp_path: Path, real_data: Path
) -> None:
    hie = real_data / "bonbid-hie"
    _, mapping = made_up_outcomes(hie, tmp_path)
    (case,) = (one for one in read_bonbid(hie, mapping)[0] if one.subject == subject)
    row, _ = infant_arrays(case, bundled_atlas(), adc_spec(4.0), z_maps="released")
    assert 100 * row["lesion_load"] == pytest.approx(LOADS[subject], abs=1.0)


@pytest.mark.real
@pytest.mark.long
@pytest.mark.parametrize("step", [3, 1])
def test_real_scans_go_through_pretraining_fine_tuning_and_evaluation(
    tmp_path: Path, real_data: Path, step: int
) -> None:
    """All T1 scans from a month to 95 years (or every third), all infants, with outcomes made up for this test."""
    hie = real_data / "bonbid-hie"
    cases, mapping = made_up_outcomes(hie, tmp_path)
    run = tmp_path / "run"
    sources = {
        "ages.source": every_nth_subject(real_data / "t1-ages", step, tmp_path / "ages"),
        "hie.source": hie,
        "hie.outcomes": mapping,
    }
    words = [word for key, value in sources.items() for word in ("--set", f"{key}={value}")]
    options = ["--preset", "quick", "--set", "evaluate.arms=[transfer, scratch]", "--output", str(run), *words]
    assert main(["check-data", *options]) == 0
    for name in ("pretrain", "finetune", "report"):
        assert main([name, *options]) == 0
    ages = load_prepared(run / "prepared" / "ages").table
    assert len(ages) == len(list((tmp_path / "ages").glob("sub-*"))) >= 33 // step
    adults = ages[ages["age_years"] > 20]
    assert adults["brain_ml"].between(800, 1800).all(), adults[["name", "brain_ml"]]
    predictions = pd.read_csv(run / "predictions.tsv", sep="\t")
    assert set(predictions["setting"]) == {"MGH"}  # one site: neither pooled nor across
    assert sorted(predictions.loc[predictions["arm"] == "transfer", "subject"]) == cases
    infants = load_prepared(run / "prepared" / "hie").table.set_index("subject")
    np.testing.assert_allclose(100 * infants.loc[list(LOADS), "lesion_load"], list(LOADS.values()), atol=1.0)
    page = (run / "report" / "report.md").read_text(encoding="utf-8")
    assert "Synthetic cohort" not in page
    assert "Research use only" in page
