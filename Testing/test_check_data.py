"""Broken cohorts are refused with one line for each problem, which names the file or row and says what to do."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest
from cohort_samples import MAPPING, small_image, two_sites, write_bids, write_hie

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.system.places import resource_path
from AGE2HIELib.volume import Volume
from training.checking import check_ages, check_infants, check_overlap
from training.cohorts.bids import read_bids
from training.cohorts.bonbid import read_bonbid
from training.cohorts.problems import refuse
from training.preparing.infants import InfantOptions, prepare_infants
from training.preparing.inputs import adc_spec
from training.run import main
from training.settings import TrainingSettings
from training.settings_reading import load_settings

AGES = {f"sub-{n:02d}": str(3 * n) for n in range(1, 11)}


def moved(image: Volume, distance_mm: float) -> Volume:
    affine = image.affine_ras.copy()
    affine[0, 3] += distance_mm
    return Volume(image.array, affine)


def lines(problems: list) -> list[str]:
    return [str(problem) for problem in problems]


def settings() -> TrainingSettings:
    return load_settings("quick", None, ["run.jobs=1"])


def age_problems(root: Path) -> list[str]:
    return lines(check_ages(root, settings())[1])


def hie_problems(root: Path) -> list[str]:
    return lines(check_infants(root, None, settings())[1])


@pytest.mark.parametrize(
    ("age", "said"),
    [
        ("n/a", "the age is missing"),
        ("240", "no unit is stated: name the column age_months"),
        ("6 months", "the age is '6 months'"),
        ("-1", "-1 years"),
    ],
)
def test_an_age_that_cannot_be_used_is_one_line(tmp_path: Path, age: str, said: str) -> None:
    found = age_problems(write_bids(tmp_path, {**AGES, "sub-03": age}))
    assert len(found) == 1
    assert "participants.tsv" in found[0]
    assert "sub-03" in found[0]
    assert said in found[0]


@pytest.mark.parametrize(("column", "written", "years"), [("age_months", "18", 1.5), ("age_weeks", "2", 14 / 365.25)])
def test_the_unit_in_the_column_s_name_counts(tmp_path: Path, column: str, written: str, years: float) -> None:
    scans, problems = read_bids(write_bids(tmp_path, dict.fromkeys(AGES, written), column=column))
    assert problems == []
    assert [scan.age_years for scan in scans] == pytest.approx([years] * len(AGES))


def test_the_unit_in_the_sidecar_counts_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    root = write_bids(tmp_path, dict.fromkeys(AGES, "36"))
    (root / "participants.json").write_text('{"age": {"Units": "months"}}')
    assert [scan.age_years for scan in read_bids(root)[0]] == pytest.approx([3.0] * len(AGES))
    (root / "participants.json").write_text('{"age": {"Units": "moons"}}')
    assert all("'moons'" in line for line in lines(read_bids(root)[1]))


def test_the_nearest_table_states_the_age(tmp_path: Path) -> None:
    root = write_bids(tmp_path, AGES)
    session = root / "sub-01" / "ses-b" / "anat"
    session.mkdir(parents=True)
    (root / "sub-01" / "anat" / "sub-01_T1w.nii.gz").rename(session / "sub-01_ses-b_T1w.nii.gz")
    (root / "sub-01" / "sub-01_sessions.tsv").write_text("session_id\tage_days\nses-b\t365.25\n")
    ages = {scan.name: scan.age_years for scan in read_bids(root)[0]}
    assert ages["sub-01_ses-b"] == pytest.approx(1.0)
    assert ages["sub-02"] == 6.0


def test_subjects_that_stand_twice_or_lack_image_or_row(tmp_path: Path) -> None:
    root = write_bids(tmp_path, AGES)
    table = root / "participants.tsv"
    table.write_text(table.read_text().replace("sub-10\t30\n", "sub-01\t3\nsub-99\t40\n"))
    found = age_problems(root)
    assert len(found) == 3
    assert any("sub-01 stands 2 times" in line for line in found)
    assert any("sub-99 has no T1w image" in line for line in found)
    assert any("sub-10_T1w.nii.gz: its subject is not in participants.tsv" in line for line in found)


def test_a_truncated_image_is_named(tmp_path: Path) -> None:
    root = write_bids(tmp_path, AGES)
    image = root / "sub-04" / "anat" / "sub-04_T1w.nii.gz"
    image.write_bytes(image.read_bytes()[:200])
    found = age_problems(root)
    assert len(found) == 1
    assert found[0].startswith("sub-04_T1w.nii.gz: cannot be used")


def test_what_preparing_a_t1_scan_would_refuse_is_found_before(tmp_path: Path) -> None:
    """A mask on another grid, a scan of nothing, a stripped brain of 8 ml."""
    root = write_bids(tmp_path, AGES)
    scan = small_image(0)
    masks = root / "derivatives"
    masks.mkdir()
    write_volume(moved(scan, 1.0), masks / "sub-02_desc-brain_mask.nii.gz")
    write_volume(scan.like(scan.array * 0), root / "sub-04" / "anat" / "sub-04_T1w.nii.gz")
    ball = np.zeros((30, 30, 30), np.float32)
    ball[5:15, 5:15, 5:15] = 900
    write_volume(Volume(ball, np.diag([2.0, 2.0, 2.0, 1.0])), root / "sub-06" / "anat" / "sub-06_T1w.nii.gz")
    found = age_problems(root)
    assert len(found) == 3
    assert found[0].startswith("sub-02_T1w.nii.gz: cannot be used: The brain mask 'sub-02_desc-brain_mask.nii.gz'")
    assert "sub-04_T1w.nii.gz: cannot be used: The T1 scan is 0 everywhere" in found[1]
    assert "sub-06_T1w.nii.gz: cannot be used: The brain mask of the T1 scan holds 8 ml" in found[2]


def test_what_preparing_an_infant_would_refuse_is_found_before(tmp_path: Path) -> None:
    """A z-map a voxel away, a lesion of another size, an ADC map of nothing: what ``prepare`` says of each as well."""
    root = write_hie(tmp_path, two_sites())
    scan = small_image(0)
    files = {
        "1ADC_ss/BCH/BCHNICU_003-VISIT_01-ADC_ss.mha": scan.like(scan.array * 0),
        "2Z_ADC/Zmap_BCHNICU_001-VISIT_01-ADC_smooth2mm_clipped10.mha": moved(scan, 2.0),
        "3LABEL/BCHNICU_002-VISIT_01_lesion.mha": Volume(scan.array[:-1], scan.affine_ras),
        "3LABEL/BCHNICU_004-VISIT_01_lesion.mha": moved(scan, 5e-4),
    }
    for name, image in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        write_volume(image, root / name)
    found = hie_problems(root)
    assert len(found) == 3
    assert found[0].startswith("BCHNICU_001-VISIT_01-ADC_ss.mha: cannot be used: The z-map 'Zmap_BCHNICU_001")
    assert found[1].startswith("BCHNICU_002-VISIT_01-ADC_ss.mha: cannot be used: The lesion 'BCHNICU_002")
    assert found[2].startswith("BCHNICU_003-VISIT_01-ADC_ss.mha: cannot be used: ")
    options = InfantOptions(resource_path("atlas"), adc_spec(4.0), "released", 1)
    refused = read_bonbid(root)[0][:3]
    with pytest.raises(InputError) as raised:
        prepare_infants(refused, tmp_path / "prepared", options)
    said = [line.replace(": ", ": cannot be used: ", 1) for line in str(raised.value).splitlines()[1:]]
    assert said == found


@pytest.mark.real
def test_a_released_pair_that_agrees_to_its_digits_is_no_problem(tmp_path: Path, real_data: Path) -> None:
    """331's z-map repeats its ADC's spacing to 5e-6 mm, 028 is oblique: both are what ``prepare`` takes."""
    adverse = {"MGHNICU_331": "1", "MGHNICU_028": "0"}
    (tmp_path / "clinical.csv").write_text("ID,Outcome\n" + "\n".join(map(",".join, adverse.items())))
    (tmp_path / "outcomes.toml").write_text(MAPPING)
    for folder in ("1ADC_ss", "2Z_ADC", "3LABEL"):
        for file in (real_data / "bonbid-hie" / folder).rglob("*.mha"):
            if any(case in file.name for case in adverse):
                (tmp_path / folder).mkdir(exist_ok=True)
                (tmp_path / folder / file.name).symlink_to(file)
    cases, problems = check_infants(tmp_path, None, settings())
    assert [(case.subject, case.z_adc is not None, case.lesion is not None) for case in cases] == [
        ("MGHNICU_028", True, True),
        ("MGHNICU_331", True, True),
    ]
    assert [line for line in lines(problems) if "cannot be used" in line] == []


def test_an_atlas_that_is_not_there_is_found_before(tmp_path: Path) -> None:
    wrong = load_settings("quick", None, ["run.jobs=1", f"input.atlas={tmp_path / 'none'}"])
    _, problems = check_infants(write_hie(tmp_path / "hie", two_sites()), None, wrong)
    assert len(problems) == 1
    assert str(problems[0]).startswith("none: The atlas folder 'none' has no")


def test_one_file_in_both_cohorts_is_found(tmp_path: Path) -> None:
    scans, _ = read_bids(write_bids(tmp_path / "t1", AGES))
    root = write_hie(tmp_path / "hie", two_sites(), sites=False)
    (root / "1ADC_ss" / "MGHNICU_001-VISIT_01-ADC_ss.mha").unlink()
    twin = root / "1ADC_ss" / "MGHNICU_001-VISIT_01-ADC_ss.nii.gz"
    twin.write_bytes(scans[0].image.read_bytes())
    (root / "1ADC_ss" / "MGHNICU_002-VISIT_01-ADC_ss.mha").unlink()
    cases = read_bonbid(root)[0]
    scans[1].image.unlink()
    scans[1].image.symlink_to(root / "nowhere")  # as an annex whose file was not fetched
    (found,) = lines(check_overlap(scans, cases))
    sha = hashlib.sha256(twin.read_bytes()).hexdigest()[:12]
    assert found.startswith(f"image {sha}: was seen in pretraining")


@pytest.mark.parametrize("sites", [True, False])
def test_the_layout_is_read_with_and_without_site_folders(tmp_path: Path, sites: bool) -> None:
    cases, problems = read_bonbid(write_hie(tmp_path, two_sites(), sites=sites))
    assert problems == []
    assert [(case.site, case.subject, case.adverse) for case in cases[:2]] == [
        ("BCH", "BCHNICU_001", True),
        ("BCH", "BCHNICU_002", False),
    ]
    assert len(cases) == 16
    assert math.isnan(cases[0].age_days)


def test_cases_without_image_or_outcome_and_outcomes_nobody_knows(tmp_path: Path) -> None:
    root = write_hie(tmp_path, two_sites())
    table = root / "clinical.csv"
    text = table.read_text().replace("MGHNICU_001,1", "MGHNICU_777,1").replace("BCHNICU_002,0", "BCHNICU_002,maybe")
    table.write_text(text + "MGHNICU_003,1\n")
    found = hie_problems(root)
    for said in (
        "MGHNICU_777 has no image in 1ADC_ss",
        "MGHNICU_001-VISIT_01-ADC_ss.mha: has no outcome in the table",
        "BCHNICU_002: the outcome is 'maybe', not one of 1, bad, 0",
        "MGHNICU_003 stands 2 times",
    ):
        assert sum(said in line for line in found) == 1, (said, found)


def test_one_class_only_and_a_fold_that_cannot_be_stratified(tmp_path: Path) -> None:
    one_class = write_hie(tmp_path / "one", dict.fromkeys(two_sites(), "1"))
    assert any("of one class (adverse)" in line for line in hie_problems(one_class))
    outcomes = two_sites()
    thin = {**outcomes, **{case: "0" for case in outcomes if case.startswith("BCH")}, "BCHNICU_001": "1"}
    found = hie_problems(write_hie(tmp_path / "thin", thin))
    assert len(found) == 1
    assert "Site BCH has 1 adverse subject" in found[0]


def test_a_missing_column_or_mapping_is_named(tmp_path: Path) -> None:
    root = write_hie(tmp_path, two_sites())
    (root / "outcomes.toml").write_text(MAPPING.replace('"Outcome"', '"Result"'))
    assert any("there is no column Result; it has ID, Outcome" in line for line in hie_problems(root))
    (root / "outcomes.toml").unlink()
    assert any("no mapping file outcomes.toml" in line for line in hie_problems(root))


def test_an_excel_table_is_read_like_a_csv(tmp_path: Path) -> None:
    import pandas as pd

    root = write_hie(tmp_path, two_sites())
    pd.read_csv(root / "clinical.csv").to_excel(root / "clinical.xlsx", index=False)
    (root / "outcomes.toml").write_text(MAPPING.replace("clinical.csv", "clinical.xlsx"))
    cases, problems = read_bonbid(root)
    assert problems == []
    assert sum(case.adverse for case in cases) == 8


def test_a_pretraining_subject_among_the_infants_is_found_however_it_is_written(tmp_path: Path) -> None:
    scans, _ = read_bids(write_bids(tmp_path / "t1", {**AGES, "sub-MGHNICU003": "0.1"}))
    cases, _ = read_bonbid(write_hie(tmp_path / "hie", two_sites()))
    found = lines(check_overlap(scans, cases))
    assert found == ["MGHNICU_003: was seen in pretraining and cannot be tested on. Take it out of one of the two"]


def test_check_data_prints_every_line_and_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    t1 = write_bids(tmp_path / "t1", {**AGES, "sub-03": "", "sub-05": "x"})
    hie = write_hie(tmp_path / "hie", two_sites())
    sources = ["--set", f"ages.source={t1}", "--set", f"hie.source={hie}", "--preset", "quick", "--set", "run.jobs=1"]
    assert main(["check-data", *sources]) == 2
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2
    assert not (tmp_path / "runs").exists()


def test_check_data_asks_only_for_what_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A synthetic cohort is made later: before, its folder is not missing."""
    hie = write_hie(tmp_path / "hie", two_sites())
    options = ["--preset", "quick", "--set", "run.jobs=1", "--output", str(tmp_path / "run")]
    assert main(["check-data", "--set", f"hie.source={hie}", *options]) == 0
    assert main(["check-data", *options]) == 0
    few = ["--set", "hie.cases={MGH: 12, BCH: 2}", "--set", "evaluate.protocols=[same-site]"]
    assert main(["check-data", *few, *options]) == 2
    assert "folds" in capsys.readouterr().out.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_many_problems_are_one_error_with_a_line_each(tmp_path: Path) -> None:
    _, problems = read_bids(write_bids(tmp_path, dict.fromkeys(AGES, "")))
    with pytest.raises(InputError, match=r"10 problem\(s\) in the data:\n") as raised:
        refuse(problems)
    assert len(str(raised.value).splitlines()) == 11
