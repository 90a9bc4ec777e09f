"""What a row of the comparison of systems says: where a system comes from, and which settings make it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from training.settings import TrainingSettings
from training.settings_reading import check_settings

# how the map of a network of blocks is made
OF_BLOCKS = "HiResCAM: what each cell of a block adds to the number; the mean of the exported networks."
FULL = "full"  # the preset with published sizes
_ARM_OF: dict[str, str] = {"both": "transfer", "age": "transfer", "outcome": "scratch"}


@dataclass(frozen=True, kw_only=True)
class System:
    """One system of the field, as settings of ``training/run.py``.

    Attributes:
        name: short, of lower-case letters, digits and hyphens; also the name of its folder.
        title: for people.
        what: one or two sentences on the network or the way of learning.
        source: DOI, arXiv number or address.
        reports: what the source reports, and on which data; empty where the project itself is the source.
        targets: what it predicts. "both" learns age first and the outcome from that trunk; "outcome" starts anew.
        settings: ``section.key`` -> value, over those that all systems share.
        small, published: the same, with every preset but ``full``, and with ``full`` alone.
        made_map: how its map is made.
        differs: what is otherwise here than in the source, and why.
        published_years: mean absolute error of age that the source reports; None where it reports none.
        falls_short: what is known of why it is worse here, beside size and subjects.
        cost: time beside that of the SFCN, for the time left.
    """

    name: str
    title: str
    what: str
    source: str
    reports: str
    targets: Literal["age", "outcome", "both"]
    made_map: str
    differs: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Any] = field(default_factory=dict)
    published_years: float | None = None
    falls_short: str = ""
    cost: float = 1.0

    @property
    def learns_age(self) -> bool:
        return self.targets != "outcome"

    @property
    def learns_outcome(self) -> bool:
        return self.targets != "age"


def settings_of(system: System, common: TrainingSettings, preset: str) -> TrainingSettings:
    """The common settings with those of the system; its arm alone is learned and exported, by one process.

    Raises:
        InputError: a row names a setting that does not exist.
    """
    table = common.model_dump(mode="json")
    arm = _ARM_OF[system.targets]
    sized = system.published if preset == FULL else system.small
    changes = {
        "evaluate.arms": [arm],
        "evaluate.systems": [],
        "export.arm": arm,
        "run.jobs": 1,
        **system.settings,
        **sized,
    }
    for path, value in changes.items():
        section, _, key = path.partition(".")
        table[section] = {**table.get(section, {}), key: value}
    return check_settings(table)
