"""``age2hie dicom``: the objects for an archive, of a result that was made without ``--dicom``."""

from __future__ import annotations

import argparse

from AGE2HIELib.pipeline.archive import write_archive_objects
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.system.progress import Progress


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """What of the headers had to be left out is said on stderr, as ``predict`` says it in its record."""
    atlas = load_atlas(find_atlas(getattr(arguments, "atlas", None)))  # not there where it is not given
    warnings = write_archive_objects(
        arguments.result,
        arguments.input,
        arguments.output,
        atlas,
        series=getattr(arguments, "series", None),
        overwrite=arguments.overwrite,
    )
    progress.close()
    progress.found("dicom", {"warnings": list(warnings)})
    progress.result(arguments.output)
    if arguments.progress == "text":
        for warning in warnings:
            print(f"Note: {warning}")
        print(f"DICOM objects: {arguments.output}")
    return 0
