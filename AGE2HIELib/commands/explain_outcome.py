"""``age2hie explain --target adverse|favourable``: maps of what speaks for an outcome in a diffusion scan."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

from AGE2HIELib.commands.comparing import RefusedError, asked_in_turn, bar, side_by_side, write_comparison, write_maps
from AGE2HIELib.commands.earlier import Earlier, check_same, differs, is_earlier, read_earlier, would_stop
from AGE2HIELib.commands.reading import given_timing, resolve_atlas
from AGE2HIELib.commands.speaking import examination_in_words
from AGE2HIELib.errors import InputError
from AGE2HIELib.explain.evidence import evidence_table
from AGE2HIELib.explain.examination import Examination
from AGE2HIELib.explain.saliency import Explanation
from AGE2HIELib.installed import find_model
from AGE2HIELib.pipeline import (
    EXAMINED_STAGES,
    STAGES,
    HieModel,
    Prepared,
    Scan,
    examine,
    explained,
    judged,
    load_model,
    model_for_z,
    on_scan,
    prepare,
    questioned,
    read_scan,
)
from AGE2HIELib.preprocess.atlas import Atlas, load_atlas
from AGE2HIELib.progress import Progress, Stages
from AGE2HIELib.quality.check import known_overrides
from AGE2HIELib.report.backdrop import adc_backdrop
from AGE2HIELib.report.explanations import Comparison, comparison_record
from AGE2HIELib.report.record import Circumstances
from AGE2HIELib.report.settings import Settings, read_settings
from AGE2HIELib.timing import Timing, timing_warnings, with_age


def explain_outcome_into(
    folder: Path, arguments: argparse.Namespace, methods: tuple[str, ...], progress: Progress
) -> tuple[str, tuple[str, ...]]:
    """Write everything into an existing empty folder; returns what to say first, and what is missing of the extras.
    RefusedError where the gate does.
    """
    stages = Stages(EXAMINED_STAGES if arguments.examine else STAGES, progress)
    atlas = stages.run("read", load_atlas, resolve_atlas(arguments.atlas))
    scan, earlier = stages.run("read", _read, arguments)
    timing = with_age(given_timing(arguments), scan.source.age_days)
    settings = _settings(arguments, scan, earlier)
    asked = {"device": arguments.device, "prevalence": settings.prevalence}
    model = stages.run("model", load_model, find_model(arguments.model), **asked)
    if earlier is not None:
        check_same(earlier, model.bundle, atlas)
    model = model_for_z(model, atlas, released=settings.z_adc_sha256 is not None)
    if earlier is None:
        ready = _admitted(scan, model, atlas, stages, arguments=arguments, timing=timing)
    else:
        ready = _admitted_before(earlier, model, atlas, stages)
    seen = ready.examined
    assert seen.placement is not None  # both admit no other
    model, found = stages.run("explain", _compared, model, ready, methods, arguments)
    rows = stages.run("explain", evidence_table, atlas, seen.placement, seen.brain, ready.z, found.maps)
    examinations = stages.run("examine", _examinations, model, ready, found, arguments) if arguments.examine else ()
    stages.run("report", write_maps, found, {"adc": seen.adc}, scan.source.stored, folder)
    number = found.first.prediction.probability_adverse
    before = differs(earlier, number) if earlier else ()
    warnings = dict.fromkeys((*seen.warnings, *model.warnings, *timing_warnings(timing), *before))
    used = earlier.b_values_used if earlier else seen.b_values_used
    about = Circumstances(scan.source, model.bundle, atlas, model.device, tuple(warnings), settings, used)
    record = comparison_record(about, seen.quality, found, stages.seconds, examinations)
    return "", write_comparison(folder, found, rows, record, stages)


def _admitted(
    scan: Scan, model: HieModel, atlas: Atlas, stages: Stages, *, arguments: argparse.Namespace, timing: Timing
) -> Prepared:
    """Through the gate, as ``predict`` asks it; RefusedError where it stops the scan."""
    override = known_overrides(arguments.override)
    seen = examine(scan, atlas, stages, align=arguments.align, timing=timing)
    seen = replace(seen, quality=seen.quality.overriding(override))
    if seen.placement is None or not seen.quality.passed:
        raise RefusedError(seen.quality)
    ready = judged(prepare(scan, seen, model, atlas, stages), model, override)
    if not ready.examined.quality.passed:
        raise RefusedError(ready.examined.quality)
    return ready


def _admitted_before(earlier: Earlier, model: HieModel, atlas: Atlas, stages: Stages) -> Prepared:
    """What the gate said of the result stands; what it would say now becomes a warning."""
    seen = examine(earlier.scan, atlas, stages)
    ready = judged(prepare(earlier.scan, seen, model, atlas, stages), model)
    now = ready.examined
    warnings = (*now.warnings, *would_stop(earlier, now.quality))
    return replace(ready, examined=replace(now, quality=earlier.quality, warnings=warnings))


def _read(arguments: argparse.Namespace) -> tuple[Scan, Earlier | None]:
    """A scan, or what ``predict`` has written about one: of that the z-map and the brain come, too."""
    if not is_earlier(arguments.input):
        return read_scan(arguments.input, series=arguments.series, z_adc=arguments.z_adc, mask=arguments.mask), None
    for name in ("series", "z_adc", "mask", "prevalence", "age_days", "gestation_weeks", "cooled"):
        if getattr(arguments, name) is not None:
            option = name.replace("_", "-")
            raise InputError(f"--{option} belongs to a scan, and '{arguments.input.name}' is a result. Leave it out.")
    earlier = read_earlier(arguments.input)
    return earlier.scan, earlier


def _settings(arguments: argparse.Namespace, scan: Scan, earlier: Earlier | None) -> Settings:
    """How the scan was read is the earlier result's, where there is one; methods, target and share stand beside it."""
    if earlier is not None and "settings" in earlier.record:
        before = read_settings(earlier.record)
        return replace(before, saliency=None, device=arguments.device, examine=arguments.examine)
    chosen = {name: getattr(arguments, name) for name in ("align", "series", "device", "examine", "prevalence")}
    timing = given_timing(arguments)
    return Settings(
        **chosen,
        age_given=timing.age_days is not None,
        gestation_weeks=timing.gestation_weeks,
        cooled=timing.cooled,
        overrides=known_overrides(arguments.override),
        mask_sha256=scan.mask_sha256,
        z_adc_sha256=scan.z_adc_sha256,
    )


def _compared(
    model: HieModel, ready: Prepared, methods: tuple[str, ...], arguments: argparse.Namespace
) -> tuple[HieModel, Comparison[Explanation]]:
    def ask(of: HieModel, name: str) -> tuple[HieModel, Explanation]:
        return explained(of, ready.image, name, layer=arguments.layer, target=arguments.target)

    model, made = asked_in_turn(model, ask, methods, arguments)
    seen = ready.examined
    placed = partial(on_scan, seen=seen)
    return model, side_by_side(made, placed, adc_backdrop(seen.adc), seen.brain, arguments.share)


def _examinations(
    model: HieModel, ready: Prepared, found: Comparison[Explanation], arguments: argparse.Namespace
) -> tuple[Examination, ...]:
    """Of every map; each line is said as soon as it is known."""
    made = []
    for name in bar(tuple(found.maps), "examined", arguments):
        made.append(questioned(model, ready.image, found.explanations[name]))
        if arguments.progress == "text":
            tqdm.write(examination_in_words(made[-1]))
    return tuple(made)
