"""Each kind of z-map has a calibration, a threshold and scores of its own, and a scan's number is read by those."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bundles import CALIBRATION, untrained_bundle, untrained_facts
from calling import run
from scans import bundled_atlas
from scipy.special import logit

from AGE2HIELib.bundle.metadata import METADATA
from AGE2HIELib.bundle.model_facts import Reading, for_z_map
from AGE2HIELib.bundle.reading import Bundle, read_bundle, write_manifest
from AGE2HIELib.bundle.training_cases import CASES, MemberCases, Scores, TrainingCases
from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.inference.prevalence import at_prevalence
from AGE2HIELib.inference.probability import combine_logits
from training.checking import check_folds
from training.evaluating import ensemble_logits, export_decisions, export_scores
from training.finetuning import LOGITS, calibration_splits, planned_fits
from training.preparing.inputs import fed_z_kinds, logits_of_kind
from training.report_content import calibration_words
from training.run_folder import RunFolder
from training.settings_reading import check_settings, load_settings

HIGHER = 1.25  # by how much the released z-maps' calibrated logits lie higher in these tests
READINGS = {
    "atlas": Reading(CALIBRATION, 0.4),
    "released": Reading(replace(CALIBRATION, intercept=CALIBRATION.intercept + HIGHER, prevalence=0.3), 0.7),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Two kinds of z-map; of the scores only those of the released ones lie above 5."""
    scores = {
        kind: (Scores(np.linspace(low - 2, low, 40), np.linspace(low, low + 2, 40)),)
        for kind, low in (("atlas", 0.0), ("released", 8.0))
    }
    remembered = TrainingCases((MemberCases(np.zeros(8), np.eye(8)),) * 2, 9.0, "planted", scores)
    folder = tmp_path_factory.mktemp("models") / "both"
    origins = (bundled_atlas().sha256, "released")
    return untrained_bundle(
        folder, count=2, z_origins=origins, readings=READINGS, cases=remembered, demonstration=False
    )


def test_a_prediction_is_read_as_its_kind_of_z_map_asks(both: Bundle) -> None:
    logits = [0.5, 4.5]
    own, released = (
        combine_logits(logits, for_z_map(both, bundled_atlas(), released=given)) for given in (False, True)
    )
    assert logit(released.probability_adverse) - logit(own.probability_adverse) == pytest.approx(HIGHER)
    assert (own.threshold, released.threshold) == (0.4, 0.7)
    assert (own.prevalence, released.prevalence) == (0.4, 0.3)
    assert (own.label, released.label) == ("adverse", "favourable")  # 2.5 lies beyond the ends of the others' scores
    assert combine_logits(logits, both) == own


def test_each_kind_is_moved_to_a_prevalence_from_its_own(both: Bundle) -> None:
    for released, before in ((False, 0.4), (True, 0.3)):
        model = for_z_map(both, bundled_atlas(), released=released)
        was, now = (combine_logits([0.1, 0.3], at_prevalence(model, share)) for share in (None, 0.6))
        moved = logit(now.probability_adverse) - logit(was.probability_adverse)
        assert moved == pytest.approx(logit(0.6) - logit(before))
        assert now.outcomes == was.outcomes


def test_a_kind_that_the_network_was_not_trained_on_is_refused() -> None:
    facts = untrained_facts(z_origins=("released", "none"))
    assert for_z_map(facts, bundled_atlas(), released=True).kind == "released"
    with pytest.raises(ModelError, match="was not trained on z-maps of the atlas"):
        for_z_map(facts, bundled_atlas(), released=False)


