"""A DICOM series as volumes of which each has the b-value that its own headers state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.b_values import B0_LIMIT_S_MM2, b_values_in_words, echo_time_ms, unmatched_b_values
from AGE2HIELib.io.dicom.dcm2niix import ConvertedSeries, run_dcm2niix
from AGE2HIELib.io.dicom.series import DicomFile, DicomSeries, check_complete, one_slice_a_file
from AGE2HIELib.io.dicom.volumes import in_order, split_frames, split_volumes
from AGE2HIELib.io.integrity import StoredImage

_SAME_GRID_MM = 1e-2  # DICOM states positions to 1e-3 mm or coarser
# Between a b0 and its trace: T2 decay looks like diffusion. 1 ms at a T2 of 150 ms is 7e-6 mm^2/s at b = 1000.
_SAME_ECHO_MS = 1.0
_AS_NIFTI = "Convert it with the scanner's software and give it as NIfTI with its .bval."


def convert_series(series: DicomSeries) -> ConvertedSeries:
    """Convert one series.

    A volume's b-value comes from statements about that volume: the converter's where they agree with those of the
    headers; the headers' own where the converter has none or where image numbers do not tell which files make a
    volume, and then each volume is converted alone. Raises InputError where neither can be, where a header contradicts
    itself, where slices are missing, or where several images come out.
    """
    check_complete(series)
    _check_contradictions(series)
    spoken = replace(series, files=_with_silent_b0(series.files))
    ordered = in_order(spoken)
    silent = sum(None in file.b_values for file in spoken.files)
    if not ordered and silent < len(spoken.files):
        if not _all_stated(spoken):
            raise _cannot_order(series, silent)
        return _volume_by_volume(spoken, series)
    images = run_dcm2niix(series.files, series)
    _check_slices(series, images)
    if series.kind == "adc":
        return replace(_only(images, series), b_values=None)
    with_b = [image for image in images if image.b_values is not None]
    stated = _stated(spoken, (with_b or images)[0])
    if not with_b and set(stated) == {None}:
        return _only(images, series)
    if not ordered:
        raise _cannot_order(series, silent)
    if not with_b:
        return _from_headers(images, stated, spoken, series)
    image = _only(with_b, series)
    if set(stated) == {None} or _agree(image, stated, spoken, images):
        return image
    return _volume_by_volume(spoken, series)


def _check_contradictions(series: DicomSeries) -> None:
    """Of two statements about one volume none is to be preferred. A map's b-values have no part in anything."""
    words = [file.contradiction for file in series.files if file.contradiction]
    if words and series.kind != "adc":
        raise InputError(
            f"The b-values of DICOM {series.label} are in doubt: {len(words)} of its {len(series.files)} files "
            f"contradict themselves, stating {words[0]}, in s/mm^2. {_AS_NIFTI}"
        )


def _from_headers(
    images: list[ConvertedSeries], stated: Counter[float | None], spoken: DicomSeries, series: DicomSeries
) -> ConvertedSeries:
    """The converter knows no b-values, and headers state some."""
    if not _all_stated(spoken):
        raise _in_doubt(series, stated, np.empty(0))
    several = any(file.frames > 1 for file in spoken.files) and sum(stated.values()) > len(spoken.files)
    if len(stated) > 1 or several:  # of frames whose b-value it does not know, it mixes the volumes
        return _volume_by_volume(spoken, series)
    image = _only(images, series)
    b = spoken.files[0].b_values[0] or 0.0
    return replace(image, b_values=np.full(len(image.stored.array), b))


