"""Which files of a folder make a series."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from AGE2HIELib.io.dicom_series import DicomFile, DicomSeries

_KEY_SIGNS = 6


@dataclass(frozen=True)
class Member:
    """A file of a series; ``file`` is None for a damaged one."""

    group: tuple[str, str]
    number: str
    study: str
    instance: str
    file: DicomFile | None
    damage: str


def series_of(members: Sequence[Member]) -> tuple[DicomSeries, ...]:
    """The series of a folder, by number."""
    groups: dict[tuple[str, str], list[Member]] = {}
    for member in members:
        groups.setdefault(member.group, []).append(member)
    kinds = Counter(uid for uid, _ in groups)
    found = [_one_series(group, files, mixed=kinds[group[0]] > 1) for group, files in groups.items()]
    numbers = Counter(series.number for series in found)
    named = [replace(series, shared=numbers[series.number] > 1) for series in found]
    return tuple(sorted(named, key=_order))


def _order(series: DicomSeries) -> tuple[bool, int, str, str]:
    numbered = series.number.isdigit()
    return not numbered, int(series.number) if numbered else 0, series.kind, series.key


def _one_series(group: tuple[str, str], members: Sequence[Member], *, mixed: bool) -> DicomSeries:
    """A file that is there twice counts once; where one of the two is damaged, the other does.

    Broken de-identifiers give files of different images one UID: those are no copies.
    """
    files: dict[tuple[object, ...], DicomFile] = {}
    for file in (member.file for member in members if member.file is not None):
        files.setdefault((file.instance, file.number, file.slice_mm, file.b_values), file)
    whole = {file.instance for file in files.values()}
    damage = next((member.damage for member in members if member.instance not in whole), "")
    key = hashlib.sha256("|".join(group).encode()).hexdigest()[:_KEY_SIGNS]
    first, kind = members[0], group[1]
    return DicomSeries(first.number, key, first.study, kind, tuple(files.values()), mixed=mixed, damage=damage)
