"""What a bundle remembers of the cases it was made from: their scores, and where they lie among a network's features.

``configs/cases.json`` of a bundle. It holds numbers of the networks only, and none that leads back to a child.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from AGE2HIELib.errors import ModelError

CASES = "configs/cases.json"
SET_COVERAGE = 0.90  # of the sets of outcomes that ``inference.conformal`` makes from the scores
_FORMAT = 3  # 1 had features of the last block
_SCORES_OF_MEMBERS = 2  # the format in which each member had scores of its own, and z-maps of all kinds the same
_DIGITS = 7
_MOST_FEATURES = 4096


@dataclass(frozen=True)
class Scores:
    """Sorted logits of the cases of either outcome, by networks that did not learn from the case."""

    favourable: np.ndarray
    adverse: np.ndarray


@dataclass(frozen=True)
class MemberCases:
    """Of one member of the ensemble.

    Attributes:
        mean: ``(F,)`` of the features (``quality.distance``) of the cases that it learned from.
        precision: ``(F, F)`` inverse of their covariance, shrunk (Ledoit and Wolf 2004,
            doi:10.1016/S0047-259X(03)00096-4).
    """

    mean: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True)
class TrainingCases:
    """Attributes:
    members: in the order of the bundle's.
    distance_limit: the largest distance that passes the gate unasked, see ``quality.distance``.
    distance_basis: where it comes from, in words.
    scores: by the kind of input, as the readings are: those of whole ensembles; in bundles of format 2 those of
        each member alone, in the order of the members.
    """

    members: tuple[MemberCases, ...]
    distance_limit: float
    distance_basis: str
    scores: Mapping[str, tuple[Scores, ...]]

    @property
    def features(self) -> int:
        """Length of a member's features."""
        return len(self.members[0].mean)


def counts(scores: Sequence[Scores]) -> tuple[int, int]:
    """Favourable and adverse cases with a score."""
    return sum(len(one.favourable) for one in scores), sum(len(one.adverse) for one in scores)


def cases_text(cases: TrainingCases) -> str:
    """The file's content, with the scores of a whole ensemble for each kind of input."""
    members = [{name: _plain(getattr(member, name)) for name in _FEATURE_SHAPES} for member in cases.members]
    scores = {kind: _scores_table(*of_ensemble) for kind, of_ensemble in cases.scores.items()}
    content = {
        "format": _FORMAT,
        "distance_limit": cases.distance_limit,
        "distance_basis": cases.distance_basis,
        "members": members,
        "scores": scores,
    }
    return json.dumps(content, indent=None, separators=(",", ":")) + "\n"


def read_cases(content: bytes, members: int, kinds: Sequence[str]) -> TrainingCases:
    """``kinds``: those of input that the model is read for, each of which needs scores.

    Raises:
        ModelError: something is not whole: wrong shapes, scores out of order, numbers that are none.
    """
    try:
        table = json.loads(content)
        if table["format"] not in (_SCORES_OF_MEMBERS, _FORMAT):
            raise ValueError(f"format {table['format']!r}, where {_FORMAT} was expected")
        member_cases = tuple(_member(member) for member in table["members"])
        limit = float(table["distance_limit"])
        if len({len(member.mean) for member in member_cases}) > 1:
            raise ValueError("members with different features")
        if len(member_cases) != members or not (np.isfinite(limit) and limit > 0):
            raise ValueError(f"{len(member_cases)} members of {members}, limit {limit}")
        return TrainingCases(member_cases, limit, str(table["distance_basis"]), _scores(table, kinds))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ModelError(
            f"{CASES} cannot be used ({type(error).__name__}: {error}). Export the model again."
        ) from error


_SCORE_SHAPES = {"favourable": 1, "adverse": 1}
_FEATURE_SHAPES = {"mean": 1, "precision": 2}


def _scores(found: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, tuple[Scores, ...]]:
    if found["format"] == _SCORES_OF_MEMBERS:
        return dict.fromkeys(kinds, tuple(map(_scores_of, found["members"])))
    if set(found["scores"]) != set(kinds):
        raise ValueError(f"scores for {sorted(found['scores'])}, where {sorted(kinds)} were expected")
    return {kind: (_scores_of(found["scores"][kind]),) for kind in kinds}


def _scores_of(found: Mapping[str, Any]) -> Scores:
    arrays = _arrays(found, _SCORE_SHAPES)
    if any((np.diff(array) < 0).any() for array in arrays.values()):
        raise ValueError("scores are not sorted")
    return Scores(**arrays)


def _scores_table(scores: Scores) -> dict[str, Any]:
    return {name: _plain(getattr(scores, name)) for name in _SCORE_SHAPES}


def _arrays(found: Mapping[str, Any], shapes: Mapping[str, int]) -> dict[str, np.ndarray]:
    arrays = {name: np.array(found[name], dtype=np.float64) for name in shapes}
    for name, array in arrays.items():
        if array.ndim != shapes[name] or not np.isfinite(array).all():
            raise ValueError(f"{name} is no array of finite numbers")
    return arrays


def _member(found: Mapping[str, Any]) -> MemberCases:
    arrays = _arrays(found, _FEATURE_SHAPES)
    size = len(arrays["mean"])
    if not 0 < size <= _MOST_FEATURES or arrays["precision"].shape != (size, size):
        raise ValueError("mean and precision do not belong together")
    if np.linalg.eigvalsh((arrays["precision"] + arrays["precision"].T) / 2).min() <= 0:  # every case would be near
        raise ValueError("precision is the inverse of no covariance")
    return MemberCases(**arrays)


def _plain(array: np.ndarray) -> Any:
    rounded = np.array([float(f"{value:.{_DIGITS}g}") for value in array.ravel()])
    return rounded.reshape(array.shape).tolist()
