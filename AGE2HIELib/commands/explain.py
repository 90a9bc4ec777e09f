"""``age2hie explain``: several saliency maps of one scan, and where they agree."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from AGE2HIELib.commands.earlier import Earlier, check_same, differs, is_earlier, read_earlier
from AGE2HIELib.commands.reading import given_paths, resolve_atlas
from AGE2HIELib.commands.speaking import examination_in_words, say_refused
from AGE2HIELib.errors import InputError
from AGE2HIELib.explain.compare import agreement
from AGE2HIELib.explain.evidence import evidence_table, write_evidence_table
from AGE2HIELib.explain.examination import Examination
from AGE2HIELib.inference.prevalence import check_prevalence
from AGE2HIELib.installed import find_model
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.options import SALIENCY
from AGE2HIELib.orientation import to_stored_order
from AGE2HIELib.outputs import output_folder
from AGE2HIELib.pipeline import (
    EXAMINED_STAGES,
    STAGES,
    HieModel,
    Prepared,
    Scan,
    check_z_origin,
    examine,
    explained,
    judged,
    load_model,
    on_scan,
    prepare,
    questioned,
    read_scan,
)
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.progress import Progress, Stages
from AGE2HIELib.quality import Quality
from AGE2HIELib.quality.check import known_overrides
from AGE2HIELib.report.explanations import Comparison, comparison_picture, comparison_record
from AGE2HIELib.report.explanations_page import explanations_html
from AGE2HIELib.report.record import Circumstances, write_record
from AGE2HIELib.report.settings import Settings, read_settings
from AGE2HIELib.volume import Grid

RECORD, TABLE, PICTURE, PAGE = "explanations.json", "evidence.csv", "explanations.png", "explanations.html"
EXPLAINED, REFUSED = 0, 3


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Exit code 3, and nothing written, where the gate refuses the scan: there is no number to explain."""
    methods = _methods(arguments.methods)
    if not 0 < arguments.share <= 1:
        raise InputError(f"--share is {arguments.share:g}; it must be above 0 and at most 1.")
    check_prevalence(arguments.prevalence)
    names = EXAMINED_STAGES if arguments.examine else STAGES
    try:
        with output_folder(arguments.output, overwrite=arguments.overwrite, inputs=given_paths(arguments)) as folder:
            _explain_into(folder, arguments, methods, Stages(names, progress))
    except _RefusedError as refusal:
        progress.close()
        say_refused(refusal.quality, progress)
        return REFUSED
    progress.close()
    progress.result(arguments.output)
    if arguments.progress == "text":
        print(f"{len(methods)} maps: {arguments.output / PAGE}")
    return EXPLAINED


class _RefusedError(Exception):
    """Leaves the output folder unmade."""

    def __init__(self, quality: Quality) -> None:
        super().__init__("refused by the quality gate")
        self.quality = quality


