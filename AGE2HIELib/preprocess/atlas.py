"""A normative atlas: mean and spread of healthy newborns' ADC, the brain, and named regions, on one grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Literal, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_volume, write_volume
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.volume import Grid, Volume

_IMAGES = ("mean", "sd", "brain", "labels")
_DESCRIPTION = "atlas.json"
ZONES, _ZONE_NAMES = "zones.nii.gz", "zones.json"  # beside the atlas: what z depends on does not know them
LARGEST_DESCRIPTION_BYTES = 1_000_000  # that of the bundled atlas, with 34 regions, takes 4 kB
LARGEST_VOXELS = 20_000_000  # twice a 1 mm grid of an adult's whole head (182 x 218 x 182)

Derived = TypeVar("Derived")


@dataclass(frozen=True)
class Region:
    """A label of the atlas; ``left`` is the infant's left."""

    value: int
    name: str
    hemisphere: Literal["left", "right", "midline"]


@dataclass(frozen=True, eq=False)
class Zones:
    """Places that injury scores ask about and that cross the atlas's regions: watershed zones, perirolandic cortex.

    Attributes:
        labels: small integers on the atlas's grid, the values of ``regions``; 0 where there is no zone.
        sha256: over their own two files, which are no part of the atlas's hash: a model's z-maps do not depend on them.
    """

    labels: Volume
    regions: tuple[Region, ...]
    sha256: str = ""


@dataclass(frozen=True, eq=False)  # an atlas is equal to itself alone: images have no one truth value
class Atlas:
    """Attributes:
    name: short, for results.
    provenance: whose scans it was made from, in a sentence.
    licence: of the images.
    synthetic: whether no child was scanned for it.
    mean: ADC, 1e-6 mm^2/s; 0 outside the brain.
    sd: between healthy newborns, 1e-6 mm^2/s; 0 outside the brain.
    brain: bool.
    labels: small integers, the values of ``regions``.
    regions: in a stable order.
    sha256: over the files it was read from; empty for an atlas that was never written.
    made: how it was made, for people and scripts: plain values by name.
    zones: for injury scores; None in an atlas without them.
    """

    name: str
    provenance: str
    licence: str
    synthetic: bool
    mean: Volume
    sd: Volume
    brain: Volume
    labels: Volume
    regions: tuple[Region, ...]
    sha256: str = ""
    made: Mapping[str, Any] = field(default_factory=dict)
    zones: Zones | None = None

    @property
    def grid(self) -> Grid:
        return self.mean.grid


def once_per_atlas(function: Callable[[Atlas], Derived]) -> Callable[[Atlas], Derived]:
    """What follows from an atlas alone is made at the first scan, and kept as long as the atlas is: for many scans.

    Nobody may change what is returned, and it may not hold the atlas.
    """
    kept: WeakKeyDictionary[Atlas, Derived] = WeakKeyDictionary()

    @wraps(function)
    def once(atlas: Atlas) -> Derived:
        if atlas not in kept:
            kept[atlas] = function(atlas)
        return kept[atlas]

    return once


