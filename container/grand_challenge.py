"""The entry point for grand-challenge.org: two images in, one number out, as task 2 of BONBID-HIE asks.

``/input/images/skull-stripped-adc-brain-mri/*.mha`` is read, with ``/input/images/z-score-adc/*.mha`` where it is
there, and ``/output/2-year-neurocognitive-outcome.json`` is written: a bare 1 where the probability of an adverse
outcome is at least the model's threshold, else a bare 0.

A challenge wants an answer for every scan, so warnings of the quality gate do not keep it back; stderr names them.
Where the gate refuses the scan no answer is written and the exit code is 3, unless ``AGE2HIE_WITHHELD`` says which
answer (0 or 1) stands for those. ``AGE2HIE_MODEL`` names a model bundle; without it the demonstration model answers,
whose number says nothing about any child.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.pipeline.prediction import Outcome, predict
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.quality.check import OVERRIDABLE
from AGE2HIELib.result.stored import RECORD, read_stored
from AGE2HIELib.system.outputs import output_file

ADC, Z_ADC = "skull-stripped-adc-brain-mri", "z-score-adc"
ANSWER = "2-year-neurocognitive-outcome.json"
UNUSABLE, WITHHELD = 2, 3


def main(
    images: Path = Path("/input/images"), output: Path = Path("/output"), environment: Mapping[str, str] = os.environ
) -> int:
    """The exit code: 0 with an answer, 2 for unusable input, 3 for a scan that the gate refuses."""
    try:
        instead = environment.get("AGE2HIE_WITHHELD", "")
        if instead not in ("", "0", "1"):
            raise InputError(f"AGE2HIE_WITHHELD is {instead!r}. Set it to 0 or 1, or leave it out.")
        model = environment.get("AGE2HIE_MODEL")
        adc = one_image(images / ADC)
        if adc is None:
            raise InputError(f"{ADC} holds no .mha. Give the scan.")
        request = Request(
            adc, z_adc=one_image(images / Z_ADC), model=Path(model) if model else None, override=OVERRIDABLE
        )
        answer = decision(request)
        if answer is None and not instead:
            return WITHHELD
        with output_file(output / ANSWER, overwrite=True) as part:
            part.write_text(json.dumps(int(instead) if answer is None else answer) + "\n", encoding="ascii")
    except InputError as error:
        print(f"age2hie: error: {error}", file=sys.stderr)
        return UNUSABLE
    return 0


def one_image(folder: Path) -> Path | None:
    """The .mha in a folder; None where there is none. Raises InputError for several."""
    found = sorted(folder.glob("*.mha")) if folder.is_dir() else []
    if len(found) > 1:
        raise InputError(f"{folder.name} holds {len(found)} .mha files, and one scan is read at a time. Leave one.")
    return found[0] if found else None


def decision(request: Request) -> int | None:
    """1 for adverse and 0 for favourable by the model's threshold; None where the gate refuses the scan."""
    with tempfile.TemporaryDirectory(prefix="age2hie-") as folder:
        result = Path(folder) / "result"
        outcome = predict(request, result)
        _say(outcome)
        if outcome.probability is None:
            return None
        return int(outcome.probability >= read_stored(result / RECORD).result.threshold)


def _say(outcome: Outcome) -> None:
    """What no answer of 0 or 1 can say."""
    if outcome.demonstration:
        print("age2hie: a demonstration model answers: it saw synthetic data only.", file=sys.stderr)
    for name in outcome.quality.overridden:
        print(f"age2hie: warning set aside: {name}", file=sys.stderr)
    for check in outcome.quality.stopping:
        print(f"age2hie: refused: {check.name}. {check.remedy}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
