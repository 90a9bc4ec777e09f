"""From a scan to a probability and the place of its evidence: read ``analyse`` first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from AGE2HIELib.bundle.loading import load_members
from AGE2HIELib.bundle.model_facts import for_z_map
from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.explain.regions import RegionRow, measured_regions
from AGE2HIELib.inference.prevalence import at_prevalence, check_prevalence
from AGE2HIELib.io.images import read_on_grid, sha256_of_image
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.orientation import series_to_canonical, to_canonical
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.align import align_series
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.deform import FILLED_LIMIT, deform
from AGE2HIELib.preprocess.mask import brain_mask, is_stripped
from AGE2HIELib.preprocess.network_input import network_input
from AGE2HIELib.preprocess.placement import Placement, in_brain, place_in_atlas
from AGE2HIELib.preprocess.refine import refine_mask
from AGE2HIELib.preprocess.rim import without_mixed_rim
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.progress import Stages
from AGE2HIELib.quality import Check, Quality, check_quality
from AGE2HIELib.quality.maps import given_checks
from AGE2HIELib.quality.values import found_alone
from AGE2HIELib.timing import Timing
from AGE2HIELib.volume import Volume

if TYPE_CHECKING:
    from AGE2HIELib.explain.examination import Examination
    from AGE2HIELib.explain.saliency import Explanation
    from AGE2HIELib.networks.staged import StagedNetwork

STAGES = ("read", "model", "adc", "mask", "place", "gate", "z-map", "predict", "explain", "report")
EXAMINED_STAGES = (*STAGES[:-1], "examine", "report")  # where the explanation is examined as well
CHECK_STAGES = ("read", "adc", "mask", "place", "gate")


@dataclass(frozen=True)
class Scan:
    """What was read. ``z_adc`` (released) and ``mask`` are in canonical voxel order, ``source`` as stored; a SHA-256 is
    of the file that was given. ``settled``: both are those of an earlier result, which has found or accepted them, and
    they are not held against the scan again.
    """

    source: Source
    z_adc: Volume | None = None
    mask: Volume | None = None
    z_adc_sha256: str | None = None
    mask_sha256: str | None = None
    settled: bool = False


@dataclass(frozen=True)
class HieModel:
    """A verified bundle with its networks on a device; ``warnings`` says where another one had been asked for, and
    ``prevalence`` is the share of adverse outcomes that numbers are wanted for (None: that of the calibration).
    """

    bundle: Bundle
    members: tuple[StagedNetwork, ...]
    device: str
    warnings: tuple[str, ...] = ()
    prevalence: float | None = None


@dataclass(frozen=True)
class Examined:
    """A scan up to the quality gate, in canonical voxel order; ``placement`` is None where no brain was found, and
    ``b_values_used`` (s/mm^2) where the ADC was given.
    """

    adc: Volume
    brain: Volume
    placement: Placement | None
    quality: Quality
    warnings: tuple[str, ...]
    b_values_used: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Analysis:
    """Everything that was found, in canonical voxel order; what follows ``model`` is None where there is no number, and
    ``examination`` where it was not asked for.
    """

    examined: Examined
    model: HieModel
    z: Volume | None = None
    explanation: Explanation | None = None
    saliency: Volume | None = None
    regions: tuple[RegionRow, ...] = ()
    examination: Examination | None = None


@dataclass(frozen=True)
class Prepared:
    """A scan as the network sees it: ``z`` in canonical voxel order, ``image`` from ``network_input``."""

    examined: Examined
    z: Volume
    image: np.ndarray


def analyse(
    scan: Scan,
    model: HieModel,
    atlas: Atlas,
    stages: Stages,
    *,
    align: str = "auto",
    method: str | None = None,
    question: bool = False,
    timing: Timing | None = None,
    override: Collection[str] = (),
) -> Analysis:
    """The whole way for one scan; it ends at the gate for a scan that should not be believed.

    Args:
        question: examine the explanation as well, which takes most of a minute.
        timing: the infant's age and treatment, for the gate.
        override: names of warnings of the gate that do not keep the number back.
    """
    seen = examine(scan, atlas, stages, align=align, timing=timing)
    seen = replace(seen, quality=seen.quality.overriding(override))
    if seen.placement is None or not seen.quality.passed:
        return Analysis(seen, model)
    ready = stages.run("predict", judged, prepare(scan, seen, model, atlas, stages), model, override)
    seen = ready.examined
    if seen.placement is None or not seen.quality.passed:
        return Analysis(seen, model)
    model, explanation = stages.run("predict", explained, model, ready.image, method)
    saliency = stages.run("explain", on_scan, explanation.saliency, seen)
    maps = {"adc": seen.adc, "z": ready.z, "saliency": saliency}
    regions = stages.run("explain", measured_regions, atlas, seen.placement, seen.brain, **maps)
    examination = stages.run("examine", questioned, model, ready.image, explanation) if question else None
    return Analysis(seen, model, ready.z, explanation, saliency, regions, examination)


def prepare(scan: Scan, seen: Examined, model: HieModel, atlas: Atlas, stages: Stages) -> Prepared:
    """From a scan that passed the gate to what the network is fed."""
    assert seen.placement is not None  # the gate lets no other pass
    z = stages.run("z-map", _z_of, scan, seen, atlas)
    images = {"adc": seen.adc, "z_adc": z}
    image = stages.run("predict", network_input, images, seen.brain, seen.placement, model.bundle.spec)
    return Prepared(seen, z, image)


def judged(ready: Prepared, model: HieModel, override: Collection[str] = ()) -> Prepared:
    """With what the gate asks once the network's input is known; ``override`` as in ``analyse``."""
    quality = ready.examined.quality
    for check in later_checks(ready, model):
        quality = quality.with_(check)
    return replace(ready, examined=replace(ready.examined, quality=quality.overriding(override)))


