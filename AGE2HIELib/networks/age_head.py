"""How the outputs of a network of age become years; plain numbers, so that a bundle can be read without torch."""

from __future__ import annotations

from dataclasses import dataclass

HEADS = ("huber", "soft")
BINS = 40  # as in SFCN (Peng 2021, doi:10.1016/j.media.2020.101871)
OLDEST_YEARS = 100.0


@dataclass(frozen=True)
class AgeHead:
    """Attributes:
    kind: "huber" (one output, in standard deviations of the training ages) or "soft" (40 bins over 0-100 years).
    mean, sd: of the training ages, years.
    volume_mean, volume_sd: of ln(brain volume in ml) over the training subjects; sd 0 leaves the volume out.
    """

    kind: str
    mean: float
    sd: float
    volume_mean: float = 0.0
    volume_sd: float = 0.0

    @property
    def outputs(self) -> int:
        return 1 if self.kind == "huber" else BINS
