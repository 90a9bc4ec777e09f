"""``age2hie phantom`` and ``age2hie demo``: a synthetic newborn, alone or predicted."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.predict import tell
from AGE2HIELib.phantom.write import write_phantom
from AGE2HIELib.pipeline.prediction import predict_into
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.system.outputs import output_folder
from AGE2HIELib.system.progress import Progress

DEMO_SEED = 11
DEMO_INJURY = "bgt"
DEMO_ACQUISITION = "2mm"
SCAN_FOLDER = "scan"


def run_phantom(arguments: argparse.Namespace, progress: Progress) -> int:
    """Write the scan and the truth beside it."""
    with output_folder(arguments.output, overwrite=arguments.overwrite) as folder:
        scan = write_phantom(
            folder,
            seed=arguments.seed,
            file_format=arguments.format,
            injury=arguments.injury,
            acquisition=arguments.acquisition,
        )
    progress.result(arguments.output)
    if arguments.progress == "text":
        print(f"Synthetic scan: {arguments.output / scan.name}")
    return 0


def run_demo(arguments: argparse.Namespace, progress: Progress) -> int:
    """A synthetic infant's raw diffusion scan, predicted: the scan lies in ``scan/`` of the output folder."""
    with output_folder(arguments.output, overwrite=arguments.overwrite) as folder:
        (folder / SCAN_FOLDER).mkdir()
        scan = write_phantom(
            folder / SCAN_FOLDER,
            seed=DEMO_SEED,
            file_format="nifti",
            injury=DEMO_INJURY,
            acquisition=DEMO_ACQUISITION,
        )
        outcome = predict_into(folder, Request(scan), progress)
    progress.close()
    tell(outcome, arguments.output, progress, text=arguments.progress == "text")
    return outcome.code
