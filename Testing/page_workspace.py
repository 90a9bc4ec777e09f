"""A newborn in every form that a command of the pages asks for, under the names that the pages use."""

from __future__ import annotations

import shutil
from pathlib import Path

import nibabel
import numpy as np
import openpyxl
from cohort_samples import small_image, two_sites, write_bids
from page_commands import blocks

from AGE2HIELib.io.images import write_volume
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.system.places import resource_path


def fill(place: Path, untrained_model: Path) -> None:
    """``untrained_model``: a bundle that answers at once."""
    for name, seed, kind in (("first-made", 5, "nifti"), ("study", 7, "dicom")):
        (place / name).mkdir()
        write_phantom(place / name, seed=seed, file_format=kind, injury="bgt", acquisition="6mm")
    (place / "cases" / "infant").mkdir(parents=True)
    for end in (".nii.gz", ".bval", ".bvec"):
        shutil.copy(place / "first-made" / f"dwi{end}", place / f"scan{end}")
        shutil.copy(place / "first-made" / f"dwi{end}", place / "cases" / "infant" / f"dwi{end}")
    (place / "clinical.json").write_text(blocks("json", "clinical.md")[0].text)
    (place / "node.toml").write_text(at_home(blocks("toml", "node.md")[0].text, place))
    shutil.copytree(untrained_model, place / "untrained")
    for name, ours in (("MEAN", "mean"), ("STD", "sd"), ("labels", "labels")):
        shutil.copy(resource_path("atlas") / f"{ours}.nii.gz", place / f"{name}.nii.gz")
    own_data(place)


def at_home(text: str, place: Path) -> str:
    """Folders of a server, in the workspace."""
    return text.replace("/var/lib/age2hie", str(place / "queue")).replace("/var/log/age2hie", str(place / "log"))


def own_data(place: Path) -> None:
    """What docs/training.md describes: its two files, and the data that they name."""
    mine, outcomes = (one.text for one in blocks("toml", "training.md"))
    cases = two_sites()
    write_bids(place / "bids", {f"sub-{number:02d}": str(5 * number) for number in range(1, 9)})
    for number, case in enumerate(cases):
        (place / "hie" / "1ADC_ss").mkdir(parents=True, exist_ok=True)
        write_volume(small_image(number), place / "hie" / "1ADC_ss" / f"{case}-VISIT_01-ADC_ss.mha")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("ID", "Adverse outcome", "Age at MRI (days)"), *((case, value, 4) for case, value in cases.items())):
        sheet.append(row)
    book.save(place / "clinical.xlsx")
    (place / "outcomes.toml").write_text(outcomes)
    for name, ours in (("a/BIDS/folder", "bids"), ("BONBID-HIE/folder", "hie"), ("outcomes.toml", "outcomes.toml")):
        mine = mine.replace(f"path/to/{name}", str(place / ours))
    (place / "mine.toml").write_text(mine)


def write_moved(path: Path, to: Path) -> None:
    """The series of the same infant, who lies 3 mm further along every axis: another scan, as far as files go."""
    image = nibabel.nifti1.load(path)
    affine = np.array(image.affine)
    affine[:3, 3] += 3.0
    nibabel.nifti1.Nifti1Image(np.asanyarray(image.dataobj), affine).to_filename(to)
    for end in (".bval", ".bvec"):
        shutil.copy(path.with_name(path.name.replace(".nii.gz", end)), to.with_name(to.name.replace(".nii.gz", end)))
