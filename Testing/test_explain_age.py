"""age2hie explain --target age: where a planted network looks, however the scan is stored, and what is refused."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from bundles import age_facts, untrained_bundle
from calling import assert_refused_in_one_line, run
from planted import planted_network, world
from t1_samples import AXES, spot_bundle, spot_mm, spotted

from AGE2HIELib.age_pipeline import load_age_model, prepare_scan
from AGE2HIELib.explain.age import explain_age
from AGE2HIELib.explain.halves import halves
from AGE2HIELib.explain.registry import METHODS
from AGE2HIELib.inference.bundle import read_bundle
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.t1 import read_t1
from AGE2HIELib.networks.age import AgeNetwork, bin_centres
from AGE2HIELib.networks.age_head import AgeHead
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.preprocess.placement import resample
from AGE2HIELib.volume import Grid, Volume

GRID = Grid((24, 30, 18), np.array([[2.0, 0, 0, -23], [0, 2, 0, -29], [0, 0, 2, -17], [0, 0, 0, 1]]))
LEFT, RIGHT = (5, 14, 8), (17, 14, 8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spot_bundle(tmp_path_factory.mktemp("models") / "spots")


@pytest.fixture(scope="module")
def t1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "name-that-nobody-may-see_T1w.nii.gz"
    write_volume(spotted("left", "upright"), path)
    return path


@pytest.fixture(scope="module")
def made(t1: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two maps of the scan."""
    from AGE2HIELib import cli

    out = tmp_path_factory.mktemp("maps") / "out"
    methods = "hirescam,integrated-gradients"
    call = ["explain", t1, "--target", "age", "--model", model, "--output", out, "--methods", methods]
    assert cli.main([*map(str, call), "--progress", "none"]) == 0
    return out


def image_with(values: dict[tuple[int, int, int], float]) -> np.ndarray:
    image = np.zeros((1, 1, *GRID.shape), dtype=np.float32)
    for voxel, value in values.items():
        image[(0, 0, *voxel)] = value
    return image


def test_a_planted_network_gives_each_place_its_share_of_the_years() -> None:
    """Age = 40 + 10 * mean over cells of (3 what is above 0 - 2 what is below): each spot has a closed form."""
    network = AgeNetwork(planted_network((3.0, -2.0)), AgeHead("huber", 40.0, 10.0))
    image, cells = image_with({LEFT: 4.0, RIGHT: -4.0}), 12 * 15 * 9
    for method in ("hirescam", "integrated-gradients", "occlusion"):
        found = explain_age(network, image, 900.0, GRID, method=method, layer="block1")
        assert found.years == pytest.approx(40 + 10 * (12 - 8) / cells)
        assert found.saliency.array.max() == pytest.approx(10 * 12 / cells, rel=1e-5)
        assert found.saliency.array.min() == pytest.approx(-10 * 8 / cells, rel=1e-5)
        peak = np.unravel_index(np.argmax(found.saliency.array), found.saliency.array.shape)
        offset = (world(found.saliency.grid, peak) - world(GRID, LEFT)) / GRID.spacing_mm
        assert np.all(np.abs(offset) <= found.saliency.grid.spacing_mm / GRID.spacing_mm / 2)
    assert found.target == "age"


@pytest.mark.parametrize("kind", ["huber", "soft"])
@pytest.mark.parametrize("volume", [False, True])
def test_integrated_gradients_sum_to_the_change_in_predicted_years(kind: str, volume: bool) -> None:
    """Within 1 %; what the brain's volume adds is in both ages, and in no map."""
    head = AgeHead(kind, 30.0, 24.0, 6.8, 0.3 if volume else 0.0)
    arguments = {"in_channels": 1, "channels": [4, 4, 4], "outputs": head.outputs, "norm": "batch"}
    torch.manual_seed(3)
    network = AgeNetwork(build_network("sfcn", arguments), head)
    network.encoder.head.linear.weight.data *= 5  # a change of years, not of days
    if network.volume is not None:
        network.volume.weight.data.fill_(0.7)
    network.requires_grad_(False).eval()
    image = np.where(np.indices(GRID.shape)[0] > 11, 1.5, -0.8)[None, None].astype(np.float32)
    found = explain_age(network, image, 1200.0, GRID, method="integrated-gradients", layer="block1")
    nothing = explain_age(network, 0 * image, 1200.0, GRID, method="hirescam", layer="block1").years
    assert abs(found.years - nothing) > 0.3
    assert found.saliency.array.sum() == pytest.approx(found.years - nothing, rel=0.01)
    heavier = explain_age(network, image, 1500.0, GRID, method="integrated-gradients", layer="block1")
    np.testing.assert_allclose(heavier.saliency.array, found.saliency.array, atol=1e-6)
    assert (heavier.years != found.years) == (volume and kind == "huber")