@pytest.mark.slow
def test_predict_and_explain_read_a_given_z_map_as_a_released_one(
    both: Bundle, infant_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The very same z-map, made with the atlas and given as a file: all but the reading is as it was."""
    own, given, maps = tmp_path / "own", tmp_path / "given", tmp_path / "maps"
    options = ("--model", both.folder, "--override", "distance from the training cases")
    assert run(capfd, "predict", infant_file, *options, "--output", own)[0] == 0
    z = ("--z-adc", own / "z_adc.nii.gz")
    assert run(capfd, "predict", infant_file, *options, *z, "--output", given)[0] == 0
    records = [json.loads((folder / "result.json").read_text()) for folder in (own, given)]
    found = [logit(record["probability_adverse"]) for record in records]
    assert found[1] - found[0] == pytest.approx(HIGHER, abs=0.01)
    assert [record["threshold"] for record in records] == [0.4, 0.7]
    assert [record["model"]["prevalence"] for record in records] == [0.4, 0.3]
    assert run(capfd, "explain", given, "--model", both.folder, "--methods", "hirescam", "--output", maps)[0] == 0
    explained = json.loads(next(maps.glob("*.json")).read_text())
    assert logit(explained["probability_adverse"]) == pytest.approx(found[1], abs=0.05)


def test_a_bundle_of_before_is_read_as_it_was(both: Bundle, tmp_path: Path) -> None:
    """Format 1 had one calibration, and scores for each member that are ranked by that member's logit."""
    folder = tmp_path / "older"
    untrained_bundle(folder, count=2, z_origins=("released", bundled_atlas().sha256), cases=both.cases)
    metadata, cases = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (METADATA, CASES))
    readings = metadata["age2hie"].pop("readings")
    metadata["age2hie"].update(format=1, **readings["atlas"])
    del cases["scores"]
    cases["format"] = 2
    for member, low in zip(cases["members"], (0.0, 8.0), strict=True):
        member.update(favourable=np.linspace(low - 2, low, 40).tolist(), adverse=[low] * 40)
    for name, content in ((METADATA, metadata), (CASES, cases)):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    write_manifest(folder)
    older = read_bundle(folder)
    assert older.readings == {"atlas": Reading(CALIBRATION), "released": Reading(CALIBRATION)}
    kinds = [for_z_map(older, bundled_atlas(), released=released) for released in (False, True)]
    own, released = (combine_logits([-1.0, 7.0], model) for model in kinds)
    assert own == released
    assert own.outcomes is not None
    assert own.outcomes.outcomes == ("favourable",)  # each in the middle of its own member's
    assert (own.outcomes.favourable, own.outcomes.adverse) == (80, 80)


TABLE = pd.DataFrame(
    {
        "case": [f"c{n:02d}" for n in range(24)],
        "subject": [f"c{n:02d}" for n in range(24)],
        "site": ["A"] * 12 + ["B"] * 12,
        "adverse": [n % 2 == 0 for n in range(24)],
        "released_z": [True] * 12 + [False] * 12,
    }
)


@pytest.mark.parametrize(
    ("changes", "released", "kinds"),
    [
        ([], slice(0, 12), ("atlas", "released", "none")),
        ([], slice(0, 1), ("atlas", "none")),  # nothing could be calibrated on one outcome
        (["finetune.augment=false"], slice(0, 24), ("released",)),
        (["finetune.augment=false"], slice(0, 12), ("atlas", "released")),
        (["finetune.augment=false", "hie.z_maps=atlas"], slice(0, 24), ("atlas",)),
        (["finetune.augment=false"], slice(0, 0), ("atlas",)),
    ],
)
def test_the_kinds_that_networks_are_fed(changes: list[str], released: slice, kinds: tuple[str, ...]) -> None:
    has = np.zeros(24, dtype=bool)
    has[released] = True
    assert fed_z_kinds(load_settings("quick", None, changes), TABLE.assign(released_z=has)) == kinds


def test_cases_without_a_released_z_map_keep_the_atlas_s() -> None:
    rows = [("a", "atlas", 1.0), ("a", "released", 2.0), ("b", "atlas", 3.0), ("b", "none", 4.0)]
    logits = pd.DataFrame(rows, columns=["case", "z", "logit"])
    assert logits_of_kind(logits, "released").set_index("case")["logit"].to_dict() == {"a": 2.0, "b": 3.0}
    assert logits_of_kind(logits, "atlas").set_index("case")["logit"].to_dict() == {"a": 1.0, "b": 3.0}


