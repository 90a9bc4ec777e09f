"""The one way through the quality gate: ``admit`` decides whether a number is given for a scan.

``predict``, ``explain``, ``batch``, ``reproduce``, the training's examinations and the benchmarks all come this way.
What needs no model is asked first (``gate_scan``, which is the whole of ``check``), the distance from the training
cases once the network's input is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from AGE2HIELib.bundle.model_facts import for_sequences, for_z_map
from AGE2HIELib.infant import InfantFacts, with_age
from AGE2HIELib.io.coordinates import series_to_canonical, to_canonical
from AGE2HIELib.pipeline.inputs import HieModel, LoadingModel, Model, Scan, model_for_z
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.sequences import check_reads, reading_doubts, sequences_on_scan
from AGE2HIELib.preprocess.adc import adc_map
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.deform import FILLED_LIMIT, deform
from AGE2HIELib.preprocess.mask import brain_mask, is_stripped, refine_mask
from AGE2HIELib.preprocess.mirrored import mirrored_similarity
from AGE2HIELib.preprocess.network_input import network_input
from AGE2HIELib.preprocess.placement import Placement, place_in_atlas
from AGE2HIELib.preprocess.rim import without_mixed_rim
from AGE2HIELib.preprocess.skull import CUT, brain_in_head
from AGE2HIELib.preprocess.zmap import z_map
from AGE2HIELib.quality import Check, Quality, check_quality
from AGE2HIELib.quality.maps import supplied_checks
from AGE2HIELib.quality.values import mask_from_adc_alone
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Volume


@dataclass(frozen=True)
class GatedScan:
    """A scan up to the quality gate, in canonical voxel order.

    Attributes:
        placement: None where no brain was found.
        quality: what the gate has found so far; the warnings that the request overrides are marked.
        b_values_used: s/mm^2; None where the ADC was given.
    """

    adc: Volume
    brain: Volume
    placement: Placement | None
    quality: Quality
    warnings: tuple[str, ...]
    b_values_used: tuple[float, ...] | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing that was asked so far keeps the number back."""
        return self.placement is not None and self.quality.passed


@dataclass(frozen=True)
class Withheld:
    """A scan for which no number is given: ``gated.quality`` says why, refused or withheld by a warning.

    Attributes:
        z: canonical voxel order; None for a scan that is refused. A warning that only keeps the number back (the age,
            the distance from the training cases) leaves the map.
    """

    gated: GatedScan
    model: HieModel
    z: Volume | None = None


@dataclass(frozen=True)
class Admitted:
    """A scan for which a number may be given.

    Attributes:
        model: as it is read with z-maps of this origin and with the sequences that are there.
        z: canonical voxel order.
        image: what the network is fed, from ``network_input``.
    """

    gated: GatedScan
    model: HieModel
    z: Volume
    image: np.ndarray

    @property
    def placement(self) -> Placement:
        assert self.gated.placement is not None  # admit lets no other pass
        return self.gated.placement


def admit(scan: Scan, model: Model, atlas: Atlas, request: Request, stages: Stages) -> Admitted | Withheld:
    """Everything before the number, and the decision whether there may be one.

    A refusal stays one; a warning keeps the number back unless the request overrides it. The verdict on an earlier
    result stands: it was reached from what is no longer known (the raw volumes, the age), and where a figure lies near
    its limit the finished brain mask may carry it over. What the gate would say now becomes a warning.

    Raises:
        ModelError: the model was not trained on z-maps of this origin.
    """
    for_z_map(model.bundle, atlas, released=scan.z_is_released)  # a model that does not fit is refused at once
    check_reads(scan.sequences, model.bundle)
    gated = gate_scan(scan, atlas, request, stages)
    if isinstance(model, LoadingModel):
        with stages("model"):
            model = model.ready()
    model = model_for_z(model, atlas, released=scan.z_is_released)
    if gated.placement is None or (scan.verdict is None and not (gated.passed or gated.quality.withheld)):
        return Withheld(gated, model)
    with stages("z-map"):
        z = scan.z_adc if scan.z_adc is not None else z_map(gated.adc, gated.brain, atlas, gated.placement)
    if scan.verdict is None and not gated.passed:
        return Withheld(gated, model, z)
    with stages("predict"):
        sequences, doubts = sequences_on_scan(scan.sequences, gated.adc, gated.brain)
        images = {"adc": gated.adc, "z_adc": z, **sequences}
        image = network_input(images, gated.brain, gated.placement, model.bundle.spec)
        there = model.bundle.spec.sequences_in(image)
        model = replace(model, bundle=for_sequences(model.bundle, there))
        quality = gated.quality.with_(*input_checks(image, model)).overriding(request.override)
    said = (*doubts.values(), *reading_doubts(model.bundle, there))
    gated = replace(gated, quality=quality, warnings=(*gated.warnings, *said))
    if scan.verdict is not None:
        gated = with_verdict(gated, scan.verdict)
    return Admitted(gated, model, z, image) if gated.passed else Withheld(gated, model, z)


