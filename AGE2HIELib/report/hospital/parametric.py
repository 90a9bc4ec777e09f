"""Parametric maps: ADC, z and saliency as 32-bit floats, with the quantity and the unit of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from highdicom import VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from AGE2HIELib.report.hospital.coding import NO_UNIT, SQUARE_MICROMETRES_PER_SECOND, coded, described, ours, statement
from AGE2HIELib.report.hospital.multiframe import Study, common_arguments, finish
from AGE2HIELib.volume import Volume

ADC_NAME, Z_NAME, SALIENCY_NAME = "map-adc", "map-z", "map-saliency"
_ADC_WINDOW, _Z_WINDOW = (1250.0, 2500.0), (0.0, 10.0)  # centre and width: 0 to 2500 um2/s, -5 to 5
_LONGEST = 64


@dataclass(frozen=True)
class _Kind:
    """What is particular to one map; ``window``: centre and width; ``synthetic``: nothing but synthetic data behind."""

    name: str
    series_number: int
    what: str
    label: str
    explanation: str
    quantity: Code | CodedConcept
    unit: CodedConcept
    window: tuple[float, float]
    derivation: Any
    synthetic: bool = False
    of_model: bool = False


def adc_map(study: Study, volume: Volume) -> ParametricMap:
    """1e-6 mm^2/s; NaN where none could be measured.

    Of a fitted map 0 is no measurement either: readers of NIfTI (niftilib, and so Slicer) put it in the place of NaN.
    """
    fitted = study.record.input.b_values_used is not None
    if fitted:
        volume = volume.like(np.where(volume.array == 0, np.float32(np.nan), volume.array))
    quantity = (
        codes.DCM.MonoExponentialApparentDiffusionCoefficient if fitted else codes.DCM.ApparentDiffusionCoefficient
    )
    explanation = f"Apparent diffusion coefficient, {'fitted' if fitted else 'as given by the scanner'}"
    return _parametric_map(
        study,
        volume,
        _Kind(
            ADC_NAME,
            9505,
            "ADC",
            "ADC",
            explanation,
            quantity,
            SQUARE_MICROMETRES_PER_SECOND,
            _ADC_WINDOW,
            codes.DCM.DiffusionImageAnalysis,
        ),
    )


def z_map(study: Study, volume: Volume) -> ParametricMap:
    """How far each voxel's ADC lies from normal newborns', in standard deviations."""
    explanation = "ADC beside normal newborns of its place, in standard deviations"
    return _parametric_map(
        study,
        volume,
        _Kind(
            Z_NAME,
            9506,
            "z of ADC",
            "Z_ADC",
            explanation,
            codes.DCM.ZScore,
            NO_UNIT,
            _Z_WINDOW,
            ours("z-of-adc", "Difference from normal newborns over their spread"),
            synthetic=study.synthetic_atlas,
        ),
    )


def saliency_map(study: Study, volume: Volume) -> ParametricMap:
    """The evidence of the network, in the unit of the method."""
    peak = float(np.nanmax(volume.array, initial=0.0)) or 1.0
    record = study.record
    meaning = f"{record.saliency.title}: {record.saliency.meaning}" if record.saliency is not None else "Saliency"
    return _parametric_map(
        study,
        volume,
        _Kind(
            SALIENCY_NAME,
            9507,
            "saliency",
            "SALIENCY",
            meaning,
            codes.DCM.Saliency,
            NO_UNIT,
            (peak / 2, peak),
            ours("saliency", "Saliency of a neural network"),
            synthetic=record.demonstration,
            of_model=True,
        ),
    )


def _parametric_map(study: Study, volume: Volume, kind: _Kind) -> ParametricMap:
    pixels = study.planes.ordered(volume).astype(np.float32)
    measured = pixels[np.isfinite(pixels)]
    ends = (float(measured.min()), float(measured.max())) if measured.size else (0.0, 0.0)
    mapping = RealWorldValueMapping(
        kind.label, kind.explanation[:_LONGEST], kind.unit, ends, 1.0, 0.0, quantity_definition=kind.quantity
    )
    centre, width = kind.window
    image = ParametricMap(
        pixel_array=pixels,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        # of whole numbers the function LINEAR takes half a step off each end
        voi_lut_transformations=[VOILUTTransformation(centre, width, voi_lut_function="LINEAR_EXACT")],
        content_label=kind.label,
        content_description=kind.explanation[:_LONGEST],
        content_qualification="RESEARCH",
        **common_arguments(study, kind.name, kind.series_number, described(kind.what, demonstration=kind.synthetic)),
    )
    _put_in_order(image, pixels)
    image.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [_brain()]
    words = f"{kind.explanation}. {statement(study.record, of_model=kind.of_model)}"
    finish(image, study, kind.derivation, comments=words)
    return image


def _put_in_order(image: ParametricMap, pixels: np.ndarray) -> None:
    """Frames along the normal of their rows and columns, where highdicom stores them against it: dcmqi, by which Slicer
    reads maps, takes frames as they come and asks for no position but the first (seen with dcmqi 1.5.7).
    """
    groups = list(reversed(image.PerFrameFunctionalGroupsSequence))
    for number, group in enumerate(groups, 1):
        group.FrameContentSequence[0].DimensionIndexValues = [number]
    image.PerFrameFunctionalGroupsSequence = groups
    image.FloatPixelData = pixels.astype("<f4").tobytes()


def _brain() -> Dataset:
    """Every frame shows the brain, which is no paired organ; Slicer's reader of parametric maps asks for it."""
    anatomy = Dataset()
    anatomy.AnatomicRegionSequence = [coded(codes.SCT.Brain)]
    anatomy.FrameLaterality = "U"
    return anatomy