def _agree(
    image: ConvertedSeries, stated: Counter[float | None], spoken: DicomSeries, images: list[ConvertedSeries]
) -> bool:
    """Whether the converter's b-values are those of the headers; False where each volume is better converted alone.

    That is where the converter set a b0 aside; where one file states b-values frame by frame, for it has no other
    source than these; and where it has zeros for volumes of GE without a direction, beside a b0 that headers state.
    Raises InputError for every other contradiction.
    """
    assert image.b_values is not None  # only such images are asked about
    without, left = unmatched_b_values(image.b_values, stated)
    aside = sum(len(other.stored.array) for other in images if other is not image)
    contradicted = bool(without) or (one_slice_a_file(spoken) and len(left) > aside)
    b0_aside = any(b is not None and b <= B0_LIMIT_S_MM2 for b in left)
    if not contradicted and not b0_aside:
        return True
    by_frames = any(len(file.b_values) > 1 for file in spoken.files)
    b0_stated = any(b is not None and b <= B0_LIMIT_S_MM2 for b in stated)
    zeroed = spoken.files[0].maker.startswith("GE") and b0_stated and not b0_aside and not any(without)
    if not _all_stated(spoken) or (contradicted and not by_frames and not zeroed):
        raise _in_doubt(spoken, stated, image.b_values)
    return False


def _cannot_order(series: DicomSeries, silent: int) -> InputError:
    return InputError(
        f"It is not known which of the {len(series.files)} files of DICOM {series.label} make a volume: {silent} of "
        f"them state no b-value, and image numbers do not tell. {_AS_NIFTI}"
    )


def _all_stated(series: DicomSeries) -> bool:
    return not any(None in file.b_values for file in series.files)


def _with_silent_b0(files: tuple[DicomFile, ...]) -> tuple[DicomFile, ...]:
    """With b = 0 where a vendor leaves it out, which shows in other images of the series that state theirs."""
    stated = [b for file in files for b in file.b_values if b is not None]
    silent = [file for file in files if None in file.b_values]
    if not stated or min(stated) <= B0_LIMIT_S_MM2 or not all(file.silent_b0 for file in silent):
        return files
    return tuple(replace(file, b_values=tuple(b or 0.0 for b in file.b_values)) for file in files)


