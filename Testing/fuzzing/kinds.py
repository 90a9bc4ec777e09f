"""Every kind of damage of the campaign."""

from __future__ import annotations

from fuzzing import (
    anatomy_damaged,
    dicom_beside,
    dicom_damaged,
    dicom_statements,
    fields_damaged,
    files_damaged,
    geometry_damaged,
    headers_damaged,
    places,
    series_damaged,
    values_damaged,
)
from fuzzing.cases import Kind

_PARTS = (
    files_damaged,
    headers_damaged,
    fields_damaged,
    values_damaged,
    series_damaged,
    geometry_damaged,
    dicom_damaged,
    dicom_beside,
    dicom_statements,
    anatomy_damaged,
    places,
)


def all_kinds() -> tuple[Kind, ...]:
    """In the order of the table; names are unique."""
    return tuple(kind for part in _PARTS for kind in part.KINDS)
