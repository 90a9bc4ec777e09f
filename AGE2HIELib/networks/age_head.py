"""How the outputs of a network of age become years; plain numbers, so that a bundle can be read without torch."""

from __future__ import annotations

from dataclasses import dataclass

HEADS = ("huber", "soft")
TARGETS = YEARS, LOG = ("years", "log")
LOG_OFFSET_YEARS = 0.75  # log(age + 0.75): from conception on, about; the first year of life weighs as fifty of the old


@dataclass(frozen=True)
class AgeBins:
    """Bins of equal width in years: ``count`` of them from ``first_years``, the lower border of the first."""

    first_years: float
    width_years: float
    count: int


# Beyond both ends of life, so that a newborn's soft label is not cut off: with the bins of before, a perfect network
# answered 2.1 years for a newborn. One year wide, as in SFCN (Peng 2021, doi:10.1016/j.media.2020.101871).
LIFE = AgeBins(-6.0, 1.0, 112)
UNSTATED = AgeBins(0.0, 2.5, 40)  # of the bundles that were made before they stated their bins


@dataclass(frozen=True)
class AgeHead:
    """Attributes:
    kind: "huber" (one output, in standard deviations of the training ages) or "soft" (a logit for each of ``bins``).
    mean, sd: of the training ages, in years or as ``target`` says.
    volume_mean, volume_sd: of ln(brain volume in ml) over the training subjects; sd 0 leaves the volume out.
    target: what the one output of "huber" is linear in: "years", or "log", the logarithm of age + 0.75 years.
    bins: of "soft".
    """

    kind: str
    mean: float
    sd: float
    volume_mean: float = 0.0
    volume_sd: float = 0.0
    target: str = YEARS
    bins: AgeBins = LIFE

    @property
    def outputs(self) -> int:
        return 1 if self.kind == "huber" else self.bins.count
