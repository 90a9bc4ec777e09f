"""Whether a synthetic infant does badly at two years: a rule with chance in it, and nothing more than that."""

from __future__ import annotations

import numpy as np

# An even chance at a lesion load of 1 %: about a third of the MGH cases are over that load and 37 % did badly.
_EVEN_LOAD_PERCENT = 1.0
_LOAD_FLOOR_PERCENT = 0.03
_DEEP_GREY = 1.5  # what a tenth of the deep grey matter adds; twice the load adds 0.6
_CHANCE = 0.6  # scale of the logistic noise: outcomes depend on much that no scan shows


def simulated_outcome(load: float, deep_grey: float, rng: np.random.Generator) -> bool:
    """Adverse or not, by lesion load and injured share of deep grey matter (both 0..1), with logistic noise."""
    latent = 2.0 * np.log10((100 * load + _LOAD_FLOOR_PERCENT) / _EVEN_LOAD_PERCENT)
    latent += _DEEP_GREY * min(deep_grey / 0.1, 1.0)
    return bool(latent + _CHANCE * rng.logistic() > 0)
