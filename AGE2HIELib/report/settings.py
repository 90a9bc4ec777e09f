"""What the caller of a prediction chose: kept in the record, and read from it to predict in the same way again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from AGE2HIELib.errors import InputError


@dataclass(frozen=True)
class Settings:
    """As the command line has them; None where nothing was said.

    Attributes:
        device: that was asked for; the record's own ``device`` is where the network ran.
        saliency: None for the default method, which the record's ``saliency`` names.
        age_given: whether the caller gave the age at the scan. The age itself is kept nowhere: with the date of the
            scan it would be the date of birth.
        gestation_weeks, cooled: that the caller gave.
        prevalence: share of adverse outcomes that the caller wanted the number for.
        overrides: names of the warnings of the gate that the caller set aside.
        mask_sha256, z_adc_sha256: of the files that were given beside the scan.
    """

    align: str = "auto"
    series: str | None = None
    device: str = "auto"
    saliency: str | None = None
    examine: bool = False
    age_given: bool = False
    gestation_weeks: float | None = None
    cooled: bool | None = None
    prevalence: float | None = None
    overrides: tuple[str, ...] = ()
    mask_sha256: str | None = None
    z_adc_sha256: str | None = None


_KINDS: dict[str, type | tuple[type, ...]] = {
    "align": str,
    "series": str,
    "device": str,
    "saliency": str,
    "examine": bool,
    "age_given": bool,
    "gestation_weeks": (int, float),
    "cooled": bool,
    "overrides": list,
    "mask_sha256": str,
    "z_adc_sha256": str,
}
_NEVER_EMPTY = ("align", "device", "examine", "age_given", "overrides")


def read_settings(record: Mapping[str, Any]) -> Settings:
    """``settings`` of a record; InputError where they are missing or not what ``predict`` writes."""
    found = record.get("settings")
    if not isinstance(found, Mapping):
        raise InputError("The result keeps no settings: an older age2hie made it. Predict the scan again.")
    names = {field.name for field in fields(Settings)}
    strange = sorted(names ^ found.keys())
    if strange:
        raise InputError(
            f"The settings of the result lack or add {', '.join(strange)}: another version of age2hie made it. "
            "Reproduce it with that one."
        )
    for name, value in found.items():
        if not _as_written(name, value):
            raise InputError(f"The setting {name} of the result is {value!r}, which was changed. Predict again.")
    return Settings(**{**found, "overrides": tuple(map(str, found["overrides"]))})


def _as_written(name: str, value: Any) -> bool:
    """Whether ``predict`` could have kept this value."""
    if value is None:
        return name not in _NEVER_EMPTY
    if name == "prevalence":
        return isinstance(value, int | float) and 0 < value < 1
    return isinstance(value, _KINDS[name])
