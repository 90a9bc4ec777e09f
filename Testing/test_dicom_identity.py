"""DICOM out for headers as they are: what is legal comes through letter by letter, what is not is empty and named."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hospital import PATIENT, atlas_of, predict
from placed_scans import LESION, REGIONS
from pydicom import Dataset
from report_samples import small_record

from AGE2HIELib.errors import InputError
from AGE2HIELib.report.hospital.identity import MAY_BE_EMPTY, read_identity
from AGE2HIELib.report.hospital.objects import write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.record import Result
from AGE2HIELib.volume import Volume

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # headers here break the rules on purpose

MR = "1.2.840.10008.5.1.4.1.1.4"
NAME = b"X" * 90  # stands for the bytes of a name
BAD: dict[str, Any] = {
    "PatientBirthDate": "2026-11-25",
    "PatientSex": "Male",
    "StudyTime": "10:11:12",
    "StudyDate": "20261340",
    "PatientID": "MRN" * 30,
    "StudyID": "a study of too many letters",
    "AccessionNumber": "ACC\x01\x02",
    "ReferringPhysicianName": "Obermoser^" + 70 * "T",
    "PatientAge": "3 days",
    "StudyDescription": "bad\x07bell",
}


def written(path: Path, *, letters: Any = None, name: bytes = b"", **values: Any) -> Path:
    """A header of an MR image; ``name`` are the bytes of the patient's name, which no library may mend."""
    header = Dataset()
    header.SOPClassUID, header.Modality, header.Rows, header.Columns = MR, "MR", 8, 8
    header.SOPInstanceUID, header.StudyInstanceUID, header.SeriesInstanceUID = "1.2.3.4", "1.2.3", "1.2.3.5"
    header.FrameOfReferenceUID, header.PixelSpacing, header.SliceThickness = "1.2.3.6", [1, 1], 1
    header.ImagePositionPatient, header.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    if letters is not None:
        header.SpecificCharacterSet = letters
    header.PatientName = NAME[: len(name)].decode()
    for keyword, value in values.items():
        setattr(header, keyword, value)
    file = BytesIO()
    pydicom.dcmwrite(file, header, implicit_vr=False, little_endian=True)
    path.write_bytes(file.getvalue().replace(NAME[: len(name)], name) if name else file.getvalue())
    return path


@pytest.fixture(scope="module")
def maps() -> Maps:
    adc = Volume(np.full((8, 8, 2), 1200.0, np.float32), np.diag([2.0, 2.0, 2.0, 1.0]))
    labels = adc.like(np.full(adc.array.shape, 9))
    return Maps(adc, adc.like(np.ones(adc.array.shape, bool)), adc, adc, labels, adc.like(labels.array > 0))


def objects(files: list[Path], maps: Maps, folder: Path) -> tuple[list[Dataset], tuple[str, ...]]:
    told = write_objects(
        replace(decode(Result, small_record()), lesion=LESION), maps, atlas_of(*REGIONS), files, folder
    )
    paths = sorted(folder.iterdir(), key=lambda path: (path.stem != "report", path.name))
    return [pydicom.dcmread(path) for path in paths], told


def as_read(header: Dataset) -> Dataset:
    file = BytesIO()
    pydicom.dcmwrite(file, header, implicit_vr=False, little_endian=True)
    file.seek(0)
    return pydicom.dcmread(file, force=True)