def gate_scan(scan: Scan, atlas: Atlas, request: Request, stages: Stages) -> GatedScan:
    """Up to the quality gate, and every question of it that needs no model."""
    with stages("adc"):
        measured = _measured_adc(scan, request.align)
        stripped = is_stripped(measured.adc)
    adc, warnings = measured.adc, measured.warnings
    if scan.mask is not None and scan.verdict is not None:
        mask_found = scan.mask
    else:
        with stages("mask"):
            mask_found = brain_mask(adc, contrast=measured.contrast, stripped=stripped)
    brain = mask_found if scan.mask is None else scan.mask
    placement = mirrored = None
    if brain.array.any():
        with stages("place"):
            placed = place_in_atlas(adc, brain, atlas)
            if scan.mask is None and measured.contrast is None:
                brain, placed = brain_in_head(adc, brain, placed, atlas)
                if brain is not mask_found:
                    stripped, warnings = False, (*warnings, CUT)
            if scan.mask is None and not stripped:
                brain, placed = refine_mask(adc, brain, placed, atlas)
            mirrored = mirrored_similarity(adc, brain, placed, atlas)
            placement = deform(adc, brain, atlas, placed)
        warnings = (*warnings, *_placement_warnings(placement))
    with stages("gate"):
        quality = check_quality(
            scan.source, adc, brain, placement, atlas, infant_timing(scan, request), mirrored=mirrored
        )
        if measured.contrast is None and scan.mask is None and not stripped:
            quality = quality.with_(mask_from_adc_alone(brain))
        if scan.verdict is None:
            quality = quality.with_(*supplied_checks(adc, brain, mask_found, mask=scan.mask, z=scan.z_adc))
    warnings = (*scan.source.warnings, *warnings)
    return GatedScan(adc, brain, placement, quality.overriding(request.override), warnings, measured.b_values_used)


def infant_timing(scan: Scan, request: Request) -> InfantFacts:
    """What the caller gives by options or in a clinical file, or else the age by the dates in DICOM; for use at once,
    never to be stored.
    """
    facts = request.timing
    if scan.clinical is not None:
        known = scan.clinical.data  # the options are among it
        facts = InfantFacts(known.age_days, known.gestation_weeks, known.cooled)
    return with_age(facts, scan.source.age_days)


def input_checks(image: np.ndarray, model: HieModel) -> tuple[Check, ...]:
    """What the gate asks about the network's input."""
    if model.elsewhere is not None:
        check = model.elsewhere.distance(model.bundle, image)
        return () if check is None else (check,)
    from AGE2HIELib.quality.distance import distance_check  # brings torch

    check = distance_check(model.members, model.bundle, image)
    return () if check is None else (check,)


@dataclass(frozen=True)
class _MeasuredAdc:
    """The ADC in canonical voxel order; of one that was fitted, its mean b0 (which shows the head) and b-values."""

    adc: Volume
    contrast: Volume | None = None
    b_values_used: tuple[float, ...] | None = None
    warnings: tuple[str, ...] = ()


def _measured_adc(scan: Scan, align: str) -> _MeasuredAdc:
    if scan.source.dwi is None:
        assert scan.source.adc is not None  # a Source holds one of the two
        adc = to_canonical(scan.source.adc)
        whole, warnings = (adc, ()) if scan.verdict is not None else without_mixed_rim(adc)
        return _MeasuredAdc(whole, warnings=warnings)
    from AGE2HIELib.preprocess.align import align_series  # no map needs it

    aligned = align_series(series_to_canonical(scan.source.dwi), align)
    fit = adc_map(aligned.series)
    return _MeasuredAdc(fit.adc, fit.mean_b0, fit.b_values_used, (*aligned.warnings, *fit.warnings))


def _placement_warnings(placement: Placement) -> tuple[str, ...]:
    if placement.filled <= FILLED_LIMIT:
        return ()
    return (
        f"{100 * placement.filled:.0f} % of the brain looks injured, so it was placed by its outline alone (affine): "
        "borders of regions and z next to fluid may be some mm off.",
    )


def with_verdict(gated: GatedScan, verdict: Quality) -> GatedScan:
    """With the verdict on the earlier result, and a warning for each check that would keep it back only now."""
    known = {check.name for check in verdict.checks if not check.passed}
    warnings = tuple(
        f"Asked once more, the gate finds {check.name} {_figure(check.value)} (must be {check.limit}); the result was "
        "let through, and so are its maps."
        for check in gated.quality.stopping
        if check.name not in known
    )
    return replace(gated, quality=verdict, warnings=(*gated.warnings, *warnings))


def _figure(value: float | str | None) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
