"""Which scans a BIDS dataset holds: names, inheritance, the rules of choice, ages, masks from derivatives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from AGE2HIELib.bids.cases import BidsCase, Wanted, find_bids_cases, find_derivatives
from AGE2HIELib.bids.dataset import Visit, images, inherited, open_dataset, sidecar
from AGE2HIELib.bids.infants import infant_of, read_infant_tables
from AGE2HIELib.bids.names import label_of, parse_name
from AGE2HIELib.bids.selection import EntityFilter, choose_anatomical, choose_diffusion, read_filter
from AGE2HIELib.bids.staging import on_grid, staged
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.volume import DwiSeries, Grid, Volume

SHAPE = (6, 5, 4)
ANY = EntityFilter()


def tilted(spacing: tuple[float, float, float], degrees: tuple[float, float, float], flips: tuple[int, int, int]):  # type: ignore[no-untyped-def]
    """An affine whose middle voxel of ``SHAPE`` lies at 3, -2, 5 mm."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() @ np.diag(
        np.multiply(spacing, flips)
    )
    affine[:3, 3] = [3, -2, 5] - affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    return affine


def dwi(path: Path, b_values: list[float], affine: np.ndarray | None = None) -> Path:
    """A small series; where all b-values are alike its tables are written by hand, as a scanner's b0 has them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(b_values))
    array = rng.uniform(50, 100, (len(b_values), *SHAPE)).astype(np.float32)
    directions = np.where(np.array(b_values)[:, None] > 0, [[1.0, 0.0, 0.0]], 0.0)
    write_dwi_nifti(DwiSeries(array, np.eye(4) if affine is None else affine, np.array(b_values), directions), path)
    return path


def dataset(root: Path, **more: object) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.10.0", **more}))
    return root


def visit(root: Path, subject: str = "01", session: str = "") -> Visit:
    folder = root / f"sub-{subject}"
    return Visit(subject, session, folder / f"ses-{session}" if session else folder)


def chosen(root: Path, wanted: EntityFilter = ANY) -> str | None:
    found = choose_diffusion(open_dataset(root), visit(root), wanted)
    return None if found is None else found.image.path.name


def test_a_name_is_read_and_written_in_the_order_of_the_specification() -> None:
    name = parse_name("sub-01_ses-a_acq-b1000_dir-AP_run-02_dwi.nii.gz")
    assert name is not None
    assert (name.suffix, name.extension, name.entities["run"]) == ("dwi", ".nii.gz", "02")
    derived = name.with_entities("mask", ".nii.gz", label="lesion", space="dwi", desc=None)
    assert str(derived) == "sub-01_ses-a_acq-b1000_dir-AP_run-02_space-dwi_label-lesion_mask.nii.gz"
    for wrong in ("sub-01_sub-02_dwi.nii.gz", "dwi", "sub-01__dwi.nii", "notes about sub-01.txt"):
        assert parse_name(wrong) is None
    assert (label_of("sub-01", "sub"), label_of("01", "sub")) == ("01", "01")
    with pytest.raises(InputError, match="is no label of BIDS"):
        label_of("../01", "sub")


def test_tables_and_sidecars_are_inherited_from_above_and_the_nearest_says_it(tmp_path: Path) -> None:
    root = dataset(tmp_path / "x")
    path = dwi(root / "sub-01" / "ses-a" / "dwi" / "sub-01_ses-a_acq-fast_dwi.nii.gz", [0, 1000])
    path.with_name("sub-01_ses-a_acq-fast_dwi.bval").rename(root / "acq-fast_dwi.bval")
    (root / "acq-slow_dwi.bval").write_text("0 5\n")
    (root / "dwi.json").write_text('{"EchoTime": 1, "FlipAngle": 90}')
    (root / "sub-01" / "sub-01_dwi.json").write_text('{"EchoTime": 2}')
    (image,) = images(open_dataset(root), visit(root, session="a"), "dwi")
    assert inherited(image, ".bval") == root / "acq-fast_dwi.bval"
    assert inherited(image, ".bvec") == path.with_name("sub-01_ses-a_acq-fast_dwi.bvec")
    assert sidecar(image) == {"EchoTime": 2, "FlipAngle": 90}
    (root / "ses-a_dwi.bval").write_text("0 1000\n")
    with pytest.raises(InputError, match=r"both speak of 'sub-01_ses-a_acq-fast_dwi.nii.gz'"):
        inherited(image, ".bval")


def test_a_series_with_inherited_b_values_is_staged_with_them_beside_it(tmp_path: Path) -> None:
    root = dataset(tmp_path / "x")
    path = dwi(root / "sub-01" / "dwi" / "sub-01_dwi.nii.gz", [0, 1000])
    path.with_name("sub-01_dwi.bval").rename(root / "dwi.bval")
    found = choose_diffusion(open_dataset(root), visit(root), ANY)
    with staged(BidsCase(visit(root), "dwi", found)) as (scan, mask, _):
        assert mask is None
        assert scan.name == path.name
        assert scan.with_name("sub-01_dwi.bval").read_text() == (root / "dwi.bval").read_text()
        assert scan.with_name("sub-01_dwi.bvec").is_file()
        where = scan.parent
    assert not where.exists()


def test_rules_of_choice_between_several_series(tmp_path: Path) -> None:
    root = dataset(tmp_path / "x")
    folder = root / "sub-01" / "dwi"
    assert chosen(root) is None
    dwi(folder / "sub-01_dir-PA_dwi.nii.gz", [0, 0])
    with pytest.raises(InputError, match=r"sub-01: no diffusion series has b-values that differ by 50 s/mm\^2"):
        chosen(root)
    dwi(folder / "sub-01_dir-AP_dwi.nii.gz", [0, 1000])
    assert chosen(root) == "sub-01_dir-AP_dwi.nii.gz"  # a reversed b0 gives way
    dwi(folder / "sub-01_acq-trace_dwi.nii.gz", [0, 1000])
    (folder / "sub-01_acq-trace_dwi.json").write_text('{"ImageType": ["DERIVED", "PRIMARY", "TRACEW"]}')
    assert chosen(root) == "sub-01_dir-AP_dwi.nii.gz"  # what the scanner derived gives way
    dwi(folder / "sub-01_dir-AP_run-2_part-phase_dwi.nii.gz", [0, 1000])
    assert chosen(root) == "sub-01_dir-AP_dwi.nii.gz"  # phases are no magnitudes
    write_volume(Volume(np.ones(SHAPE, np.float32), np.eye(4)), folder / "sub-01_ADC.nii.gz")
    assert chosen(root) == "sub-01_dir-AP_dwi.nii.gz"  # raw before the scanner's map
    dwi(folder / "sub-01_dir-AP_run-02_dwi.nii.gz", [0, 700])
    with pytest.raises(InputError) as two:
        chosen(root)
    assert str(two.value) == (
        "sub-01 has 2 diffusion series, and which one is meant is not known (sub-01_dir-AP_dwi.nii.gz, "
        "sub-01_dir-AP_run-02_dwi.nii.gz). Choose one with --bids-filter-file."
    )


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"dwi": {"run": 2}}, "sub-01_run-02_dwi.nii.gz"),
        ({"dwi": {"run": None}}, "sub-01_dwi.nii.gz"),
        ({"dwi": {"acquisition": ["none", "b7"], "datatype": "dwi"}}, "sub-01_acq-b7_dwi.nii.gz"),
    ],
)
def test_a_filter_chooses(tmp_path: Path, asked: dict[str, object], name: str) -> None:
    root = dataset(tmp_path / "x")
    for one in ("sub-01_run-02", "sub-01_run-03", "sub-01", "sub-01_acq-b7_run-09"):
        dwi(root / "sub-01" / "dwi" / f"{one}_dwi.nii.gz", [0, 1000])
    if "acquisition" in str(asked):
        name = "sub-01_acq-b7_run-09_dwi.nii.gz"
    file = tmp_path / "filter.json"
    file.write_text(json.dumps(asked))
    assert chosen(root, read_filter(file)) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "no JSON object"),
        ('{"bold": {}}', "asks for 'bold'"),
        ('{"dwi": {"colour": "red"}}', "no entity of an image"),
        ('{"dwi": {"run": 1.5}}', "asks for 1.5"),
        ('{"dwi": {"run": 7}}', "the filter keeps none of"),
    ],
)
def test_a_filter_that_says_nothing_is_refused(tmp_path: Path, text: str, words: str) -> None:
    root = dataset(tmp_path / "x")
    dwi(root / "sub-01" / "dwi" / "sub-01_dwi.nii.gz", [0, 1000])
    file = tmp_path / "filter.json"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        chosen(root, read_filter(file))


def test_a_t1_image_is_the_infants_own_and_without_contrast_agent(tmp_path: Path) -> None:
    root = dataset(tmp_path / "x", DatasetType="derivative")
    folder = root / "sub-01" / "anat"
    folder.mkdir(parents=True)
    here = (open_dataset(root), visit(root), ANY)
    assert choose_anatomical(*here) is None
    for name in ("space-MNI152NLin2009cAsym_desc-preproc", "ce-gadolinium", "desc-smooth"):
        write_volume(Volume(np.ones(SHAPE, np.float32), np.eye(4)), folder / f"sub-01_{name}_T1w.nii.gz")
    assert choose_anatomical(*here).image.path.name == "sub-01_ce-gadolinium_T1w.nii.gz"  # type: ignore[union-attr]
    write_volume(Volume(np.ones(SHAPE, np.float32), np.eye(4)), folder / "sub-01_space-dwi_desc-preproc_T1w.nii.gz")
    assert choose_anatomical(*here).image.path.name == "sub-01_space-dwi_desc-preproc_T1w.nii.gz"  # type: ignore[union-attr]


AGES = {
    "days in participants": ("age\n", "days", "4\n", {}, (4 / 365.25, 4.0, None, None)),
    "years, rounded down to nothing": ("age\n", "years", "0\n", {}, (0.0, None, None, None)),
    "years with a fraction": ("age\n", "years", "0.01\n", {}, (0.01, 3.6525, None, None)),
    "nothing": ("age\n", "days", "n/a\n", {}, (None, None, None, None)),
    "weeks after the last menstruation": (
        "birth_age\tcooled\n",
        "",
        "39\tYes\n",
        {"scan_age": "40"},
        (7 / 365.25, 7.0, 39.0, True),
    ),
    "months of the session": ("birth_age\n", "", "39\n", {"age_months": "6"}, (0.5, 182.625, 39.0, None)),
}


@pytest.mark.parametrize("case", AGES)
def test_ages_come_from_the_nearest_table_in_their_units(tmp_path: Path, case: str) -> None:
    columns, unit, cells, session, expected = AGES[case]
    root = dataset(tmp_path / "x")
    dwi(root / "sub-01" / "ses-a" / "dwi" / "sub-01_ses-a_dwi.nii.gz", [0, 1000])
    (root / "participants.tsv").write_text(f"participant_id\t{columns}sub-01\t{cells}")
    if unit:
        (root / "participants.json").write_text(json.dumps({"age": {"Units": unit}}))
    for name, value in session.items():
        (root / "sub-01" / "sub-01_sessions.tsv").write_text(f"session_id\t{name}\nses-a\t{value}\n")
    opened, here = open_dataset(root), visit(root, session="a")
    infant = infant_of(opened, read_infant_tables(opened), here, images(opened, here, "dwi")[0])
    found = (infant.age_years, infant.age_days, infant.gestation_weeks)
    assert found == tuple(None if one is None else pytest.approx(one) for one in expected[:3])
    assert infant.cooled is expected[3]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("participant_id\tage\nsub-01\tfour\n", "the age is 'four'"),
        ("participant_id\tcooled\nsub-01\tperhaps\n", "cooled in participants.tsv is 'perhaps'"),
        ("participant_id\tbirth_age\tscan_age\nsub-01\t40\t39\n", "scanned at 39 weeks and born at 40"),
    ],
)
def test_what_a_table_cannot_mean_is_the_problem_of_one_case(tmp_path: Path, table: str, words: str) -> None:
    root = dataset(tmp_path / "x")
    for subject in ("01", "02"):
        dwi(root / f"sub-{subject}" / "dwi" / f"sub-{subject}_dwi.nii.gz", [0, 1000])
    (root / "participants.tsv").write_text(table + "sub-02" + "\tn/a" * (table.splitlines()[0].count("\t")) + "\n")
    first, second = find_bids_cases(open_dataset(root), (), Wanted())
    assert words in first.problem
    assert (second.problem, second.name) == ("", "sub-02_dwi")


def test_labels_that_are_not_there_and_subjects_without_a_scan(tmp_path: Path) -> None:
    root = dataset(tmp_path / "x")
    dwi(root / "sub-01" / "ses-a" / "dwi" / "sub-01_ses-a_dwi.nii.gz", [0, 1000])
    (root / "sub-02" / "func").mkdir(parents=True)
    opened = open_dataset(root)
    assert [case.name for case in find_bids_cases(opened, (), Wanted())] == ["sub-01_ses-a_dwi", "sub-02_dwi"]
    assert "holds neither" in find_bids_cases(opened, (), Wanted(subjects=("02",)))[0].problem
    with pytest.raises(InputError, match=r"--participant-label names 1, and there is no sub-1. .*near: 01"):
        find_bids_cases(opened, (), Wanted(subjects=("1",)))
    with pytest.raises(InputError, match="--session-label names b"):
        find_bids_cases(opened, (), Wanted(sessions=("b",)))
    (root / "sub-01" / "ses-a" / "dwi" / "sub-03_ses-a_dwi.nii.gz").write_bytes(b"x")
    assert "Let its name say that subject" in find_bids_cases(opened, (), Wanted())[0].problem
    with pytest.raises(InputError, match="no root of a BIDS dataset"):
        open_dataset(tmp_path)


PLACES = {
    "upright": ((1.5, 1.5, 4.0), (0, 0, 0), (1, 1, 1)),
    "left to right": ((1.5, 1.5, 4.0), (0, 0, 0), (-1, -1, 1)),
    "oblique": ((1.2, 1.7, 3.0), (20, -10, 15), (-1, 1, -1)),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_mask_that_is_brought_to_the_scan_stays_on_its_side(place: str) -> None:
    """The patient's right half of a finer grid: where its surface lies at x = 3 mm, every voxel knows its side."""
    spacing, degrees, flips = PLACES[place]
    grid = Grid(SHAPE, tilted(spacing, degrees, flips))
    fine = Grid((48, 48, 48), np.diag([1.0, 1.0, 1.0, 1.0]) + np.outer([-20.5, -26, -19, 0], [0, 0, 0, 1]))
    right_mm = np.indices(fine.shape)[0] + fine.affine_ras[0, 3]
    found = on_grid(Volume((right_mm > 3).astype(np.uint8), fine.affine_ras), grid)
    points = np.indices(SHAPE).reshape(3, -1).T @ grid.affine_ras[:3, :3].T + grid.affine_ras[:3, 3]
    expected = points[:, 0].reshape(SHAPE) > 3
    clear = np.abs(points[:, 0].reshape(SHAPE) - 3) > 0.5
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(found.array[clear], expected[clear])
    np.testing.assert_array_equal(found.affine_ras, grid.affine_ras)


