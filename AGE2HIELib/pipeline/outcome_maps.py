"""``explain --target adverse|favourable``: maps of what speaks for an outcome in a diffusion scan."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.evidence import evidence_table
from AGE2HIELib.explanation.maps import Explanation
from AGE2HIELib.infant import infant_warnings
from AGE2HIELib.pipeline.admission import Admitted, Withheld, admit, infant_timing
from AGE2HIELib.pipeline.analysis import (
    examine_explanation,
    explain_prediction,
    network_readings,
    on_scan_grid,
    stages_of,
)
from AGE2HIELib.pipeline.comparison import side_by_side, write_compared_maps, write_comparison
from AGE2HIELib.pipeline.earlier import Earlier, check_same, check_sequences, differs, read_earlier
from AGE2HIELib.pipeline.inputs import HieModel, Scan, load_model_of, read_atlas_of, read_scan_of
from AGE2HIELib.pipeline.prediction import settings_of
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.sequences import read_sequences
from AGE2HIELib.preprocess.network_input import SEQUENCES
from AGE2HIELib.report.backdrop import adc_backdrop
from AGE2HIELib.report.explanations import Comparison, comparison_record
from AGE2HIELib.report.record import Circumstances, examination_in_words
from AGE2HIELib.result.record import Settings
from AGE2HIELib.result.stored import is_earlier
from AGE2HIELib.result.verdicts import Examination
from AGE2HIELib.system.progress import Progress, Stages


class WithheldError(Exception):
    """The gate lets no number pass; leaves the output folder unmade."""

    def __init__(self, withheld: Withheld) -> None:
        super().__init__("withheld by the quality gate")
        self.withheld = withheld


def explain_outcome_into(folder: Path, request: Request, progress: Progress) -> tuple[str, tuple[str, ...]]:
    """Write everything into an existing empty folder; returns what to say first, and what is missing of the extras.

    Raises:
        WithheldError: there is no number to explain.
    """
    stages = stages_of(request, progress)
    atlas = read_atlas_of(request, stages)
    scan, earlier = _read(request, stages)
    settings = _settings(request, scan, earlier)
    model = load_model_of(replace(request, prevalence=settings.prevalence), stages)
    if earlier is not None:
        check_same(earlier, model.bundle, atlas)
        request = replace(request, override=())  # what was overridden then is in the verdict, which stands
    admitted = admit(scan, model, atlas, request, stages)
    if isinstance(admitted, Withheld):
        raise WithheldError(admitted)
    gated = admitted.gated
    with stages("explain"):
        model, comparison = _compared(admitted, request, progress)
        maps, channels = comparison.maps, comparison.channels
        readings = network_readings(model, admitted.image)
        rows = evidence_table(atlas, admitted.placement, gated.brain, admitted.z, maps, channels)
    examinations: tuple[Examination, ...] = ()
    if request.examine:
        with stages("examine"):
            examinations = _examinations(model, admitted, comparison, progress)
    with stages("report"):
        write_compared_maps(comparison, {"adc": gated.adc}, scan.source.stored, folder)
    before = differs(earlier, comparison.first.prediction.probability_adverse) if earlier else ()
    timing = infant_warnings(infant_timing(scan, request))
    warnings = tuple(dict.fromkeys((*gated.warnings, *model.warnings, *timing, *before)))
    used = earlier.result.input.b_values_used if earlier else gated.b_values_used
    about = Circumstances(scan.source, model.bundle, atlas, model.device, warnings, settings, used, model.computer)
    record = comparison_record(about, gated.quality, comparison, stages.seconds, examinations, readings)
    return "", write_comparison(folder, comparison, rows, record, stages)


def _read(request: Request, stages: Stages) -> tuple[Scan, Earlier | None]:
    """A scan, or what ``predict`` has written about one: of that the z-map and the brain come, too."""
    if not is_earlier(request.scan):
        return read_scan_of(request, stages), None
    with stages("read"):
        for name in ("series", "z_adc", "mask", "prevalence", "age_days", "gestation_weeks", "cooled"):
            if getattr(request, name) is not None:
                option = name.replace("_", "-")
                raise InputError(f"--{option} belongs to a scan, and '{request.scan.name}' is a result. Leave it out.")
        earlier = read_earlier(request.scan)
        given = read_sequences({name: getattr(request, name) for name in SEQUENCES})
        check_sequences(earlier, given)
    return replace(earlier.scan, sequences=given), earlier


def _settings(request: Request, scan: Scan, earlier: Earlier | None) -> Settings:
    """How the scan was read is the earlier result's, where there is one; methods, target and share stand beside it."""
    if earlier is not None and earlier.settings is not None:
        return replace(earlier.settings, saliency=None, device=request.device, examine=request.examine)
    return settings_of(request, scan)


def _compared(admitted: Admitted, request: Request, progress: Progress) -> tuple[HieModel, Comparison[Explanation]]:
    """The maps, and the model that made the last of them: on the CPU where the GPU's memory ran out."""
    model, explanations = admitted.model, {}
    for name in progress.each(request.methods, "maps"):
        model, explanations[name] = explain_prediction(
            model, admitted.image, name, layer=request.layer, target=request.target
        )
    on_scan = partial(on_scan_grid, admitted=admitted)
    gated = admitted.gated
    return model, side_by_side(explanations, on_scan, adc_backdrop(gated.adc), gated.brain, request.share)


def _examinations(
    model: HieModel, admitted: Admitted, comparison: Comparison[Explanation], progress: Progress
) -> tuple[Examination, ...]:
    """Of every map; each line is said as soon as it is known."""
    examinations = []
    for name in progress.each(tuple(comparison.maps), "examined"):
        examinations.append(examine_explanation(model, admitted.image, comparison.explanations[name]))
        progress.say(examination_in_words(examinations[-1]))
    return tuple(examinations)
