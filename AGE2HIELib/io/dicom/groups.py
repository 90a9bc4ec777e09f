"""Which files of a folder make a series: those of one SeriesInstanceUID, and parts that were split over several.

Canon's classic files have a UID for each slice (https://github.com/rordenlab/dcm2niix/issues/495), and archives and
de-identifiers split series as well. Each part looks like a series, and what is read of one alone is half of a scan.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.series import SAME_PLANE, DicomFile, DicomSeries, by_place, check_complete, one_slice_a_file

_KEY_SIGNS = 6
_MOST_NAMED = 4


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
    """The series of a folder, by number.

    Parts of one study, number, kind, image type, echo time and plane become one series where each lies at one place, or
    where image numbers run through all of them and together they are complete. Other parts of that likeness are
    ``torn``: they may be one series or several.
    """
    groups: dict[tuple[str, str], list[Member]] = {}
    for member in members:
        groups.setdefault(member.group, []).append(member)
    kinds = Counter(uid for uid, _ in groups)
    found = []
    for alike in _alike(list(groups.values())):
        mixed = any(kinds[member.group[0]] > 1 for part in alike for member in part)
        found.extend(_joined(alike, mixed=mixed))
    numbers = Counter(series.number for series in found)
    named = [replace(series, shared=numbers[series.number] > 1) for series in found]
    return tuple(sorted(named, key=_order))


def check_whole(used: frozenset[Path], among: Sequence[DicomSeries]) -> None:
    """Raise InputError where what is used may be a part of a series of which another part is not used."""
    meant = {series.torn for series in among if not used.isdisjoint(series.paths)} - {""}
    if any(series.torn in meant and used.isdisjoint(series.paths) for series in among):
        raise InputError(" ".join(torn_words([series for series in among if series.torn in meant])))


def torn_words(among: Sequence[DicomSeries]) -> tuple[str, ...]:
    """Of series that may be parts of one: what is not known, and what to do."""
    names = [series.name for series in among if series.torn]
    if not names:
        return ()
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return (
        f"DICOM series {', '.join(names[:_MOST_NAMED])}{more} have one number, image type and plane and different "
        "SeriesInstanceUIDs: they may be one series that was split, and their image numbers do not tell. Name the one "
        f"to read (--series {names[0]}) if it is whole; else export the study again in one piece.",
    )


def _alike(groups: list[list[Member]]) -> list[list[list[Member]]]:
    """Groups that may be parts of one series, together; damaged files go with the only parts of their number."""
    found: dict[tuple[object, ...], list[tuple[_Likeness, list[list[Member]]]]] = defaultdict(list)
    for group in groups:
        likeness = _likeness(group)
        near = next((parts for other, parts in found[likeness.key] if likeness.is_near(other)), None)
        if near is None:
            found[likeness.key].append((likeness, [group]))
        else:
            near.append(group)
    clusters = [parts for bucket in found.values() for _, parts in bucket]
    lost = [parts for parts in clusters if not any(member.file for member in parts[0])]
    for parts in lost:
        same = [other for other in clusters if len(other) > 1 and _number(other[0]) == _number(parts[0])]
        if len(same) == 1:
            same[0].extend(parts)
            clusters.remove(parts)
    return clusters


@dataclass(frozen=True)
class _Likeness:
    """What parts of one series share: ``key``, ``plane`` about, and one of ``types`` at least."""

    key: tuple[object, ...]
    plane: tuple[float, ...]
    types: frozenset[str]

    def is_near(self, other: _Likeness) -> bool:
        return _one_plane(self.plane, other.plane) and not self.types.isdisjoint(other.types)


def _number(group: Sequence[Member]) -> tuple[str, str, str]:
    return group[0].study, group[0].number, group[0].group[1]


def _likeness(group: list[Member]) -> _Likeness:
    files = [member.file for member in group if member.file is not None]
    if not files or not group[0].number or not all(_one_plane(file.plane, files[0].plane) for file in files):
        return _Likeness((group[0].group,), (), frozenset())  # like no other
    forms = frozenset((file.form[1:], file.maker, file.one_slice) for file in files)
    return _Likeness((*_number(group), forms), files[0].plane, frozenset(file.form[0] for file in files))


def _one_plane(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= SAME_PLANE for a, b in zip(one, other, strict=True))


def _joined(parts: list[list[Member]], *, mixed: bool) -> list[DicomSeries]:
    if len(parts) == 1:
        return [_one_series(parts[0], mixed=mixed)]
    alone = [_one_series(part, mixed=mixed) for part in parts]
    together = _one_series([member for part in parts for member in part], mixed=mixed)
    if _belong_together(alone, together):
        return [together]
    return [replace(series, torn=together.key) for series in alone]


def _belong_together(parts: list[DicomSeries], together: DicomSeries) -> bool:
    """Whether headers tell that the parts are one series."""
    if any(not file.plane for file in together.files):
        return False
    if _each_at_one_place(parts) and len(by_place(together)) > 1:
        return True
    numbers = {file.number for file in together.files}
    if None in numbers or len(numbers) < len(together.files):
        return False
    try:
        check_complete(together)
    except InputError:
        return False
    return True


def _each_at_one_place(parts: list[DicomSeries]) -> bool:
    return all(one_slice_a_file(part) and len(by_place(part)) == 1 for part in parts if part.files)


def _order(series: DicomSeries) -> tuple[bool, int, str, str]:
    numbered = series.number.isdigit()
    return not numbered, int(series.number) if numbered else 0, series.kind, series.key


def _one_series(members: Sequence[Member], *, mixed: bool) -> DicomSeries:
    """A file that is there twice counts once; where one of the two is damaged, the other does.

    Broken de-identifiers give files of different images one UID: those are no copies.
    """
    files: dict[tuple[object, ...], DicomFile] = {}
    for file in (member.file for member in members if member.file is not None):
        files.setdefault((file.instance, file.number, file.slice_mm, file.b_values), file)
    whole = {file.instance for file in files.values()}
    damage = next((member.damage for member in members if member.instance not in whole), "")
    first, group = members[0], min(member.group for member in members)
    key = hashlib.sha256("|".join(group).encode()).hexdigest()[:_KEY_SIGNS]
    return DicomSeries(first.number, key, first.study, group[1], tuple(files.values()), mixed=mixed, damage=damage)