def later_checks(ready: Prepared, model: HieModel) -> tuple[Check, ...]:
    """Questions about the network's input."""
    from AGE2HIELib.quality.distance import distance_check

    check = distance_check(model.members, model.bundle, ready.image)
    return () if check is None else (check,)


def examine(scan: Scan, atlas: Atlas, stages: Stages, *, align: str = "auto", timing: Timing | None = None) -> Examined:
    """The way up to the quality gate, which needs no model."""
    measured = stages.run("adc", _measured_adc, scan, align)
    adc, warnings = measured.adc, measured.warnings
    settled = scan.mask if scan.settled else None
    found = settled or stages.run("mask", brain_mask, adc, contrast=measured.contrast)
    brain = scan.mask or found
    placement = stages.run("place", place_in_atlas, adc, brain, atlas) if brain.array.any() else None
    if placement is not None and scan.mask is None and not is_stripped(adc):
        brain, placement = stages.run("place", refine_mask, adc, brain, placement, atlas)
    if placement is not None:
        placement = stages.run("place", deform, adc, brain, atlas, placement)
        warnings = (*warnings, *_placement_warnings(placement))
    quality = stages.run("gate", check_quality, scan.source, adc, brain, placement, atlas, timing)
    if measured.contrast is None and scan.mask is None and not is_stripped(adc):
        quality = quality.with_(found_alone(brain))
    if not scan.settled:
        for check in given_checks(adc, brain, found, mask=scan.mask, z=scan.z_adc):
            quality = quality.with_(check)
    warnings = (*scan.source.warnings, *warnings)
    return Examined(adc, brain, placement, quality, warnings, measured.b_values_used)


def read_scan(path: Path, *, series: str | None = None, z_adc: Path | None = None, mask: Path | None = None) -> Scan:
    """The input and what belongs to it, which must lie on its grid."""
    source = read_source(path, series=series)
    released = read_on_grid(z_adc, source.stored, what="z-map") if z_adc else None
    brain = read_on_grid(mask, source.stored, what="brain mask") if mask else None
    if brain is not None and not (brain.array > 0).any():
        raise InputError("The brain mask is empty. Give one in which the brain is above 0, or leave --mask out.")
    return Scan(
        source,
        to_canonical(released.like(np.nan_to_num(released.array))) if released else None,
        to_canonical(brain.like(brain.array > 0)) if brain else None,
        sha256_of_image(z_adc) if z_adc else None,
        sha256_of_image(mask) if mask else None,
    )


