"""Which image of a visit is read, by the rules of ``docs/bids.md``; what they leave open is refused in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from AGE2HIELib.bids.dataset import Dataset, Visit, images, inherited, read_json, sidecar
from AGE2HIELib.bids.names import LONG_NAMES, ORDER, BidsFile
from AGE2HIELib.errors import InputError
from AGE2HIELib.io.diffusion import SMALLEST_B_RANGE_S_MM2
from AGE2HIELib.io.nifti import numbers

DWI, ADC, T1W, T2W = "dwi", "ADC", "T1w", "T2w"
# Spaces of a T1w image that are the infant's own; others are templates. Letters of either case.
NATIVE_SPACES = ("", "t1w", "t2w", "orig", "dwi", "b0", "dwiref")
DIFFUSION_SPACES = ("dwi", "b0", "dwiref")
_NAMES_IN_FILTERS = {"dwi": (DWI, ADC), "adc": (ADC,), "t1w": (T1W,), "t2w": (T2W,)}


@dataclass(frozen=True)
class EntityFilter:
    """What ``--bids-filter-file`` asks for: by suffix, the value of an entity, several that will do, or None for a name
    without it.
    """

    wanted: Mapping[str, Mapping[str, tuple[str | None, ...]]] = field(default_factory=dict)

    def keeps(self, image: BidsFile) -> bool:
        asked = self.wanted.get(image.name.suffix, {})
        return all(_one_of(image.name.entities.get(key), values) for key, values in asked.items())


@dataclass(frozen=True)
class ChosenScan:
    """``bval`` and ``bvec`` speak of a diffusion series, wherever they lie; None for an ADC map and a T1w image."""

    image: BidsFile
    bval: Path | None = None
    bvec: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.image.path, self.bval, self.bvec) if path is not None)


def read_filter(path: Path | None) -> EntityFilter:
    """``{"dwi": {"acquisition": "b1000", "run": [1, 2], "reconstruction": null}, "t1w": {...}}``.

    Raises:
        InputError: it is no such object.
    """
    if path is None:
        return EntityFilter()
    if not path.is_file():
        raise InputError(f"'{path.name}' is no file. Name the JSON file of --bids-filter-file.")
    wanted: dict[str, dict[str, tuple[str | None, ...]]] = {}
    for kind, asked in read_json(path).items():
        suffixes = _NAMES_IN_FILTERS.get(kind.lower())
        if suffixes is None or not isinstance(asked, dict):
            known = ", ".join(_NAMES_IN_FILTERS)
            raise InputError(f"'{path.name}' asks for {kind!r}. Write an object for each of {known}.")
        entities = {_key(name, path): _values(value, path) for name, value in asked.items() if name != "datatype"}
        for suffix in suffixes:
            wanted[suffix] = {**wanted.get(suffix, {}), **entities}
    return EntityFilter(wanted)


def choose_diffusion(dataset: Dataset, visit: Visit, wanted: EntityFilter) -> ChosenScan | None:
    """The diffusion series of a visit, or where there is none its ADC map; None where there is neither.

    In this order: magnitudes only; what the filter keeps; series with diffusion weighting (a reversed b0 alone gives no
    ADC); original series before what the scanner derived from them (``ImageType``).

    Raises:
        InputError: several are left, or those that are there give no ADC.
    """
    found = [image for image in images(dataset, visit, DWI) if _is_magnitude(image) and _is_native(image)]
    series = [image for image in found if image.name.suffix == DWI]
    maps = [image for image in found if image.name.suffix == ADC and image.name.entities.get("desc") != "zscore"]
    kept = [image for image in series if wanted.keeps(image)]
    weighted = [scan for scan in map(_with_gradients, kept) if _is_weighted(scan)]
    if weighted:
        return _only(_originals(weighted), visit, "diffusion series")
    kept_maps = [ChosenScan(image) for image in maps if wanted.keeps(image)]
    if kept_maps:
        return _only(kept_maps, visit, "ADC maps")
    if kept:
        raise InputError(
            f"{visit.name}: no diffusion series has b-values that differ by {SMALLEST_B_RANGE_S_MM2:g} s/mm^2 in a "
            f".bval that speaks of it ({_names(kept)}). Add the .bval, or the weighted series."
        )
    if series or maps:
        raise InputError(f"{visit.name}: the filter keeps none of {_names([*series, *maps])}. Correct it.")
    return None


def choose_anatomical(dataset: Dataset, visit: Visit, wanted: EntityFilter, suffix: str = T1W) -> ChosenScan | None:
    """The T1-weighted image of a visit in the infant's own space, or the T2-weighted one (``suffix`` T2w); one without
    contrast agent before one with it.

    Raises:
        InputError: several are left.
    """
    found = [image for image in images(dataset, visit, "anat") if image.name.suffix == suffix and _is_magnitude(image)]
    found = [image for image in found if _is_native(image) and image.name.entities.get("desc", "preproc") == "preproc"]
    kept = [image for image in found if wanted.keeps(image)]
    if not kept:
        if found:
            raise InputError(f"{visit.name}: the filter keeps none of {_names(found)}. Correct it.")
        return None
    plain = [image for image in kept if "ce" not in image.name.entities] or kept
    native = [image for image in plain if not image.name.entities.get("space")] or plain
    return _only([ChosenScan(image) for image in native], visit, f"{suffix.removesuffix('w')}-weighted images")


def _with_gradients(image: BidsFile) -> ChosenScan:
    return ChosenScan(image, inherited(image, ".bval"), inherited(image, ".bvec"))


def _is_weighted(scan: ChosenScan) -> bool:
    if scan.bval is None:
        return False
    b_values = numbers(scan.bval).ravel()
    return bool(b_values.max() - b_values.min() >= SMALLEST_B_RANGE_S_MM2)


def _originals(scans: list[ChosenScan]) -> list[ChosenScan]:
    if len(scans) == 1:
        return scans
    made = [scan for scan in scans if "DERIVED" in _image_type(scan.image)]
    return [scan for scan in scans if scan not in made] or scans


def _image_type(image: BidsFile) -> Sequence[str]:
    stated = sidecar(image).get("ImageType")
    return [str(one).upper() for one in stated] if isinstance(stated, list) else ()


def _only(scans: Sequence[ChosenScan], visit: Visit, what: str) -> ChosenScan:
    if len(scans) == 1:
        return scans[0]
    raise InputError(
        f"{visit.name} has {len(scans)} {what}, and which one is meant is not known "
        f"({_names([scan.image for scan in scans])}). Choose one with --bids-filter-file."
    )


def _is_magnitude(image: BidsFile) -> bool:
    return image.name.entities.get("part", "mag") == "mag"


def _is_native(image: BidsFile) -> bool:
    return image.name.entities.get("space", "").lower() in NATIVE_SPACES


def _names(found: Sequence[BidsFile]) -> str:
    shown = ", ".join(image.path.name for image in found[:4])
    return f"{shown} and {len(found) - 4} more" if len(found) > 4 else shown


def _one_of(own: str | None, values: Sequence[str | None]) -> bool:
    return any(_same(own, value) for value in values)


def _same(own: str | None, asked: str | None) -> bool:
    if own is None or asked is None:
        return own is asked
    return int(own) == int(asked) if own.isdigit() and asked.isdigit() else own == asked  # run-02 is run 2


def _key(name: str, path: Path) -> str:
    key = LONG_NAMES.get(name.lower(), name)
    if key not in ORDER:
        raise InputError(
            f"'{path.name}' names {name!r}, which is no entity of an image. Use acq, dir, run and the like."
        )
    return key


def _values(value: Any, path: Path) -> tuple[str | None, ...]:
    several = value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, str | int | None) for one in several):
        raise InputError(f"'{path.name}' asks for {value!r}. Write a text, a whole number, null, or a list of these.")
    return tuple(None if one is None else str(one) for one in several)
