"""Maps of a run: who is chosen, what lies in a lesion, left is left, and what is finished is not done again."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from bundles import untrained_bundle
from planted import planted_network

from AGE2HIELib.bundle.age_facts import AGE, AGE_CARD, AGE_WEIGHTS
from AGE2HIELib.bundle.weights import load_age
from AGE2HIELib.errors import InputError
from AGE2HIELib.networks.age import AgeNetwork, bin_centres
from AGE2HIELib.networks.age_head import UNSTATED, AgeHead
from AGE2HIELib.networks.sfcn import SFCN
from AGE2HIELib.volume import Volume
from training.explaining.age_maps import AgeMapShown, age_map, age_picture, map_ages, where
from training.explaining.examinations import examine_cohort, in_lesion
from training.explaining.sampling import choose_cases, choose_subjects
from training.exporting import add_age_network, exported_age
from training.learning.ages import predicted_years
from training.learning.fitting import WEIGHTS
from training.preparing.inputs import t1_spec
from training.preparing.store import keep_image, load_prepared, pack
from training.pretraining import TRUE, Lesson, age_module, age_predictions, trained_age_network
from training.run_folder import RunFolder, write_run_record
from training.settings import TrainingSettings
from training.settings_reading import differences, load_settings

GRID = t1_spec(4.0, "affine").grid


def infants() -> pd.DataFrame:
    """Two sites of ten, half adverse; a third have a marked lesion."""
    number = np.arange(20)
    return pd.DataFrame(
        {
            "case": [f"c{n:02d}" for n in number],
            "site": np.where(number < 10, "East", "West"),
            "adverse": number % 2 == 1,
            "lesion_load": np.where(number % 3 == 0, 0.02, 0.0),
        }
    )


def test_cases_are_chosen_evenly_seeded_and_with_a_lesion_first() -> None:
    table = infants().set_index("case")
    chosen = choose_cases(infants(), 8, seed=0)
    assert table.loc[chosen].groupby(["site", "adverse"]).size().tolist() == [2, 2, 2, 2]
    first = table.loc[chosen[:2]]
    assert first["site"].nunique() == first["adverse"].nunique() == 2
    assert (table.loc[chosen[:4], "lesion_load"] > 0).all()  # every group of five has at least one
    assert choose_cases(infants(), 4, seed=0) == chosen[:4]
    assert choose_cases(infants(), 20, seed=1) != choose_cases(infants(), 20, seed=0)
    assert sorted(choose_cases(infants(), "all", seed=0)) == sorted(table.index)
    assert len(choose_cases(infants().drop(columns="lesion_load"), 99, seed=0)) == 20


def test_subjects_are_chosen_evenly_over_age_and_once_each() -> None:
    ages = [*np.linspace(0, 3, 60), 20.0, 40.0, 41.0, 60.0, 80.0]
    table = pd.DataFrame({"subject": [f"s{n}" for n in range(65)], "age_years": ages})
    chosen = choose_subjects(pd.concat([table, table], ignore_index=True), 5)
    assert table["age_years"][chosen].tolist() == [0.0, 20.0, 40.0, 60.0, 80.0]
    assert len(choose_subjects(table.iloc[:2], 5)) == 2
    assert choose_subjects(table.iloc[:0], 3) == []


def planted_in_lesion() -> tuple[Volume, Volume, Volume]:
    """(map, lesion, brain): a brain of 1000 voxels of 2 mm, a lesion of 8; 3/4 of the map's positive mass in it."""
    brain, lesion, saliency = np.zeros((12, 12, 12), bool), np.zeros((12, 12, 12), bool), np.zeros((12, 12, 12))
    brain[1:11, 1:11, 1:11] = True
    lesion[2:4, 2:4, 2:4] = True
    saliency[lesion] = 3.0
    saliency[8:10, 8:10, 8:10] = 1.0
    saliency[5, 5, 5] = -100.0  # speaks against, and counts for nothing
    saliency[0, 0, 0] = 50.0  # outside the brain
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    return Volume(saliency, affine), Volume(lesion.astype(np.uint8), affine), Volume(brain, affine)


def test_a_map_that_was_planted_in_the_lesion_points_there_and_is_enriched() -> None:
    saliency, lesion, brain = planted_in_lesion()
    found = in_lesion(saliency, lesion, brain, half_cell_mm=4.0)
    assert found is not None
    assert found.pointing
    assert found.peak_mm == 0
    assert found.enrichment == pytest.approx((24 / 32) / (8 / 1000))


