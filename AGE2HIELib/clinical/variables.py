"""What may be known of a newborn besides the scan: the clinical variables, their units and what values they can have.

Everything here is known by the day of the scan. Whatever comes later (length of stay, ventilation, nutrition, the
outcome itself) would tell the answer instead of predicting it, and is refused by name (``clinical.reading``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from AGE2HIELib.errors import InputError

NUMBER, WHOLE, YES_NO, SEX = "number", "whole number", "yes or no", "sex"


@dataclass(frozen=True)
class Variable:
    """One clinical variable.

    Attributes:
        name: in files, records and tables; it ends with the unit where there is one.
        title: for people.
        unit: empty where there is none.
        kind: ``NUMBER``, ``WHOLE``, ``YES_NO`` or ``SEX``.
        possible: lowest and highest value; what lies beyond is taken for a slip or another unit. The bounds are wide:
            they are those of survival and of writing, not of what is usual.
        words: values that may be written as words.
        other_units: (lowest, highest, factor, remedy): numbers that are likely to be in another unit.
        fused: whether it takes part in the fused number. The age at the scan does not: when a ward scans is no state
            of the child, and an age could be worked out from what it adds (``docs/clinical.md``).
    """

    name: str
    title: str
    unit: str = ""
    kind: str = NUMBER
    possible: tuple[float, float] = (0.0, 1.0)
    words: Mapping[str, float] | None = None
    other_units: tuple[tuple[float, float, float, str], ...] = ()
    fused: bool = True

    def shown(self, value: float | bool | str) -> str:
        """A value in a message."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else f"{value:g}"


MALE, FEMALE = "male", "female"
SEX_WORDS = {
    **dict.fromkeys(("m", "male", "boy", "masculine", "männlich", "junge", "masculin", "garçon", "masculino"), MALE),
    **dict.fromkeys(("f", "female", "girl", "feminine", "w", "weiblich", "mädchen", "féminin", "femenino"), FEMALE),
}
YES_NO_WORDS = {
    **dict.fromkeys(("yes", "y", "true", "t", "1", "1.0", "ja", "oui", "sí", "si", "present"), True),
    **dict.fromkeys(("no", "n", "false", "f", "0", "0.0", "nein", "non", "absent"), False),
}
# Sarnat and Sarnat 1976 (doi:10.1001/archneur.1976.00500100030012): stages 1 to 3; 0 for no encephalopathy
_SARNAT_WORDS: Mapping[str, float] = {
    **dict.fromkeys(("none", "normal", "stage 0", "grade 0"), 0.0),
    **dict.fromkeys(("mild", "i", "stage 1", "stage i", "grade 1", "grade i"), 1.0),
    **dict.fromkeys(("moderate", "ii", "stage 2", "stage ii", "grade 2", "grade ii"), 2.0),
    **dict.fromkeys(("severe", "iii", "stage 3", "stage iii", "grade 3", "grade iii"), 3.0),
}

VARIABLES = (
    Variable(
        "gestation_weeks",
        "Gestational age at birth",
        "weeks",
        possible=(22.0, 45.0),
        other_units=((154.0, 315.0, 1 / 7, "It may be in days: give weeks"),),
    ),
    Variable("sex", "Sex", kind=SEX),
    Variable("apgar_1", "Apgar score at 1 minute", kind=WHOLE, possible=(0.0, 10.0)),
    Variable("apgar_5", "Apgar score at 5 minutes", kind=WHOLE, possible=(0.0, 10.0)),
    Variable("apgar_10", "Apgar score at 10 minutes", kind=WHOLE, possible=(0.0, 10.0)),
    Variable(
        "cord_ph",
        "pH of cord blood",
        possible=(6.2, 7.7),
        other_units=(
            (62.0, 77.0, 0.1, "The decimal point may be missing: write it"),
            (620.0, 770.0, 0.01, "The decimal point may be missing: write it"),
        ),
    ),
    Variable(
        "base_deficit_mmol_l",
        "Base deficit",
        "mmol/l",
        possible=(-5.0, 45.0),
        other_units=((-45.0, -5.0, -1.0, "It may be a base excess: give the deficit, without the minus sign"),),
    ),
    Variable("sarnat_grade", "Sarnat grade", kind=WHOLE, possible=(0.0, 3.0), words=_SARNAT_WORDS),
    Variable("seizures", "Seizures before the scan", kind=YES_NO),
    Variable("cooled", "Therapeutic hypothermia", kind=YES_NO),
    Variable("age_days", "Age at the scan", "days", possible=(0.0, 730.0), fused=False),
    Variable(
        "weight_g",
        "Birth weight",
        "g",
        possible=(300.0, 7000.0),
        other_units=((0.3, 7.0, 1000.0, "It may be in kilograms: give grams"),),
    ),
    Variable(
        "head_cm",
        "Head circumference at birth",
        "cm",
        possible=(18.0, 45.0),
        other_units=(
            (180.0, 450.0, 0.1, "It may be in millimetres: give centimetres"),
            (7.0, 17.9, 2.54, "It may be in inches: give centimetres"),
        ),
    ),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}