@pytest.mark.parametrize(
    ("stored", "side"), [*zip(AXES, ["left", "right", "left", "right"], strict=True), ("oblique", "left")]
)
def test_the_spot_is_found_where_it_lies_in_the_scan(
    model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], stored: str, side: str
) -> None:
    """Cells are 4 mm in the template's frame and 5.8 mm in this head."""
    scan, out = tmp_path / "t1.mha", tmp_path / "out"
    write_volume(spotted(side, stored), scan)
    methods = "hirescam,integrated-gradients"
    code, said, err = run(
        capfd, "explain", scan, "--target", "age", "--model", model, "--output", out, "--methods", methods
    )
    assert code == 0, err
    assert "Demonstration: predicted age " in said
    record = json.loads((out / "explanations.json").read_text())
    cell_mm = record["maps"][0]["resolution_mm"][0]
    assert 5 < cell_mm < 7
    for name in methods.split(","):
        found = read_volume(out / f"saliency_{name}.nii.gz")
        assert found.grid.same_as(read_volume(scan).grid)
        peak = np.unravel_index(np.argmax(found.array), found.array.shape)
        away_mm = np.abs(world(found.grid, peak) - spot_mm(side))
        assert away_mm.max() <= max(cell_mm, found.grid.spacing_mm.max()), (name, away_mm)
    with (out / "evidence.csv").open() as file:
        shares = {(row["method"], row["hemisphere"]): float(row["share"]) for row in csv.DictReader(file)}
    other = "right" if side == "left" else "left"
    for name in methods.split(","):
        assert shares[name, side] > shares[name, other] + 0.02
        assert shares[name, "left"] + shares[name, "right"] == pytest.approx(1, abs=1e-4)