def test_an_even_map_is_chance_and_a_far_peak_does_not_point() -> None:
    saliency, lesion, brain = planted_in_lesion()
    even = in_lesion(saliency.like(np.ones(brain.array.shape)), lesion, brain, half_cell_mm=4.0)
    assert even is not None
    assert even.enrichment == pytest.approx(1)
    beside = np.zeros(brain.array.shape)
    beside[6, 3, 3] = 1.0  # three voxels from the lesion's edge
    for half_cell, pointing in ((6.0, True), (5.9, False)):
        found = in_lesion(saliency.like(beside), lesion, brain, half_cell_mm=half_cell)
        assert found is not None
        assert (found.pointing, found.peak_mm, found.enrichment) == (pointing, 6.0, 0.0)
    assert in_lesion(saliency.like(-beside), lesion, brain, half_cell_mm=6) is None
    assert in_lesion(saliency, lesion.like(0 * lesion.array), brain, half_cell_mm=6) is None


def one_sided(*, right_mm: float) -> np.ndarray:
    """(1, 1, D, H, W): a dim brain with a bright ball of 10 mm at (right_mm, 8, 12) mm."""
    i, j, k = np.indices(GRID.shape)
    x, y, z = (GRID.affine_ras[:3, :3] @ np.stack([i, j, k]).reshape(3, -1) + GRID.affine_ras[:3, 3:]).reshape(
        3, *GRID.shape
    )
    ball = (x - right_mm) ** 2 + (y - 8) ** 2 + (z - 12) ** 2 < 100
    brain = (x / 45) ** 2 + (y / 55) ** 2 + (z / 40) ** 2 < 1
    return np.where(brain, np.where(ball, 2.0, 1e-3), 0)[None, None].astype(np.float32)


def planted_age_network(*, sd: float = 10.0) -> AgeNetwork:
    """Older where the image is bright."""
    return AgeNetwork(planted_network((3.0, 0.0)), AgeHead("huber", 40.0, sd)).eval()


@pytest.mark.parametrize(("right_mm", "side"), [(-26.0, "left"), (26.0, "right")])
def test_left_is_left(right_mm: float, side: str) -> None:
    image = one_sided(right_mm=right_mm)
    saliency = age_map(planted_age_network(), image, GRID, method="hirescam")
    found = where(saliency)
    assert found[side] > 0.98
    assert found["asymmetry"] == pytest.approx(found["left"] - found["right"])
    peak = [found[f"peak_{way}_mm"] for way in ("right", "anterior", "superior")]
    np.testing.assert_allclose(peak, [right_mm, 8, 12], atol=12)  # the ball's radius, and half a voxel
    shown = AgeMapShown(Volume(image[0, 0], GRID.affine_ras), saliency, 30.0, 31.0)
    picture = np.asarray(age_picture([shown], method="hirescam", synthetic=False)).astype(int)
    tiles = picture[45:260, 6 : 6 + 8 * 196]  # beneath the heading with its scale
    hot = (tiles[..., 0] > tiles[..., 2] + 60).sum(axis=0)
    columns = np.arange(len(hot)) % 196 / 190
    seen_right_of_middle = hot[columns > 0.5].sum() / hot.sum()
    assert seen_right_of_middle == pytest.approx(1.0 if side == "left" else 0.0, abs=0.05)  # radiological


def test_maps_of_both_heads_are_in_years() -> None:
    image = one_sided(right_mm=20.0)
    maps = [age_map(planted_age_network(sd=sd), image, GRID, method="hirescam").array for sd in (1.0, 12.0)]
    np.testing.assert_allclose(maps[1], 12 * maps[0], rtol=1e-5)
    soft = SFCN(1, (2, 2), outputs=40).requires_grad_(False).eval()
    soft.blocks = planted_network().blocks
    soft.head.linear.weight.data.zero_()
    soft.head.linear.bias.data.zero_()
    soft.head.linear.weight.data[-1, 0] = 1.0  # bright speaks for the oldest bin
    found = age_map(AgeNetwork(soft, AgeHead("soft", 40.0, 10.0, bins=UNSTATED)), image, GRID, method="hirescam").array
    with_gradient = soft.above(soft.below(torch.from_numpy(image), "block2"), "block2")[0].softmax(0)
    slope = float(
        with_gradient[-1] * (bin_centres(UNSTATED)[-1] - with_gradient @ bin_centres(UNSTATED))
    )  # d years / d logit
    alone = maps[0] / 3.0  # the planted map of weight 1
    np.testing.assert_allclose(found, slope * alone, rtol=1e-4, atol=1e-9)


def aged_run(root: Path, count: int = 24, **explain: object) -> RunFolder:
    """A run whose network of age has weights and prepared subjects, and nothing else."""
    settings = load_settings("quick", None, [f"explain.{key}={value}" for key, value in explain.items()])
    run = RunFolder(root, settings)
    ages = np.linspace(1, 90, count)
    for number in range(count):
        image = one_sided(right_mm=-26.0)[0].astype(np.float16)
        keep_image(run.prepared_ages, f"k{number}", {"brain_ml": 1000.0 + number}, {"volume": image})
    rows = [{"name": f"sub-{n}", "subject": f"sub-{n}", "session": "", "age_years": age} for n, age in enumerate(ages)]
    pack(run.prepared_ages, [f"k{n}" for n in range(count)], rows)
    return run


