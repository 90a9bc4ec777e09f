"""explanations.json as the panel reads it: what ``age2hie explain`` says about several maps of one scan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI.examination import Examination, readExamination, typed
from AGE2HIEUI.record import BadRecord, Result, readFields, readResult

TARGETS = ("adverse", "favourable")


@dataclass(frozen=True)
class MapFacts:
    """Attributes:
    method: as ``--methods`` names it; part of the names of its files.
    title: for people.
    resolutionMm: size of the cells that it was made of.
    membersAgree: mean over what the map marks, 0 to 1; None where it marks nothing.
    """

    method: str
    title: str
    resolutionMm: tuple[float, ...]
    membersAgree: float | None


@dataclass(frozen=True)
class Explanations:
    """Attributes:
    result: of the same scan, by the same network, as a prediction gives it.
    share: of a map's evidence that ``agreement.nii.gz`` counts as marked.
    examinations: of the maps that were examined.
    """

    result: Result
    target: str
    share: float
    maps: tuple[MapFacts, ...]
    examinations: tuple[Examination, ...]


def readExplanations(text: str) -> Explanations:
    """Parse and check. Raises BadRecord."""
    return readFields(text, _explanations)


def _explanations(record: Mapping[str, Any]) -> Explanations:
    found = Explanations(
        result=readResult({**record, "saliency": None, "examination": None}),
        target=typed(str, record["target"]),
        share=float(record["share"]),
        maps=tuple(_map(each) for each in typed(list, record["maps"])),
        examinations=_examinations(record),
    )
    methods = [each.method for each in found.maps]
    if not methods or len(set(methods)) != len(methods) or found.target not in TARGETS or not 0 < found.share <= 1:
        raise BadRecord(_("no maps, the same map twice, or an unknown target or share"))
    if found.result.probability is None:
        raise BadRecord(_("maps of a scan without a number"))
    if not {each.method for each in found.examinations} <= set(methods):
        raise BadRecord(_("an examination of a map that is not there"))
    return found


def _map(record: Mapping[str, Any]) -> MapFacts:
    agree = record["members_agree_where_marked"]
    if agree is not None and not 0 <= float(agree) <= 1:
        raise ValueError(f"members_agree_where_marked: {agree}")
    resolution = tuple(float(mm) for mm in record["resolution_mm"])
    if not all(math.isfinite(mm) and mm > 0 for mm in resolution):
        raise ValueError(f"resolution_mm: {resolution}")
    method = typed(str, record["method"])
    if not method or not set(method) <= set("abcdefghijklmnopqrstuvwxyz0123456789+-_"):
        raise ValueError(f"method: {method}")  # it becomes part of a file's name
    return MapFacts(method, typed(str, record["title"]), resolution, None if agree is None else float(agree))


def _examinations(record: Mapping[str, Any]) -> tuple[Examination, ...]:
    found = [readExamination(each) for each in record.get("examination") or ()]
    return tuple(each for each in found if each is not None)