def _stated(series: DicomSeries, image: ConvertedSeries) -> Counter[float | None]:
    """Volumes by the b-value that headers state, to 1 s/mm^2."""
    slices = image.stored.array.shape[3]
    counted: Counter[float | None] = Counter()
    for file in series.files:
        share = (slices if file.mosaic else file.frames) // len(file.b_values)
        for b in file.b_values:
            counted[None if b is None else float(round(b))] += share
    return Counter({b: -(-count // slices) for b, count in counted.items()})


def _only(images: Sequence[ConvertedSeries], series: DicomSeries) -> ConvertedSeries:
    if len(images) == 1:
        return images[0]
    sizes = ", ".join("x".join(str(n) for n in image.stored.array.shape[1:]) for image in images)
    raise InputError(f"DICOM {series.label} holds {len(images)} different images ({sizes} voxels). {_AS_NIFTI}")


def _in_doubt(series: DicomSeries, stated: Counter[float | None], found: np.ndarray) -> InputError:
    converted = b_values_in_words(Counter(float(round(b)) for b in found)) if found.size else "none"
    return InputError(
        f"The b-values of DICOM {series.label} are in doubt: its headers state {b_values_in_words(stated)}, and "
        f"dcm2niix finds {converted}, in s/mm^2. {_AS_NIFTI}"
    )


def _check_slices(series: DicomSeries, images: list[ConvertedSeries]) -> None:
    """Classic files hold one slice each, so that a missing one shows in the count."""
    if not one_slice_a_file(series):
        return
    slices = [image.stored.array.shape[0] * image.stored.array.shape[3] for image in images]
    if len(series.files) not in (sum(slices), *slices):
        raise InputError(
            f"DICOM {series.label} is incomplete: {len(series.files)} files do not fill volumes of "
            f"{images[0].stored.array.shape[3]} slices. Export the series with all of its images."
        )


def _volume_by_volume(spoken: DicomSeries, series: DicomSeries) -> ConvertedSeries:
    """Each volume converted alone, with the b-value that its headers state."""
    parts = []
    if one_slice_a_file(spoken):
        parts = [_volume(files, files[0].b_values[0], spoken) for files in split_volumes(spoken)]
    else:
        for file in sorted(spoken.files, key=lambda file: (min(b or 0.0 for b in file.b_values), file.number or 0)):
            if file.mosaic or file.frames == 1:
                parts.append(_volume((file,), file.b_values[0], spoken))
                continue
            for frames in split_frames(file, spoken):
                chosen = tuple(int(frame.number or 0) for frame in frames)
                parts.append(_volume((file,), frames[0].b_values[0], spoken, frames=chosen))
    whole = _stacked(parts, series)
    return replace(whole, stored=replace(whole.stored, warnings=_unknown_directions(whole)))


def _unknown_directions(image: ConvertedSeries) -> tuple[str, ...]:
    """A warning where several weighted volumes have no direction: uneven ones need a tensor, not their mean."""
    assert image.b_values is not None  # stacked of parts that have one
    silent = image.b_values[(image.b_values > B0_LIMIT_S_MM2) & ~np.any(image.directions_ras, axis=1)]
    if len(silent) == len(np.unique(silent)):
        return ()
    words = (
        f"The directions of {len(silent)} volumes of DICOM {image.series.label} are not known: their plain mean stands "
        "for all directions only if they cover the sphere evenly, or if each is a trace."
    )
    return (words,)


def _volume(
    files: tuple[DicomFile, ...], b: float | None, series: DicomSeries, *, frames: tuple[int, ...] | None = None
) -> ConvertedSeries:
    """One volume, with the direction that the converter finds for it."""
    image = _only(run_dcm2niix(files, series, frames=frames), series)
    _check_slices(replace(series, files=files), [image])
    volumes, slices = image.stored.array.shape[0], image.stored.array.shape[3]
    if volumes != 1 or (frames and slices != len(frames)):
        raise InputError(
            f"dcm2niix makes {volumes} volumes of {slices} slices of one volume of DICOM {series.label}. {_AS_NIFTI}"
        )
    b = b or 0.0
    directions = image.directions_ras if b > B0_LIMIT_S_MM2 else np.zeros((1, 3))
    return replace(image, b_values=np.full(1, b), directions_ras=directions)


def _stacked(parts: list[ConvertedSeries], series: DicomSeries) -> ConvertedSeries:
    first = parts[0]
    if any(not part.grid.same_as(first.grid, _SAME_GRID_MM) for part in parts):
        raise InputError(f"The volumes of DICOM {series.label} lie on several grids. {_AS_NIFTI}")
    return ConvertedSeries(
        series,
        StoredImage(np.concatenate([part.stored.array for part in parts]), first.stored.affine_ras),
        np.concatenate([part.b_values for part in parts if part.b_values is not None]),
        np.concatenate([part.directions_ras for part in parts]),
    )


def join_series(b0: ConvertedSeries, weighted: ConvertedSeries) -> ConvertedSeries | None:
    """The unweighted volumes of one series with another's (a b0 and its trace); None where grid or echo time differ."""
    if b0.b_values is None or weighted.b_values is None or not b0.grid.same_as(weighted.grid, _SAME_GRID_MM):
        return None
    echoes = [echo for one in (b0, weighted) if (echo := echo_time_ms(one.series.paths[0])) is not None]
    if max(echoes, default=0.0) - min(echoes, default=0.0) > _SAME_ECHO_MS:
        return None
    lowest = b0.b_values == b0.b_values.min()
    both = replace(
        weighted.series,
        number=f"{b0.series.name}+{weighted.series.name}",
        shared=False,
        files=(*b0.series.files, *weighted.series.files),
    )
    unweighted = StoredImage(b0.stored.array[lowest], b0.stored.affine_ras)
    part = ConvertedSeries(both, unweighted, b0.b_values[lowest], np.zeros((int(lowest.sum()), 3)))
    return _stacked([part, weighted], both)
