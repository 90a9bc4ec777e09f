"""The normal infants an atlas is made from: found in a folder, read, masked, checked, and kept for later rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import SUFFIXES, read_on_grid
from AGE2HIELib.pipeline.admission import gate_scan
from AGE2HIELib.pipeline.inputs import read_scan
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.preprocess.smoothing import bounding_box, crop, smooth_inside
from AGE2HIELib.preprocess.zmap import ADC_RANGE
from AGE2HIELib.system.outputs import output_file
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.system.stray_files import is_system_file
from AGE2HIELib.volume import Volume

_MARGIN_MM = 24.0  # around the brain: a placement looks at the background too


@dataclass(frozen=True)
class CaseTask:
    """One file to read, its lesion mask or None, the atlas that the gate asks, and where to keep what is read."""

    image: Path
    lesion: Path | None
    atlas: Path
    kept: Path


@dataclass(frozen=True)
class KeptCase:
    """Attributes:
    adc: 1e-6 mm^2/s, canonical voxel order, around the brain.
    smoothed: ADC as a z-map smooths it.
    brain: bool.
    normal: bool, the brain without its lesions.
    """

    adc: Volume
    smoothed: Volume
    brain: Volume
    normal: Volume


def find_images(folder: Path) -> list[Path]:
    """Every image file below a folder, in a stable order.

    Raises:
        InputError: there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise InputError(f"'{folder.name}' is no folder. Name the folder that holds the ADC maps.")
    images = (path for path in folder.rglob("*") if path.is_file() and path.name.endswith(SUFFIXES))
    image_files = sorted(path for path in images if not is_system_file(path.relative_to(folder)))
    if not image_files:
        raise InputError(
            f"The folder '{folder.name}' holds no ADC map ({', '.join(SUFFIXES)}). Name the folder of the maps."
        )
    return image_files


def matching_lesions(images: Sequence[Path], folder: Path | None) -> list[Path | None]:
    """The lesion mask of each image: the file whose name, up to ``lesion``, begins the image's name.

    ``MGHNICU_010-VISIT_01_lesion.mha`` belongs to ``MGHNICU_010-VISIT_01-ADC_ss.mha``. An image without one has no
    lesion voxels.

    Raises:
        InputError: a mask belongs to no image, or an image has two.
    """
    if folder is None:
        return [None] * len(images)
    masks = {path: _stem(path) for path in find_images(folder)}
    lesions: list[Path | None] = []
    for image in images:
        own = [path for path, stem in masks.items() if _begins(image, stem)]
        if len(own) > 1:
            raise InputError(f"'{image.name}' has {len(own)} lesion masks. Keep one file for each image.")
        lesions.append(own[0] if own else None)
    if not any(lesions):
        raise InputError(
            f"No lesion mask in '{folder.name}' belongs to an image. Name a mask as its image begins, then '_lesion'."
        )
    return lesions


def keep_case(task: CaseTask) -> str:
    """Read, mask and check one infant and keep it; returns why it is left out, or nothing."""
    try:
        scan = read_scan(task.image)
        gated = gate_scan(scan, _atlas(task.atlas), Request(align="off"), Stages(CHECK_STAGES))
        if not gated.passed:
            first = gated.quality.stopping[0]
            return f"{first.name} is {first.value} (must be {first.limit})"
        normal = gated.brain.array
        if task.lesion is not None:
            lesion = to_canonical(read_on_grid(task.lesion, scan.source.stored, what="lesion mask"))
            normal = normal & ~(lesion.array > 0)
    except InputError as problem:
        return str(problem)
    box = bounding_box(gated.brain.array)
    adc, brain, usable = (
        crop(image, box, margin_mm=_MARGIN_MM) for image in (gated.adc, gated.brain, gated.brain.like(normal))
    )
    with output_file(task.kept, overwrite=True) as part:
        np.savez(part, adc=adc.array, brain=brain.array, normal=usable.array, affine_ras=adc.affine_ras)
    return ""


def read_kept_case(path: Path) -> KeptCase:
    """What ``keep_case`` kept; lesions take no part in the smoothing."""
    with np.load(path) as stored:
        affine = stored["affine_ras"]
        adc, brain, normal = (Volume(stored[name], affine) for name in ("adc", "brain", "normal"))
    return KeptCase(adc, smooth_inside(adc.like(np.clip(adc.array, *ADC_RANGE)), normal), brain, normal)


def case_key(image: Path, lesion: Path | None, *words: str) -> str:
    """Names a case by the bytes it was read from, so that an interrupted build goes on with the same ones."""
    digest = sha256("\0".join(words).encode())
    for path in (image, lesion):
        digest.update(b"\0" if path is None else sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _stem(path: Path) -> str:
    name = path.name
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name.removesuffix("lesion").rstrip("-_. ")


def _begins(image: Path, stem: str) -> bool:
    """``case_1`` begins ``case_1-ADC`` but not ``case_10-ADC``."""
    rest = image.name.removeprefix(stem)
    return bool(stem) and rest != image.name and not rest[:1].isalnum()


_atlas = cache(load_atlas)