def write_atlas(atlas: Atlas, folder: Path) -> None:
    """Write ``mean``, ``sd``, ``brain`` and ``labels`` as NIfTI, and ``atlas.json``; ADC is rounded to 1e-6 mm^2/s.

    An atlas with zones gets ``zones.nii.gz`` and ``zones.json`` as well.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _IMAGES:
        image: Volume = getattr(atlas, name)
        dtype = np.uint8 if name in ("brain", "labels") else np.int16
        write_volume(image.like(np.rint(image.array).astype(dtype)), folder / f"{name}.nii.gz")
    description = {
        "name": atlas.name,
        "provenance": atlas.provenance,
        "licence": atlas.licence,
        "synthetic": atlas.synthetic,
        "unit": "1e-6 mm2/s",
        **({"made": dict(atlas.made)} if atlas.made else {}),
        "regions": [asdict(region) for region in atlas.regions],
    }
    (folder / _DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    if atlas.zones is not None:
        write_zones(atlas.zones, folder)


def write_zones(zones: Zones, folder: Path) -> None:
    """Write the zones beside an atlas."""
    write_volume(zones.labels.like(zones.labels.array.astype(np.uint8)), folder / ZONES)
    names = {"regions": [asdict(region) for region in zones.regions]}
    (folder / _ZONE_NAMES).write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")


def load_atlas(folder: Path | None = None) -> Atlas:
    """Read an atlas folder, the bundled one by default, in the voxel order closest to RAS+.

    Raises:
        ModelError: a file is missing or not as it must be.

    >>> import AGE2HIELib as hie
    >>> atlas = hie.load_atlas()
    >>> atlas.synthetic, atlas.mean.grid.same_as(atlas.labels.grid)
    (True, True)
    >>> [(region.name, region.hemisphere) for region in atlas.regions if region.name == "thalamus"]
    [('thalamus', 'left'), ('thalamus', 'right')]
    """
    folder = find_atlas(folder)
    missing = [name for name in (_DESCRIPTION, *_files()) if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"The atlas folder '{folder.name}' has no {', '.join(missing)}. Name a complete atlas folder.")
    try:
        description = json.loads(_text(folder, _DESCRIPTION))
        regions = tuple(Region(**region) for region in description["regions"])
        texts = {key: str(description[key]) for key in ("name", "provenance", "licence")}
        synthetic = bool(description["synthetic"])
        made = dict(description.get("made", {}))
        images = {name: to_canonical(_image(folder, f"{name}.nii.gz")) for name in _IMAGES}
        zones = _zones(folder)
    except (KeyError, TypeError, ValueError, RecursionError, InputError, FileNotFoundError) as problem:
        raise ModelError(f"The atlas '{folder.name}' cannot be read: {problem}. Install it again.") from problem
    for name in _IMAGES[1:]:
        if not images[name].grid.lies_on(images["mean"].grid):
            raise ModelError(f"The atlas '{folder.name}' is not on one grid: {name} differs from mean. Build it again.")
    if zones is not None and not zones.labels.grid.lies_on(images["mean"].grid):
        raise ModelError(f"The atlas '{folder.name}' is not on one grid: zones differs from mean. Build it again.")
    brain = images["brain"].array > 0
    if not np.all(images["sd"].array[brain] > 0):
        raise ModelError(f"The atlas '{folder.name}' has brain voxels whose sd is not positive. Build it again.")
    return Atlas(
        **texts,
        synthetic=synthetic,
        mean=images["mean"],
        sd=images["sd"],
        brain=images["brain"].like(brain),
        labels=images["labels"].like(np.rint(images["labels"].array).astype(np.int16)),
        regions=regions,
        sha256=_sha256(folder, (_DESCRIPTION, *_files())),
        made=made,
        zones=zones,
    )


def _zones(folder: Path) -> Zones | None:
    """None where the folder has neither of their two files; of one alone the other is missed (OSError)."""
    names = (_ZONE_NAMES, ZONES)
    if not any((folder / name).is_file() for name in names):
        return None
    regions = tuple(Region(**region) for region in json.loads(_text(folder, _ZONE_NAMES))["regions"])
    labels = to_canonical(_image(folder, ZONES))
    return Zones(labels.like(np.rint(labels.array).astype(np.int16)), regions, _sha256(folder, names))


def _text(folder: Path, name: str) -> str:
    size = (folder / name).stat().st_size
    if size > LARGEST_DESCRIPTION_BYTES:
        raise ValueError(f"{name} has {size} bytes, too many")
    return (folder / name).read_text(encoding="utf-8")


def _image(folder: Path, name: str) -> Volume:
    image = read_volume(folder / name)
    if image.array.size > LARGEST_VOXELS:
        raise ValueError(f"{name} has {image.array.size:,} voxels, more than the {LARGEST_VOXELS:,} of any atlas")
    return image


def _files() -> list[str]:
    return [f"{name}.nii.gz" for name in _IMAGES]


def _sha256(folder: Path, names: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(name.encode() + b"\0" + hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