def test_brain_masks_of_prepared_derivatives_are_found_by_name_and_grid(tmp_path: Path) -> None:
    """As nibabies writes them: of T1 in its own space for the T1 image, in the space of b0 for the diffusion series."""
    root, affine = dataset(tmp_path / "x"), tilted((2.0, 2.0, 3.0), (10, 5, 0), (1, 1, 1))
    dwi(root / "sub-01" / "dwi" / "sub-01_acq-a_dwi.nii.gz", [0, 1000], affine)
    prepared = dataset(root / "derivatives" / "nibabies", DatasetType="derivative") / "sub-01" / "anat"
    prepared.mkdir(parents=True)
    finer = tilted((1.0, 1.0, 1.0), (0, 0, 0), (1, 1, 1))
    whole = np.ones(SHAPE, np.uint8)
    for name, place in (("desc-brain", finer), ("space-T2w_desc-brain", finer), ("space-MNI_desc-brain", affine)):
        write_volume(Volume(whole, place), prepared / f"sub-01_{name}_mask.nii.gz")
    write_volume(Volume(whole.astype(np.float32), finer), prepared / "sub-01_desc-preproc_T1w.nii.gz")
    opened = open_dataset(root)
    derivatives = find_derivatives(opened, (), output=root / "derivatives" / "age2hie")
    assert [one.name for one in derivatives] == ["nibabies"]
    diffusion, t1 = find_bids_cases(opened, derivatives, Wanted())
    assert diffusion.masks == ()  # none says that it lies in the space of b0
    with staged(t1) as (scan, mask, file):
        assert scan == prepared / "sub-01_desc-preproc_T1w.nii.gz"
        assert mask == prepared / "sub-01_desc-brain_mask.nii.gz"
        assert file is not None
        assert file.uri == "bids:nibabies:sub-01/anat/sub-01_desc-brain_mask.nii.gz"
    write_volume(Volume(whole, finer), prepared / "sub-01_space-dwi_desc-brain_mask.nii.gz")
    with staged(find_bids_cases(opened, derivatives, Wanted())[0]) as (_, mask, _file):
        assert mask is not None
        assert mask.name == "mask.nii"  # brought from another grid of the same space
        assert read_volume(mask).grid.same_as(Grid(SHAPE, affine))
    flipped = Volume(whole[::-1].copy(), affine @ np.array([[-1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    other = root / "derivatives" / "nibabies" / "sub-01" / "dwi"
    other.mkdir()
    write_volume(flipped, other / "sub-01_acq-b_desc-brain_mask.nii.gz")  # of another series
    write_volume(flipped, other / "sub-01_acq-a_space-dwi_desc-brain_mask.nii.gz")
    with staged(find_bids_cases(opened, derivatives, Wanted())[0]) as (_, mask, _file):
        assert mask == other / "sub-01_acq-a_space-dwi_desc-brain_mask.nii.gz"
