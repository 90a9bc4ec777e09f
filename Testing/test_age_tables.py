"""Ages in BIDS tables: each is that of its own session, in the unit that is stated for it, or is one line that says why
not. Scans are empty files: read_bids opens tables only.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.cohorts.bids import read_bids


def bids(root: Path, *scans: str, **tables: str | bytes) -> Path:
    """``scans`` as sub-01 or sub-01_ses-b; tables by their names, with ``__`` for a dot."""
    for scan in scans:
        anat = root.joinpath(*scan.split("_"), "anat")
        anat.mkdir(parents=True, exist_ok=True)
        (anat / f"{scan}_T1w.nii.gz").touch()
    for name, content in tables.items():
        path = root / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def ages(root: Path) -> dict[str, float]:
    scans, problems = read_bids(root)
    assert [str(problem) for problem in problems] == []
    return {scan.name: scan.age_years for scan in scans}


def lines(root: Path) -> list[str]:
    scans, problems = read_bids(root)
    assert scans == []
    return [str(problem) for problem in problems]


# --- where a table's cells stand ------------------------------------------------------------------------------------

TABLES = {
    "as BIDS has it": "participant_id\tage\tsex\nsub-01\t3\tF\nsub-02\t4.5\tM\n",
    "a delimiter behind every row": "participant_id\tage\tsex\t\nsub-01\t3\tF\t\nsub-02\t4.5\tM\t\n",
    "a delimiter behind the rows only": "participant_id\tage\tsex\nsub-01\t3\tF\t\nsub-02\t4.5\tM\t\n",
    "a delimiter behind the header only": "participant_id\tage\tsex\t\nsub-01\t3\tF\nsub-02\t4.5\tM\n",
    "no prefixes": "participant_id\tage\n01\t3\n02\t4.5\n",
    "capitals": "Participant_ID\tAge\nSUB-01\t3\nsub-02\t4.5\n",
    "decimal commas": "participant_id\tage\nsub-01\t3,0\nsub-02\t4,5\n",
    "semicolons and decimal commas": "participant_id;age\nsub-01;3,0\nsub-02;4,5\n",
    "commas": "participant_id,age\nsub-01,3\nsub-02,4.5\n",
    "quotes": '"participant_id"\t"age"\n"sub-01"\t"3"\n"sub-02"\t"4.5"\n',
    "a mark at the beginning": b"\xef\xbb\xbfparticipant_id\tage\nsub-01\t3\nsub-02\t4.5\n",
    "UTF-16": "participant_id\tage\r\nsub-01\t3\r\nsub-02\t4.5\r\n".encode("utf-16"),
    "UTF-16 of the other order": b"\xfe\xff" + "participant_id\tage\nsub-01\t3\nsub-02\t4.5\n".encode("utf-16-be"),
    "letters of Windows": "participant_id\tort\tage\nsub-01\tKöln\t3\nsub-02\t\t4.5\n".encode("cp1252"),
    "line ends of Windows": "participant_id\tage\r\nsub-01\t3\r\n\r\nsub-02\t4.5\r\n",
    "line ends of an old Mac": "participant_id\tage\rsub-01\t3\rsub-02\t4.5",
    "blanks": " participant_id \t age\n sub-01\t3 \nsub-02\t 4.5\n\t\n",
    "a column without a name": ",participant_id,age\n0,sub-01,3\n1,sub-02,4.5\n",
    "months in the name": "participant_id\tAge (months)\nsub-01\t36\nsub-02\t54\n",
    "months as well": "participant_id\tage\tage_months\nsub-01\t3\t36\nsub-02\t4\t54\n",
    "a unit in words": "participant_id\tage_in_weeks\nsub-01\t156.535714\nsub-02\t234.803571\n",
    "empty rows and another order": "participant_id\tage\n\n\nsub-02\t4.5\nsub-01\t3\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_way_of_writing_a_table_gives_the_same_ages(tmp_path: Path, kind: str) -> None:
    found = ages(bids(tmp_path, "sub-01", "sub-02", participants__tsv=TABLES[kind]))
    assert found == pytest.approx({"sub-01": 3.0, "sub-02": 4.5}, abs=1e-6)


BAD_TABLES = {
    "row names of R": ("participant_id\tage\n1\tsub-01\t3\n", "row 2: it has 3 cells, and the header 2"),
    "one cell too many": ("participant_id\tage\tsex\nsub-01\t3\tF\tx\n", "row 2: it has 4 cells, and the header 3"),
    "one cell too few": ("participant_id\tage\tsex\nsub-01\t3\n", "row 2: it has 2 cells, and the header 3"),
    "one long row": ("participant_id,age\nsub-01,3,5\n", "row 2: it has 3 cells, and the header 2"),
    "either separator": ("participant_id;age, years\nsub-01;3,5\n", "separated by semicolons or commas"),
    "an open quotation mark": ('participant_id\tage\nsub-01\t"3\n', "its quotation marks do not match"),
    "one column twice": ("participant_id\tage\tparticipant_id\nsub-01\t3\tsub-02\n", "participant_id stands 2 times"),
    "two ages": ("participant_id\tage\tage_months\nsub-01\t36\t36\n", "row 2: sub-01: its age is 36 and 3 years"),
    "one row twice": ("participant_id\tage\nsub-01\t3\n01\t3\n", "sub-01 stands 2 times. Keep one row"),
    "either sign": ("participant_id\tage\nsub-01\t3,5\nsub-02\t4.5\n", "age holds 3,5 and 4.5"),
    "thousands": ("participant_id\tage_days\nsub-01\t1,250\n", "1,250, which may be 1.250 or 1250"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook of Excel 97-2003. Save it as CSV"),
    "something else": (b"PK\x03\x04 and so on", "is no workbook that can be read"),
    "UTF-16 without a mark": ("participant_id\tage\nsub-01\t3\n".encode("utf-16-le"), "holds bytes of 0"),
    "nothing": ("\n", "is empty. Write a header"),
    "a date": ("participant_id\tage\nsub-01\t43837\n", "43837, which is Excel's number for the date 2020-01-07"),
    "a date in days": ("participant_id\tage_days\nsub-01\t43000\n", "Excel's number for the date 2017-09-22"),
    "infinity": ("participant_id\tage\nsub-01\tinf\n", "row 2: sub-01: the age is 'inf'. Write a number"),
    "digits in groups": ("participant_id\tage_days\nsub-01\t1_250\n", "the age is '1_250'. Write a number"),
    "months in the cell": ("participant_id\tage\nsub-01\t6 months\n", "the age is '6 months'. Write a number, with"),
    "before birth": ("participant_id\tage_days\nsub-01\t-6\n", "the age -6 is -0.01643 years. Correct it"),
    "89 or more": ("participant_id\tage\nsub-01\t89+\n", "the age is '89+', a lower bound. Give the age, or leave"),
    "missing": ("participant_id\tage\nsub-01\tn/a\n", "row 2: sub-01: the age is missing. Fill it in, or leave"),
}


@pytest.mark.parametrize("kind", BAD_TABLES)
def test_what_cannot_be_told_is_one_line_with_table_row_value_and_remedy(tmp_path: Path, kind: str) -> None:
    table, said = BAD_TABLES[kind]
    found = [line for line in lines(bids(tmp_path, "sub-01", participants__tsv=table)) if said in line]
    assert len(found) == 1
    assert found[0].startswith("participants.tsv")


def test_a_column_says_the_site(tmp_path: Path) -> None:
    table = "participant_id\tage\tsite\nsub-01\t3\tEast\n02\t4\tn/a\n"
    scans, problems = read_bids(bids(tmp_path, "sub-01", "sub-02", participants__tsv=table))
    assert problems == []
    assert [scan.site for scan in scans] == ["East", ""]


def test_a_participant_without_a_name_or_with_a_foreign_scan(tmp_path: Path) -> None:
    root = bids(tmp_path, "sub-01", participants__tsv="participant_id\tage\nn/a\t3\n")
    (root / "sub-01" / "anat" / "sub-02_T1w.nii.gz").touch()
    assert lines(root) == [
        "sub-02_T1w.nii.gz: lies in sub-01. Let its name say that subject and session",
        "participants.tsv, row 2: it names no participant. Fill it in, or take the row out",
        "sub-01_T1w.nii.gz: its subject is not in participants.tsv. Add a row, or take it away",
    ]


# --- whose age it is ------------------------------------------------------------------------------------------------

TWO = ("sub-01_ses-a", "sub-01_ses-b")


def subject_table(root: Path, name: str, text: str) -> None:
    (root / "sub-01" / name).write_text(text)


def test_one_age_for_several_sessions_is_that_of_none(tmp_path: Path) -> None:
    found = lines(bids(tmp_path, *TWO, participants__tsv="participant_id\tage\nsub-01\t3\n"))
    assert len(found) == 2
    assert "no table says the age at ses-a, of several (ses-a, ses-b)" in found[0]
    assert "Write it into sub-01_sessions.tsv, or give participants.tsv a column session_id" in found[1]


def test_a_session_without_t1_is_one_all_the_same(tmp_path: Path) -> None:
    root = bids(tmp_path, TWO[0], participants__tsv="participant_id\tage\nsub-01\t3\n")
    assert ages(root) == {"sub-01_ses-a": 3.0}
    (root / "sub-01" / "ses-b" / "eeg").mkdir(parents=True)
    assert "no table says the age at ses-a" in lines(root)[0]


@pytest.mark.parametrize("column", ["session_id", "Session"])
@pytest.mark.parametrize("prefix", ["ses-", ""])
def test_sessions_in_participants_tsv(tmp_path: Path, column: str, prefix: str) -> None:
    table = f"participant_id\t{column}\tage\nsub-01\t{prefix}b\t5\nsub-01\t{prefix}a\t3\n"
    assert ages(bids(tmp_path, *TWO, participants__tsv=table)) == {"sub-01_ses-a": 3.0, "sub-01_ses-b": 5.0}


def test_a_row_of_another_session_gives_no_age(tmp_path: Path) -> None:
    table = "participant_id\tsession_id\tage\nsub-01\tses-a\t3\n"
    root = bids(tmp_path, "sub-01_ses-b", participants__tsv=table)
    assert "no table says the age at ses-b" in lines(root)[0]
    twice = bids(tmp_path / "twice", "sub-01_ses-a", participants__tsv=table + "sub-01\ta\t4\n")
    assert lines(twice) == ["participants.tsv: sub-01 with ses-a stands 2 times. Keep one row"]
    flat = bids(tmp_path / "flat", "sub-01", participants__tsv=table)
    assert ages(flat) == {"sub-01": 3.0}  # no folders of sessions, and the table calls the only one ses-a


@pytest.mark.parametrize("prefix", ["ses-", ""])
def test_sessions_tsv_counts_before_participants_tsv(tmp_path: Path, prefix: str) -> None:
    root = bids(tmp_path, *TWO, participants__tsv="participant_id\tage\nsub-01\t99\n")
    subject_table(root, "sub-01_sessions.tsv", f"session_id\tage_months\n{prefix}a\t18\n{prefix}b\t30\n")
    assert ages(root) == pytest.approx({"sub-01_ses-a": 1.5, "sub-01_ses-b": 2.5})


def test_a_session_that_sessions_tsv_leaves_out_has_no_age(tmp_path: Path) -> None:
    root = bids(tmp_path, TWO[0], participants__tsv="participant_id\tage\nsub-01\t99\n")
    subject_table(root, "sub-01_sessions.tsv", "session_id\tage\n1\t3\n")
    assert "no table says the age at ses-a, of several (ses-1, ses-a)" in lines(root)[0]
    subject_table(root, "sub-01_sessions.tsv", "session_id\tage\nses-a\tn/a\n")
    assert ages(root) == {"sub-01_ses-a": 99.0}  # the only session: the subject's age is its own
    subject_table(root, "sub-01_sessions.tsv", "visit\tage\nses-a\t3\n")
    assert "sub-01_sessions.tsv: there is no column session_id, so its ages are nobody's" in lines(root)[0]


@pytest.mark.parametrize(
    "name", ["anat/sub-01_ses-a_T1w.nii.gz", "anat\\sub-01_ses-a_T1w.nii.gz", "./anat/sub-01_ses-a_T1w.nii"]
)
@pytest.mark.parametrize("place", ["ses-a/sub-01_ses-a_scans.tsv", "sub-01_scans.tsv"])
def test_scans_tsv_counts_first(tmp_path: Path, name: str, place: str) -> None:
    root = bids(tmp_path, *TWO, participants__tsv="participant_id\tage\nsub-01\t99\n")
    subject_table(root, "sub-01_sessions.tsv", "session_id\tage\nses-a\t98\nses-b\t5\n")
    subject_table(root, place, f"filename\tage_days\n{name}\t365.25\n")
    assert ages(root) == pytest.approx({"sub-01_ses-a": 1.0, "sub-01_ses-b": 5.0})


# --- in which unit --------------------------------------------------------------------------------------------------


def units(unit: object, column: str = "age") -> str:
    return json.dumps({column: {"Units": unit}})


def test_a_unit_is_inherited_from_above(tmp_path: Path) -> None:
    """18 months, 36 weeks and 30 days; ``participants.json`` speaks of no other kind of table."""
    scans = ("sub-01_ses-a", "sub-02_ses-a", "sub-03_ses-a")
    table = "participant_id\tage\nsub-01\t3\nsub-02\t3\nsub-03\t3\n"
    root = bids(tmp_path, *scans, participants__tsv=table, participants__json=units("years"))
    (root / "sessions.json").write_text(units("months", "Age"))
    (root / "scans.json").write_text(units("weeks"))
    (root / "sub-03" / "sub-03_scans.json").write_text(units("Day(s)"))
    (root / "sub-01" / "sub-01_sessions.tsv").write_text("session_id\tage\nses-a\t18\n")
    for subject, age in (("sub-02", 36), ("sub-03", 30)):
        scans_tsv = root / subject / "ses-a" / f"{subject}_ses-a_scans.tsv"
        scans_tsv.write_text(f"filename\tage\nanat/{subject}_ses-a_T1w.nii.gz\t{age}\n")
    expected = {"sub-01_ses-a": 1.5, "sub-02_ses-a": 36 * 7 / 365.25, "sub-03_ses-a": 30 / 365.25}
    assert ages(root) == pytest.approx(expected)
    (root / "sub-01" / "sub-01_sessions.json").write_text(units("days"))
    assert ages(root)["sub-01_ses-a"] == pytest.approx(18 / 365.25)  # the nearest one counts


BAD_UNITS = {
    "a list": ("[1]", "participants.json: holds a list. Write an object"),
    "no JSON": ("{", "participants.json: is not JSON"),
    "an unknown unit": (units("moons"), "participants.json: age is in 'moons'. Write years, months"),
    "a unit that is no text": (units(["months"]), "participants.json: the 'Units' of age are ['months']"),
    "a unit in prose": ('{"age": {"Description": "age in months"}}', "described in months, without a unit"),
    "a unit in a text": ('{"age": "Age at the scan (days)"}', "described in days, without a unit"),
}


@pytest.mark.parametrize("kind", BAD_UNITS)
def test_a_unit_that_cannot_be_told_is_one_line(tmp_path: Path, kind: str) -> None:
    sidecar, said = BAD_UNITS[kind]
    root = bids(tmp_path, "sub-01", participants__tsv="participant_id\tage\nsub-01\t3\n", participants__json=sidecar)
    (found,) = lines(root)
    assert said in found


def test_two_units_for_one_column_are_one_line(tmp_path: Path) -> None:
    table = "participant_id\tage_months\nsub-01\t18\n"
    root = bids(tmp_path, "sub-01", participants__tsv=table, participants__json=units("years", "age_months"))
    assert lines(root) == [
        "participants.tsv: age_months is in years according to participants.json. Correct one of the two"
    ]
    for nothing in ("", "n/a", None, "months"):
        (root / "participants.json").write_bytes(b"\xef\xbb\xbf" + units(nothing, "age_months").encode())
        assert ages(root) == pytest.approx({"sub-01": 1.5})


def test_a_brain_mask_is_that_of_the_scan(tmp_path: Path) -> None:
    """Neither another subject's whose name begins the same, nor another session's, nor one on a template's grid."""
    table = "participant_id\tage\nsub-1\t3\nsub-10\t4\nsub-2\t5\n"
    root = bids(tmp_path, "sub-1", "sub-10", "sub-2", participants__tsv=table)
    anat = root / "derivatives" / "fmriprep" / "anat"
    anat.mkdir(parents=True)
    for name in ("sub-10_desc-brain", "sub-1_ses-a_desc-brain", "sub-1_space-MNI_desc-brain", "sub-2_desc-brain"):
        (anat / f"{name}_mask.nii.gz").touch()
    found = {scan.name: scan.mask and scan.mask.name for scan in read_bids(root)[0]}
    assert found == {
        "sub-1": None,
        "sub-10": "sub-10_desc-brain_mask.nii.gz",
        "sub-2": "sub-2_desc-brain_mask.nii.gz",
    }
