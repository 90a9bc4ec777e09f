"""Which cases a folder holds: found by looking at names and at the first bytes of files, before anything is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from AGE2HIELib.clinical.variables import ClinicalData
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.recognition import is_dicom
from AGE2HIELib.io.images import SUFFIXES
from AGE2HIELib.system.stray_files import is_system_file

# Files that belong to a scan of the same name: b-values, directions, what a converter noted, and voxels of a detached
# header.
_BESIDE = (".bval", ".bvec", ".json", ".raw", ".raw.gz", ".zraw")

# An image that is called so, beside the scan in a case's folder: ``t1.nii.gz``, ``infant3_T2w.nii.gz``. ``adc_T1`` may
# be the ADC map of a first visit, or one that lies on the T1.
_SEQUENCE = re.compile(r"(t[12])w?|(?!.*(?:adc|dwi|b0|trace|mask|seg)).*[-_ ](t[12])w", re.IGNORECASE)
# What such an image may lie beside and is no scan, or may be one of several visits.
_NO_SCAN = re.compile(r"mask|seg|label|lesion|flair|swi|z[-_ ]?(map|adc)|(?:^|[-_ ])t\d", re.IGNORECASE)
_INDEX = "DICOMDIR"  # of a hospital's disc: it lists the studies and holds no image


@dataclass(frozen=True)
class BatchCase:
    """One case, as a worker is given it.

    Attributes:
        name: of the case's output folder.
        scan: what to read; None where ``problem`` says why not.
        clinical: what was given of the infant besides; None where nothing was.
        sequences: T1 and T2 of the infant beside the scan, ``t1`` or ``t2`` -> file, for the models that read them.
    """

    name: str
    entry: Path
    scan: Path | None
    problem: str = ""
    clinical: ClinicalData | None = None
    sequences: Mapping[str, Path] = field(default_factory=dict)


def find_cases(folder: Path, *, output: Path) -> tuple[BatchCase, ...]:
    """A case for each subfolder and each scan file directly inside ``folder``, by name; hidden ones, and what an
    operating system put there (``__MACOSX``, ``Thumbs.db``), are left out.

    A subfolder is a DICOM study, or holds one scan, in itself or else below it, with images that are called T1 and T2
    beside it. What is no scan is a case with a ``problem``. ``output`` is never taken for a case.

    Raises:
        InputError: there is nothing in it, it is one study itself, or two cases would get one name.
    """
    if not folder.is_dir():
        raise InputError(f"'{folder.name}' is no folder. Name the folder that holds the cases, or call predict.")
    entries = [path for path in _visible(folder) if path.resolve() != output.resolve()]
    scans = {_stem(path.name) for path in entries if _is_image(path)}
    entries = [path for path in entries if path.name != _INDEX and not _beside_scan(path, scans)]
    if not entries:
        raise InputError(f"The folder '{folder.name}' is empty. Name the folder that holds the cases.")
    slices = [path for path in entries if _is_dicom_file(path)]
    if len(slices) > 1:
        raise InputError(
            f"'{folder.name}' itself holds {len(slices)} DICOM files. Put each study into a folder of its own, or give "
            "this one to predict."
        )
    shared = {name for name, count in Counter(_short(path).lower() for path in entries).items() if count > 1}
    cases = [_case(path, _printable(path.name) if _short(path).lower() in shared else _short(path)) for path in entries]
    _refuse_same_names(cases)
    return tuple(sorted(cases, key=lambda case: case.name))


def _case(entry: Path, name: str) -> BatchCase:
    sequences: Mapping[str, Path] = {}
    try:
        if entry.is_dir():
            scan, problem, sequences = _scan_in(entry)
        else:
            scan, problem = _scan_file(entry)
    except OSError as error:
        scan, problem = None, f"'{name}' cannot be read ({type(error).__name__}). Check its permissions."
    return BatchCase(name, entry, scan, problem, sequences=sequences)


def _scan_file(path: Path) -> tuple[Path | None, str]:
    if not path.is_file():
        return None, f"'{path.name}' is no file that can be read. Remove it, or mend the link."
    if path.name.lower().endswith(SUFFIXES) or _is_dicom_file(path):
        return path, ""
    return None, f"'{path.name}' is no scan that this program reads. Use DICOM or {', '.join(SUFFIXES)}."


def _scan_in(folder: Path) -> tuple[Path | None, str, Mapping[str, Path]]:
    found = [path for path in _visible(folder) if _is_image(path)] or [p for p in _below(folder) if _is_image(p)]
    dicom = any(_is_dicom_file(path) for path in _below(folder))
    images, sequences = _parted(found) if len(found) + dicom > 1 else (found, {})
    if len(images) + dicom == 1:
        return (folder if dicom else images[0]), "", sequences
    if not found and not dicom:
        missing = f"'{folder.name}' holds no scan: no DICOM and no {', '.join(SUFFIXES)}. Add the scan or remove it."
        return None, missing, {}
    images = found
    many = f"{len(images)} image{'s' if len(images) > 1 else ''}" + (" and DICOM files" if dicom else "")
    why = (
        f"'{folder.name}' holds {many}, and which of them is the case's scan is not known. Leave one scan in it, or "
        "give this folder itself to batch, where each is a case."
    )
    return None, why, {}


def _parted(images: Sequence[Path]) -> tuple[list[Path], dict[str, Path]]:
    """(images that may be the scan, those called T1 and T2); a name that two have parts none, and nothing is parted
    where what is left is called as no scan is.
    """
    called = [
        ((match[1] or match[2]).lower(), path) for path in images if (match := _SEQUENCE.fullmatch(_stem(path.name)))
    ]
    names = Counter(name for name, _ in called)
    sequences = {name: path for name, path in called if names[name] == 1}
    left = [path for path in images if path not in sequences.values()]
    if any(_NO_SCAN.search(_stem(path.name)) for path in left):
        return list(images), {}
    return left, sequences


def _is_image(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


def _is_dicom_file(path: Path) -> bool:
    try:
        return path.is_file() and is_dicom(path)
    except OSError:
        return False


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not _is_hidden(PurePath(path.name)))


def _below(folder: Path) -> Iterator[Path]:
    """Files at any depth, hidden ones and those of hidden folders left out."""
    for path in sorted(folder.rglob("*")):
        if not _is_hidden(path.relative_to(folder)):
            yield path


def _is_hidden(path: PurePath) -> bool:
    return is_system_file(path) or any(part.startswith(".") for part in path.parts)


def _beside_scan(path: Path, scans: Set[str]) -> bool:
    """``scans``: names of the images, without their formats."""
    stems = (path.name[: -len(end)] for end in _BESIDE if path.name.lower().endswith(end))
    return any(stem in scans for stem in stems)


def _short(path: Path) -> str:
    return _printable(path.name if path.is_dir() else _stem(path.name))


def _stem(name: str) -> str:
    """``a.nii.gz`` without its format; other names as they are."""
    end = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(end)] or name


def _printable(name: str) -> str:
    """A name for a folder and for a row of a table: no tab, no line's end, nothing that is no character."""
    return "".join(character if character.isprintable() else "_" for character in name)


def _refuse_same_names(cases: list[BatchCase]) -> None:
    """Not every disk tells ``A`` from ``a``."""
    first: dict[str, BatchCase] = {}
    for case in cases:
        other = first.setdefault(case.name.lower(), case)
        if other is not case:
            raise InputError(
                f"'{other.entry.name}' and '{case.entry.name}' would share the output folder '{case.name}'. "
                "Rename one of them."
            )
