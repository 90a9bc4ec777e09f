"""DICOM objects of a result that is there already: the same, byte for byte, as ``predict --dicom`` writes with it."""

from __future__ import annotations

from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.coordinates import to_canonical
from AGE2HIELib.io.images import read_on_grid
from AGE2HIELib.io.source import Source, read_source
from AGE2HIELib.pipeline.earlier import check_same_atlas
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.report.hospital.objects import check_possible, write_objects
from AGE2HIELib.report.overlay import Maps
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.stored import RECORD, read_stored
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.volume import Volume

_SHORT_SHA = 12  # digits of a SHA-256 that are shown


def write_archive_objects(
    result: Path, scan: Path, output: Path, atlas: Atlas, *, series: str | None = None, overwrite: bool = False
) -> tuple[str, ...]:
    """Report, segmentations, maps and captures for the study of the scan, from the maps that the result holds.

    Args:
        result: folder that ``predict`` has made; it stays as it is.
        scan: the DICOM files that it was made from: patient and study are copied from their headers.
        output: the new folder of the objects.
        atlas: the one that the result was made with.
        series: which series of the folder; None for the one that the result names.

    Returns:
        Warnings: what of the headers is not valid DICOM, and was left empty or out.

    Raises:
        InputError: the scan is no DICOM or another one, the result is not whole, or the output cannot be used.
    """
    record = read_stored(result / RECORD).result
    chosen = series if series is not None else (record.settings.series if record.settings else None)
    with output_folder(output, overwrite=overwrite, inputs=[result, scan]) as folder:
        source = read_source(scan, series=chosen)
        check_possible(source.kind)
        _check_same_scan(source, record)
        check_same_atlas(record.atlas, atlas)
        return write_objects(record, _maps(result, source, record), atlas, source.files, folder)


def _check_same_scan(source: Source, record: Result) -> None:
    if source.sha256 != record.input.sha256:
        raise InputError(
            f"The result was made from another scan ({record.input.sha256[:_SHORT_SHA]}...) than this one "
            f"({source.sha256[:_SHORT_SHA]}...). Give the files that it was made from, or predict this scan."
        )


def _maps(folder: Path, source: Source, record: Result) -> Maps:
    """On the scan's own grid, whose geometry a NIfTI file keeps to fewer digits."""

    def read(name: str) -> Volume | None:
        path = folder / f"{name}.nii.gz"
        if not path.is_file():
            return None
        stored = read_on_grid(path, source.stored, what="map")
        return to_canonical(Volume(stored.array, source.stored.affine_ras))

    adc, brain, lesion = read("adc"), read("brain_mask"), read("lesion")
    if adc is None or brain is None or (record.lesion is not None and lesion is None):
        raise InputError(f"'{folder.name}' does not hold all maps of its result. Predict the scan again.")
    return Maps(
        adc,
        brain.like(brain.array > 0),
        read("z_adc"),
        read("saliency"),
        read("regions"),
        lesion.like(lesion.array > 0) if lesion is not None else None,
    )
