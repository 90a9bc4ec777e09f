"""How ADC runs its course after birth, and what that means for a lesion that has become smaller.

Low ADC is at its lowest on days 2-3 and returns to normal by itself while the injury stays: from days 6-8 where the
infant was not cooled, after day 10 where it was (PMC3345786).
"""

from __future__ import annotations

from dataclasses import dataclass

from AGE2HIELib.errors import InputError
from AGE2HIELib.infant import PSEUDONORMAL_DAY, PSEUDONORMAL_DAY_COOLED, InfantFacts
from AGE2HIELib.result.visits import LesionChange, Likely, Pseudonormalisation

CERTAIN_DAY = 8.0  # without cooling: from days 6 to 8 (PMC3345786)
LOWEST_DAY = 3.0  # ADC falls until days 2-3 (PMC4503577)
RULE = (
    f"Low ADC returns to normal by itself, while the injury stays: after day {PSEUDONORMAL_DAY_COOLED:g} in cooled "
    f"infants, from days {PSEUDONORMAL_DAY:g}-{CERTAIN_DAY:g} in others (PMC3345786)."
)
_AT_SECOND: dict[Likely, str] = {
    "expected": "The second scan is of the days in which low ADC has returned to normal: the smaller lesion is no "
    "sign of recovery.",
    "possible": "The second scan is of the days in which low ADC returns to normal where the infant was not cooled: "
    "the smaller lesion may be no sign of recovery.",
    "no": "The second scan is of the days before low ADC returns to normal, which does not explain the fall.",
}
_LEAST_FALL = 0.1  # of the first lesion: less is what borders of voxels make


@dataclass(frozen=True)
class Ages:
    """In days after birth at each scan; raises InputError for what cannot be, and for one age without the other.

    Attributes:
        cooled: None where it is not known.
    """

    first_days: float | None = None
    second_days: float | None = None
    cooled: bool | None = None

    def __post_init__(self) -> None:
        pairs = {"--age-days-first": self.first_days, "--age-days-second": self.second_days}
        for name, days in pairs.items():
            try:
                InfantFacts(age_days=days)
            except InputError as error:
                raise InputError(str(error).replace("--age-days", name)) from error
        missing = [name for name, days in pairs.items() if days is None]
        if len(missing) == 1:
            raise InputError(f"{missing[0]} is missing: one age without the other says nothing. Give both, or neither.")
        if self.first_days is not None and self.second_days is not None and self.first_days >= self.second_days:
            raise InputError(
                f"The first scan is of day {self.first_days:g} and the second of day {self.second_days:g}. "
                "Name the results in time order."
            )

    @property
    def given(self) -> bool:
        return self.second_days is not None


def pseudonormalisation(lesion: LesionChange, ages: Ages) -> Pseudonormalisation:
    """Whether a fall of the lesion's volume may be no recovery."""
    if lesion.first_ml <= 0 or -lesion.change_ml < _LEAST_FALL * lesion.first_ml:
        text = "The volume of the lesion has not fallen by a tenth or more, so there is no fall to explain."
        if ages.first_days is not None and ages.first_days < LOWEST_DAY and lesion.change_ml > 0:
            text += " The first scan is of the days in which ADC still falls: a rise may be the course of one injury."
        return Pseudonormalisation("no fall", text, RULE)
    normal = f"{lesion.gone_normal_ml:.1f} of the {lesion.gone_ml:.1f} ml that are gone look normal in the second scan"
    if ages.second_days is None:
        return Pseudonormalisation(
            "cannot tell",
            f"{normal}. Whether they have recovered, or only their ADC has returned to normal, cannot be told without "
            "the ages at both scans (--age-days-first, --age-days-second).",
            RULE,
        )
    explains = _of_day(ages.second_days, ages.cooled)
    text = f"{normal}. {_AT_SECOND[explains]}"
    if ages.first_days is not None and _of_day(ages.first_days, ages.cooled) != "no":
        text += " The first scan, too, is of these days: its lesion may have been larger than it shows."
    return Pseudonormalisation(explains, text, RULE)


def _of_day(days: float, cooled: bool | None) -> Likely:
    """Whether low ADC has returned to normal on that day."""
    certain = CERTAIN_DAY if cooled is False else PSEUDONORMAL_DAY_COOLED
    begins = PSEUDONORMAL_DAY_COOLED if cooled else PSEUDONORMAL_DAY
    if days >= certain:
        return "expected"
    return "possible" if days >= begins else "no"