FUSED = tuple(variable.name for variable in VARIABLES if variable.fused)
# of the variables, what with other dates of a record could become a date of birth: never written anywhere
NEVER_KEPT = ("age_days",)
# Half a day: a file has weeks and days, and an option a decimal fraction of them.
_SAME_WEEKS = 0.5 / 7


@dataclass(frozen=True, kw_only=True)
class ClinicalData:
    """What is known of one newborn; None for what is not. InputError for a value that cannot be.

    >>> from AGE2HIELib.clinical.variables import ClinicalData
    >>> ClinicalData(cord_ph=6.9, seizures=True).given
    ('cord_ph', 'seizures')
    >>> ClinicalData(weight_g=3.3)
    Traceback (most recent call last):
    AGE2HIELib.errors.InputError: weight_g is 3.3; it must be 300 to 7000 g. It may be in kilograms: give grams (3300).
    """

    gestation_weeks: float | None = None
    sex: str | None = None
    apgar_1: float | None = None
    apgar_5: float | None = None
    apgar_10: float | None = None
    cord_ph: float | None = None
    base_deficit_mmol_l: float | None = None
    sarnat_grade: float | None = None
    seizures: bool | None = None
    cooled: bool | None = None
    age_days: float | None = None
    weight_g: float | None = None
    head_cm: float | None = None

    def __post_init__(self) -> None:
        for variable in VARIABLES:
            value = getattr(self, variable.name)
            if value is not None:
                check_value(variable, value)

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the variables that are known."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the others."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is None)

    def number(self, name: str) -> float:
        """A variable as the fusion takes it: NaN where it is not known, 1 for yes and for a boy."""
        value = getattr(self, name)
        if value is None:
            return math.nan
        return float(value == MALE) if name == "sex" else float(value)


def check_value(variable: Variable, value: float | bool | str) -> None:
    """InputError for a value that the variable cannot have."""
    if variable.kind == SEX:
        if value not in (MALE, FEMALE):
            raise InputError(f"{variable.name} is {value!r}; it must be {MALE} or {FEMALE}. Write one of them.")
        return
    if variable.kind == YES_NO:
        if not isinstance(value, bool):
            raise InputError(f"{variable.name} is {value!r}; it must be yes or no. Write one of them.")
        return
    if isinstance(value, bool | str) or not math.isfinite(value):
        raise InputError(f"{variable.name} is {value!r}; it must be {_wanted(variable)}. {_LEAVE}")
    low, high = variable.possible
    whole = variable.kind != WHOLE or float(value).is_integer()
    if not low <= value <= high or not whole:
        raise InputError(f"{variable.name} is {value:g}; it must be {_wanted(variable)}. {_remedy(variable, value)}")


_LEAVE = "Give the number, or leave it out where it is not known."


def _wanted(variable: Variable) -> str:
    low, high = variable.possible
    unit = f" {variable.unit}" if variable.unit else ""
    kind = "a whole number, " if variable.kind == WHOLE else ""
    return f"{kind}{low:g} to {high:g}{unit}"


def _remedy(variable: Variable, value: float) -> str:
    for low, high, factor, remedy in variable.other_units:
        if low <= value <= high:
            return f"{remedy} ({value * factor:.5g})."
    return "Correct it, or leave it out where it is not known."


def combined(first: ClinicalData, options: Mapping[str, float | bool | None]) -> ClinicalData:
    """With what the options of a call say of the same variables; InputError where both say something else.

    Args:
        first: from a file.
        options: by the name of the variable; None for what was not given.
    """
    values = {name: getattr(first, name) for name in first.given}
    for name, value in options.items():
        if value is None:
            continue
        variable = BY_NAME[name]
        if name in values and _same(name, values[name], value):
            continue
        if name in values:
            raise InputError(
                f"--{name.replace('_', '-')} is {variable.shown(value)}, and the clinical file says "
                f"{variable.shown(values[name])}. Give it once, or the same."
            )
        values[name] = value
    return ClinicalData(**values)


def _same(name: str, one: float | bool | str, other: float | bool) -> bool:
    if name == "gestation_weeks" and not isinstance(one, str):
        return abs(one - other) < _SAME_WEEKS
    return one == other
