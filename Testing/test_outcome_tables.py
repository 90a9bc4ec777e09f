"""Outcome tables as hospitals keep them: every row gives the right outcome and age, or one line. And the hospitals'
own names.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from cohort_samples import MAPPING, two_sites, write_hie

from AGE2HIELib.errors import InputError
from training.checking import case_table
from training.cohorts.bonbid import read_bonbid
from training.cohorts.outcomes import CaseOutcome, read_outcomes
from training.evaluation.splits import make_splits
from training.preparing.store import keep_image, pack

WITH_AGE = MAPPING.replace("[outcome]", 'age_days = "Age"\n[outcome]')


def outcomes(folder: Path, table: str | bytes, mapping: str = WITH_AGE) -> tuple[list[CaseOutcome], list[str]]:
    (folder / "clinical.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    (folder / "outcomes.toml").write_text(mapping, encoding="utf-8")
    found, problems = read_outcomes(folder / "outcomes.toml")
    return found, [str(problem) for problem in problems]


TABLES = {
    "as it should be": "ID,Outcome,Age\nMGHNICU_001,1,3.5\nMGHNICU_002,0,12\n",
    "semicolons and decimal commas": "ID;Outcome;Age\nMGHNICU_001;1;3,5\nMGHNICU_002;0;12\n",
    "tabs of a spreadsheet": "ID\tOutcome\tAge\nMGHNICU_001\t1\t3.5\nMGHNICU_002\t0\t12\n".encode("utf-16"),
    "commas behind": "ID,Outcome,Age,,\nMGHNICU_001,1,3.5,,\nMGHNICU_002,0,12,,\n",
    "capitals": "id,OUTCOME,age\nMGHNICU_001,BAD,3.5\nMGHNICU_002,0,12\n",
    "quotes": 'ID,Outcome,"Age"\n"MGHNICU_001","1","3,5"\nMGHNICU_002,0,12\n',
    "a note": 'ID,Outcome,Age,note\nMGHNICU_001,1,3.5,"seizures; then, none"\nMGHNICU_002,0,12,\n',
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_way_of_writing_a_table_gives_the_same_outcomes(tmp_path: Path, kind: str) -> None:
    assert outcomes(tmp_path, TABLES[kind]) == (
        [CaseOutcome("MGHNICU_001", True, 3.5), CaseOutcome("MGHNICU_002", False, 12.0)],
        [],
    )


def test_a_mapping_that_a_windows_editor_has_marked_is_read(tmp_path: Path) -> None:
    found, _ = outcomes(tmp_path, TABLES["as it should be"], "\ufeff" + WITH_AGE)
    assert len(found) == 2


def test_a_shift_never_passes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"clinical\.csv, row 3: it has 4 cells, and the header 3: values would stand"):
        outcomes(tmp_path, "ID,Outcome,Age\nMGHNICU_001,1,3\nMGHNICU_002,0,3,5\n")


WORDS = MAPPING.replace('adverse = ["1", "bad"]', 'adverse = ["severe"]').replace('["0"]', '["none", "mild", "NA"]')


def test_the_word_none_is_an_outcome_where_the_mapping_names_it(tmp_path: Path) -> None:
    table = "ID,Outcome\nMGHNICU_001,none\nMGHNICU_002,Severe\nMGHNICU_003,na\nMGHNICU_004,null\nMGHNICU_005,\n"
    found, problems = outcomes(tmp_path, table, WORDS)
    assert [(one.case[-1], one.adverse) for one in found] == [("1", False), ("2", True), ("3", False)]
    assert problems == [
        "clinical.csv, row 5: MGHNICU_004: the outcome is missing ('null'); known are severe, none, mild, NA. "
        "Fill it in, or take the row out",
        "clinical.csv, row 6: MGHNICU_005: the outcome is missing; known are severe, none, mild, NA. "
        "Fill it in, or take the row out",
    ]


def test_words_that_differ_by_capitals_only_are_told_apart_where_the_mapping_does(tmp_path: Path) -> None:
    mapping = MAPPING.replace('["1", "bad"]', '["A"]').replace('["0"]', '["a"]')
    found, problems = outcomes(tmp_path, "ID,Outcome\nMGHNICU_001,A\nMGHNICU_002,a\n", mapping)
    assert [one.adverse for one in found] == [True, False]
    assert problems == []


AGES = {
    "43837": "the age in days is 43837, which is Excel's number for the date 2020-01-07. Write the age",
    "-6": "the age in days is -6; a scan's is from birth, 0, to the age of the outcome, 730. Correct it",
    "1200": "the age in days is 1200; a scan's is from birth, 0",
    "inf": "the age in days is 'inf'. Write a number, or leave it empty",
    "2 weeks": "the age in days is '2 weeks'. Write a number",
    "2020-01-07": "the age in days is '2020-01-07'. Write a number",
}


@pytest.mark.parametrize("age", AGES)
def test_an_age_that_no_infant_has_is_one_line(tmp_path: Path, age: str) -> None:
    _, (problem,) = outcomes(tmp_path, f"ID,Outcome,Age\nMGHNICU_001,1,3\nMGHNICU_002,0,{age}\n")
    assert problem.startswith("clinical.csv, row 3: MGHNICU_002: ")
    assert AGES[age] in problem


@pytest.mark.parametrize("age", ["", "n/a", "?", "NaN"])
def test_an_age_that_is_not_known_is_none(tmp_path: Path, age: str) -> None:
    (found,), problems = outcomes(tmp_path, f"ID,Outcome,Age\nMGHNICU_001,1,{age}\n")
    assert math.isnan(found.age_days)
    assert problems == []


def test_a_workbook_of_numbers_notes_and_empty_rows(tmp_path: Path) -> None:
    """A whole number has no point, a note beside the table shifts nothing; a date is no age."""
    import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["ID", "Outcome", "Age"], ["MGHNICU_001", 1.0, 3.5], [], ["MGHNICU_002", 0, None, None, "moved away"]):
        sheet.append(row)
    sheet.append(["MGHNICU_003", 1, datetime.date(2020, 1, 7)])
    book.save(tmp_path / "clinical.xlsx")
    (tmp_path / "outcomes.toml").write_text(WITH_AGE.replace("clinical.csv", "clinical.xlsx"))
    found, problems = read_outcomes(tmp_path / "outcomes.toml")
    assert [(one.case, one.adverse) for one in found] == [
        ("MGHNICU_001", True),
        ("MGHNICU_002", False),
        ("MGHNICU_003", True),
    ]
    assert found[0].age_days == 3.5
    assert [str(problem) for problem in problems] == [
        "clinical.xlsx, row 5: MGHNICU_003: the age in days is '2020-01-07 00:00:00'. Write a number, or leave it empty"
    ]


# --- hospitals ------------------------------------------------------------------------------------------------------


def test_any_hospital_trains_and_is_held_out(tmp_path: Path) -> None:
    """Three of them, one with a hyphen and one with an umlaut; NA is a name, too."""
    names = {"MGHNICU": "MGH", "St-MaryNICU": "St-Mary", "KölnNICU": "Köln", "NA": "NA", "BCHHNICU": "BCH"}
    cases = {f"{ward}_{n:03d}": str(n % 2) for ward in names for n in range(1, 9)}
    found, problems = read_bonbid(write_hie(tmp_path, cases, sites=False))
    assert problems == []
    assert {case.subject.rsplit("_", 1)[0]: case.site for case in found} == names
    splits = make_splits(case_table(found), folds=2, repeats=1, inner_folds=2, seed=0, protocols=["cross-site"])
    assert [split.setting for split in splits] == [f"others->{site}" for site in sorted(names.values())]
    held_out = {split.setting[8:]: {name.split("_")[0] for name in split.test} for split in splits}
    assert held_out == {site: {ward} for ward, site in names.items()}


def test_a_hospital_called_na_is_prepared_as_such(tmp_path: Path) -> None:
    keep_image(tmp_path, "k", {"image_sha256": "0"}, {"volume": np.zeros((2, 1, 1, 1), np.float16)})
    assert list(pack(tmp_path, ["k"], [{"case": "NA_001-VISIT_01", "site": "NA"}]).table["site"]) == ["NA"]


def test_a_part_of_a_hospital_s_name_is_no_hospital(tmp_path: Path) -> None:
    root = write_hie(tmp_path, two_sites(2), sites=False)
    image = root / "1ADC_ss" / "MGHNICU_001-VISIT_01-ADC_ss.mha"
    image.rename(image.with_name(f"St {image.name}"))
    found = [str(problem) for problem in read_bonbid(root)[1]]
    assert "St MGHNICU_001-VISIT_01-ADC_ss.mha: names no case. Name it as in MGHNICU_001-VISIT_01-ADC_ss.mha" in found


def test_one_hospital_in_two_spellings_is_refused(tmp_path: Path) -> None:
    _, problems = read_bonbid(write_hie(tmp_path, {"OsloNICU_001": "1", "OSLONICU_002": "0"}, sites=False))
    assert [str(problem) for problem in problems] == [
        "1ADC_ss: the sites OSLO and Oslo differ in capital letters only. Write one name"
    ]


def test_a_map_under_another_name_is_not_left_out_silently(tmp_path: Path) -> None:
    root = write_hie(tmp_path, two_sites(2), sites=False)
    maps = root / "2Z_ADC"
    maps.mkdir()
    for image in (root / "1ADC_ss").iterdir():
        (maps / f"Zmap_{image.name}").write_bytes(image.read_bytes())
    (maps / "Zmap_MGHNICU_777-VISIT_01-ADC_ss.mha").touch()
    assert read_bonbid(root)[1] == []  # every image has its own
    (maps / "Zmap_MGHNICU_001-VISIT_01-ADC_ss.mha").rename(maps / "Zmap_MGHNICU_0001-VISIT_01-ADC_ss.mha")
    found = [str(problem) for problem in read_bonbid(root)[1]]
    assert len(found) == 2
    assert found[0] == (
        "Zmap_MGHNICU_0001-VISIT_01-ADC_ss.mha: is of MGHNICU_0001-VISIT_01, which has no image in 1ADC_ss. "
        "Name it as the image, or take it away"
    )