def _explain_into(folder: Path, arguments: argparse.Namespace, methods: tuple[str, ...], stages: Stages) -> None:
    atlas = stages.run("read", load_atlas, resolve_atlas(arguments.atlas))
    scan, earlier = stages.run("read", _read, arguments)
    settings = _settings(arguments, scan, earlier)
    folder_of_model, prevalence = find_model(arguments.model), settings.prevalence
    model = stages.run("model", load_model, folder_of_model, device=arguments.device, prevalence=prevalence)
    if earlier is None:
        check_z_origin(model.bundle, atlas, released=scan.z_adc is not None)
    else:
        check_same(earlier, model.bundle, atlas)
    seen = examine(scan, atlas, stages, align=arguments.align)
    override = (*known_overrides(arguments.override), *(earlier.overridden if earlier else ()))
    seen = replace(seen, quality=seen.quality.overriding(override))
    if seen.placement is None or not seen.quality.passed:
        raise _RefusedError(seen.quality)
    ready = judged(prepare(scan, seen, model, atlas, stages), model, override)
    seen = ready.examined
    if seen.placement is None or not seen.quality.passed:
        raise _RefusedError(seen.quality)
    model, found = stages.run("explain", _compared, model, ready, methods, arguments)
    rows = stages.run("explain", evidence_table, atlas, seen.placement, seen.brain, ready.z, found.maps)
    examinations = stages.run("examine", _examinations, model, ready, found, arguments) if arguments.examine else ()
    stages.run("report", _write_maps, found, scan.source.stored, folder)
    write_evidence_table(rows, folder / TABLE)
    warnings = (*seen.warnings, *model.warnings, *(differs(earlier, found.probability) if earlier else ()))
    about = Circumstances(scan.source, model.bundle, atlas, model.device, warnings, settings)
    picture = stages.run("report", comparison_picture, found, demonstration=model.bundle.demonstration)
    picture.save(folder / PICTURE, optimize=False)
    record = comparison_record(about, seen.quality, found, stages.seconds, examinations)
    page = stages.run("report", explanations_html, record, found, rows, folder / PICTURE)
    (folder / PAGE).write_text(page, encoding="utf-8")
    write_record({**record, "timing_s": stages.seconds}, folder / RECORD)


def _read(arguments: argparse.Namespace) -> tuple[Scan, Earlier | None]:
    """A scan, or what ``predict`` has written about one: of that the z-map and the brain come, too."""
    if not is_earlier(arguments.input):
        return read_scan(arguments.input, series=arguments.series, z_adc=arguments.z_adc, mask=arguments.mask), None
    for name in ("series", "z_adc", "mask", "prevalence"):
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
    overrides = known_overrides(arguments.override)
    return Settings(**chosen, overrides=overrides, mask_sha256=scan.mask_sha256, z_adc_sha256=scan.z_adc_sha256)


def _compared(
    model: HieModel, ready: Prepared, methods: tuple[str, ...], arguments: argparse.Namespace
) -> tuple[HieModel, Comparison]:
    """Every map and the agreement of its members, on the scan's grid, and the model that made the last of them: on the
    CPU where the GPU's memory ran out. A bar shows what takes minutes."""
    made, maps, members = {}, {}, {}
    for name in _bar(methods, "maps", arguments):
        model, made[name] = explained(model, ready.image, name, layer=arguments.layer, target=arguments.target)
        maps[name] = on_scan(made[name].saliency, ready.examined)
        members[name] = on_scan(made[name].agreement, ready.examined)
    seen, share = ready.examined, arguments.share
    votes = agreement(list(maps.values()), share)
    return model, Comparison(seen.adc, seen.brain, made, maps, members, votes, share)


def _examinations(
    model: HieModel, ready: Prepared, found: Comparison, arguments: argparse.Namespace
) -> tuple[Examination, ...]:
    """Of every map; each line is said as soon as it is known."""
    made = []
    for name in _bar(tuple(found.maps), "examined", arguments):
        made.append(questioned(model, ready.image, found.explanations[name]))
        if arguments.progress == "text":
            tqdm.write(examination_in_words(made[-1]))
    return tuple(made)


def _bar(names: tuple[str, ...], title: str, arguments: argparse.Namespace) -> Iterable[str]:
    bar: Iterable[str] = tqdm(names, desc=title, leave=False, disable=arguments.progress != "text")
    return bar


def _write_maps(found: Comparison, stored: Grid, folder: Path) -> None:
    volumes = {f"saliency_{name}": volume for name, volume in found.maps.items()}
    volumes |= {f"members_agree_{name}": volume for name, volume in found.members_agree.items()}
    for name, volume in {**volumes, "agreement": found.agreement, "adc": found.adc}.items():
        write_volume(to_stored_order(volume, stored), folder / f"{name}.nii.gz")


def _methods(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in SALIENCY]
    if unknown or not names:
        raise InputError(f"--methods names {unknown or 'nothing'}. Choose from {', '.join(SALIENCY)}, with commas.")
    return names
