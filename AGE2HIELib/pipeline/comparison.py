"""What every comparison of maps goes through, whatever its target: made one by one, put on the scan's grid, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from AGE2HIELib.explanation.compare import agreement
from AGE2HIELib.explanation.evidence import EvidenceRow, write_evidence_table
from AGE2HIELib.explanation.maps import Explanation, SaliencyMap
from AGE2HIELib.io.coordinates import to_stored_order
from AGE2HIELib.io.images import write_volume
from AGE2HIELib.report.backdrop import Backdrop
from AGE2HIELib.report.explanations import Comparison, comparison_picture
from AGE2HIELib.report.explanations_page import explanations_html
from AGE2HIELib.report.extras import Extras
from AGE2HIELib.report.record import write_record
from AGE2HIELib.system.progress import Stages
from AGE2HIELib.volume import Grid, Volume

RECORD, TABLE, PICTURE, PAGE = "explanations.json", "evidence.csv", "explanations.png", "explanations.html"

M = TypeVar("M", bound=SaliencyMap)


def side_by_side(
    explanations: Mapping[str, M],
    on_scan: Callable[[Volume], Volume],
    below: Backdrop,
    brain: Volume,
    share: float,
) -> Comparison[M]:
    """The maps on the scan's grid, where ``on_scan`` brings them, and their agreement."""
    maps = {name: on_scan(one.saliency) for name, one in explanations.items()}
    members = {name: on_scan(one.agreement) for name, one in explanations.items() if isinstance(one, Explanation)}
    channels = {
        name: {channel: on_scan(part) for channel, part in one.channels.items()}
        for name, one in explanations.items()
        if isinstance(one, Explanation) and one.channels
    }
    agreed = agreement(list(maps.values()), share)
    return Comparison(below, brain, explanations, maps, members, agreed, share, channels)


def write_compared_maps(comparison: Comparison[M], more: Mapping[str, Volume], stored: Grid, folder: Path) -> None:
    """Every map and ``more``, in the voxel order in which the scan was stored."""
    volumes = {f"saliency_{name}": volume for name, volume in comparison.maps.items()}
    volumes |= {f"members_agree_{name}": volume for name, volume in comparison.members_agree.items()}
    for name, volume in {**volumes, "agreement": comparison.agreement, **more}.items():
        write_volume(to_stored_order(volume, stored), folder / f"{name}.nii.gz")


def write_comparison(
    folder: Path, comparison: Comparison[M], rows: Sequence[EvidenceRow], record: Mapping[str, Any], stages: Stages
) -> tuple[str, ...]:
    """Table, picture, page and record. The result stands without picture and page; returns what is missing."""
    write_evidence_table(rows, folder / TABLE)
    extras = Extras(folder, [*record["warnings"]])
    said = {**record, "warnings": extras.warnings}

    def picture(part: Path) -> None:
        drawn = comparison_picture(comparison, demonstration=record["demonstration"])
        drawn.save(part / PICTURE, optimize=False)

    def page(part: Path) -> None:
        seen = folder / PICTURE
        timed = {**said, "timing_s": stages.seconds}
        text = explanations_html(timed, comparison, rows, seen.read_bytes() if seen.is_file() else b"")
        (part / PAGE).write_text(text, encoding="utf-8")

    with stages("report"):
        extras.write("the picture", picture)
    with stages("report"):  # once more, so that the page has the seconds so far
        extras.write("the page", page)  # the last, since it shows every warning
    extras.then(lambda: write_record({**said, "timing_s": stages.seconds}, folder / RECORD))
    return tuple(extras.lost)
