"""Which series of a DICOM folder is read: acquired diffusion first, then b0 with trace, then the scanner's ADC."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.convert import convert_series, join_series
from AGE2HIELib.io.dicom.dcm2niix import ConvertedSeries
from AGE2HIELib.io.dicom.groups import check_whole, torn_words
from AGE2HIELib.io.dicom.headers import read_folder
from AGE2HIELib.io.dicom.series import DicomSeries, lost_volumes
from AGE2HIELib.io.diffusion import SMALLEST_B_RANGE_S_MM2, make_series
from AGE2HIELib.io.integrity import StoredImage
from AGE2HIELib.volume import DwiSeries

_log = logging.getLogger(__name__)
_LONGEST_LIST = 12  # series named in an error
_MOST_NAMED = 3  # damaged series, a warning each
_MOST_B = 4  # b-values that are listed one by one
_KINDS = {
    "raw": "diffusion",
    "b0": "b0 alone",
    "single": "one b-value",
    "trace": "trace image",
    "adc": "scanner's ADC",
    "map": "derived map",
    "scan": "acquired",
    "derived": "derived",
    "picture": "pictures",
    "none": "no diffusion",
}
_OF_A_PAIR = "one study, on one grid and with one echo time"
_NEVER_READ = ("map", "picture")
_ONE_ORIENTATION = 0.1  # direction cosines: those of a localiser's planes differ by about 1


@dataclass(frozen=True)
class DicomImage:
    """What was read: exactly one of ``dwi`` and ``adc`` is set; ``files`` are those that were used."""

    label: str
    files: tuple[Path, ...]
    dwi: DwiSeries | None
    adc: StoredImage | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Failure:
    series: DicomSeries
    reason: str

    @property
    def of_diffusion(self) -> bool:
        """Whether its headers speak of diffusion, or nothing of it can be read."""
        return not self.series.files or bool(_stated(self.series))


def read_dicom(path: Path, *, series: str | None = None) -> DicomImage:
    """Read one series of a folder (subfolders included) or a file. What is wrong with other series is a warning.

    Args:
        path: folder or file.
        series: a series number, where several have it followed by a colon and the key that messages list; or two of
            them joined by ``+`` (the b0 of one with the trace image of the other).

    Raises:
        InputError: what was asked for is not there, damaged or incomplete, or several series could be meant.
    """
    folder = read_folder(path)
    found = folder.series
    try:
        image = _best(found, path.name) if series is None else _named(found, series)
        if series is None:
            check_whole(frozenset(image.files), found)
    except InputError as error:  # what seems to be missing may be in another part, or in a file that cannot be read
        torn = () if "SeriesInstanceUID" in str(error) else torn_words(found)
        raise InputError(" ".join((str(error), *torn, *folder.warnings))) from error
    return replace(image, warnings=(*image.warnings, *_damages(found), *folder.warnings))


def _best(found: tuple[DicomSeries, ...], name: str) -> DicomImage:
    candidates = [one for one in found if one.kind in ("scan", "derived", "trace") and not _is_localiser(one)]
    images, failures = _converted(candidates)
    raw = [image for image in images if _use(image) == "raw"]
    lost = tuple(failure.reason for failure in failures if not failure.series.damage and failure.of_diffusion)
    if raw:
        return _dwi(_only(raw, "diffusion series"), lost)
    pairs = _pairs(images)
    if pairs:
        return _dwi(_only(pairs, "pairs of b0 and trace image"), lost)
    maps, broken = _converted([one for one in found if one.kind == "adc"])
    if maps:
        return _adc(_only(maps, "ADC maps"), tuple(one.reason for one in failures if not one.series.damage))
    raise InputError(_nothing(found, images, (*broken, *failures), name))


def _is_localiser(series: DicomSeries) -> bool:
    """Slices of several orientations, and no word of diffusion: there is no volume in it."""
    cosines = np.array([file.plane[:6] for file in series.files if len(file.plane) >= 6])
    several = len(cosines) > 1 and float(np.ptp(cosines, axis=0).max()) > _ONE_ORIENTATION
    return several and not _stated(series)


def _nothing(
    found: Sequence[DicomSeries], images: list[ConvertedSeries], failures: Sequence[_Failure], name: str
) -> str:
    """Why a folder cannot be read: its broken diffusion series or map, and else what there is in place of one."""
    meant = [failure for failure in failures if failure.of_diffusion or failure.series.kind == "adc"]
    if meant:
        more = ", ".join(failure.series.name for failure in meant[1:])
        return meant[0].reason + (f" Series that cannot be read either: {more}." if more else "")
    words = (
        f"'{name}' holds no diffusion series with two b-values and no ADC map. Found: {_listed(found, images)}. "
        "Give the folder of the raw diffusion series."
    )
    uses = {_use(image) for image in images}
    if pairs := _on_demand(images):
        words += f" Or join two series of different b-values, for instance --series {pairs[0].series.number}."
    elif "b0" in uses and uses & {"trace", "single"}:
        words += f" A b0 and what belongs to it are joined where they are of {_OF_A_PAIR}."
    return words + "".join(f" Of {one.series.label}: {one.reason}" for one in failures[:1])


def _stated(series: DicomSeries) -> list[float]:
    """The b-values in s/mm^2 that headers state."""
    return [b for file in series.files for b in file.b_values if b is not None]


def _damages(found: Sequence[DicomSeries]) -> tuple[str, ...]:
    """A damaged series is never the one that was read."""
    damaged = [series for series in found if series.damage]
    words = [f"DICOM {series.label} was left out. {series.damage}" for series in damaged[:_MOST_NAMED]]
    if more := damaged[_MOST_NAMED:]:
        words.append(f"Further DICOM series were left out as damaged: {', '.join(series.name for series in more)}.")
    return tuple(words)


def _converted(candidates: Sequence[DicomSeries]) -> tuple[list[ConvertedSeries], list[_Failure]]:
    """The series that can be converted, and why others cannot."""
    images, failures = [], []
    for candidate in candidates:
        if candidate.damage:
            failures.append(_Failure(candidate, candidate.damage))
            continue
        try:
            images.append(convert_series(candidate))
        except InputError as error:
            _log.info("series left out: %s", error)
            failures.append(_Failure(candidate, str(error)))
    return images, failures


def _use(image: ConvertedSeries) -> str:
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


def _on_demand(images: list[ConvertedSeries]) -> list[ConvertedSeries]:
    """Two series that ``--series`` would join, and nothing else does: a low b-value is no b0, directions no trace."""
    known = [image for image in images if image.b_values is not None and image.series.kind != "adc"]
    ordered = sorted(known, key=lambda image: float(image.b_values.min()))  # type: ignore[union-attr]
    pairs = [
        join_series(one, other) for one, other in combinations(ordered, 2) if one.series.study == other.series.study
    ]
    return [pair for pair in pairs if pair is not None and _use(pair) == "raw"]


def _pairs(images: list[ConvertedSeries]) -> list[ConvertedSeries]:
    """A b0 and a trace image of one study on one grid, made one series."""
    unweighted = [i for i in images if _use(i) == "b0"]
    traces = [i for i in images if _use(i) == "trace"]
    both = [join_series(b0, t) for b0 in unweighted for t in traces if b0.series.study == t.series.study]
    return [pair for pair in both if pair is not None]


def _only(images: list[ConvertedSeries], what: str) -> ConvertedSeries:
    if len(images) == 1:
        return images[0]
    choices = _listed([image.series for image in images], images)
    raise InputError(
        f"The folder holds {len(images)} {what}: {choices}. Name one with --series, for instance "
        f"--series {images[0].series.name}."
    )


def _named(found: tuple[DicomSeries, ...], wanted: str) -> DicomImage:
    """The series that the user named; two joined by ``+`` are a b0 and a trace image."""
    chosen = [_chosen(found, name.strip()) for name in wanted.split("+")]
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
        pair = join_series(b0, trace)
        if pair is not None and _use(pair) == "raw":
            return _dwi(pair, ())
    raise InputError(
        f"DICOM series {wanted} cannot be joined: a b0 and a trace image of {_OF_A_PAIR} were expected. "
        f"Found: {_listed(found, chosen)}."
    )


def _chosen(found: tuple[DicomSeries, ...], name: str) -> ConvertedSeries:
    matches = [candidate for candidate in found if candidate.is_named(name)]
    if not matches:
        raise InputError(f"There is no DICOM series '{name}'. Found: {_listed(found, [])}.")
    readable = [candidate for candidate in matches if candidate.kind not in _NEVER_READ]
    if not readable:
        kind = _KINDS[matches[0].kind]
        raise InputError(f"DICOM series {name} is of no use ({kind}). Found: {_listed(found, [])}.")
    images, failures = _converted(readable)
    # One number may hold acquired and derived images: the acquired ones are meant.
    raw = [image for image in images if _use(image) == "raw"]
    acquired = [failure for failure in failures if failure.series.kind == "scan"]
    if not raw and (acquired or not images):
        raise InputError((acquired or failures)[0].reason)
    best = raw or images
    if len(best) > 1:
        raise InputError(
            f"{len(best)} DICOM series have the number {name}: {_listed([i.series for i in best], best)}. "
            f"Name one of them by its key, for instance --series {best[0].series.name}."
        )
    check_whole(frozenset(best[0].series.paths), matches)
    return best[0]


def _dwi(image: ConvertedSeries, failures: tuple[str, ...]) -> DicomImage:
    assert image.b_values is not None  # _use calls nothing else raw
    label = f"DICOM {image.series.label}"
    _log.info("reading %s: %d volumes", label, len(image.b_values))
    stored = image.stored
    dwi = make_series(stored.array, stored.affine_ras, image.b_values, image.directions_ras, name=label)
    return DicomImage(label, image.series.paths, dwi, None, (*failures, *stored.warnings, *lost_volumes(image.series)))


def _adc(image: ConvertedSeries, failures: tuple[str, ...]) -> DicomImage:
    label = f"DICOM {image.series.label}"
    count = len(image.stored.array)
    if count != 1:
        raise InputError(f"The ADC map of {label} has {count} volumes, where 1 was expected. Give it as NIfTI.")
    return DicomImage(label, image.series.paths, None, image.stored, failures)


def _listed(series: Sequence[DicomSeries], images: Sequence[ConvertedSeries]) -> str:
    """``10 (diffusion, b 0/1000, 21 volumes)``: name, kind, b-values and size, as far as they are known.

    Never a description: it is free text, and this goes to stderr and into tables.
    """
    known = {image.series: image for image in images}
    words = [_words(candidate, known.get(candidate)) for candidate in series[:_LONGEST_LIST]]
    more = len(series) - _LONGEST_LIST
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def _words(series: DicomSeries, image: ConvertedSeries | None) -> str:
    kind = _KINDS[_use(image) if image else series.kind]
    b_values = image.b_values if image else _stated(series)
    stated = [] if b_values is None else sorted({round(float(b)) for b in b_values})
    shown = "/".join(map(str, stated)) if len(stated) <= _MOST_B else f"{stated[0]} to {stated[-1]}"
    count, unit = (len(image.stored.array), "volume") if image else (len(series.files), "file")
    parts = [kind, *([f"b {shown}"] if stated else []), f"{count} {unit}{'' if count == 1 else 's'}"]
    return f"{series.name} ({', '.join([*parts, *(['damaged'] if series.damage else [])])})"
