"""What lies in a BIDS dataset: subjects, sessions, their images, and the files that speak of an image.

The inheritance principle: ``.json``, ``.bval`` and ``.bvec`` may lie in any folder above an image and speak of every
image below whose name holds their entities. The nearest one is taken for b-values and directions; of JSON files all are
read, and what a nearer one says comes before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from AGE2HIELib.bids.names import IMAGES, BidsFile, parse_name
from AGE2HIELib.errors import InputError

DESCRIPTION = "dataset_description.json"
_LARGEST_JSON_BYTES = 10_000_000


@dataclass(frozen=True)
class Visit:
    """A subject's session; ``session`` is empty where the subject has no session folders."""

    subject: str
    session: str
    folder: Path

    @property
    def name(self) -> str:
        return f"sub-{self.subject}" + (f"_ses-{self.session}" if self.session else "")


@dataclass(frozen=True)
class Dataset:
    """A folder with ``dataset_description.json``, whose content is ``description``; ``name`` stands in its URIs."""

    root: Path
    description: Mapping[str, Any]
    name: str = "raw"

    @property
    def is_derivative(self) -> bool:
        return self.description.get("DatasetType") == "derivative"


def open_dataset(root: Path, *, name: str = "raw") -> Dataset:
    """Raises InputError for a folder that is no BIDS dataset."""
    if not root.is_dir():
        raise InputError(f"'{root.name}' is no folder. Name the root of a BIDS dataset.")
    path = root / DESCRIPTION
    if not path.is_file():
        raise InputError(
            f"'{root.name}' holds no {DESCRIPTION}, so it is no root of a BIDS dataset. Name the folder that has it, "
            "or use batch for scans in other folders."
        )
    return Dataset(root, read_json(path), name)


def subjects(dataset: Dataset) -> list[str]:
    """Labels, in order."""
    return sorted(path.name[4:] for path in dataset.root.glob("sub-*") if path.is_dir())


def visits(dataset: Dataset, subject: str) -> list[Visit]:
    """Sessions of a subject, in order; the subject itself where it has no session folders."""
    folder = dataset.root / f"sub-{subject}"
    sessions = sorted(path for path in folder.glob("ses-*") if path.is_dir())
    if sessions:
        return [Visit(subject, path.name[4:], path) for path in sessions]
    return [Visit(subject, "", folder)] if folder.is_dir() else []


def images(dataset: Dataset, visit: Visit, datatype: str) -> list[BidsFile]:
    """Images of ``dwi`` or ``anat`` of one visit, by name.

    Raises:
        InputError: a name says another subject or session than the folder that it lies in.
    """
    found = []
    for path in sorted((visit.folder / datatype).glob("sub-*")):
        name = parse_name(path.name)
        if name is None or name.extension not in IMAGES:
            continue
        if (name.entities.get("sub"), name.entities.get("ses", "")) != (visit.subject, visit.session):
            raise InputError(
                f"'{path.name}' lies in the folder of {visit.name}. Let its name say that subject and session."
            )
        found.append(BidsFile(path, name, dataset.root, dataset.name))
    return found


def inherited(image: BidsFile, extension: str) -> Path | None:
    """The nearest file that speaks of the image, with the same suffix and this extension (``.bval``).

    Raises:
        InputError: two files of one folder speak of it, and neither has the name nearer to it.
    """
    return next(iter(_speaking(image, extension)), None)


def sidecar(image: BidsFile) -> dict[str, Any]:
    """What all JSON files say that speak of an image, the nearest first."""
    said: dict[str, Any] = {}
    for path in _speaking(image, ".json"):
        said = {**read_json(path), **said}
    return said


def _speaking(image: BidsFile, extension: str) -> Iterator[Path]:
    """The nearest folder first; in one folder, the file that names more entities."""
    own = image.name.entities
    for folder in _folders_above(image):
        found = []
        for path in folder.glob(f"*{image.name.suffix}{extension}"):
            name = parse_name(path.name)
            if name is None or (name.suffix, name.extension) != (image.name.suffix, extension):
                continue
            if all(own.get(key) == value for key, value in name.entities.items()):
                found.append((len(name.entities), path))
        ordered = sorted(found, key=lambda one: (-one[0], one[1].name))
        if len(ordered) > 1 and ordered[0][0] == ordered[1][0]:
            names = " and ".join(f"'{path.name}'" for _, path in ordered[:2])
            raise InputError(f"{names} both speak of '{image.path.name}'. Keep one of them.")
        yield from (path for _, path in ordered)


def _folders_above(image: BidsFile) -> Sequence[Path]:
    folders = [image.path.parent]
    while folders[-1] != image.root and image.root in folders[-1].parents:
        folders.append(folders[-1].parent)
    return folders


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; InputError for anything else."""
    try:
        if path.stat().st_size > _LARGEST_JSON_BYTES:
            raise InputError(f"'{path.name}' has {path.stat().st_size} bytes: no sidecar. Check it.")
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        raise InputError(
            f"'{path.name}' is not JSON ({type(problem).__name__}). Correct it, or take it away."
        ) from problem
    if not isinstance(content, dict):
        raise InputError(f"'{path.name}' holds a {type(content).__name__}, and no JSON object. Correct it.")
    return content
