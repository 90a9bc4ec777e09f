"""The worker's records, read by the library's own reader: the standard library is enough for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from AGE2HIEUI.library import addLibraryToPath

if TYPE_CHECKING:
    from AGE2HIELib.result.correction import Correction
    from AGE2HIELib.result.explanations import Explanations
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.verdicts import Quality


class BadRecord(Exception):
    """A record that does not say what it must; the text names the key."""


def readRecord(text: str) -> Result:
    """result.json, checked so that nothing odd reaches the screen. Raises BadRecord."""
    addLibraryToPath()
    from AGE2HIELib.result.decode import RecordError
    from AGE2HIELib.result.stored import parse_result

    try:
        return parse_result(text)
    except RecordError as error:
        raise BadRecord(str(error)) from error


def readQuality(facts: Mapping[str, Any]) -> Quality:
    """What ``age2hie check`` has found. Raises BadRecord."""
    addLibraryToPath()
    from AGE2HIELib.result.decode import RecordError, decode
    from AGE2HIELib.result.verdicts import Quality

    try:
        return decode(Quality, facts)
    except RecordError as error:
        raise BadRecord(str(error)) from error


def readCorrection(text: str) -> Correction:
    """What ``age2hie lesion`` has said: one event, on a line. Raises BadRecord."""
    addLibraryToPath()
    from AGE2HIELib.result.correction import Correction
    from AGE2HIELib.result.decode import RecordError, decode

    try:
        lines = text.strip().splitlines()
        event = json.loads(lines[-1] if lines else "")
        if event["event"] != "lesion":
            raise RecordError(str(event["event"])[:80])
        return decode(Correction, event)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRecord(str(error)) from error


def readExplanations(text: str) -> Explanations:
    """explanations.json. Raises BadRecord."""
    addLibraryToPath()
    from AGE2HIELib.result.decode import RecordError
    from AGE2HIELib.result.stored import parse_explanations

    try:
        return parse_explanations(text)
    except RecordError as error:
        raise BadRecord(str(error)) from error
