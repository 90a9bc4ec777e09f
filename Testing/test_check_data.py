"""Broken cohorts are refused with one line for each problem, which names the file or row and says what to do."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from cohort_samples import MAPPING, two_sites, write_bids, write_hie

from training.checking import check_ages, check_infants, check_overlap
from training.cohorts.bids import read_bids
from training.cohorts.bonbid import read_bonbid
from training.cohorts.problems import refuse
from training.run import main
from training.settings import Settings, load_settings

AGES = {f"sub-{n:02d}": str(3 * n) for n in range(1, 11)}


def lines(problems: list) -> list[str]:
    return [str(problem) for problem in problems]


def settings() -> Settings:
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
    sources = ["--set", f"ages.source={t1}", "--set", f"hie.source={hie}", "--preset", "quick", "--jobs", "1"]
    assert main(["check-data", *sources]) == 2
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2
    assert not (tmp_path / "runs").exists()


def test_check_data_asks_only_for_what_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A synthetic cohort is made later: before, its folder is not missing."""
    hie = write_hie(tmp_path / "hie", two_sites())
    options = ["--preset", "quick", "--jobs", "1", "--output", str(tmp_path / "run")]
    assert main(["check-data", "--set", f"hie.source={hie}", *options]) == 0
    assert main(["check-data", *options]) == 0
    few = ["--set", "hie.cases={MGH: 12, BCH: 2}", "--set", "evaluate.protocols=[same-site]"]
    assert main(["check-data", *few, *options]) == 2
    assert "folds" in capsys.readouterr().out.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_many_problems_are_one_error_with_a_line_each(tmp_path: Path) -> None:
    from AGE2HIELib.errors import InputError

    _, problems = read_bids(write_bids(tmp_path, dict.fromkeys(AGES, "")))
    with pytest.raises(InputError, match=r"10 problem\(s\) in the data:\n") as raised:
        refuse(problems)
    assert len(str(raised.value).splitlines()) == 11
