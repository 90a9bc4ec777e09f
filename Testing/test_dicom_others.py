"""What lies in a DICOM folder beside the series that is read: it must not matter, or be a warning."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_objects import OBJECTS
from io_samples import write_dicom
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.headers import find_series
from AGE2HIELib.io.source import read_source

RNG = np.random.default_rng(7)
B0 = RNG.integers(500, 900, (10, 12, 6))
TRACE = RNG.integers(100, 300, (10, 12, 6))


def sound(folder: Path, *, uid: str = "1.2.3.50", number: int = 5, study: str = "1.2.3.1") -> Path:
    """b0 and trace image of 10 x 12 x 6 voxels."""
    for b, image in ((0.0, B0), (1000.0, TRACE)):
        write_dicom(folder, image, uid=uid, number=number, DiffusionBValue=b, StudyInstanceUID=study)
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound(tmp_path_factory.mktemp("alone"))


def test_objects_that_are_no_images_do_not_matter(alone: Path, tmp_path: Path) -> None:
    """Same hash, same bytes, no warning; all of them at once, and each is told for what it is."""
    expected = read_source(alone)
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    for number, write in enumerate(OBJECTS.values()):
        write(folder / f"{number}")
    found = read_source(folder)
    assert (found.sha256, found.warnings) == (expected.sha256, ())
    np.testing.assert_array_equal(found.dwi.array, expected.dwi.array)
    assert read_source(folder, series="5").sha256 == expected.sha256


@pytest.mark.parametrize("name", OBJECTS)
def test_no_object_is_taken_for_a_measurement(tmp_path: Path, name: str) -> None:
    OBJECTS[name](tmp_path / "one")
    with pytest.raises(
        InputError, match=r"holds no MR images|is empty|holds no diffusion series.*\(pictures, 1 file\)"
    ):
        read_source(tmp_path)


def test_a_folder_without_mr_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("presentation state", "report", "Philips private object", "another file"):
        OBJECTS[name](tmp_path / name)
    with pytest.raises(InputError, match=r"\(1 DICOM objects without an image, 1 PR, 1 SR, 1 other files\)"):
        read_source(tmp_path)


def cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


@pytest.mark.parametrize("share", [0.99, 0.6], ids=["in its pixels", "in its header"])
def test_a_cut_file_of_another_series_is_a_warning(alone: Path, tmp_path: Path, share: float) -> None:
    expected = read_source(alone)
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    write_dicom(folder / "t1", B0, uid="1.2.3.70", number=7, SeriesDescription="Secret")
    cut(sorted((folder / "t1").iterdir())[2], share)
    for series in (None, "5"):
        found = read_source(folder, series=series)
        np.testing.assert_array_equal(found.dwi.array, expected.dwi.array)
        assert found.sha256 == expected.sha256
        [warning] = found.warnings
        assert "DICOM series 7 was left out. A DICOM file is truncated: image 3 of series 7" in warning
    with pytest.raises(InputError, match="truncated: image 3 of series 7"):
        read_source(folder, series="7")


@pytest.mark.parametrize("share", [0.99, 0.6])
def test_a_cut_file_of_the_series_that_is_read_is_refused(alone: Path, tmp_path: Path, share: float) -> None:
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    cut(sorted(folder.iterdir())[2], share)
    for series in (None, "5"):
        with pytest.raises(InputError, match="truncated: image 3 of series 5"):
            read_source(folder, series=series)


def test_a_file_cut_before_it_names_its_series_is_missed(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    stray = folder / "stray"
    stray.write_bytes(sorted(alone.iterdir())[0].read_bytes()[:340])
    [warning] = read_source(folder).warnings
    assert "could not be read were left out (1 damaged)" in warning
    stray.unlink()
    cut(sorted(folder.iterdir())[2], 0.2)
    with pytest.raises(InputError, match=r"missing files: 1.*left out \(1 damaged\)"):
        read_source(folder)


def test_a_whole_copy_stands_in_for_a_cut_one(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    path = sorted(folder.iterdir())[2]
    (folder / "zz").write_bytes(path.read_bytes())
    cut(path, 0.9)
    found = read_source(folder)
    assert (found.sha256, found.warnings) == (read_source(alone).sha256, ())


def test_images_that_share_a_uid_are_no_copies(alone: Path, tmp_path: Path) -> None:
    """As a broken de-identifier leaves them: each slice of the trace has the UID of the b0's."""
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    b0, trace = (sorted(folder.glob(f"*-{b}-*")) for b in ("0.0", "1000.0"))
    for first, second in zip(b0, trace, strict=True):
        file = pydicom.dcmread(second)
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = pydicom.dcmread(first).SOPInstanceUID
        file.save_as(second)
    np.testing.assert_array_equal(read_source(folder).dwi.array, read_source(alone).dwi.array)


