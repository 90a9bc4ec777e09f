"""Which series of a DICOM folder is read: acquired diffusion first, then b0 with trace, then the scanner's ADC."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.convert import Converted, convert, joined
from AGE2HIELib.io.dicom_complete import lost_volumes
from AGE2HIELib.io.dicom_headers import DicomSeries, find_series
from AGE2HIELib.io.gradients import SMALLEST_B_RANGE_S_MM2, make_series
from AGE2HIELib.io.integrity import Stored
from AGE2HIELib.volume import DwiSeries

_log = logging.getLogger(__name__)
_LONGEST_LIST = 12  # series named in an error
_KINDS = {
    "raw": "diffusion",
    "b0": "b0 alone",
    "single": "one b-value",
    "trace": "trace image",
    "adc": "scanner's ADC",
    "map": "derived map",
    "scan": "acquired",
    "none": "no diffusion",
}


@dataclass(frozen=True)
class DicomImage:
    """What was read: exactly one of ``dwi`` and ``adc`` is set; ``files`` are those that were used."""

    label: str
    files: tuple[Path, ...]
    dwi: DwiSeries | None
    adc: Stored | None
    warnings: tuple[str, ...] = ()


def read_dicom(path: Path, *, series: str | None = None) -> DicomImage:
    """Read one series of a folder (subfolders included) or a file.

    Args:
        path: folder or file.
        series: a series number, or two joined by ``+`` (the b0 of one with the trace image of the other).
    """
    found = find_series(path)
    if series is not None:
        return _named(found, series)
    images, failures = _converted([candidate for candidate in found if candidate.kind in ("scan", "derived", "trace")])
    raw = [image for image in images if _use(image) == "raw"]
    if raw:
        return _dwi(_only(raw, "diffusion series"), failures)
    pairs = _pairs(images)
    if pairs:
        return _dwi(_only(pairs, "pairs of b0 and trace image"), failures)
    maps = [convert(candidate) for candidate in found if candidate.kind == "adc"]
    if maps:
        return _adc(_only(maps, "ADC maps"), failures)
    if len(failures) == 1:
        raise InputError(failures[0])
    raise InputError(
        f"'{path.name}' holds no diffusion series with two b-values and no ADC map. Found: {_listed(found, images)}. "
        "Give the folder of the raw diffusion series."
    )


def _converted(candidates: list[DicomSeries]) -> tuple[list[Converted], tuple[str, ...]]:
    """The series that can be converted, and why others (localisers, broken ones) cannot."""
    images, failures = [], []
    for candidate in candidates:
        try:
            images.append(convert(candidate))
        except InputError as error:
            _log.info("series left out: %s", error)
            failures.append(str(error))
    return images, tuple(failures)


def _use(image: Converted) -> str:
    """What a converted series can serve as: judged by its b-values, never by its name."""
    b_values = image.b_values
    if image.series.kind == "adc":
        return "adc"
    if b_values is None:
        return "none"
    if np.ptp(b_values) >= SMALLEST_B_RANGE_S_MM2:
        return "raw"
    if b_values.max() < SMALLEST_B_RANGE_S_MM2:
        return "b0"
    return "single" if np.any(image.directions_ras) else "trace"


def _pairs(images: list[Converted]) -> list[Converted]:
    """A b0 and a trace image of one study on one grid, made one series."""
    unweighted = [i for i in images if _use(i) == "b0"]
    traces = [i for i in images if _use(i) == "trace"]
    both = [joined(b0, t) for b0 in unweighted for t in traces if b0.series.study == t.series.study]
    return [pair for pair in both if pair is not None]


def _only(images: list[Converted], what: str) -> Converted:
    if len(images) == 1:
        return images[0]
    choices = _listed([image.series for image in images], images)
    raise InputError(
        f"The folder holds {len(images)} {what}: {choices}. Name one with --series, for instance "
        f"--series {images[0].series.number}."
    )


def _named(found: tuple[DicomSeries, ...], wanted: str) -> DicomImage:
    """The series that the user named; two joined by ``+`` are a b0 and a trace image."""
    numbers = [number.strip() for number in wanted.split("+")]
    chosen = [_numbered(found, number) for number in numbers]
    if len(chosen) == 1:
        image = chosen[0]
        use = _use(image)
        if use == "adc":
            return _adc(image, ())
        if use != "raw":
            raise InputError(
                f"DICOM series {wanted} is of no use alone ({_KINDS[use]}): an ADC needs two b-values. A b0 and its "
                f"trace image are joined as --series 10+12. Found: {_listed(found, chosen)}."
            )
        return _dwi(image, ())
    if len(chosen) == 2 and chosen[0].series.study == chosen[1].series.study:  # numbers begin anew in each study
        b0, trace = sorted(chosen, key=lambda i: np.inf if i.b_values is None else float(i.b_values.min()))
        pair = joined(b0, trace)
        if pair is not None and _use(pair) == "raw":
            return _dwi(pair, ())
    raise InputError(
        f"DICOM series {wanted} cannot be joined: a b0 and a trace image of one study and on one grid were "
        "expected. "
        f"Found: {_listed(found, chosen)}."
    )


def _numbered(found: tuple[DicomSeries, ...], number: str) -> Converted:
    matches = [candidate for candidate in found if candidate.number == number]
    if not matches:
        raise InputError(f"There is no DICOM series '{number}'. Found: {_listed(found, [])}.")
    images, failures = _converted(matches)
    if not images:
        raise InputError(failures[0])
    # One number may hold acquired and derived images: the acquired ones are meant.
    best = [image for image in images if _use(image) == "raw"] or images
    if len(best) > 1:
        raise InputError(
            f"{len(best)} DICOM series have the number {number}: {_listed([i.series for i in best], best)}. "
            "Give the folder of one of them alone."
        )
    return best[0]


def _dwi(image: Converted, failures: tuple[str, ...]) -> DicomImage:
    assert image.b_values is not None  # _use calls nothing else raw
    label = f"DICOM {image.series.label}"
    _log.info("reading %s: %d volumes", label, len(image.b_values))
    stored = image.stored
    dwi = make_series(stored.array, stored.affine_ras, image.b_values, image.directions_ras, name=label)
    return DicomImage(label, image.series.paths, dwi, None, (*failures, *lost_volumes(image.series)))


def _adc(image: Converted, failures: tuple[str, ...]) -> DicomImage:
    label = f"DICOM {image.series.label}"
    count = len(image.stored.array)
    if count != 1:
        raise InputError(f"The ADC map of {label} has {count} volumes, where 1 was expected. Give it as NIfTI.")
    return DicomImage(label, image.series.paths, None, image.stored, failures)


def _listed(series: Sequence[DicomSeries], images: list[Converted]) -> str:
    """``10 'DWI' (diffusion, 21 volumes)``: number, description, kind and volumes, where they are known."""
    known = {image.series: image for image in images}
    words = []
    for candidate in series[:_LONGEST_LIST]:
        image = known.get(candidate)
        kind = _KINDS.get(_use(image) if image else candidate.kind, "not converted")
        volumes = f"{len(image.stored.array)} volumes" if image else f"{len(candidate.files)} files"
        words.append(f"{candidate.number} '{candidate.description}' ({kind}, {volumes})")
    more = len(series) - _LONGEST_LIST
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")
