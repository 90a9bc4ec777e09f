"""result.json and explanations.json read again, with one policy for records of other versions of age2hie.

- A record of every earlier version is read. What came later is missing in it, and means there what that version did:
  nothing was said, asked, overridden or measured (the defaults of the classes).
- What a newer version says besides is left aside.
- Refused are a key that every version has written and that is missing, a value of another type, a verdict that its
  checks or figures contradict, and numbers that contradict each other: no version has written them.
- To make a result again, all its settings, its machine and the SHA-256 of its atlas must be there: an older record,
  without them, can be shown and explained, and not reproduced.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from AGE2HIELib.errors import InputError
from AGE2HIELib.result.decode import RecordError, decode
from AGE2HIELib.result.explanations import Explanations, MapFacts, decode_explanations
from AGE2HIELib.result.record import Result, Settings
from AGE2HIELib.result.verdicts import Examination

RECORD, REGIONS = "result.json", "regions.csv"
_VERSIONS = ("version", "python", "torch")  # every record has these of its software
_OF_A_FILE = set("abcdefghijklmnopqrstuvwxyz0123456789+-_")  # what the name of a method may consist of


@dataclass(frozen=True)
class Stored:
    """A result that was read: ``content`` is the JSON as it stands in the file, with what another version has added."""

    content: dict[str, Any]
    result: Result

    @property
    def settings(self) -> Settings:
        """All of them; InputError where another version has kept fewer or more."""
        if self.result.settings is None:
            raise InputError("The result keeps no settings: an older age2hie made it. Predict the scan again.")
        strange = sorted({field.name for field in fields(Settings)} ^ self.content["settings"].keys())
        if strange:
            raise InputError(
                f"The settings of the result lack or add {', '.join(strange)}: another version of age2hie made it. "
                "Reproduce it with that one."
            )
        return self.result.settings

    @property
    def settings_if_kept(self) -> Settings | None:
        """As far as this version knows them, for what does not make the result again; None in a record of before."""
        return self.result.settings


def is_earlier(folder: Path) -> bool:
    """Whether ``predict`` has made the folder."""
    return (folder / RECORD).is_file()


def read_stored(path: Path) -> Stored:
    """A result.json; InputError for what is none."""
    content = read_content(path)
    try:
        return Stored(content, _checked(decode(Result, content)))
    except RecordError as error:
        raise unusable_record(path, error) from error


def read_content(path: Path) -> dict[str, Any]:
    """The JSON object in a file; InputError where there is none."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # it may have no end
        raise InputError(f"'{path.name}' is a device or a pipe, and no result. Name a {RECORD}.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unusable_record(path, error) from error
    if not isinstance(content, dict):
        raise InputError(f"'{path.name}' holds {type(content).__name__}, and not a result. Name a {RECORD}.")
    return content


def parse_result(text: str) -> Result:
    """Raises RecordError."""
    return _checked(decode(Result, _parsed(text)))


def parse_explanations(text: str) -> Explanations:
    """Raises RecordError."""
    found = decode_explanations(_parsed(text))
    methods = [each.method for each in found.maps]
    if not methods or len(set(methods)) != len(methods) or not 0 < found.share <= 1:
        raise RecordError("no maps, the same map twice, or a share that is none")
    if _checked(found.result).probability_adverse is None:
        raise RecordError("maps of a scan without a number")
    for each in found.maps:
        _check_map(each)
    for examination in found.examination:
        _check_examination(examination)
    if not {each.method for each in found.examination} <= set(methods):
        raise RecordError("an examination of a map that is not there")
    return found


def unusable_record(path: Path, error: Exception) -> InputError:
    """For a record that is not JSON, or not what ``predict`` writes."""
    reason = error.strerror if isinstance(error, OSError) else error
    kind = "" if isinstance(error, RecordError) else f"{type(error).__name__}: "  # ours say it all
    return InputError(
        f"{path.name} in '{path.resolve().parent.name}' cannot be read ({kind}{reason}). Predict the scan again."
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{type(error).__name__}: {error}") from error
    if not isinstance(content, dict):
        raise RecordError(f"{type(content).__name__}, and not an object")
    return content


def _checked(result: Result) -> Result:
    """Raises RecordError where numbers contradict each other."""
    missing = [name for name in _VERSIONS if name not in result.software]
    if missing:
        raise RecordError(f"software lacks {', '.join(missing)}")
    given = result.settings.prevalence if result.settings else None
    calibrated = result.model.prevalence
    shares = [share for share in (given, calibrated) if share is not None]
    if not all(0 < share < 1 for share in shares) or (calibrated is None and shares):
        raise RecordError(f"prevalence: {given} given, {calibrated} calibrated")
    if result.examination is not None:
        _check_examination(result.examination)
    _check_numbers(result)
    return result


def _check_numbers(result: Result) -> None:
    probability, interval = result.probability_adverse, result.interval
    if probability is None:
        if result.quality.passed or interval is not None or result.members:
            raise RecordError("no probability, but not refused either")
        return
    if interval is None or not result.quality.passed:
        raise RecordError("a probability of a refused scan, or one without its interval")
    if not all(0 <= number <= 1 for number in (probability, *interval, *result.members, result.threshold)):
        raise RecordError("a probability outside 0 to 1")
    if not interval[0] <= probability <= interval[1]:
        raise RecordError("a probability outside its interval")


def _check_examination(found: Examination) -> None:
    """A figure that cannot be had keeps no limit."""
    if not found.findings or any(one.passed and one.value is None for one in found.findings):
        raise RecordError(f"examination of {found.method}: a verdict that its figures do not bear")


def _check_map(facts: MapFacts) -> None:
    agree = facts.members_agree_where_marked
    if agree is not None and not 0 <= agree <= 1:
        raise RecordError(f"members_agree_where_marked: {agree}")
    if not all(mm > 0 for mm in facts.resolution_mm):
        raise RecordError(f"resolution_mm: {facts.resolution_mm}")
    if not facts.method or not set(facts.method) <= _OF_A_FILE:
        raise RecordError(f"method: {facts.method}")  # it becomes part of a file's name
