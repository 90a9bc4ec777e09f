"""``age2hie reproduce``: a result made once more from the same files, and what differs."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from AGE2HIELib.commands.requests import (
    SHORT_SHA,
    check_default_atlas,
    given_options,
    model_of_result,
    request_of_result,
)
from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.analysis import stages_of
from AGE2HIELib.pipeline.inputs import Inputs
from AGE2HIELib.pipeline.prediction import predict_inputs, read_inputs
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.result.decode import RecordError
from AGE2HIELib.result.differences import (
    VOLUMES,
    Difference,
    record_differences,
    region_differences,
    volume_differences,
)
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.stored import RECORD, Stored, is_earlier, read_stored, unusable_record
from AGE2HIELib.result.tolerance import EXACT, circumstances, tolerance_between
from AGE2HIELib.system.outputs import disk_errors
from AGE2HIELib.system.progress import Progress, Stages
from AGE2HIELib.system.stray_files import owner_mark, remove_stale_files

EQUAL, DIFFERS = 0, 4
_SCRATCH = "age2hie-again-"  # begins the names of folders with images, which a killed run leaves to the next
_SAME_VERSION = "another state of this program under the same version, or a result that was changed by hand"


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """0 equal, 4 something differs; a scan that was refused is equal where the same checks fail."""
    path = arguments.result / RECORD if is_earlier(arguments.result) else arguments.result
    then = _read(path)
    request = _request(then, arguments)
    stages = stages_of(request, progress)
    inputs = read_inputs(request, stages)
    others = _other_files(then, inputs)
    text = arguments.progress == "text"
    if text:
        _say_others(others)
    try:
        now, found = _compared(then, path.parent, request, inputs, stages)
    except InputError as error:
        if not others:
            raise
        now, found = then.result, [Difference("prediction", "made", f"impossible: {error}", "none")]
    progress.close()
    equal = not others and not found
    progress.found("reproduced", {"equal": equal, "differences": [asdict(row) for row in (*others, *found)]})
    if text:
        _say_found(then.result, now, others, found)
        _say_what_was_not_compared(path.parent)
    return EQUAL if equal else DIFFERS


def _read(path: Path) -> Stored:
    """With every part that is needed here; an older record lacks some."""
    then = read_stored(path)
    if then.result.machine is None or then.result.atlas.sha256 is None:
        raise unusable_record(path, RecordError("no machine, or no SHA-256 of the atlas: an older age2hie made it"))
    return then


def _request(then: Stored, arguments: argparse.Namespace) -> Request:
    """The recorded choices with the files that the caller names."""
    settings, given = then.settings, given_options(arguments)
    for option in ("mask", "z_adc", "t1", "t2"):
        sha256 = getattr(settings, f"{option}_sha256")
        if sha256 and option not in given:
            name = option.replace("_", "-")
            raise InputError(f"The result was made with --{name} (SHA-256 {sha256}). Give that file with --{name}.")
    if settings.age_given and "age_days" not in given:
        raise InputError("The result was made with --age-days, and keeps no age. Give the age again.")
    if settings.clinical_given is not None and "clinical" not in given:
        raise InputError("The result was made with --clinical, whose values it does not keep. Give the file again.")
    request = replace(request_of_result(then.result, settings), **given)
    if "model" not in given:
        request = replace(request, model=model_of_result(then.result.model))
    if "atlas" not in given:  # one that the caller names may be another one
        check_default_atlas(then.result.atlas)
    if "device" not in given:
        request = replace(request, device=_device_of(then.result.device))
    request.check()
    return request


def _device_of(then: str) -> str:
    from AGE2HIELib.inference.device import choose_device

    try:
        return choose_device(then)
    except InputError:
        return "auto"


def _other_files(then: Stored, inputs: Inputs) -> list[Difference]:
    """Which of the files are not those that the result was made from."""
    settings, result, scan = then.settings, then.result, inputs.scan
    pairs = {
        "input": (result.input.sha256, scan.source.sha256),
        "mask": (settings.mask_sha256, scan.mask_sha256),
        "z-map": (settings.z_adc_sha256, scan.z_adc_sha256),
        "T1": (settings.t1_sha256, scan.sequences.sha256.get("t1")),
        "T2": (settings.t2_sha256, scan.sequences.sha256.get("t2")),
        "model": (result.model.sha256, inputs.model.bundle.sha256),
        "atlas": (result.atlas.sha256, inputs.atlas.sha256),
    }
    return [
        Difference(f"{name} (SHA-256)", _shortened(one), _shortened(other), "none")
        for name, (one, other) in pairs.items()
        if one != other
    ]


def _shortened(sha256: str | None) -> str:
    return f"{sha256[:SHORT_SHA]}..." if sha256 else "none"


def _compared(
    then: Stored, folder: Path, request: Request, inputs: Inputs, stages: Stages
) -> tuple[Result, list[Difference]]:
    """The new record, and its differences; the new result is written as ``predict`` does, and then forgotten."""
    remove_stale_files(Path(tempfile.gettempdir()), _SCRATCH)
    with (
        tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{owner_mark()}-") as scratch,
        disk_errors(Path(scratch)),
    ):
        predict_inputs(Path(scratch), request, inputs, stages)
        now = read_stored(Path(scratch, RECORD))
        allowed = tolerance_between(then.result, now.result)
        found = record_differences(then.content, now.content, allowed)
        if _volumes_beside(folder):
            found += volume_differences(folder, Path(scratch), allowed)
            found += region_differences(folder, Path(scratch), allowed)
    return now.result, found


def _volumes_beside(folder: Path) -> bool:
    return any((folder / f"{name}.nii.gz").is_file() for name in VOLUMES)


def _say_others(others: Sequence[Difference]) -> None:
    for other in others:
        print(f"another {other.name}: then {other.then}, now {other.now}", flush=True)
    if not others:
        print("Input, model and atlas are those that the result was made from (SHA-256).", flush=True)


def _say_found(then: Result, now: Result, others: Sequence[Difference], found: Sequence[Difference]) -> None:
    if found:
        _print_table(found)
    changed = "; ".join(f"{name} was {one}, is {other}" for name, (one, other) in circumstances(then, now).items())
    if found:
        files = ", ".join(other.name.split(" ")[0] for other in others)
        reason = f"another {files}" if others else changed or _SAME_VERSION
        print(f"differs: {len(found)} of the findings. Likely why: {reason}.")
    elif others:
        print("differs: the files do, though every finding is the same.")
    elif tolerance_between(then, now) == EXACT:
        print("equal, to the last digit.")
    else:
        print(f"equal, within the tolerance ({changed or 'of this method or device'}).")


def _say_what_was_not_compared(folder: Path) -> None:
    if not _volumes_beside(folder):
        print(f"Only {RECORD} was compared: no volumes lie beside it.")


def _print_table(rows: Sequence[Difference]) -> None:
    heading = Difference("what", "then", "now", "tolerance")
    shown = [(row.name, row.then, row.now, row.tolerance) for row in (heading, *rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(3)]
    for row in shown:
        cells = (f"{text:<{width}}" for text, width in zip(row, widths, strict=False))
        print("  ".join((*cells, row[3])).rstrip())
