"""``age2hie explain``: several saliency maps of one scan, and where they agree."""

from __future__ import annotations

import argparse

from AGE2HIELib.commands.messages import say_lost, say_refused
from AGE2HIELib.commands.requests import request_of
from AGE2HIELib.pipeline.admission import Withheld
from AGE2HIELib.pipeline.comparison import PAGE, RECORD
from AGE2HIELib.pipeline.explanation import explain
from AGE2HIELib.pipeline.prediction import REFUSED
from AGE2HIELib.system.progress import Progress

EXPLAINED = 0


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Exit code 3, and nothing written, where the gate withholds the number: there is none to explain."""
    request, output = request_of(arguments), arguments.output
    explained = explain(request, output, overwrite=arguments.overwrite, progress=progress)
    progress.close()
    if isinstance(explained, Withheld):
        say_refused(explained.gated.quality, progress)
        return REFUSED
    say_lost(explained.lost)
    progress.result(output)
    if arguments.progress == "text":
        count = len(request.methods)
        page = output / (PAGE if (output / PAGE).is_file() else RECORD)
        print(f"{explained.headline}{count} map{'' if count == 1 else 's'}: {page}")
    return EXPLAINED
