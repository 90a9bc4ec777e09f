"""Which series of a study is read: the hospital's rules, in order, and for every series why it was taken or left.

Series are those that ``predict`` sees as well (``io.dicom.groups``): a series that was split over several UIDs is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom

from AGE2HIELib.errors import InputError
from AGE2HIELib.io.dicom.headers import find_series
from AGE2HIELib.io.dicom.series import DicomSeries
from AGE2HIELib.node.settings import Rule

_B_SHARE, _B_S_MM2 = 0.10, 20.0  # how far a b-value of the headers may lie from that of a rule
_LONGEST_TEXT = 64  # of a description (VR LO): the expressions of a rule never meet a longer text
_OF_NO_USE = ("map", "picture")  # kinds that predict reads never


@dataclass(frozen=True)
class SeriesFacts:
    """What rules ask of a series. ``description`` is free text and may hold a name: it is shown to who asks for an
    explanation, and written nowhere.
    """

    series: DicomSeries
    description: str
    image_types: tuple[frozenset[str], ...]
    b_values: tuple[float, ...]

    @property
    def files(self) -> int:
        return len(self.series.files)


@dataclass(frozen=True)
class SeriesVerdict:
    """``reason``: why this series was taken, or was not by any rule."""

    facts: SeriesFacts
    taken: bool
    reason: str


@dataclass(frozen=True)
class Choice:
    """``rule``: the name of the one that decided; empty where none did, or there are no rules."""

    verdicts: tuple[SeriesVerdict, ...]
    rule: str = ""

    @property
    def taken(self) -> tuple[DicomSeries, ...]:
        return tuple(verdict.facts.series for verdict in self.verdicts if verdict.taken)


def study_series(study: Path) -> tuple[SeriesFacts, ...]:
    """The MR series of a folder, by number.

    Raises:
        InputError: there is none.
    """
    return tuple(_facts(series) for series in find_series(study))


def choose(found: Sequence[SeriesFacts], rules: Sequence[Rule]) -> Choice:
    """The series that the first rule takes that any series fulfils; without rules all that ``predict`` could read.

    Raises:
        InputError: several series fulfil a rule that wants one.
    """
    usable = [facts for facts in found if facts.series.kind not in _OF_NO_USE]
    if not rules:
        reason = "there are no rules: predict chooses among these"
        return Choice(
            tuple(SeriesVerdict(one, one in usable, reason if one in usable else _kind(one)) for one in found)
        )
    for number, rule in enumerate(rules):
        fulfilling = [facts for facts in usable if not unmet(rule, facts)]
        if fulfilling:
            taken = _of_several(rule, fulfilling)
            return Choice(tuple(_verdict(one, rules[: number + 1], taken, fulfilling) for one in found), rule.name)
    return Choice(tuple(_verdict(one, rules, [], []) for one in found))


def unmet(rule: Rule, facts: SeriesFacts) -> str:
    """The first condition of a rule that a series does not meet, in words; empty where it meets all."""
    if facts.files < rule.files:
        return f"{facts.files} files, where {rule.files} are the fewest"
    if rule.description and not re.search(rule.description, facts.description, re.IGNORECASE):
        return f"its description does not hold '{rule.description}'"
    if rule.not_description and re.search(rule.not_description, facts.description, re.IGNORECASE):
        return f"its description holds '{rule.not_description}'"
    wanted = {word.upper() for word in rule.image_type}
    if not any(wanted <= words for words in facts.image_types):
        common = frozenset.union(*facts.image_types) if facts.image_types else frozenset()
        return f"its ImageType lacks {' and '.join(sorted(wanted - common) or sorted(wanted))}"
    unwanted = {word.upper() for word in rule.not_image_type}
    if hit := sorted(word for words in facts.image_types for word in words & unwanted):
        return f"its ImageType has {hit[0]}"
    for b in rule.b_values:
        if not any(abs(b - stated) <= max(_B_SHARE * b, _B_S_MM2) for stated in facts.b_values):
            stated = "/".join(f"{value:g}" for value in facts.b_values) or "none"
            return f"no b-value {b:g} (stated: {stated})"
    return ""


def explanation(choice: Choice, rules: Sequence[Rule]) -> str:
    """A few lines a series, for people: what it is, and why it was or was not taken."""
    lines = []
    for verdict in choice.verdicts:
        facts = verdict.facts
        b_values = "/".join(f"{b:g}" for b in facts.b_values) or "none stated"
        words = "\\".join(sorted({word for words in facts.image_types for word in words})) or "none"
        mark = "TAKEN" if verdict.taken else "left"
        lines.append(f"{mark:<6}{facts.series.label}: {facts.files} files, b {b_values}, ImageType {words}")
        lines.append(f"      description: {facts.description or '(none)'}")
        lines.append(f"      {verdict.reason}")
    if choice.rule:
        lines.append(f"Decided by the rule '{choice.rule}'.")
    elif rules:
        lines.append("No rule is fulfilled: the study would be left alone.")
    return "\n".join(lines)


def _facts(series: DicomSeries) -> SeriesFacts:
    stated = sorted({round(float(b), 1) for file in series.files for b in file.b_values if b is not None})
    if stated and stated[0] > 0 and any(file.silent_b0 and None in file.b_values for file in series.files):
        stated.insert(0, 0.0)
    types = {file.form[0] for file in series.files if file.form}
    words = tuple(frozenset(word.upper() for word in one.split("|") if word) for one in sorted(types))
    return SeriesFacts(series, _description(series), words, tuple(stated))


def _description(series: DicomSeries) -> str:
    if not series.files:
        return ""
    try:
        header = pydicom.dcmread(
            series.files[0].path, stop_before_pixels=True, force=True, specific_tags=["SeriesDescription"]
        )
        return " ".join(str(header.get("SeriesDescription") or "").split())[:_LONGEST_TEXT]
    except Exception:  # pydicom raises whatever the damage leads to; predict says what is wrong with the file
        return ""


def _of_several(rule: Rule, fulfilling: Sequence[SeriesFacts]) -> list[SeriesFacts]:
    if rule.several == "all":
        return list(fulfilling)
    if rule.several == "refuse" and len(fulfilling) > 1:
        names = ", ".join(facts.series.name for facts in fulfilling)
        raise InputError(
            f"{len(fulfilling)} series fulfil the rule '{rule.name}': {names}. Sharpen it, or let it say which "
            "(several = 'last')."
        )
    return [fulfilling[0] if rule.several == "first" else fulfilling[-1]]


def _verdict(
    facts: SeriesFacts, rules: Sequence[Rule], taken: Sequence[SeriesFacts], fulfilling: Sequence[SeriesFacts]
) -> SeriesVerdict:
    if facts in taken:
        others = f", the {rules[-1].several} of {len(fulfilling)}" if len(fulfilling) > len(taken) else ""
        return SeriesVerdict(facts, True, f"fulfils the rule '{rules[-1].name}'{others}")
    if facts in fulfilling:
        reason = f"fulfils the rule '{rules[-1].name}', which takes the {rules[-1].several} of {len(fulfilling)} alone"
        return SeriesVerdict(facts, False, reason)
    if facts.series.kind in _OF_NO_USE:
        return SeriesVerdict(facts, False, _kind(facts))
    return SeriesVerdict(facts, False, "; ".join(f"'{rule.name}': {unmet(rule, facts)}" for rule in rules))


def _kind(facts: SeriesFacts) -> str:
    what = "a map that predict does not read" if facts.series.kind == "map" else "pictures, not a scan"
    return f"holds {what}"