def with_weights(run: RunFolder) -> RunFolder:
    network, _ = age_module(run.settings, load_prepared(run.prepared_ages), Lesson(TRUE))
    run.pretraining(TRUE).mkdir(parents=True)
    torch.save(network.state_dict(), run.pretraining(TRUE) / WEIGHTS)
    return run


def test_age_maps_are_written_and_finished_ones_are_not_made_again(tmp_path: Path) -> None:
    run = with_weights(aged_run(tmp_path, subjects=3))
    table = map_ages(run)
    assert len(table) == 3
    assert table["age"].is_monotonic_increasing
    assert table["synthetic"].all()
    np.testing.assert_allclose(table["left"] + table["right"], 1)
    files = sorted(run.age_maps.glob("*.nii.gz"))
    assert len(files) == 3
    image = nib.load(run.age_maps / f"{table['scan'][0]}.nii.gz")
    peak = np.unravel_index(int(np.argmax(image.get_fdata())), image.shape)
    at = (image.affine @ [*peak, 1])[:3]
    np.testing.assert_allclose(
        at, table.loc[0, ["peak_right_mm", "peak_anterior_mm", "peak_superior_mm"]].astype(float)
    )
    before = {file: file.stat().st_mtime_ns for file in files}
    files[1].unlink()
    pd.testing.assert_frame_equal(map_ages(run), table)
    assert [file for file in files if file.stat().st_mtime_ns != before[file]] == [files[1]]
    other = RunFolder(run.root, load_settings("quick", None, ["explain.subjects=3", "explain.method=gradcam"]))
    assert set(map_ages(other)["method"]) == {"gradcam"}


def test_the_network_of_age_goes_into_a_bundle_that_was_exported_before(tmp_path: Path) -> None:
    run = with_weights(aged_run(tmp_path / "run"))
    write_run_record(run.root, {"settings": run.settings.model_dump(mode="json")})
    before = untrained_bundle(tmp_path / "model", count=1)
    bundle = add_age_network(run.root, before.folder)
    assert bundle.files.keys() - before.files.keys() == {AGE, AGE_CARD, AGE_WEIGHTS}
    assert {name: bundle.files[name] for name in before.files} == before.files
    facts = bundle.age
    assert facts is not None
    assert facts.demonstration
    assert facts.trained_on.subjects + facts.held_out.subjects == 24
    assert 1 <= facts.trained_on.youngest_years < facts.trained_on.oldest_years <= 90
    found = age_predictions(run, (TRUE,)).query("pretraining == 'age'")
    error = (found["predicted_years"] - found["age_years"]).abs()
    assert len(error) == facts.held_out.subjects
    assert facts.held_out.mean_absolute_error_years == pytest.approx(error.mean(), abs=0.05)
    cohort = load_prepared(run.prepared_ages)
    networks = load_age(bundle), trained_age_network(run, cohort, Lesson(TRUE))
    images, brain_ml = cohort.volumes[:3], np.full(3, 900.0)
    np.testing.assert_allclose(*(predicted_years(one, images, brain_ml) for one in networks), atol=0.05)
    assert facts.saliency_layer == networks[0].encoder.layers[0]  # cells of 8 mm
    assert facts.spec.grid.same_as(GRID)
    assert exported_age(RunFolder(run.root, load_settings("quick", None, ["export.arm=scratch"]))) is None


def test_a_step_says_in_one_line_what_it_needs(tmp_path: Path) -> None:
    run = aged_run(tmp_path, subjects=2)
    with pytest.raises(InputError, match=r"has learned age in this run\. Run the step 'pretrain' first"):
        map_ages(run)
    with pytest.raises(InputError, match=r"There is no model in 'model'\. Run the step 'export' first"):
        examine_cohort(run, tmp_path / "model")
    for changes, step in (
        ("explain.subjects=0", map_ages),
        ("explain.cases=0", lambda of: examine_cohort(of, tmp_path)),
    ):
        with pytest.raises(InputError, match=f"The setting {changes[:-2]} is 0"):
            step(RunFolder(tmp_path, load_settings("quick", None, [changes])))


def test_settings_of_the_explanations_may_change_in_a_run_and_are_checked() -> None:
    old, new = (load_settings("quick", None, [f"explain.cases={count}"]) for count in (1, "all"))
    assert differences(old, new) == []
    assert load_settings("full").explain.cases == "all"
    assert load_settings("bundle").explain.cases == load_settings("bundle").explain.subjects == 0
    assert TrainingSettings().explain.cases == 6
    for wrong in ("cases=-1", "cases=many", "cases=true", "method=magic", "subjects=-1"):
        with pytest.raises(InputError, match="explain"):
            load_settings("quick", None, [f"explain.{wrong}"])
