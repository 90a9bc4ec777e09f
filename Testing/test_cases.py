"""Which cases a folder holds, and the table of how they ended."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from report_samples import small_record

from AGE2HIELib.batch.case import without_file_names
from AGE2HIELib.batch.find_cases import BatchCase, find_cases
from AGE2HIELib.batch.table import TABLE, CaseRow, read_table, row_of_result, write_table
from AGE2HIELib.errors import InputError
from AGE2HIELib.normative.cases import find_images
from AGE2HIELib.report.extras import write_extra
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.verdicts import Check, Quality

DICOM = bytes(128) + b"DICM" + bytes(20)


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DICOM if "IM" in path.name else b"scan")
    return folder


def found(folder: Path) -> dict[str, str]:
    """Case to what is read for it, or to the first words of what is wrong."""
    cases = find_cases(folder, output=folder / "results")
    return {
        case.name: case.scan.relative_to(folder).as_posix() if case.scan else case.problem.split("'")[-1]
        for case in cases
    }


def test_a_case_is_a_scan_file_a_study_or_a_folder_with_one_scan(tmp_path: Path) -> None:
    make(tmp_path, "a.nii.gz", "a.bval", "a.bvec", "a.json", "b.nrrd", "C.MHA", "d.nhdr", "d.raw.gz", "IM1")
    make(tmp_path / "study" / "series" / "1", "IM1", "IM2")
    make(tmp_path / "phantom", "adc.mha", "truth/lesion.nii.gz", "truth/truth.json")
    make(tmp_path / "sub-1" / "dwi", "sub-1_dwi.nii.gz", "sub-1_dwi.bval", ".hidden.nii.gz")
    assert found(tmp_path) == {
        "C": "C.MHA",
        "IM1": "IM1",
        "a": "a.nii.gz",
        "b": "b.nrrd",
        "d": "d.nhdr",
        "phantom": "phantom/adc.mha",
        "study": "study",
        "sub-1": "sub-1/dwi/sub-1_dwi.nii.gz",
    }


def test_the_layout_of_bonbid_gives_a_case_a_map(tmp_path: Path) -> None:
    names = [f"MGHNICU_{number}-VISIT_01-ADC_ss" for number in ("010", "028", "231")]
    assert found(make(tmp_path, *(f"{name}.mha" for name in names))) == {name: f"{name}.mha" for name in names}


def test_what_is_no_scan_is_a_case_with_its_reason_and_hidden_ones_are_none(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt", "lonely.bval", ".DS_Store", "results/cases.tsv", "DICOMDIR", ".git/config")
    make(tmp_path / "two", "a.mha", "b.mha")
    make(tmp_path / "both", "a.mha", "IM1")
    (tmp_path / "empty").mkdir()
    (tmp_path / "gone.mha").symlink_to(tmp_path / "nowhere.mha")
    assert found(tmp_path) == {
        "both": "s scan is not known. Leave one scan in it, or give this folder itself to batch, where each is a case.",
        "empty": " holds no scan: no DICOM and no .nii.gz, .nii, .mha, .mhd, .nrrd, .nhdr. Add the scan or remove it.",
        "gone": " is no file that can be read. Remove it, or mend the link.",
        "lonely.bval": " is no scan that this program reads. Use DICOM or .nii.gz, .nii, .mha, .mhd, .nrrd, .nhdr.",
        "notes.txt": " is no scan that this program reads. Use DICOM or .nii.gz, .nii, .mha, .mhd, .nrrd, .nhdr.",
        "two": "s scan is not known. Leave one scan in it, or give this folder itself to batch, where each is a case.",
    }


def test_what_an_operating_system_leaves_is_no_case(tmp_path: Path) -> None:
    """A folder that was zipped on a Mac, looked through on Windows and kept on a network drive."""
    make(tmp_path, "a.mha", "._a.mha", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/._a.mha", "__MACOSX/a/b.mha")
    make(tmp_path / "study", "IM1", "._IM1", "Thumbs.db", "@eaDir/IM9/a.mha")
    make(tmp_path / "one", "scan.mha", "__MACOSX/scan.mha", "System Volume Information/old.mha")
    assert found(tmp_path) == {"a": "a.mha", "one": "one/scan.mha", "study": "study"}
    assert [path.name for path in find_images(tmp_path / "one")] == ["scan.mha"]


def test_cases_of_one_name_are_told_apart_by_their_whole_names(tmp_path: Path) -> None:
    make(tmp_path, "a.nii.gz", "a.mha", "b.mha", "b/adc.mha", "c.mha")
    assert found(tmp_path) == {
        "a.mha": "a.mha",
        "a.nii.gz": "a.nii.gz",
        "b": "b/adc.mha",
        "b.mha": "b.mha",
        "c": "c.mha",
    }


def test_names_that_a_disk_may_not_tell_apart_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "a.mha", "A.mha", "b.mha")
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("this disk does not tell them apart either")
    with pytest.raises(InputError, match=r"would share the output folder 'a\.mha'"):
        find_cases(tmp_path, output=tmp_path / "results")


def test_a_name_makes_one_row_whatever_is_in_it(tmp_path: Path) -> None:
    make(tmp_path, "one\ttab.mha", "two\nlines.mha")
    assert set(found(tmp_path)) == {"one_tab", "two_lines"}


@pytest.mark.parametrize(
    ("names", "words"),
    [((), "is empty"), ((".hidden.mha",), "is empty"), (("IM1", "IM2", "IM3"), "itself holds 3 DICOM files")],
)
def test_a_folder_without_cases_and_a_single_study_are_refused(
    tmp_path: Path, names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        find_cases(make(tmp_path, *names), output=tmp_path / "results")


def test_a_file_is_no_folder_of_cases(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        find_cases(make(tmp_path, "a.mha") / "a.mha", output=tmp_path)


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    good = CaseRow("a b", 0, "favourable", 0.25, 0.125, 0.5, 0.3, 6.5, 0.0125, 0.4, "", "2", "3", "2B", seconds=4.5)
    failed = CaseRow("c", 2, seconds=0.1, message="What\tis\nwrong.  What to do.")
    write_table([good, failed], tmp_path)
    assert read_table(tmp_path) == {"a b": good, "c": replace(failed, message="What is wrong. What to do.")}
    assert [path.name for path in tmp_path.iterdir()] == [TABLE]
    lines = (tmp_path / TABLE).read_text().splitlines()
    assert [line.count("\t") for line in lines] == [15, 15, 15]
    numbers = "0.250000\t0.125000\t0.500000\t0.300000\t6.500000\t0.012500\t0.400000"
    assert lines[1] == f"a b\t0\tfavourable\t{numbers}\t\t2\t3\t2B\t4.5\t"


@pytest.mark.parametrize("text", ["", "case\tother\na\tb\n", "case\texit_code\nhalf", "\x00\xff"])
def test_a_table_that_this_program_did_not_write_has_no_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / TABLE).write_text(text, encoding="utf-8")
    assert read_table(tmp_path) == {}


def test_a_row_names_the_case_and_no_file_of_it(tmp_path: Path) -> None:
    case = BatchCase("c7", make(tmp_path / "c7", "x/DOE^JANE.mha"), None)
    told = without_file_names("'DOE^JANE.mha' is empty (0 bytes). Copy or export it again.", case)
    assert told == "a file of it is empty (0 bytes). Copy or export it again."


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "'DOE_JANE.nii.gz' holds 4 volumes, but 'DOE_JANE.bval' is not there.",
            "a file of it holds 4 volumes, but {}",
        ),
        ("It cannot be read (File DOE_JANE.nii.gz is not a gzip file).", "It cannot be read (File a file of it is"),
        ("'DOE_JANE.raw' does not exist. Check the name.", "a file of it does not exist. Check the name."),
        ("Most lie 3.00 mm apart, some 1.20 mm.", "Most lie 3.00 mm apart, some 1.20 mm."),
        ("The traceback is in c7.log: please report it.", "The traceback is in c7.log: please report it."),
        ("'x' is fine. DOE_JANE. And adc.", "'x' is fine. DOE_JANE. And adc."),
    ],
)
@pytest.mark.parametrize("entry", ["c7", "DOE_JANE.nii.gz"])
def test_no_name_that_follows_from_a_file_s_stays_in_a_row(tmp_path: Path, entry: str, message: str, told: str) -> None:
    make(tmp_path / "c7", "DOE_JANE.nii.gz", "3.dcm", "1.2.dcm", "c7.mha")
    made = tmp_path / "c7" if entry == "c7" else make(tmp_path, entry) / entry
    found = without_file_names(message, BatchCase("c7", made, None))
    if entry != "c7":  # a file's own name is that of its case
        found = found.replace("'c7'", "a file of it")
    assert found.startswith(told.format("a file of it is not there."))


def test_a_name_that_is_no_utf_8_does_not_end_the_batch(tmp_path: Path) -> None:
    write_table([CaseRow("a", 2, message="'DO\udce9.bval' is not beside it.")], tmp_path)
    assert read_table(tmp_path)["a"].message == "'DO\\udce9.bval' is not beside it."


def _full(folder: Path) -> None:
    raise OSError(errno.ENOSPC, "full")


def test_a_row_has_the_remedy_of_what_was_not_overridden_and_what_is_missing(tmp_path: Path) -> None:
    checks = [
        Check("age", 20.0, "0 to 15 days", False, "Override it.", severity="warn", overridden=True),
        Check("brain volume", 900.0, "200 to 700 ml", False, "Is this a newborn?"),
        Check("voxel size", 2.0, "at most 3 mm", True, "Check the header."),
    ]
    result = replace(decode(Result, small_record()), timing_s={"read": 1.0, "place": 0.5}, warnings=())
    given = row_of_result("a", 0, replace(result, quality=Quality((checks[0], checks[2]))))
    assert (given.failed_checks, given.message, given.seconds) == ("age", "", 1.5)
    refused = row_of_result("a", 3, replace(result, interval=None, quality=Quality(tuple(checks))))
    assert (refused.failed_checks, refused.message) == ("age; brain volume", "Is this a newborn?")
    assert (refused.interval_low, refused.interval_high) == (None, None)
    lost = write_extra("the page", _full, tmp_path)
    with_loss = replace(result, quality=Quality((checks[0],)), warnings=("The z-map is rough.", str(lost)))
    assert row_of_result("a", 0, with_loss).message == lost
    refused = row_of_result("a", 3, replace(with_loss, quality=Quality(tuple(checks))))
    assert refused.message == f"Is this a newborn? {lost}"
