"""Stands in for a prediction where the node around it is tested: quick, and able to end in every bad way.

As a program: a node that predicts with it. What a study's series is called decides how it ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from AGE2HIELib.node.prediction import DIED, PREDICTED, SKIPPED, UNUSABLE, Ending, StudyTask
from AGE2HIELib.system.outputs import output_folder

OBJECTS = 3
_GROWTH_MB = 400


def stand_in(task: StudyTask) -> Ending:
    """Writes ``OBJECTS`` pictures of the study, with UIDs drawn from it."""
    if (task.output / "result.json").is_file():
        return Ending(PREDICTED, "it had been predicted before")
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in task.files.objects(task.key)]
    wanted = str(headers[0].get("ImageComments") or "")
    count(task.files.folder.parent / "attempts")
    if wanted == "crash":
        os._exit(11)
    if wanted == "grow":
        held = np.ones(_GROWTH_MB * 125_000)
        time.sleep(30)
        return Ending(DIED, str(held[0]))
    if wanted == "hang":
        time.sleep(60)
    if wanted == "defect":
        raise ZeroDivisionError(str(headers[0].PatientName))
    if wanted in (UNUSABLE, SKIPPED):
        return Ending(wanted, f"It is {wanted}.")
    time.sleep(float(wanted or 0))
    with output_folder(task.output, overwrite=False) as folder:
        (folder / "dicom").mkdir()
        for number in range(OBJECTS):
            picture(headers[0], number).save_as(folder / "dicom" / f"picture-{number}.dcm", enforce_file_format=True)
        (folder / "result.json").write_text(json.dumps({"objects": OBJECTS}))
    return Ending(PREDICTED, "series 5")


def count(file: Path) -> None:
    with file.open("a") as attempts:
        attempts.write("1\n")


def picture(header: pydicom.Dataset, number: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = SecondaryCaptureImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"{header.StudyInstanceUID}|{number}"])
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, meta.MediaStorageSOPInstanceUID
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "AccessionNumber"):
        setattr(made, keyword, header.get(keyword))
    made.SeriesInstanceUID = generate_uid(entropy_srcs=[f"{header.StudyInstanceUID}|series"])
    made.Modality, made.SeriesNumber, made.InstanceNumber = "OT", 900, number + 1
    made.Rows = made.Columns = 8
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.PixelData = bytes(64)
    return made


if __name__ == "__main__":
    from node_work import stand_in as by_name  # as the child imports it

    from AGE2HIELib.commands.node import serve
    from AGE2HIELib.node.config import read_config
    from AGE2HIELib.system.logs import quiet_libraries

    quiet_libraries()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as the command line does
    serve(read_config(Path(sys.argv[1])), predict=by_name)
