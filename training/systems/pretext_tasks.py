"""Which pretraining helps: the SFCN that starts from other tasks on the same T1 scans, or from none."""

from __future__ import annotations

from typing import Any

from training.systems.system import System

_SFCN = {"network.name": "sfcn", "network.pooling": "mean"}
_PUBLISHED = {"network.channels": [32, 64, 128, 256, 256, 64]}
_MAP = "HiResCAM: what each cell of a block adds to the number; the mean of the exported networks."
_SAME = "Every task has the same scans, epochs and rate; a probe of each trunk stands in the table of probes."


def _row(arm: str, title: str, what: str, source: str, reports: str) -> System:
    arms: dict[str, Any] = {"evaluate.arms": [arm], "export.arm": arm}
    return System(
        name=f"after-{arm.replace('+', '-and-')}",
        title=title,
        what=what,
        source=source,
        reports=reports,
        targets="outcome",
        settings={**_SFCN, **arms},
        published=_PUBLISHED,
        made_map=_MAP,
        differs=_SAME,
        cost=1.2,
    )


PRETEXT_TASKS = (
    _row("scratch", "SFCN after no pretraining", "Every weight new.", "this project", ""),
    _row(
        "shuffled-age",
        "SFCN after shuffled ages",
        "Ages dealt out anew among the subjects: everything of pretraining but age.",
        "this project",
        "",
    ),
    _row(
        "sex",
        "SFCN after sex",
        "Sex from T1. Synthetic brains of the sexes differ in size alone, which placement takes away: a control there.",
        "doi:10.1016/j.media.2020.101871",
        "UK Biobank, 14,503 subjects: 99.5 % of the sexes right.",
    ),
    _row(
        "segmentation",
        "SFCN after segmentation",
        "Structures from T1, by a decoder without a way around the trunk.",
        "arXiv:2307.05241",
        "Pretraining on the segmentation of tumours improved brain age; better age networks were no better biomarkers.",
    ),
    _row(
        "reconstruction",
        "SFCN after reconstruction of what was hidden",
        "60 to 75 % of 512 cubes are hidden, and their voxels are asked for.",
        "arXiv:2508.01565",
        "Age, sex and reconstruction learned together, on OpenBHB.",
    ),
    _row(
        "age+sex",
        "SFCN after age and sex together",
        "Both losses, weighed by how sure each task is.",
        "arXiv:2508.01565",
        "Age, sex and reconstruction learned together, on OpenBHB.",
    ),
)
