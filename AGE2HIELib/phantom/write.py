"""Writes a synthetic newborn the way a hospital would hand it over, with the truth beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.io.nifti import write_dwi_nifti
from AGE2HIELib.io.nrrd import write_dwi_nrrd
from AGE2HIELib.phantom.head import make_head
from AGE2HIELib.phantom.infant import make_infant
from AGE2HIELib.phantom.injury import injure
from AGE2HIELib.phantom.protocol import PROTOCOLS
from AGE2HIELib.phantom.scan import nearest, scan_infant, scanner_adc
from AGE2HIELib.volume import DwiSeries, Volume

FORMATS = ("nifti", "nrrd", "mha", "dicom")
STATEMENT = "Synthetic: made by age2hie phantom; no child was scanned. Not for clinical use."


@dataclass(frozen=True)
class PhantomTruth:
    """What was planted: kept beside the scan as ``truth.json``."""

    statement: str
    seed: int
    injury: str
    acquisition: str
    brain_ml: float
    lesion_load: float
    deep_grey_share: float


def write_phantom(output: Path, *, seed: int, file_format: str, injury: str, acquisition: str) -> Path:
    """Make one synthetic newborn and write its scan; the same seed gives the same voxels.

    Args:
        output: an existing empty folder. It receives the scan (``dwi.nii.gz`` with ``.bval`` and ``.bvec``;
            ``dwi.nrrd``; ``adc.mha``, which cannot hold b-values and so is the scanner's stripped ADC map; or
            ``dicom/`` with both, in the study of a synthetic patient of three days), and ``truth/``: the lesion, the
            structures and ``truth.json``.
        seed: of everything random.
        file_format: one of ``FORMATS``.
        injury: one of ``AGE2HIELib.phantom.injury.INJURIES``.
        acquisition: one of ``AGE2HIELib.phantom.protocol.PROTOCOLS``.

    Returns:
        The file, or the DICOM folder, to give to ``age2hie predict``.
    """
    if file_format not in FORMATS:
        raise InputError(f"Unknown phantom format '{file_format}'. Choose one of {', '.join(FORMATS)}.")
    if acquisition not in PROTOCOLS:
        raise InputError(f"Unknown acquisition '{acquisition}'. Choose one of {', '.join(PROTOCOLS)}.")
    protocol = PROTOCOLS[acquisition]
    infant = make_infant(seed)
    planted = injure(infant, injury, seed=seed)
    if file_format == "mha":
        adc = scanner_adc(infant, planted, protocol, seed=seed)
        scan_file, grid = output / "adc.mha", adc.grid
        write_volume(adc, scan_file)
    else:
        series = scan_infant(infant, planted, make_head(infant), protocol, seed=seed).dwi
        grid = series.grid
        if file_format == "dicom":
            adc = scanner_adc(infant, planted, protocol, seed=seed)
            scan_file = _write_study(series, adc, output / "dicom", seed, acquisition)
        else:
            scan_file = output / ("dwi.nii.gz" if file_format == "nifti" else "dwi.nrrd")
            (write_dwi_nifti if file_format == "nifti" else write_dwi_nrrd)(series, scan_file)
    truth = PhantomTruth(
        statement=STATEMENT,
        seed=seed,
        injury=injury,
        acquisition=acquisition,
        brain_ml=round(float(infant.brain.array.sum()) * infant.brain.grid.voxel_ml, 1),
        lesion_load=round(planted.load, 5),
        deep_grey_share=round(planted.deep_grey, 5),
    )
    folder = output / "truth"
    folder.mkdir()
    write_volume(nearest(planted.lesion, grid), folder / "lesion.nii.gz")
    write_volume(nearest(infant.labels, grid), folder / "structures.nii.gz")
    (folder / "truth.json").write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")
    return scan_file


def _write_study(series: DwiSeries, adc: Volume, folder: Path, seed: int, acquisition: str) -> Path:
    from AGE2HIELib.io.dicom_write import Study, write_adc_series, write_dwi_series  # pydicom takes a while

    study = Study(
        identity=f"age2hie phantom {seed} {acquisition}",
        patient_name="Synthetic^Phantom",
        patient_id=f"AGE2HIE-{seed}",
        birth_date="20200101",
        study_date="20200104",
        description="Synthetic newborn: no child was scanned",
    )
    write_dwi_series(series, folder, study, number=5, description="synthetic diffusion")
    write_adc_series(adc, folder, study, number=6, description="synthetic ADC")
    return folder
