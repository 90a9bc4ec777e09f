"""Clinical variables in the tables: alone, and beside the image, fitted inside each split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from AGE2HIELib.bundle.clinical_facts import ClinicalFacts
from AGE2HIELib.bundle.model_facts import z_and_sequences
from AGE2HIELib.clinical.fusion import Fusion, fuse
from AGE2HIELib.clinical.variables import FUSED
from training.evaluation.baselines import CLINICAL_ALONE, IMAGE_ALONE, IMAGE_AND_CLINICAL, prediction_rows
from training.evaluation.decide import Decision, apply, decide
from training.evaluation.splits import Split
from training.learning.fusion import fit_fusion
from training.preparing.infants import clinical_values


@dataclass(frozen=True)
class SplitLogits:
    """Logits of one arm in one split, those of the training cases by networks that had not seen them.

    Attributes:
        inner: columns ``case logit``: the training cases once each, scattering as the ensemble's mean does.
        test: logits of ``split.test``, in its order.
        decision: from ``inner``.
    """

    inner: pd.DataFrame
    test: np.ndarray
    decision: Decision


def clinical_rows(table: pd.DataFrame, split: Split, image: SplitLogits) -> pd.DataFrame | None:
    """The rows ``clinical-alone``, ``image-alone`` and ``image+clinical`` of one split; None where the cohort has no
    clinical variables.

    Means, imputation, penalty and coefficients come from the training cases of the split; threshold and calibration
    from fusions that were fitted without the inner fold that they are asked about.

    Args:
        table: of the prepared cohort.
        image: of the exported arm; image alone is that arm, its row stands beside the other two.
    """
    values = clinical_values(table)
    if values is None:
        return None
    place = {case: number for number, case in enumerate(table["case"])}
    inner, test = ([place[case] for case in cases] for cases in (image.inner["case"], split.test))
    adverse = table["adverse"].to_numpy(bool)[inner]
    cases = table.iloc[test]
    decided = (*apply(image.decision, image.test),)
    found = [prediction_rows(IMAGE_ALONE, split, cases, image.test, (decided[0], image.decision.threshold, decided[1]))]
    ours = calibrated_logit(image.decision, image.inner["logit"].to_numpy(float))
    theirs = calibrated_logit(image.decision, image.test)
    share = float(logit(adverse.mean()))
    nothing = (np.full(len(inner), share), np.full(len(test), share))
    for arm, (learned, asked) in ((CLINICAL_ALONE, nothing), (IMAGE_AND_CLINICAL, (ours, theirs))):
        fusion = fit_fusion(learned, values[inner], adverse, FUSED)
        left_out = _left_out(fusion, image.inner["case"], split, learned, values[inner], adverse)
        decision = decide(left_out, adverse)
        logits = fused_logits(fusion, asked, values[test])
        probability, called = apply(decision, logits)
        found.append(prediction_rows(arm, split, cases, logits, (probability, decision.threshold, called)))
    return pd.concat(found, ignore_index=True)


def clinical_facts(
    logits: pd.DataFrame, decisions: dict[str, Decision], table: pd.DataFrame, *, made_with: str, assumption: str
) -> ClinicalFacts | None:
    """What an exported bundle knows of clinical variables, for each kind of z-map by itself; None where the cohort has
    none.

    Args:
        logits: from ``ensemble_logits``.
        decisions: calibrations on the same logits.
    """
    values = clinical_values(table)
    if values is None:
        return None
    place = {case: number for number, case in enumerate(table["case"])}
    fusions = {}
    for kind, part in logits.groupby("z"):
        rows = [place[case] for case in part["case"]]
        image = calibrated_logit(decisions[str(kind)], part["logit"].to_numpy(float))
        fusions[str(kind)] = fit_fusion(image, values[rows], part["adverse"].to_numpy(bool), FUSED)
    # the few infants of a choice of sequences may lack what others have; both are learned beside calibrated logits
    fusions = {kind: one if one.names else fusions.get(z_and_sequences(kind)[0], one) for kind, one in fusions.items()}
    if not all(fusion.names for fusion in fusions.values()):
        return None
    return ClinicalFacts(fusions, len(table), int(table["adverse"].sum()), made_with, assumption)


def calibrated_logit(decision: Decision, logits: np.ndarray) -> np.ndarray:
    """On the scale on which 0 is an even chance."""
    moved: np.ndarray = decision.calibration.intercept + decision.calibration.slope * logits
    return moved


def fused_logits(fusion: Fusion, image_logit: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``values`` has all of ``FUSED``, of which a fusion may know some only."""
    return fuse(fusion, image_logit, values[:, [FUSED.index(name) for name in fusion.names]]).logit


def _left_out(
    fusion: Fusion, cases: pd.Series, split: Split, image_logit: np.ndarray, values: np.ndarray, adverse: np.ndarray
) -> np.ndarray:
    """Fused logits of the training cases, each by a fusion that was fitted without its inner fold."""
    logits = np.empty(len(cases))
    for _, held in split.inner:
        out = cases.isin(held).to_numpy()
        part = fit_fusion(image_logit[~out], values[~out], adverse[~out], FUSED, penalty=fusion.penalty)
        logits[out] = fused_logits(part, image_logit[out], values[out])
    return logits