def test_an_image_without_modality_is_one_by_its_class(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    for path in folder.iterdir():
        file = pydicom.dcmread(path)
        del file.Modality
        file.save_as(path)
    np.testing.assert_array_equal(read_source(folder).dwi.array, read_source(alone).dwi.array)


def test_compressed_pixels_that_are_cut_are_noticed(alone: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    shutil.copytree(alone, folder)
    for path in folder.iterdir():
        file = pydicom.dcmread(path)
        file.compress(RLELossless)
        file.save_as(path)
    assert [series.damage for series in find_series(folder)] == [""]
    cut(sorted(folder.iterdir())[2], 0.95)
    [series] = find_series(folder)
    assert "image 3 of series 5 ends inside its compressed pixels" in series.damage


def test_a_localiser_is_not_called_incomplete(alone: Path, tmp_path: Path) -> None:
    """Three planes of one slice each: neither a warning beside a diffusion series, nor what a study is told by."""
    folder = tmp_path / "s"
    for axes in ([[1, 0], [0, 1], [0, 0]], [[0, 0], [1, 0], [0, 1]], [[1, 0], [0, 0], [0, 1]]):
        affine = np.eye(4)
        affine[:3, :2] = axes
        affine[:3, 2] = np.cross(*np.array(axes).T)
        write_dicom(folder / str(axes), B0[:, :, :1], uid="1.2.3.71", number=1, affine_lps=affine)
    write_dicom(folder / "t1", B0, uid="1.2.3.72", number=2)
    sorted((folder / "t1").iterdir())[2].unlink()
    with pytest.raises(InputError) as caught:
        read_source(folder)
    message = str(caught.value)
    assert "holds no diffusion series with two b-values and no ADC map" in message
    assert "Found: 1 (acquired, 3 files), 2 (acquired, 5 files)" in message
    shutil.copytree(alone, folder / "dwi")
    assert read_source(folder).warnings == ()


def test_two_series_of_one_number_are_chosen_by_their_keys(tmp_path: Path) -> None:
    """Numbers begin anew in each study: a first and a second examination lie in one folder."""
    sound(tmp_path / "day 3", uid="1.2.3.51", study="1.2.3.1")
    sound(tmp_path / "day 9", uid="1.2.3.52", study="1.2.3.2")
    first, second = (read_source(tmp_path / day).sha256 for day in ("day 3", "day 9"))
    assert first != second
    with pytest.raises(InputError, match=r"2 DICOM series have the number 5: 5:[0-9a-f]{6} \(diffusion"):
        read_source(tmp_path, series="5")
    names = [series.name for series in find_series(tmp_path)]
    assert {read_source(tmp_path, series=name).sha256 for name in names} == {first, second}
    [alone] = find_series(tmp_path / "day 3")
    assert (alone.name, f"5:{alone.key}" in names) == ("5", True)
    assert read_source(tmp_path, series=f"5:{alone.key[:4].upper()}").sha256 == first
    with pytest.raises(InputError, match="There is no DICOM series '5:xyz'"):
        read_source(tmp_path, series="5:xyz")


def test_b0_and_trace_of_two_studies_are_joined_by_their_keys(tmp_path: Path) -> None:
    for study in (1, 2):
        for number, b, image in ((10, 0.0, B0), (12, 1000.0, TRACE)):
            uid = f"1.2.3.{study}.{number}"
            write_dicom(tmp_path, image, uid=uid, number=number, DiffusionBValue=b, StudyInstanceUID=f"1.2.4.{study}")
    with pytest.raises(
        InputError, match=r"2 pairs of b0 and trace image.*--series 10:[0-9a-f]{6}\+12:[0-9a-f]{6}\.$"
    ) as e:
        read_source(tmp_path)
    named = str(e.value).rsplit("--series ", 1)[1].rstrip(".")
    np.testing.assert_array_equal(read_source(tmp_path, series=named).dwi.b_values, [0, 1000])


def test_a_series_without_a_number_is_named_by_its_key(tmp_path: Path) -> None:
    sound(tmp_path / "a", uid="1.2.3.51", number=5)
    sound(tmp_path / "b", uid="1.2.3.52")
    for path in (tmp_path / "b").iterdir():
        file: Dataset = pydicom.dcmread(path)
        file.SeriesNumber = None
        file.save_as(path)
    names = [series.name for series in find_series(tmp_path)]
    assert names[0] == "5"
    assert names[1].startswith(":")
    assert read_source(tmp_path, series=names[1]).sha256 == read_source(tmp_path / "b").sha256


@pytest.mark.real
def test_real_private_objects_do_not_matter(real_data: Path, tmp_path: Path) -> None:
    philips = real_data / "dwi-dicom" / "philips-classic"
    for folder in (philips, real_data / "dwi-dicom" / "philips-private-objects"):
        for path in folder.iterdir():
            (tmp_path / f"{folder.name} {path.name}").symlink_to(path)
    [expected], [found] = find_series(philips), find_series(tmp_path)
    assert (found.name, len(found.files), found.damage, found.mixed) == ("601", len(expected.files), "", False)
    assert {file.path.resolve() for file in found.files} == {file.path.resolve() for file in expected.files}
    assert read_source(tmp_path).sha256 == read_source(philips).sha256


@pytest.mark.parametrize(("echoes_ms", "joined"), [((80, 80.5), True), ((60, 90), False)])
def test_a_b0_of_another_echo_time_is_not_the_traces(tmp_path: Path, echoes_ms: tuple, joined: bool) -> None:
    """T2 decay between 60 and 90 ms at a T2 of 150 ms would add 200e-6 mm^2/s to every ADC at b = 1000."""
    for number, b, image, echo_ms in zip((10, 12), (0.0, 1000.0), (B0, TRACE), echoes_ms, strict=True):
        write_dicom(tmp_path, image, uid=f"1.2.3.{number}", number=number, DiffusionBValue=b, EchoTime=echo_ms)
    if joined:
        np.testing.assert_array_equal(read_source(tmp_path).dwi.b_values, [0, 1000])
        return
    with pytest.raises(
        InputError, match=r"b0 alone.*trace image.*joined where they are of one study, .* one echo time"
    ):
        read_source(tmp_path)
    with pytest.raises(InputError, match=r"10\+12 cannot be joined.*one echo time"):
        read_source(tmp_path, series="10+12")


@pytest.mark.parametrize("low", [0.0, 50.0])
def test_a_low_b_beside_directions_is_named_for_them(tmp_path: Path, low: float) -> None:
    """It is not taken unasked, since it may be another acquisition's; the message says how to."""
    write_dicom(tmp_path, B0, uid="1.2.3.10", number=10, DiffusionBValue=low, Manufacturer="Philips")
    gradient = {"DiffusionDirectionality": "DIRECTIONAL", "DiffusionGradientOrientation": [1.0, 0.0, 0.0]}
    elements = {"Manufacturer": "Philips", "DiffusionBValue": 1000.0, **gradient}
    write_dicom(tmp_path, TRACE, uid="1.2.3.12", number=12, **elements)
    with pytest.raises(InputError, match=r"12 \(one b-value, b 1000.*for instance --series 10\+12\."):
        read_source(tmp_path)
    np.testing.assert_array_equal(read_source(tmp_path, series="10+12").dwi.b_values, [low, 1000])