def test_every_method_answers_and_says_its_unit(t1: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, model = tmp_path / "out", untrained_bundle(tmp_path / "coarse", count=1, age=age_facts()).folder
    quick = [name for name in METHODS if "smooth" not in name]  # the sum of six others
    call = ("explain", t1, "--target", "age", "--model", model, "--output", out, "--methods", ",".join(quick))
    code, _, err = run(capfd, *call, "--layer", "block2", "--share", 0.3, "--progress", "none")
    assert code == 0, err
    record = json.loads((out / "explanations.json").read_text())
    assert [one["method"] for one in record["maps"]] == quick
    assert {one["unit"] for one in record["maps"] if one["method"] != "noise-map"} == {"years, per cell"}
    assert {one["layer"] for one in record["maps"]} == {"block2", None}
    assert all(one["members_agree_where_marked"] is None for one in record["maps"])
    assert not list(out.glob("members_agree*"))
    assert read_volume(out / "agreement.nii.gz").array.max() > 0.5


def test_the_record_and_the_page_tell_an_age_and_that_all_was_synthetic(made: Path, model: Path) -> None:
    record = json.loads((made / "explanations.json").read_text())
    assert record["demonstration"] is True
    assert record["target"] == "age"
    assert record["predicted_age_years"] > 40
    assert record["model"]["held_out"] == {"subjects": 3, "mean_absolute_error_years": 21.5}
    assert record["model"]["sha256"] == read_bundle(model).sha256
    assert 1200 < record["brain_ml"] < 1450
    assert list(record["timing_s"]) == ["read", "model", "place", "explain", "report"]
    assert not {"probability_adverse", "members", "quality", "atlas", "threshold"} & record.keys()
    page = (made / "explanations.html").read_text(encoding="utf-8")
    for words in (
        "<h1>Demonstration: predicted age</h1>",
        f"{record['predicted_age_years']:.1f} years",
        "what raises the predicted age",
        "21.5 years off on average (synthetic subjects",
        "nothing about anybody",
        "Halves of the brain only",
        "T1 in grey",
    ):
        assert words in page, words
    shown = re.sub(r'base64,[^"]*|<(script|style).*?</\1>', "", page, flags=re.DOTALL)
    for words in ("adverse", "infants like those", "Members agree", "ADC", "Atlas", "name-that-nobody-may-see"):
        assert words not in shown, words
    assert "name-that" not in json.dumps(record)
    mask = read_volume(made / "brain_mask.nii.gz").array > 0
    assert (mask != (spotted("left", "upright").array > 0)).sum() < 20  # holes are filled, and loose voxels left out
    assert not read_volume(made / "saliency_hirescam.nii.gz").array[~mask].any()


def test_training_maps_the_same_age_of_the_same_file(t1: Path, model: Path, tmp_path: Path) -> None:
    """The image that training keeps, and the map that it writes on the network's voxels."""
    from training.cohorts.bids import AgeScan
    from training.explaining.age_maps import age_map
    from training.preparing.lifespan import prepare_scans

    asked = load_age_model(model, device="cpu")
    ready, spec = prepare_scan(read_t1(t1), asked), asked.facts.spec
    kept = prepare_scans([AgeScan("sub-1", "", t1, 25.0)], tmp_path, spec, placement="affine", jobs=1)
    np.testing.assert_allclose(kept.volumes[0], ready.image, rtol=1e-3, atol=1e-4)  # kept in 16 bits
    assert float(kept.table["brain_ml"][0]) == pytest.approx(ready.brain_ml)
    network, image = asked.network, ready.image[None]
    for method in ("integrated-gradients", "hirescam"):
        ours = explain_age(
            network, image, ready.brain_ml, spec.grid, method=method, layer="block2"
        )  # which training explains
        on_voxels = resample(ours.saliency, spec.grid, sitk.Transform(), "linear", 0.0).array
        theirs = age_map(network, image, spec.grid, method=method).array
        inside = image[0, 0] != 0
        np.testing.assert_allclose(theirs[inside], on_voxels[inside], atol=1e-6 * np.abs(theirs).max())
        assert not theirs[~inside].any()


def test_a_given_mask_is_what_is_explained(
    t1: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scan = read_volume(t1)
    half = scan.like((scan.array > 0) & (np.indices(scan.array.shape)[2] > 30))
    write_volume(half, tmp_path / "mask.nii.gz")
    call = ("explain", t1, "--target", "age", "--model", model, "--output", tmp_path / "out", "--methods", "hirescam")
    code, _, err = run(capfd, *call, "--mask", tmp_path / "mask.nii.gz", "--progress", "none")
    assert code == 0, err
    record = json.loads((tmp_path / "out" / "explanations.json").read_text())
    assert record["brain_ml"] == pytest.approx(half.array.sum() * half.grid.voxel_ml, abs=0.1)
    assert len(record["settings"]["mask_sha256"]) == 64
    assert not read_volume(tmp_path / "out" / "saliency_hirescam.nii.gz").array[~half.array].any()


def test_halves_are_the_patients_and_the_midline_is_neither() -> None:
    found = halves(GRID)
    assert found.labels.array[LEFT] == 1
    assert found.labels.array[RIGHT] == 2
    assert [region.hemisphere for region in found.regions] == ["left", "right"]
    odd = halves(Grid((3, 2, 2), np.diag([2.0, 2, 2, 1]) + np.array([[0, 0, 0, -2.0], *[[0, 0, 0, 0]] * 3])))
    assert odd.labels.array[:, 0, 0].tolist() == [1, 3, 2]
    assert [region.hemisphere for region in odd.regions] == ["left", "right", "midline"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--z-adc", "z.nii.gz"), "--z-adc"),
        (("--align", "on"), "--align"),
        (("--align", "off"), "--align"),
        (("--atlas", "ours"), "--atlas"),
        (("--series", "3"), "--series"),
        (("--examine",), "--examine"),
        (("--override", "postnatal age"), "--override"),
        (("--layer", "attic"), "no layer 'attic'"),
        (("--methods", "tealeaves"), "tealeaves"),
    ],
)
def test_options_that_make_no_sense_with_an_age_are_refused(
    t1: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    code, out, err = run(
        capfd,
        "explain",
        t1,
        "--target",
        "age",
        "--model",
        model,
        "--output",
        tmp_path / "out",
        *more,
        "--progress",
        "none",
    )
    assert_refused_in_one_line(code, out, err)
    assert said in err
    assert not (tmp_path / "out").exists()


def test_a_bundle_without_a_network_of_age_is_refused(
    t1: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    untrained_bundle(tmp_path / "plain", count=1)
    call = ("explain", t1, "--target", "age", "--output", tmp_path / "out", "--model", tmp_path / "plain")
    code, out, err = run(capfd, *call)
    assert_refused_in_one_line(code, out, err)
    assert "carries no brain-age network" in err


def _earlier(folder: Path) -> Path:
    folder.mkdir()
    (folder / "result.json").write_text("{}")
    write_volume(spotted("left", "upright"), folder / "adc.nii.gz")
    return folder


def _explained(folder: Path) -> Path:
    folder.mkdir()
    (folder / "explanations.json").write_text('{"target": "adverse"}')
    write_volume(spotted("left", "upright"), folder / "adc.nii.gz")
    return folder / "adc.nii.gz"


def _series(folder: Path, volumes: int) -> Path:
    import nibabel

    folder.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.ones((4, 4, 4, volumes), np.float32), np.eye(4)), folder / "dwi.nii.gz")
    (folder / "dwi.bval").write_text("0 1000 1000"[: 1 if volumes == 1 else None])
    return folder / "dwi.nii.gz"


def _image(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir()
    write_volume(Volume(array.astype(np.float32), np.diag([3.0, 3.0, 3.0, 1.0])), path)
    return path


def _ball(radius_mm: float) -> np.ndarray:
    away = np.linalg.norm((np.indices((40, 40, 40)).T - 20) * 3.0, axis=-1)
    return np.where(away < radius_mm, 100 - away, 0)


INPUTS = {
    "a result of predict": (_earlier, "holds no T1"),
    "the ADC map of a result": (lambda folder: _earlier(folder) / "adc.nii.gz", "made from a diffusion scan"),
    "the ADC map of a comparison": (_explained, "made from a diffusion scan"),
    "a diffusion series": (lambda folder: _series(folder, 3), "diffusion series"),
    "one volume of a series": (lambda folder: _series(folder, 1), "diffusion series"),
    "a folder": (lambda folder: folder.mkdir() or folder, "is a folder"),
    "nothing": (lambda folder: folder / "t1.nii.gz", "does not exist"),
    "no brain": (lambda folder: _image(folder / "t1.nii.gz", np.zeros((20, 20, 20))), "0 everywhere"),
    "too small a brain": (lambda folder: _image(folder / "t1.nii.gz", _ball(25.0)), "Give a brain mask"),
    "noise": (
        lambda folder: _image(folder / "t1.nii.gz", np.random.default_rng(0).random((48, 48, 48))),
        "No brain was found",
    ),
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_without_a_t1_scan_of_a_brain_are_refused(
    name: str, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, said = INPUTS[name]
    given = make(tmp_path / "given")
    code, out, err = run(capfd, "explain", given, "--target", "age", "--model", model, "--output", tmp_path / "out")
    assert_refused_in_one_line(code, out, err)
    assert said in err
    assert not (tmp_path / "out").exists()


def test_bins_of_a_soft_head_are_read_in_years() -> None:
    network = AgeNetwork(
        build_network("sfcn", {"in_channels": 1, "channels": [2, 2], "outputs": 40}), AgeHead("soft", 0, 1)
    )
    logits = torch.full((1, 40), -50.0)
    logits[0, 12] = 50.0
    assert float(network.years(logits)[0]) == pytest.approx(float(bin_centres()[12])) == 31.25