# The examples of DICOM PS3.5 annexes H, I, J and K, and one of every other set; (set, bytes, letters, set written)
JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"
KANJI = b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
LEGAL = {
    "latin 1": ("ISO_IR 100", "Buc^Jérôme".encode("latin-1"), "Buc^Jérôme", "ISO_IR 100"),
    "latin 2": ("ISO_IR 101", "Wałęsa^Łukasz".encode("iso8859-2"), "Wałęsa^Łukasz", "ISO_IR 101"),
    "latin 3": ("ISO_IR 109", "Ĉu^Ŝan".encode("iso8859-3"), "Ĉu^Ŝan", "ISO_IR 109"),
    "latin 4": ("ISO_IR 110", "Ģirts^Ķ".encode("iso8859-4"), "Ģirts^Ķ", "ISO_IR 110"),
    "turkish": ("ISO_IR 148", "Çavuşoğlu^İ".encode("iso8859-9"), "Çavuşoğlu^İ", "ISO_IR 148"),
    "cyrillic": ("ISO_IR 144", "Люксембург".encode("iso8859-5"), "Люксембург", "ISO_IR 144"),
    "arabic": ("ISO_IR 127", "قباني^لنزار".encode("iso8859-6"), "قباني^لنزار", "ISO_IR 127"),
    "greek": ("ISO_IR 126", "Διονυσιος".encode("iso8859-7"), "Διονυσιος", "ISO_IR 126"),
    "hebrew": ("ISO_IR 138", "שרון^דבורה".encode("iso8859-8"), "שרון^דבורה", "ISO_IR 138"),
    "thai": ("ISO_IR 166", "สมชาย".encode("tis-620"), "สมชาย", "ISO_IR 166"),
    "katakana": ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ".encode("shift-jis"), "ﾔﾏﾀﾞ^ﾀﾛｳ", "ISO_IR 13"),
    "kanji": (["", "ISO 2022 IR 87"], b"Yamada^Tarou=" + KANJI, JAPANESE, ["ISO 2022 IR 6", "ISO 2022 IR 87"]),
    "korean": (
        ["", "ISO 2022 IR 149"],
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
        "ISO_IR 192",  # highdicom does not know the Korean set
    ),
    "chinese, extended": (
        ["", "ISO 2022 IR 58"],
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东",
        "ISO_IR 192",  # pydicom does not write this one right
    ),
    "chinese": ("GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东", "GB18030"),
    "unicode": ("ISO_IR 192", "Wang^XiaoDong=王^小东".encode(), "Wang^XiaoDong=王^小东", "ISO_IR 192"),
    "none": (None, b"Smith^J", "Smith^J", None),
    "ascii": ("ISO_IR 6", b"Smith^J", "Smith^J", None),
    # misspelt, and clear
    "hyphen": ("ISO-IR 100", "Buc^Jérôme".encode("latin-1"), "Buc^Jérôme", "ISO_IR 192"),
    "spaces": ("ISO IR 192", "王^小东".encode(), "王^小东", "ISO_IR 192"),
    "python": ("latin1", "Buc^Jérôme".encode("latin-1"), "Buc^Jérôme", "ISO_IR 192"),
    "UTF8": ("UTF8", "王^小东".encode(), "王^小东", "ISO_IR 192"),
    "alone": ("ISO 2022 IR 100", "Buc^Jérôme".encode("latin-1"), "Buc^Jérôme", "ISO_IR 192"),
}


@pytest.mark.parametrize("kind", LEGAL)
def test_a_name_comes_through_letter_by_letter(kind: str, tmp_path: Path) -> None:
    letters, raw, name, kept = LEGAL[kind]
    found = read_identity([written(tmp_path / "h", letters=letters, name=raw)])
    assert found.warnings == ()
    again = as_read(found.headers[0])
    assert str(again.PatientName).rstrip("=") == name
    assert again.get("SpecificCharacterSet") == kept


@pytest.mark.parametrize("letters", [None, "", "ISO_IR 6", "nonsense", "ISO_IR 999"])
def test_letters_that_nobody_can_tell_are_no_name(letters: str | None, tmp_path: Path) -> None:
    raw = "Buc^Jérôme".encode("latin-1")
    found = read_identity([written(tmp_path / "h", letters=letters, name=raw)])
    assert str(as_read(found.headers[0]).PatientName or "") == ""
    (said,) = found.warnings
    assert said.endswith("written empty: PatientName.")


@pytest.mark.parametrize("keyword", BAD)
def test_what_is_not_valid_is_empty_and_named_without_its_value(keyword: str, tmp_path: Path) -> None:
    good = {**PATIENT, "StudyDate": "20261125", "StudyTime": "101112.5", "PatientSex": "F", "StudyID": "S1"}
    good = {name: value for name, value in good.items() if name in MAY_BE_EMPTY}
    scan = written(tmp_path / "h", **{**good, keyword: BAD[keyword]})
    found = read_identity([scan])
    (said,) = found.warnings
    assert keyword in said
    assert BAD[keyword] not in said
    again = as_read(found.headers[0])
    assert not again.get(keyword)
    for name, value in good.items():
        assert name == keyword or str(again[name].value) == value


