"""From the options of a call to the request that the library knows."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from AGE2HIELib.pipeline.request import Request


def request_of(arguments: argparse.Namespace) -> Request:
    """What the options ask for."""
    names = {field.name for field in fields(Request)} & vars(arguments).keys()
    values: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    if values.get("cooled") is not None:
        values["cooled"] = values["cooled"] == "yes"
    if "override" in values:
        values["override"] = tuple(values["override"])
    if "methods" in values:
        given = (name.strip() for name in values["methods"].split(","))
        values["methods"] = tuple(dict.fromkeys(name for name in given if name))
    return Request(**values)
