"""``age2hie compare``: two scans of one infant, and what has changed."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.messages import say_lost
from AGE2HIELib.system.progress import Progress
from AGE2HIELib.visits.comparison import PAGE, RECORD, compare
from AGE2HIELib.visits.course import Ages

COMPARED = 0


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0."""
    given = vars(arguments)
    cooled = {"yes": True, "no": False}.get(given.get("cooled", ""))
    found = compare(
        arguments.first,
        arguments.second,
        arguments.output,
        ages=Ages(given.get("age_days_first"), given.get("age_days_second"), cooled),
        atlas=given.get("atlas"),
        overwrite=arguments.overwrite,
        progress=progress,
    )
    progress.close()
    say_lost((*found.record.warnings, *found.lost))
    progress.result(arguments.output)
    if arguments.progress == "text":
        lesion = found.record.lesion
        print(
            f"Lesion {lesion.first_ml:.1f} ml, then {lesion.second_ml:.1f} ml: {lesion.common_ml:.1f} ml in both, "
            f"{lesion.new_ml:.1f} new, {lesion.gone_ml:.1f} gone"
        )
        print(found.record.pseudonormalisation.meaning)
        page = arguments.output / PAGE
        print(f"Report: {page if page.is_file() else arguments.output / RECORD}")
    return COMPARED