def load_model(folder: Path, *, device: str = "auto", prevalence: float | None = None) -> HieModel:
    """A checked bundle with its weights in memory, on the CPU where a GPU lacks room; InputError for no prevalence."""
    # torch takes a second: only who predicts waits for it
    from AGE2HIELib.inference.device import choose_device, or_on_cpu

    check_prevalence(prevalence)
    bundle = read_bundle(folder)
    chosen = choose_device(device)
    return or_on_cpu(
        lambda: HieModel(bundle, load_members(bundle, chosen), chosen, prevalence=prevalence),
        lambda note: _on_cpu(bundle, note, prevalence),
        chosen,
    )


def model_for_z(model: HieModel, atlas: Atlas, *, released: bool) -> HieModel:
    """The model as it is read with z-maps of this origin; ModelError where it was not trained on such."""
    return replace(model, bundle=for_z_map(model.bundle, atlas, released=released))


@dataclass(frozen=True)
class _Measured:
    """The ADC in canonical voxel order; of one that was fitted, its mean b0 (which shows the head) and b-values."""

    adc: Volume
    contrast: Volume | None = None
    b_values_used: tuple[float, ...] | None = None
    warnings: tuple[str, ...] = ()


def _measured_adc(scan: Scan, align: str) -> _Measured:
    if scan.source.dwi is None:
        assert scan.source.adc is not None  # a Source holds one of the two
        adc = to_canonical(scan.source.adc)
        whole, warnings = (adc, ()) if scan.settled else without_mixed_rim(adc)
        return _Measured(whole, warnings=warnings)
    aligned = align_series(series_to_canonical(scan.source.dwi), align)
    fit = adc_map(aligned.series)
    return _Measured(fit.adc, fit.mean_b0, fit.b_values_used, (*aligned.warnings, *fit.warnings))


def _placement_warnings(placement: Placement) -> tuple[str, ...]:
    if placement.filled <= FILLED_LIMIT:
        return ()
    return (
        f"{100 * placement.filled:.0f} % of the brain looks injured, so it was placed by its outline alone (affine): "
        "borders of regions and z next to fluid may be some mm off.",
    )


def _z_of(scan: Scan, seen: Examined, atlas: Atlas) -> Volume:
    if scan.z_adc is not None:
        return scan.z_adc
    assert seen.placement is not None  # analyse goes on only with a placed scan
    return z_map(seen.adc, seen.brain, atlas, seen.placement)


def explained(
    model: HieModel, image: np.ndarray, method: str | None = None, *, layer: str | None = None, target: str = "adverse"
) -> tuple[HieModel, Explanation]:
    """The explanation, and the model that gave it: on the CPU where the GPU's memory ran out."""
    from AGE2HIELib.explain.registry import DEFAULT_METHOD
    from AGE2HIELib.explain.saliency import explain
    from AGE2HIELib.inference.device import or_on_cpu

    def ask(of: HieModel) -> tuple[HieModel, Explanation]:
        facts = at_prevalence(of.bundle, of.prevalence)
        return of, explain(of.members, facts, image, method=method or DEFAULT_METHOD, layer=layer, target=target)

    return or_on_cpu(lambda: ask(model), lambda note: ask(_on_cpu(model.bundle, note, model.prevalence)), model.device)


def questioned(model: HieModel, image: np.ndarray, explanation: Explanation) -> Examination:
    """The examination of a map that ``explained`` has made of this image, where the model is."""
    from AGE2HIELib.explain.examination import examine_map
    from AGE2HIELib.explain.robustness import ExaminedMap

    layer = explanation.layer or model.bundle.saliency_layer
    return examine_map(ExaminedMap(model.members, model.bundle, image, explanation.method, layer, explanation.target))


def _on_cpu(bundle: Bundle, note: str, prevalence: float | None) -> HieModel:
    return HieModel(bundle, load_members(bundle, "cpu"), "cpu", (note,), prevalence)


def on_scan(saliency: Volume, seen: Examined) -> Volume:
    """Brought to the scan's grid in one interpolation, 0 outside the brain."""
    assert seen.placement is not None
    return in_brain(saliency, seen.placement, seen.brain)