@pytest.mark.parametrize(
    "values",
    [
        {"PatientBirthDate": "20261125", "StudyTime": "1011"},
        {"StudyTime": "101112.123456"},
        {"PatientSex": "O"},
        {"PatientID": "é" * 64, "SpecificCharacterSet": "ISO_IR 192"},
        {"AccessionNumber": "A" * 16},
        {"StudyInstanceUID": "1.2.03"},  # no UID by the rules, but the one that the study has
    ],
)
def test_nothing_valid_is_lost(values: dict[str, str], tmp_path: Path) -> None:
    found = read_identity([written(tmp_path / "h", **values)])
    assert found.warnings == ()
    again = as_read(found.headers[0])
    assert {name: str(again[name].value) for name in values} == values


def test_sequences_of_the_patient_are_kept_where_all_of_them_is_valid(maps: Maps, tmp_path: Path) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113100", "DCM", "Basic profile"
    other = Dataset()
    other.PatientID, other.TypeOfPatientID = "x" * 70, "TEXT"
    scan = written(
        tmp_path / "h",
        PatientIdentityRemoved="YES",
        DeidentificationMethodCodeSequence=[code],
        OtherPatientIDsSequence=[other],
    )
    (report, *_), told = objects([scan], maps, tmp_path / "dicom")
    assert report.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert "OtherPatientIDsSequence" not in report
    assert [told[0].rpartition(": ")[2]] == ["OtherPatientIDsSequence."]


def test_a_file_without_its_uids_is_no_evidence(tmp_path: Path) -> None:
    bad = written(tmp_path / "a", SOPInstanceUID="")
    good = written(tmp_path / "b")
    assert [one.SOPInstanceUID for one in read_identity([bad, good]).headers] == ["1.2.3.4"]
    with pytest.raises(InputError, match="do not say which study"):
        read_identity([bad])


def test_an_image_that_cannot_be_described_is_evidence_all_the_same(maps: Maps, tmp_path: Path) -> None:
    scan = written(tmp_path / "h")
    header = pydicom.dcmread(scan, force=True)
    del header.Rows, header.ImageOrientationPatient
    pydicom.dcmwrite(scan, header, implicit_vr=False, little_endian=True)
    (report, *_), told = objects([scan], maps, tmp_path / "dicom")
    assert told == ()
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.4"


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (dicom3tools)")
@pytest.mark.parametrize("kind", ["everything bad", "kanji", "korean", "UTF8"])
def test_the_validator_finds_no_error_in_what_is_left(kind: str, maps: Maps, tmp_path: Path) -> None:
    letters, raw, *_ = LEGAL.get(kind, ("nonsense", b"\xe9", "", ""))
    values = BAD if kind == "everything bad" else {"StudyDate": "20261125"}
    objects([written(tmp_path / "h", letters=letters, name=raw, **values)], maps, tmp_path / "dicom")
    for path in (tmp_path / "dicom").iterdir():
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in done.stdout + done.stderr, (path.name, done.stderr)


def test_a_prediction_stands_with_all_of_it_bad_at_once(study: Path, untrained_model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "study"
    bad.mkdir()
    for path in study.iterdir():
        file = pydicom.dcmread(path)
        file.SpecificCharacterSet = "nonsense"
        for keyword, value in BAD.items():
            setattr(file, keyword, value)
        file.PatientName = "Quellenthal^Zenobia"
        data = BytesIO()
        file.save_as(data)
        (bad / path.name).write_bytes(data.getvalue().replace(b"Quellenthal^Zenobia", b"Quellenthal^Zenobi\xe4"))
    run = predict(bad, untrained_model, tmp_path / "out", "--dicom")
    assert run.code == 0, run.said
    assert len(list((run.folder / "dicom").iterdir())) > 10
    said = " ".join(run.record["warnings"])
    for keyword, value in BAD.items():
        assert keyword in said
        assert str(value) not in said + run.said
    assert "PatientName" in said
