"""``age2hie lesion``: volumes and scores of a lesion that a reader has corrected."""

from __future__ import annotations

import argparse

from AGE2HIELib.pipeline.correction import measure_corrected_lesion
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.result.correction import Correction
from AGE2HIELib.result.decode import encode
from AGE2HIELib.system.places import find_atlas
from AGE2HIELib.system.progress import Progress


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Says what was measured; the result's folder stays as it is."""
    atlas = load_atlas(find_atlas(getattr(arguments, "atlas", None)))  # not there where it is not given
    found = measure_corrected_lesion(arguments.input, arguments.corrected, atlas)
    progress.found("lesion", encode(found))
    progress.close()
    if arguments.progress == "text":
        _print(found)
    return 0


def _print(found: Correction) -> None:
    lesion = found.lesion
    print(f"lesion: {lesion.volume_ml:.2f} ml, {100 * lesion.share:.2g} % of the brain, side: {lesion.side}")
    for cluster in lesion.clusters:
        place = cluster.region or "no region of the atlas"
        print(f"  {cluster.volume_ml:.2f} ml, {cluster.hemisphere}, the largest part in {place}")
    for score in found.scores:
        print(f"{score.title}: {score.value or 'not computed'} ({score.range})")
