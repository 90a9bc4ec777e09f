"""What a bundle remembers of the cases it was made from: their scores, and where they lie among a network's features.

``configs/cases.json`` of a bundle. It holds numbers of the networks only, and none that leads back to a child.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from AGE2HIELib.errors import ModelError

CASES = "configs/cases.json"
_FORMAT = 2  # 1 had features of the last block
_DIGITS = 7
_MOST_FEATURES = 4096


@dataclass(frozen=True)
class MemberCases:
    """Of one member of the ensemble.

    Attributes:
        favourable, adverse: sorted logits of the cases of either outcome that this member did not learn from.
        mean: ``(F,)`` of the features (``inference.features``) of those that it did.
        precision: ``(F, F)`` inverse of their covariance, shrunk (Ledoit and Wolf 2004,
            doi:10.1016/S0047-259X(03)00096-4).
    """

    favourable: np.ndarray
    adverse: np.ndarray
    mean: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True)
class TrainingCases:
    """Attributes:
    members: in the order of the bundle's.
    distance_limit: the largest distance that passes the gate unasked, see ``inference.features``.
    distance_basis: where it comes from, in words.
    """

    members: tuple[MemberCases, ...]
    distance_limit: float
    distance_basis: str

    @property
    def features(self) -> int:
        """Length of a member's features."""
        return len(self.members[0].mean)

    @property
    def counts(self) -> tuple[int, int]:
        """Favourable and adverse cases with a score, over all members."""
        return sum(len(one.favourable) for one in self.members), sum(len(one.adverse) for one in self.members)


def cases_text(cases: TrainingCases) -> str:
    members = [{name: _plain(getattr(one, name)) for name in _SHAPES} for one in cases.members]
    content = {
        "format": _FORMAT,
        "distance_limit": cases.distance_limit,
        "distance_basis": cases.distance_basis,
        "members": members,
    }
    return json.dumps(content, indent=None, separators=(",", ":")) + "\n"


def read_cases(content: bytes, members: int) -> TrainingCases:
    """Raises ModelError for what is not whole: wrong shapes, scores out of order, numbers that are none."""
    try:
        found = json.loads(content)
        if found["format"] != _FORMAT:
            raise ValueError(f"format {found['format']!r}, where {_FORMAT} was expected")
        made = tuple(_member(one) for one in found["members"])
        limit = float(found["distance_limit"])
        if len({len(one.mean) for one in made}) > 1:
            raise ValueError("members with different features")
        if len(made) != members or not (np.isfinite(limit) and limit > 0):
            raise ValueError(f"{len(made)} members of {members}, limit {limit}")
        return TrainingCases(made, limit, str(found["distance_basis"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"{CASES} cannot be used ({type(error).__name__}: {error}). Export the model again."
        ) from error


_SHAPES = {"favourable": 1, "adverse": 1, "mean": 1, "precision": 2}


def _member(found: Mapping[str, Any]) -> MemberCases:
    arrays = {name: np.array(found[name], dtype=np.float64) for name in _SHAPES}
    for name, array in arrays.items():
        if array.ndim != _SHAPES[name] or not np.isfinite(array).all():
            raise ValueError(f"{name} is no array of finite numbers")
    size = len(arrays["mean"])
    if not 0 < size <= _MOST_FEATURES or arrays["precision"].shape != (size, size):
        raise ValueError("mean and precision do not belong together")
    if np.linalg.eigvalsh((arrays["precision"] + arrays["precision"].T) / 2).min() <= 0:  # every case would be near
        raise ValueError("precision is the inverse of no covariance")
    if any((np.diff(arrays[name]) < 0).any() for name in ("favourable", "adverse")):
        raise ValueError("scores are not sorted")
    return MemberCases(**arrays)


def _plain(array: np.ndarray) -> Any:
    rounded = np.array([float(f"{value:.{_DIGITS}g}") for value in array.ravel()])
    return rounded.reshape(array.shape).tolist()
