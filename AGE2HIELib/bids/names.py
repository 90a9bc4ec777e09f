"""Names of files in a BIDS dataset: entities, a suffix and an extension (``sub-01_ses-a_run-2_dwi.nii.gz``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from AGE2HIELib.errors import InputError

IMAGES = (".nii.gz", ".nii")
# In the order of the specification, as far as diffusion and anatomy have them (appendix "Entities" of BIDS 1.11).
ORDER = (
    *("sub", "ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "flip", "inv", "mt", "part", "chunk", "split"),
    *("space", "res", "label", "desc"),
)
# What filters and sidecars call an entity, beside its key in the name.
LONG_NAMES = {
    "subject": "sub",
    "session": "ses",
    "acquisition": "acq",
    "ceagent": "ce",
    "reconstruction": "rec",
    "direction": "dir",
    "description": "desc",
    "resolution": "res",
}
_NAME = re.compile(r"(?P<entities>(?:[a-zA-Z]+-[a-zA-Z0-9+]+_)*)(?P<suffix>[a-zA-Z0-9]+)(?P<extension>\.[a-zA-Z0-9.]+)")


@dataclass(frozen=True)
class BidsName:
    """``entities`` by their keys, as written; ``extension`` with its point."""

    entities: Mapping[str, str]
    suffix: str
    extension: str

    @property
    def stem(self) -> str:
        """The entities alone, in the order of the specification."""
        return "_".join(f"{key}-{value}" for key, value in sorted(self.entities.items(), key=_place))

    def with_entities(self, suffix: str, extension: str, **changes: str | None) -> BidsName:
        """Another file of the same scan; an entity that is None is left out."""
        merged = {**self.entities, **changes}
        return BidsName({key: value for key, value in merged.items() if value is not None}, suffix, extension)

    def __str__(self) -> str:
        return f"{self.stem}_{self.suffix}{self.extension}" if self.entities else f"{self.suffix}{self.extension}"


@dataclass(frozen=True)
class BidsFile:
    """A file with a BIDS name; ``root`` is its dataset, and ``dataset`` the name by which URIs call that."""

    path: Path
    name: BidsName
    root: Path
    dataset: str = field(default="raw", compare=False)

    @property
    def relative(self) -> str:
        """Below the dataset's root, with slashes."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def uri(self) -> str:
        return f"bids:{self.dataset}:{self.relative}"


def parse_name(name: str) -> BidsName | None:
    """None for what is no BIDS name, or says an entity twice."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    pairs = [part.split("-", 1) for part in match["entities"].split("_") if part]
    entities = {key: value for key, value in pairs}
    return None if len(entities) != len(pairs) else BidsName(entities, match["suffix"], match["extension"])


def label_of(text: str, prefix: str) -> str:
    """``01`` for ``01`` and for ``sub-01``.

    Raises:
        InputError: a label has letters and digits only.
    """
    label = text.removeprefix(f"{prefix}-")
    if not re.fullmatch(r"[a-zA-Z0-9+]+", label):
        raise InputError(
            f"{text!r} is no label of BIDS, which has letters and digits only. Write it as in {prefix}-01."
        )
    return label


def _place(entity: tuple[str, str]) -> tuple[int, str]:
    key = entity[0]
    return (ORDER.index(key) if key in ORDER else ORDER.index("space"), key)
