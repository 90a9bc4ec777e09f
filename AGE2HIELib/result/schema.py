"""The JSON schema of a record, and the page of the documentation that shows it (``make docs``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from AGE2HIELib.result import stored
from AGE2HIELib.result.decode import json_keys, required_keys, types_of
from AGE2HIELib.result.record import Result
from AGE2HIELib.result.visits import TwoScans

_PLAIN = {float: "number", int: "integer", str: "string", bool: "boolean", NoneType: "null"}
_PAGE = """# result.json

Made by `make docs` from the classes of `AGE2HIELib/result`; `Testing/test_record.py` says when it is not of today.

## Records of other versions

{policy}

## Why dataclasses and a decoder of our own

The Slicer panel reads the record of a saved scene before anything is installed in Slicer's Python, and Slicer brings
neither pydantic nor msgspec: it would have to install one more compiled package before it could show what it has saved.
Processor seconds to import, the least of 7 new processes (Python 3.11): pydantic 2.14 with `BaseModel` 0.070, msgspec
0.23 0.028, `dataclasses` and `typing` alone 0.017, this reader with all its types 0.036. msgspec would be as fast; what
decides is that it is not there.

## Schema

```json
{schema}
```
"""

_COMPARISON = """# comparison.json

Made by `make docs` from `AGE2HIELib/result/visits.py`. What the figures mean:
[two scans of one infant](../two-scans.md).

```json
{schema}
```
"""


def json_schema(kind: type) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a dataclass. Keys that came later are not required."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind.__name__, **_schema(kind)}


def comparison_page() -> str:
    """The reference page of comparison.json."""
    schema = json.dumps(json_schema(TwoScans), indent=1)
    return _COMPARISON.format(schema=schema)


def reference_page() -> str:
    policy = (stored.__doc__ or "").partition("\n\n")[2].strip()
    schema = json.dumps(json_schema(Result), indent=1)
    return _PAGE.format(policy=policy, schema=schema)


def _schema(kind: Any) -> dict[str, Any]:
    if is_dataclass(kind):
        return _object(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return {"anyOf": [_schema(each) for each in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(inner[1])}
    if origin is tuple and inner[-1] is Ellipsis:
        return {"type": "array", "items": _schema(inner[0])}
    if origin is tuple:
        items = [_schema(each) for each in inner]
        return {"type": "array", "prefixItems": items, "minItems": len(inner), "maxItems": len(inner)}
    return {"type": _PLAIN[kind]}


def _object(kind: Any) -> dict[str, Any]:
    properties = {key: _schema(_type_of(kind, key)) for key in json_keys(kind)}
    return {"type": "object", "properties": properties, "required": list(required_keys(kind))}


def _type_of(kind: Any, key: str) -> Any:
    """Of a field, or of a property that is written as well."""
    fields = types_of(kind)
    return fields[key] if key in fields else get_type_hints(getattr(kind, key).fget)["return"]
