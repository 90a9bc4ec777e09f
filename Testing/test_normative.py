"""An atlas built from normal maps: right numbers, the group's own shape, no harm from a few abnormal cases."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from calling import assert_refused_in_one_line, run
from scans import bundled_atlas
from scipy.spatial.transform import Rotation

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.normative import build
from AGE2HIELib.normative.average import SD_FLOOR, ShapeDifference, group_statistics, mean_difference, to_mean_shape
from AGE2HIELib.normative.build import ROUNDS, BuildRequest, BuiltAtlas, build_atlas
from AGE2HIELib.normative.cases import matching_lesions
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.scan import PROTOCOLS, nearest, scanner_adc
from AGE2HIELib.preprocess.atlas import Atlas, write_atlas
from AGE2HIELib.preprocess.deform import carry_labels
from AGE2HIELib.preprocess.placement import working_grid
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.system.progress import Silent
from AGE2HIELib.volume import Grid, Volume

SEEDS = (701, 702, 703, 704)
ATLAS = resource_path("atlas")


@cache
def scan(seed: int, kind: str = "none") -> tuple[Volume, Volume]:
    """(ADC, lesion) as a scanner of 4 mm slices stores them."""
    infant = make_infant(seed)
    injury = injure(infant, kind, seed=seed, extent=0.8)
    adc = scanner_adc(infant, injury, PROTOCOLS["4mm"], seed=seed)
    return adc, nearest(injury.lesion, adc.grid)


def write_cases(folder: Path, *, injured: tuple[int, ...] = ()) -> Path:
    folder.mkdir(parents=True)
    for seed in (*SEEDS, *injured):
        adc, _ = scan(seed, "near-total" if seed in injured else "none")
        write_volume(adc, folder / f"infant_{seed}-ADC.nii.gz")
    return folder


def built(folder: Path, work: Path, *, lesions: Path | None = None, jobs: int = 1) -> BuiltAtlas:
    wanted = BuildRequest(folder, lesions, "ours", "phantoms", "none", synthetic=True, jobs=jobs)
    return build_atlas(wanted, ATLAS, work, Silent(), shown=False)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kept between builds: what is placed in the bundled atlas for one of them need not be placed for the next."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("healthy") / "cases")


@pytest.fixture(scope="module")
def healthy(cases: Path, work: Path) -> Atlas:
    return built(cases, work).atlas


def test_regions_have_the_adc_that_the_infants_have(healthy: Atlas) -> None:
    """Median ADC of deep regions beside that of the infants' own structures: within 5 %.

    The thalami border the third ventricle, the cerebellum its cisterns: 4.7 and 4.6 % there.
    """
    assert healthy.synthetic
    assert healthy.made["infants"] == len(SEEDS)
    names = {region.value: region.name for region in healthy.regions}
    infants = [make_infant(seed) for seed in SEEDS]
    for name in ("thalamus", "lentiform nucleus", "cerebellum", "frontal white matter"):
        values = [value for value, label in names.items() if label == name]
        found = np.median(healthy.mean.array[np.isin(healthy.labels.array, values)])
        true = np.mean([np.median(one.adc.array[np.isin(one.labels.array, values)]) for one in infants])
        assert found == pytest.approx(true, rel=0.05), name


def test_labels_fill_the_brain_and_left_is_left(healthy: Atlas) -> None:
    assert np.array_equal(healthy.labels.array > 0, healthy.brain.array)
    x_mm = healthy.grid.affine_ras[0, 0] * np.arange(healthy.grid.shape[0]) + healthy.grid.affine_ras[0, 3]
    for region in healthy.regions:
        here = np.argwhere(healthy.labels.array == region.value)
        side = {"left": -1, "right": 1, "midline": 0}[region.hemisphere]
        if side and len(here):
            assert side * x_mm[here[:, 0]].mean() > 3, region


def test_sd_is_no_smaller_than_the_floor_and_wider_where_fluid_is(healthy: Atlas) -> None:
    inside = healthy.brain.array
    assert healthy.sd.array[inside].min() >= SD_FLOOR
    by_name = {name: [r.value for r in healthy.regions if r.name == name] for name in ("lateral ventricle", "thalamus")}
    fluid, thalamus = (np.median(healthy.sd.array[np.isin(healthy.labels.array, v)]) for v in by_name.values())
    assert fluid > 1.5 * thalamus


def test_what_was_made_before_an_interruption_is_used(
    healthy: Atlas, cases: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(shutil.copytree(work, tmp_path / "work"))
    placed = sorted(here.glob("placed-*.npz"))
    assert len(placed) == ROUNDS * len(SEEDS)
    kept = {path: path.stat().st_mtime_ns for path in placed[1:]}
    placed[0].unlink()  # written last of its pair: without it the pair does not count
    shutil.rmtree(here / "template-0")
    monkeypatch.setattr(build, "carry_labels", lambda _, atlas: atlas)  # a minute that is not asked for here
    np.testing.assert_array_equal(built(cases, here).atlas.mean.array, healthy.mean.array)
    assert {path: path.stat().st_mtime_ns for path in placed[1:]} == kept


@pytest.mark.long
def test_storage_names_and_processes_do_not_matter(healthy: Atlas, tmp_path: Path) -> None:
    """The same infants stored in LPS order under other names, placed by two processes: the same atlas."""
    folder = tmp_path / "cases"
    folder.mkdir()
    for number, seed in enumerate(reversed(SEEDS)):
        adc, _ = scan(seed)
        affine = adc.affine_ras.copy()
        affine[:3, 3] += affine[:3, 0] * (adc.array.shape[0] - 1) + affine[:3, 1] * (adc.array.shape[1] - 1)
        affine[:3, :2] *= -1
        write_volume(Volume(adc.array[::-1, ::-1], affine), folder / f"b{number}.nii.gz")
    first = built(folder, tmp_path / "work", jobs=2).atlas
    np.testing.assert_allclose(first.mean.array, healthy.mean.array, atol=1.0)
    assert (first.brain.array != healthy.brain.array).mean() < 1e-4


@pytest.mark.long
def test_an_injured_infant_does_little_harm_and_none_where_its_lesions_are_left_out(
    healthy: Atlas, work: Path, tmp_path: Path
) -> None:
    """Among five one with near-total injury: tissue falls by 4.2 %; with its lesion mask by under 1.5 %."""
    folder = write_cases(tmp_path / "cases", injured=(711,))
    lesions = tmp_path / "lesions"
    lesions.mkdir()
    _, lesion = scan(711, "near-total")
    write_volume(lesion, lesions / "infant_711_lesion.nii.gz")
    with_it = built(folder, work).atlas
    masked = built(folder, work, lesions=lesions).atlas
    tissue = np.isin(healthy.labels.array, [5, 6, 37, 38, 9, 41]) & with_it.brain.array & masked.brain.array
    true = np.median(healthy.mean.array[tissue])
    assert np.median(with_it.mean.array[tissue]) == pytest.approx(true, rel=0.045)
    assert np.median(masked.mean.array[tissue]) == pytest.approx(true, rel=0.015)


def grid_of(shape: tuple[int, int, int], mm: float) -> Grid:
    affine = np.diag([mm, mm, mm, 1.0])
    affine[:3, 3] = [-mm * (n - 1) / 2 for n in shape]
    return Grid(shape, affine)


def test_statistics_leave_out_what_they_must(tmp_path: Path) -> None:
    """Ten infants of 1000 + 20 k: sd by hand; one is an outlier in a block, one has a lesion there, one no brain."""
    grid = grid_of((21, 20, 20), 2.0)
    offsets = 20.0 * np.arange(10)
    files = []
    for number, offset in enumerate(offsets):
        values = np.full(grid.shape, 1000 + offset, np.float32)
        block = (slice(None), slice(8, 12), slice(8, 12))
        if number == 0:
            values[block] = 4000.0
        if number == 1:
            values[block] = -1.0
        if number == 2:
            values[:, :, 18:] = np.nan
        files.append(tmp_path / f"{number}.npy")
        np.save(files[-1], values)
    found = group_statistics(files, grid)
    assert found.brain.array.all()
    sd = np.sqrt(np.sum(2 * (offsets - offsets.mean()) ** 2) / 19 * 1.1)  # each infant twice; 1 + 1/10
    assert found.mean.array[2, 2, 2] == pytest.approx(1000 + offsets.mean(), abs=0.01)
    assert found.sd.array[10, 1, 1] == pytest.approx(sd, rel=0.01)
    assert found.mean.array[10, 10, 10] == pytest.approx(1000 + offsets[2:].mean(), abs=0.01)
    assert found.left_out > 0


def test_the_mean_is_its_own_mirror_image(tmp_path: Path) -> None:
    grid = grid_of((21, 20, 20), 2.0)
    rng = np.random.default_rng(3)
    files = [tmp_path / f"{number}.npy" for number in range(4)]
    for file in files:
        np.save(file, rng.normal(1200, 60, grid.shape).astype(np.float32))
    found = group_statistics(files, grid)
    np.testing.assert_allclose(found.mean.array, found.mean.array[::-1], rtol=1e-6)


def test_a_template_takes_the_groups_stretch_and_displacement() -> None:
    """Infants 1.06 times as long, and a brain that is moved up by 3 mm: so is the new template."""
    grid = grid_of((61, 71, 61), 2.0)
    indices = np.indices(grid.shape)
    x, y, z = (2.0 * (axis - (n - 1) / 2) for axis, n in zip(indices, grid.shape, strict=True))
    brain = Volume((x / 40) ** 2 + (y / 50) ** 2 + (z / 36) ** 2 < 1, grid.affine_ras)
    stretch = np.log([1.06**-0.5, 1.06, 1.06**-0.5])
    still = np.zeros((*working_grid(grid, 2.0).shape, 3), np.float32)
    up = still.copy()
    up[..., 2] = 3.0
    for displacement, size, height in ((still, 1.06, 0.0), (up, 1.0, 3.0)):
        difference = ShapeDifference(np.diag(stretch if size > 1 else np.zeros(3)), displacement)
        (moved,), _ = to_mean_shape([brain.like(brain.array.astype(np.float32))], brain, mean_difference([difference]))
        found = moved.array > 0.5
        before, after = np.ptp(y[brain.array]) + 2, np.ptp(y[found]) + 2
        assert after / before == pytest.approx(size, abs=0.03)
        assert z[found].mean() == pytest.approx(height, abs=0.2)


def test_a_shift_to_one_side_is_undone_by_its_mirror_image() -> None:
    grid = working_grid(grid_of((61, 71, 61), 2.0), 2.0)
    sideways = np.zeros((*grid.shape, 3), np.float32)
    sideways[..., 0], sideways[..., 1] = 4.0, 1.0
    turn = Rotation.from_euler("z", 20, degrees=True).as_matrix()
    mean = mean_difference([ShapeDifference(turn @ np.diag([0.1, 0.0, -0.1]) @ turn.T, sideways)])
    np.testing.assert_allclose(mean.displacement_mm[..., 0], 0, atol=1e-6)
    np.testing.assert_allclose(mean.displacement_mm[..., 1], 1, atol=1e-6)
    assert abs(mean.log_stretch[0, 1]) < 1e-12


def test_carried_to_itself_labels_stay() -> None:
    atlas = bundled_atlas()
    carried = carry_labels(atlas, atlas).labels.array
    inside = atlas.brain.array
    assert (carried[inside] == atlas.labels.array[inside]).mean() > 0.97


def test_masks_find_their_images(tmp_path: Path) -> None:
    for name in ("case_1_lesion.mha", "case_10_lesion.mha"):
        (tmp_path / name).touch()
    images = [Path("case_1-ADC.mha"), Path("case_10-ADC.mha"), Path("case_2-ADC.mha")]
    found = matching_lesions(images, tmp_path)
    assert [path and path.name for path in found] == ["case_1_lesion.mha", "case_10_lesion.mha", None]
    with pytest.raises(InputError, match="belongs to an image"):
        matching_lesions(images[2:], tmp_path)


def test_the_command_line_says_what_is_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    output = tmp_path / "out"
    code, out, error = run(capfd, "atlas", "build", tmp_path / "empty", "--output", output)
    assert_refused_in_one_line(code, out, error)
    assert "holds no ADC map" in error
    few = tmp_path / "few"
    few.mkdir()
    for name in ("a", "b"):
        write_volume(scan(SEEDS[0])[0], few / f"{name}.nii.gz")
    code, out, error = run(capfd, "atlas", "build", few, "--output", output)
    assert_refused_in_one_line(code, out, error)
    assert "same bytes" in error
    (few / "b.nii.gz").unlink()
    code, out, error = run(capfd, "atlas", "build", few, "--output", output, "--jobs", "1", "--progress", "none")
    assert_refused_in_one_line(code, out, error)
    assert "1 of 1 maps can be used" in error
    assert not (tmp_path / "out").exists()


def test_the_description_is_read_back(healthy: Atlas, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_atlas(healthy, tmp_path / "atlas")
    code, text, _ = run(capfd, "atlas", "info", tmp_path / "atlas")
    assert code == 0
    assert "sd relative error" in text
    described = json.loads((tmp_path / "atlas" / "atlas.json").read_text(encoding="utf-8"))
    assert described["made"]["labels_from"] == bundled_atlas().name
