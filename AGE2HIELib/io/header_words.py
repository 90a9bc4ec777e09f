"""What of a text header a message may repeat: numbers and the format's own words. Any other may be a patient's name."""

from __future__ import annotations

import re

_KNOWN = re.compile(
    r"[cmkuµn]?m|(micron|inch|(milli|centi|micro)?met(er|re))s?|inches|pixels?|[mu]?s"  # units
    r"|none|\?\?\?|true|false|yes|no|[tf]|little|big|last"
    r"|raw|gz(ip)?|bz(ip)?2|hex|zrl|ascii|te?xt|block|string"  # encodings
    r"|scanner-xyz(-time)?|3d-(right|left)-handed(-time)?|(left|right)-(anterior|posterior)-(superior|inferior)(-time)?"
    r"|(?-i:[RLAPSI]{3}T?)"  # codes of orientation
    r"|met_u?(char|short|int|long|long_long|float|double|complex|string)(_array|_matrix)?|u?(int|float|complex)\d*",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\s,()]+")
_OF_PYTHON = ("invalid literal for int", "could not convert string to float")  # the words behind are the header's


def quote_known(value: str) -> str:
    """The value in quotes where it is a number or a word of the formats; else only that there is a word."""
    words = [word for word in _SEPARATORS.split(value) if word]
    if words and all(_KNOWN.fullmatch(word) or _is_number(word) for word in words):
        return f"'{value.strip()[:40]}'"
    return "another word" if words else "empty"


def reason(error: Exception) -> str:
    """Of an error over a header's values, without a text of the header."""
    if isinstance(error, KeyError):
        return f"it states no {error.args[0]}"
    words = str(error).strip().splitlines()[-1:] or [type(error).__name__]
    return "a word stands where a number was expected" if words[0].startswith(_OF_PYTHON) else words[0]


def format_of(start: bytes) -> str:
    """What a file begins with, where that is a format's own sign."""
    signs = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"PK": "zip", b"\x89HDF": "HDF5", b"NRRD": "NRRD", b"n+1": "NIfTI"}
    format_name = next((name for sign, name in signs.items() if start.startswith(sign)), None)
    if format_name is None and b"ObjectType" in start[:200]:
        format_name = "MetaImage"
    return format_name or "other bytes"


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word
