"""``configs/clinical.json``: how a bundle's image number and clinical variables become one, where it can do that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from AGE2HIELib.bundle.schema import NUMBER, Kinds, check_keys, parse_table, require
from AGE2HIELib.clinical.fusion import Fusion
from AGE2HIELib.clinical.variables import FUSED
from AGE2HIELib.errors import ModelError

CLINICAL = "configs/clinical.json"
CLINICAL_CARD = "docs/clinical.md"
FORMAT = 1
_KEYS: Kinds = {"format": int, "made_with": str, "cases": int, "adverse": int, "assumption": str, "fusions": dict}
_VECTORS = ("mean", "sd", "image_slope", "coefficients", "missing_coefficients", "missing_share")
_SQUARES = ("covariance", "uncertainty")
_FUSION_KEYS: Kinds = {
    "names": list,
    "image_mean": NUMBER,
    "penalty": NUMBER,
    **dict.fromkeys((*_VECTORS, *_SQUARES), list),
}
_DIGITS = 8  # that are kept of each number: far more than it is known to


@dataclass(frozen=True)
class ClinicalFacts:
    """The fusion of a bundle.

    Attributes:
        fusions: by the kind of input, as the readings are: the variables are held against the image's calibrated logit.
        cases, adverse: infants that it was learned from, and how many of them had an adverse outcome.
        made_with: the command.
        assumption: for drawn variables, what was assumed of them; empty for a cohort's own.
    """

    fusions: Mapping[str, Fusion]
    cases: int
    adverse: int
    made_with: str
    assumption: str = ""


def clinical_text(facts: ClinicalFacts) -> str:
    """The file's content."""
    content = {
        "format": FORMAT,
        **{key: getattr(facts, key) for key in ("made_with", "cases", "adverse", "assumption")},
        "fusions": {kind: _fusion_table(fusion) for kind, fusion in facts.fusions.items()},
    }
    return json.dumps(content) + "\n"


def read_clinical_facts(content: bytes, kinds: tuple[str, ...]) -> ClinicalFacts:
    """ModelError names the key that is missing, unknown or wrong; ``kinds`` are those of the readings."""
    found = parse_table(content, CLINICAL)
    if found.get("format") != FORMAT:
        raise ModelError(
            f"{CLINICAL} is in format {found.get('format')!r}; this age2hie reads format {FORMAT}. Use a matching one."
        )
    check_keys(found, _KEYS, CLINICAL)
    fusions = {kind: _read_fusion(table, kind) for kind, table in found["fusions"].items()}
    facts = ClinicalFacts(fusions, *(found[key] for key in ("cases", "adverse", "made_with", "assumption")))
    check_clinical(facts, kinds)
    return facts


def check_clinical(facts: ClinicalFacts, kinds: tuple[str, ...]) -> None:
    """What holds for any fusion, whether it is being written or read."""
    require(set(facts.fusions) == set(kinds), "'fusions'", sorted(facts.fusions), f"for {', '.join(kinds)}")
    require(0 < facts.adverse < facts.cases, "'adverse' of clinical", facts.adverse, "above 0 and below 'cases'")
    for fusion in facts.fusions.values():
        _check_fusion(fusion)


def _check_fusion(fusion: Fusion) -> None:
    names, width = fusion.names, len(fusion.names)
    known = 0 < len(set(names)) == width and set(names) <= set(FUSED)
    require(known, "'names' of clinical", names, f"some of {', '.join(FUSED)}")
    sizes = {**dict.fromkeys(_VECTORS, (width,)), "covariance": (width, width), "uncertainty": (2 * width, 2 * width)}
    for key, shape in sizes.items():
        array = getattr(fusion, key)
        require(array.shape == shape, f"shape of {key!r} of clinical", array.shape, f"{shape}")
        require(bool(np.isfinite(array).all()), f"{key!r} of clinical", "no number", "finite")
    require(bool(np.isfinite(fusion.image_mean)), "'image_mean' of clinical", fusion.image_mean, "finite")
    require(0 <= fusion.penalty < np.inf, "'penalty' of clinical", fusion.penalty, "0 or more")
    require(bool((fusion.sd > 0).all()), "'sd' of clinical", fusion.sd.tolist(), "above 0")
    share = fusion.missing_share
    require(bool(((share >= 0) & (share <= 1)).all()), "'missing_share' of clinical", share.tolist(), "0 to 1")
    for key, least in (("covariance", 1e-9), ("uncertainty", -1e-9)):
        square = getattr(fusion, key)
        sound = np.allclose(square, square.T) and np.linalg.eigvalsh(square).min() > least
        require(bool(sound), f"{key!r} of clinical", "no covariance", "symmetric, with no negative variance")


def _fusion_table(fusion: Fusion) -> dict[str, Any]:
    arrays = {key: _rounded(getattr(fusion, key)) for key in (*_VECTORS, *_SQUARES)}
    numbers = {"image_mean": float(f"{fusion.image_mean:.{_DIGITS}g}"), "penalty": fusion.penalty}
    return {"names": list(fusion.names), **numbers, **arrays}


def _rounded(array: np.ndarray) -> list[Any]:
    if array.ndim > 1:
        return [_rounded(row) for row in array]
    return [float(f"{value:.{_DIGITS}g}") for value in array]


def _read_fusion(table: object, kind: str) -> Fusion:
    where = f"{CLINICAL}, {kind}"
    require(isinstance(table, dict), f"fusion of {kind}", table, "a table")
    assert isinstance(table, dict)
    check_keys(table, _FUSION_KEYS, where)
    try:
        arrays = {key: np.array(table[key], dtype=float) for key in (*_VECTORS, *_SQUARES)}
    except (ValueError, TypeError) as problem:
        raise ModelError(f"{where}: a list holds no numbers ({problem}). Export the model again.") from problem
    found: dict[str, Any] = {**arrays, **{key: float(table[key]) for key in ("image_mean", "penalty")}}
    return Fusion(names=tuple(map(str, table["names"])), **found)
