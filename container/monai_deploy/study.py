"""What the MONAI Deploy operator does, without the SDK: one study in, the folder of its result out."""

from __future__ import annotations

from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.images import SUFFIXES
from AGE2HIELib.pipeline.prediction import Outcome, predict
from AGE2HIELib.pipeline.request import Request

RESULT = "age2hie"  # below the folder of the output


def predict_study(study: Path, output: Path, model: Path | None = None) -> Outcome:
    """Write ``output/age2hie``: result.json, maps, page, and for DICOM the objects for the study in ``dicom``.

    Args:
        study: a DICOM folder, or one image file, or a folder that holds one image file.
        output: an existing folder.
        model: folder of a bundle; None for the demonstration model.

    Raises:
        InputError: the study cannot be read, or holds several images.
    """
    scan = scan_of(study)
    return predict(Request(scan, model=model, dicom=scan.is_dir()), output / RESULT, overwrite=True)


def scan_of(study: Path) -> Path:
    if not study.exists():
        raise InputError(f"The input '{study.name}' does not exist. Set HOLOSCAN_INPUT_PATH, or give --input.")
    if study.is_file():
        return study
    found = sorted(path for path in study.iterdir() if path.name.lower().endswith(SUFFIXES))
    if len(found) > 1:
        raise InputError(f"The input '{study.name}' holds {len(found)} images. Give one study at a time.")
    return found[0] if found else study


def bundle_in(folder: str) -> Path | None:
    """The model that MONAI Deploy mounts: the folder with a manifest, itself or one below it; None without one."""
    root = Path(folder) if folder else None
    if root is None or not root.is_dir():
        return None
    found = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    return next((path for path in found if (path / "manifest.json").is_file()), None)
