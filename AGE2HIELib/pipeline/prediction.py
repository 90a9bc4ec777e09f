"""``predict``: one scan in, an output folder out; ``check``: the quality gate alone."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

from AGE2HIELib.explanation.compare import names_a_place
from AGE2HIELib.explanation.regions import write_region_table
from AGE2HIELib.infant import infant_warnings
from AGE2HIELib.pipeline.admission import GatedScan, gate_scan, infant_timing
from AGE2HIELib.pipeline.analysis import Analysis, analyse, stages_of
from AGE2HIELib.pipeline.clinical import clinical_warnings
from AGE2HIELib.pipeline.inputs import Inputs, Scan, load_model_beside, read_atlas_of, read_scan_of
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.pipeline.stages import CHECK_STAGES
from AGE2HIELib.preprocess.placement_file import write_placement
from AGE2HIELib.report.extras import Extras
from AGE2HIELib.report.folder import OVERLAY, PLACEMENT, write_maps, write_page, write_picture
from AGE2HIELib.report.hospital.objects import FOLDER, check_possible, write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.report.record import Circumstances, result_record, write_record
from AGE2HIELib.result.findings import ClinicalReading
from AGE2HIELib.result.record import Settings
from AGE2HIELib.result.stored import RECORD, REGIONS
from AGE2HIELib.result.verdicts import Examination, Quality
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.system.progress import Progress, Stages

PREDICTED, REFUSED = 0, 3
# of a request, what a record keeps under the same name
_KEPT = sorted({field.name for field in fields(Settings)} & {field.name for field in fields(Request)})


@dataclass(frozen=True)
class Outcome:
    """How a prediction ended: its exit code, the number (None: refused), what the gate found, the prevalence that the
    caller gave for the number, what is missing of the extras, in sentences, and the number joined with clinical
    variables, where some were named. The folder holds everything else.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> outcome = hie.predict(hie.Request(Path("newborn/adc.mha"), age_days=20), Path("too-late"))
    >>> outcome.code, outcome.probability, [check.name for check in outcome.quality.stopping]
    (3, None, ['postnatal age'])
    """

    code: int
    probability: float | None
    interval: tuple[float, float] | None
    demonstration: bool
    quality: Quality
    examination: Examination | None = None
    prevalence: float | None = None
    lost: tuple[str, ...] = ()
    clinical: ClinicalReading | None = None


def predict(request: Request, output: Path, *, overwrite: bool = False, progress: Progress | None = None) -> Outcome:
    """Predict one scan and write everything about it into a new folder, which appears whole or not at all.

    Args:
        request: the scan and how it is read.
        output: the folder; ``docs/predict.md`` lists its files.
        overwrite: replace an earlier result; nothing else is ever replaced.
        progress: told of every stage; None for nobody.

    Raises:
        InputError: the scan, the request or the output cannot be used.

    >>> import json
    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> outcome = hie.predict(hie.Request(Path("newborn/adc.mha"), device="cpu"), Path("out"))
    >>> low, high = outcome.interval
    >>> outcome.code, low <= outcome.probability <= high
    (0, True)
    >>> record = json.loads(Path("out/result.json").read_text())
    >>> abs(record["probability_adverse"] - outcome.probability) < 1e-4, record["label"]
    (True, 'demonstration')
    """
    request.check()
    with output_folder(output, overwrite=overwrite, inputs=request.files) as folder:
        return predict_into(folder, request, progress)


def check(request: Request, progress: Progress | None = None) -> GatedScan:
    """What the quality gate says of a scan, as far as it needs no model.

    Returns:
        ``quality`` with every check, and what it was asked of, in canonical voxel order: ``adc`` (1e-6 mm^2/s),
        ``brain`` (bool) and ``placement`` (None where no brain was found).

    Raises:
        InputError: the scan or the request cannot be used.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> gated = hie.check(hie.Request(Path("newborn/adc.mha")))
    >>> brain_ml = float(gated.brain.array.sum()) * gated.brain.grid.voxel_ml
    >>> gated.passed, 200 < brain_ml < 600
    (True, True)
    >>> labels = gated.placement.to_native(hie.load_atlas().labels, interpolation="nearest")
    >>> labels.grid.same_as(gated.adc.grid)
    True
    """
    request.check()
    stages = Stages(CHECK_STAGES, progress)
    atlas = read_atlas_of(request, stages)
    return gate_scan(read_scan_of(request, stages), atlas, request, stages)


def predict_into(folder: Path, request: Request, progress: Progress | None = None) -> Outcome:
    """``predict`` into an existing empty folder."""
    stages = stages_of(request, progress)
    return predict_inputs(folder, request, read_inputs(request, stages), stages)


def read_inputs(request: Request, stages: Stages) -> Inputs:
    """The files of a request; InputError for what is unusable."""
    atlas = read_atlas_of(request, stages)
    scan = read_scan_of(request, stages)
    if request.dicom:
        check_possible(scan.source.kind)
    return Inputs(scan, load_model_beside(request, stages), atlas)


def predict_inputs(folder: Path, request: Request, inputs: Inputs, stages: Stages) -> Outcome:
    """``predict_into`` from what has been read already."""
    scan = inputs.scan
    analysis = analyse(scan, inputs.model, inputs.atlas, request, stages)
    model, gated = analysis.model, analysis.gated
    about = Circumstances(
        scan.source,
        model.bundle,
        inputs.atlas,
        model.device,
        (
            *gated.warnings,
            *model.warnings,
            *infant_warnings(infant_timing(scan, request)),
            *clinical_warnings(scan.clinical, model.bundle),
        ),
        settings_of(request, scan),
        gated.b_values_used,
        model.computer,
    )
    lost = _write(analysis, about, stages, folder, dicom=request.dicom)
    return replace(_outcome(analysis), lost=lost)


def settings_of(request: Request, scan: Scan) -> Settings:
    """What the record keeps of a request."""
    return Settings(
        **{name: getattr(request, name) for name in _KEPT},
        age_given=request.age_days is not None,
        overrides=request.override,
        clinical_given=scan.clinical.data.given if scan.clinical is not None else None,
        mask_sha256=scan.mask_sha256,
        z_adc_sha256=scan.z_adc_sha256,
        t1_sha256=scan.sequences.sha256.get("t1"),
        t2_sha256=scan.sequences.sha256.get("t2"),
    )


def recorded_request(settings: Settings) -> Request:
    """The request as far as a record keeps it: it names no file and no age."""
    return Request(**{name: getattr(settings, name) for name in _KEPT}, override=settings.overrides)


def _write(analysis: Analysis, about: Circumstances, stages: Stages, folder: Path, *, dicom: bool) -> tuple[str, ...]:
    """Everything of a prediction; what is said here of extras that could not be written is on record too."""
    gated = analysis.gated
    labels = gated.placement.to_native(about.atlas.labels, interpolation="nearest") if gated.placement else None
    maps = Maps(gated.adc, gated.brain, analysis.z, analysis.saliency, labels, analysis.lesion)
    with stages("report"):
        write_maps(maps, about.source.stored, folder)
        if gated.placement is not None:
            write_placement(gated.placement, folder / PLACEMENT)
    if analysis.regions:
        write_region_table(analysis.regions, folder / REGIONS)
    record = result_record(
        about,
        gated.quality,
        analysis.explanation,
        stages.seconds,
        analysis.examination,
        analysis.measured_lesion,
        analysis.scores,
    )
    record = replace(record, clinical=analysis.clinical, readings=analysis.readings)
    if analysis.saliency is not None and record.saliency is not None:
        named = names_a_place(analysis.saliency.array)
        record = replace(record, saliency=replace(record.saliency, names_a_place=named))
    extras = Extras(folder, [*record.warnings])
    with stages("report"):
        if dicom:
            objects = partial(write_objects, record, maps, about.atlas, about.source.files)
            extras.write("the DICOM objects", lambda part: extras.warnings.extend(objects(part / FOLDER)))
        extras.write("the picture", partial(write_picture, maps, record))
        # the last, since it shows every warning
        said = replace(record, warnings=tuple(extras.warnings))
        extras.write("the page", partial(write_page, maps, analysis.regions, said, picture=folder / OVERLAY))
    extras.then(
        lambda: write_record(replace(record, warnings=tuple(extras.warnings), timing_s=stages.seconds), folder / RECORD)
    )
    return tuple(extras.lost)


def _outcome(analysis: Analysis) -> Outcome:
    demonstration = analysis.model.bundle.demonstration
    if analysis.explanation is None:
        return Outcome(REFUSED, None, None, demonstration, analysis.gated.quality)
    number = analysis.explanation.prediction
    return Outcome(
        PREDICTED,
        number.probability_adverse,
        number.interval,
        demonstration,
        analysis.gated.quality,
        analysis.examination,
        analysis.model.prevalence,
        clinical=analysis.clinical,
    )
