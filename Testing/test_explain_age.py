"""age2hie explain --target age: where a planted network looks, however the scan is stored."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from bundles import age_facts, untrained_bundle
from calling import run
from marks import long
from planted import planted_network, world
from t1_samples import spot_bundle, spot_mm, spotted

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.explanation import age
from AGE2HIELib.explanation.age import AgeExplanation, explain_age
from AGE2HIELib.explanation.regions import halves
from AGE2HIELib.explanation.registry import METHODS
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.source import read_t1
from AGE2HIELib.networks.age import AgeNetwork, bin_centres
from AGE2HIELib.networks.age_head import UNSTATED, AgeHead
from AGE2HIELib.networks.registry import build_network
from AGE2HIELib.pipeline.brain_age import age_warnings, explain_scan_age, load_age_model, prepare_scan
from AGE2HIELib.preprocess.placement import resample
from AGE2HIELib.volume import Grid

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


@pytest.mark.parametrize("kind", ["huber", "log", "soft"])
@pytest.mark.parametrize("volume", [False, True])
def test_integrated_gradients_sum_to_the_change_in_predicted_years(kind: str, volume: bool) -> None:
    """Within 1 %; what the brain's volume adds is in both ages, and in no map."""
    sd = 0.3 if volume else 0.0
    head = AgeHead(kind, 30.0, 24.0, 6.8, sd) if kind != "log" else AgeHead("huber", 3.0, 1.2, 7.09, sd, target="log")
    arguments = {"in_channels": 1, "channels": [4, 4, 4], "outputs": head.outputs, "norm": "batch"}
    torch.manual_seed(3)
    network = AgeNetwork(build_network("sfcn", arguments), head)
    network.encoder.head.linear.weight.data *= 25 if kind == "soft" else 5  # a change of years, not of days
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
    assert (abs(heavier.years - found.years) > 1e-3) == (volume and kind != "soft")


@pytest.mark.parametrize(
    ("stored", "side"),
    [
        ("stored back to front", "left"),
        ("oblique", "right"),
        long("upright", "left"),
        long("anisotropic", "right"),
        long("oblique", "left"),
    ],
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


def test_the_line_that_is_printed_says_that_the_scan_is_doubted(
    model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Fluid is bright in it, as in an ADC map."""
    scan = spotted("left", "upright")
    bright = np.where(scan.array > 0, scan.array.max() - scan.array + 1, 0)
    write_volume(scan.like(bright), tmp_path / "adc.nii.gz")
    call = ("explain", tmp_path / "adc.nii.gz", "--target", "age", "--model", model, "--output", tmp_path / "out")
    code, said, _ = run(capfd, *call, "--methods", "hirescam")
    assert code == 0
    assert "years. Warning: Fluid is bright in this scan" in said


@pytest.mark.parametrize(
    "quick",
    [
        ["hirescam", "gradcam", "integrated-gradients"],
        long([name for name in METHODS if "smooth" not in name]),  # the sum of six others
    ],
    ids=["three", "all"],
)
def test_every_method_answers_and_says_its_unit(
    quick: list[str], t1: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, model = tmp_path / "out", untrained_bundle(tmp_path / "coarse", count=1, age=age_facts()).folder
    call = ("explain", t1, "--target", "age", "--model", model, "--output", out, "--methods", ",".join(quick))
    code, _, err = run(capfd, *call, "--layer", "block2", "--share", 0.3, "--progress", "none")
    assert code == 0, err
    record = json.loads((out / "explanations.json").read_text())
    assert [one["method"] for one in record["maps"]] == quick
    assert {one["unit"] for one in record["maps"] if one["method"] != "noise-map"} == {"years, per cell"}
    assert {one["layer"] for one in record["maps"]} == {"block2", None}  # of the whole image there is no layer
    assert all(one["members_agree_where_marked"] is None for one in record["maps"])
    assert not list(out.glob("members_agree*"))
    agreement = read_volume(out / "agreement.nii.gz").array
    assert agreement.max() > 0
    np.testing.assert_allclose(agreement * len(quick), np.round(agreement * len(quick)), atol=1e-5)


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


def test_an_age_that_was_never_learned_is_warned_of(model: Path) -> None:
    asked = load_age_model(model, device="cpu")
    assert age_warnings(asked, 0.5) == age_warnings(asked, 90.0) == ()
    for years in (-3.0, 90.1):
        (warning,) = age_warnings(asked, years)
        assert f"{years:.1f} years lies outside the 0.5 to 90.0 years" in warning


def test_a_gpu_that_runs_out_of_memory_gives_way_to_the_cpu(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = replace(load_age_model(model, device="cpu"), device="cuda")
    tried = []

    def first_fails(network: AgeNetwork, *given: object, **options: str) -> AgeExplanation:
        tried.append(network)
        if network is asked.network:
            raise RuntimeError("CUDA out of memory")
        return explain_age(network, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(age, "explain_age", first_fails)
    spec = asked.facts.spec
    ready = SimpleNamespace(
        image=np.ones((1, *spec.grid.shape), np.float32),
        brain_ml=900.0,
        placement=SimpleNamespace(scale=(1, 1.5, 2.25)),
    )
    used, found = explain_scan_age(asked, ready, "hirescam")  # type: ignore[arg-type]
    assert len(tried) == 2
    assert used.device == "cpu"
    assert "cuda device ran out of memory" in used.warnings[0]
    np.testing.assert_allclose(found.resolution_mm, 1.5 * 4)  # the mean stretch of the placement times 4 mm


def test_halves_are_the_patients_and_the_midline_is_neither() -> None:
    found = halves(GRID)
    assert found.labels.array[LEFT] == 1
    assert found.labels.array[RIGHT] == 2
    assert [region.hemisphere for region in found.regions] == ["left", "right"]
    odd = halves(Grid((3, 2, 2), np.diag([2.0, 2, 2, 1]) + np.array([[0, 0, 0, -2.0], *[[0, 0, 0, 0]] * 3])))
    assert odd.labels.array[:, 0, 0].tolist() == [1, 3, 2]
    assert [region.hemisphere for region in odd.regions] == ["left", "right", "midline"]


def test_bins_of_a_soft_head_are_read_in_years() -> None:
    network = AgeNetwork(
        build_network("sfcn", {"in_channels": 1, "channels": [2, 2], "outputs": 40}),
        AgeHead("soft", 0, 1, bins=UNSTATED),
    )
    logits = torch.full((1, 40), -50.0)
    logits[0, 12] = 50.0
    assert float(network.years(logits)[0]) == pytest.approx(float(bin_centres(UNSTATED)[12])) == 31.25