def planted_run(root: Path, *changes: str) -> RunFolder:
    """A run whose fits have all been made: a test case's logit is its number, 100 more for the second network of an
    ensemble, 1000 more with a released z-map; inner cases have -1.
    """
    settings = load_settings("quick", None, ["evaluate.repeats=2", *changes])
    run = RunFolder(root, settings)
    for fit in planned_fits(settings, TABLE):
        rows = [(case, "inner", kind, -1.0) for case in fit.split.inner[fit.inner][1] for kind in ("atlas", "released")]
        for case in fit.split.test:
            number = int(case[1:]) + 100 * fit.inner + 10_000 * fit.split.repeat
            rows += [(case, "test", "atlas", number)]
            rows += [(case, "test", "released", number + 1000)] if number % 100 < 12 else []
        (run.fits / fit.name).mkdir(parents=True)
        table = pd.DataFrame(rows, columns=["case", "role", "z", "logit"])
        table.to_csv(run.fits / fit.name / LOGITS, sep="\t", index=False)
    return run


def test_the_export_rests_on_means_of_whole_ensembles_that_never_saw_the_case(tmp_path: Path) -> None:
    found = ensemble_logits(planted_run(tmp_path), TABLE)
    assert found.groupby("z")["case"].agg(["count", "nunique"]).T.to_dict("list") == {
        "atlas": [24, 24],
        "released": [12, 12],
    }
    numbers = found["case"].str[1:].astype(int)
    expected = numbers + 50 + np.where(found["z"] == "released", 1000, 0)  # the first repeat, both networks
    np.testing.assert_allclose(found["logit"], expected)
    assert set(export_decisions(found)) == {"atlas", "released"}
    assert export_decisions(found)["released"].calibration.prevalence == 0.5
    scores = export_scores(found)
    np.testing.assert_array_equal(scores["atlas"].adverse, np.arange(50.0, 74.0, 2))
    np.testing.assert_array_equal(scores["released"].favourable, np.arange(1051.0, 1063.0, 2))


def test_one_site_is_calibrated_on_its_own_protocol_and_no_other_will_do() -> None:
    """Pooled and same-site would be the same there."""
    settings = load_settings("quick")
    protocols = [{split.protocol for split in calibration_splits(settings, TABLE[TABLE["site"] == "A"])}]
    protocols.append({split.protocol for split in calibration_splits(settings, TABLE)})
    assert protocols == [{"same-site"}, {"pooled"}]
    across = load_settings("quick", None, ["evaluate.protocols=[cross-site, same-site]"])
    assert [str(problem) for problem in check_folds(TABLE, across) if "calibrated on the pooled" in str(problem)]
    assert not check_folds(TABLE[TABLE["site"] == "A"], across)
    with pytest.raises(InputError, match="add 'pooled' to it"):
        planned_fits(across, TABLE)


def test_an_exported_arm_that_is_not_evaluated_is_refused() -> None:
    with pytest.raises(InputError, match=r"^The exported arm transfer is not among evaluate\.arms") as error:
        check_settings({"evaluate": {"arms": ["scratch"]}})
    assert "\n" not in str(error.value)
    assert check_settings({"evaluate": {"arms": ["scratch"]}, "export": {"arm": "scratch"}}).export.arm == "scratch"


def test_the_card_says_what_was_fitted_and_how_it_differs_from_what_ships() -> None:
    words = calibration_words(load_settings("quick", None, ["export.members=3"]), TABLE)
    assert "the pooled protocol: every case once, by the mean logit of 2 networks that never saw it" in words
    assert "learned from 25% of the cases, the exported ones from 67%, and are means of 2 networks, not of 3." in words
    assert "means of" not in calibration_words(load_settings("quick"), TABLE)
