"""Which outcomes are not ruled out: a set that holds the true one with a stated coverage, whichever it is.

Cross-conformal prediction (Vovk 2015, doi:10.1007/s10472-013-9368-4) for each class by itself: a member's logit for the
new infant is ranked among the logits of the cases that this member did not learn from, and the ranks of all members
are added. So single members stand beside single members: the mean of an ensemble is more certain than any of them, and
ranked among their scores it would look more certain than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from AGE2HIELib.inference.training_cases import TrainingCases

SET_COVERAGE = 0.90
_ROUNDING = 1e-9
FAVOURABLE, ADVERSE = "favourable", "adverse"


@dataclass(frozen=True)
class PredictionSet:
    """Attributes:
    coverage: share of infants of either outcome whose set holds it, for infants like those of the calibration.
    outcomes: those that are not ruled out: one, both or none.
    favourable, adverse: how many cases of either outcome it rests on; with fewer than 9 an outcome is never ruled out.
    """

    coverage: float
    outcomes: tuple[str, ...]
    favourable: int
    adverse: int

    @property
    def label(self) -> str:
        """The one outcome that is left, or "indeterminate"."""
        return self.outcomes[0] if len(self.outcomes) == 1 else "indeterminate"


def prediction_set(logits: Sequence[float], cases: TrainingCases) -> PredictionSet:
    """The set for the members' logits, in the order of ``cases``."""
    p_values = conformal_p_values(logits, cases)
    left = tuple(outcome for outcome, p in p_values.items() if p > 1 - SET_COVERAGE + _ROUNDING)
    counts = {name: sum(len(getattr(one, name)) for one in cases.members) for name in (FAVOURABLE, ADVERSE)}
    return PredictionSet(SET_COVERAGE, left, counts[FAVOURABLE], counts[ADVERSE])


def conformal_p_values(logits: Sequence[float], cases: TrainingCases) -> dict[str, float]:
    """For each outcome the share of its cases that are no more typical of it than this one, itself counted."""
    odd = {FAVOURABLE: 1, ADVERSE: 1}
    of = {FAVOURABLE: 1, ADVERSE: 1}
    for logit, member in zip(logits, cases.members, strict=True):
        odd[FAVOURABLE] += len(member.favourable) - int(np.searchsorted(member.favourable, logit, side="left"))
        odd[ADVERSE] += int(np.searchsorted(member.adverse, logit, side="right"))
        of[FAVOURABLE] += len(member.favourable)
        of[ADVERSE] += len(member.adverse)
    return {outcome: odd[outcome] / of[outcome] for outcome in odd}
