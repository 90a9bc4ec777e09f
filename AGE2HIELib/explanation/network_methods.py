"""Maps that only some networks have: a covariance network's regional residuals, an autoencoder's anomalies."""

from __future__ import annotations

import numpy as np
import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.gradient_methods import STEPS
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, as_numbers
from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from AGE2HIELib.networks.covariance import CovarianceNetwork


def regional_residuals(question: Question) -> Answer:
    """Every region painted with what it says beyond the mean of all regions, in the unit of what is explained (Sihag et
    al. 2024, arXiv:2402.07684).
    """
    member = _over_regions(question, "regional-residuals")
    with torch.no_grad():
        outputs = member(question.image)
        residuals = explained_residuals(member, question)
        cells = member.values.painted(residuals[None, None])[0, 0]
    return Answer(as_numbers(outputs), cells.cpu().numpy(), WHOLE_IMAGE)


def regional_evidence(question: Question) -> Answer:
    """Every region painted with what its own values add to what is explained, less the mean over all regions.

    A residual says what stands at a region after the covariance matrix has spread the values of all regions; this says
    where the values came from: integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365) from the healthy mean
    to the values, times the number of regions, so that their mean is the answer less that to the healthy mean.
    """
    member = _over_regions(question, "regional-evidence")
    with torch.no_grad():
        outputs = member(question.image)
        values = member.values.standardised(member.values.measured(question.image))
        parts = value_evidence(member, question, values)
        cells = member.values.painted((parts - parts.mean())[None, None])[0, 0]
    return Answer(as_numbers(outputs), cells.cpu().numpy(), WHOLE_IMAGE)


def value_evidence(member: CovarianceNetwork, question: Question, values: torch.Tensor) -> torch.Tensor:
    """``(regions,)`` of standardised ``values``, ``(1, C + 1, regions)``; their mean is the whole."""
    total = torch.zeros_like(values)
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    with torch.enable_grad():
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            on_path = (float(node) * values).requires_grad_(True)
            (gradient,) = torch.autograd.grad(question.target(member.answers_to(on_path)).sum(), on_path)
            total += float(weight) * gradient
    return torch.as_tensor((total * values)[0].sum(0) * values.shape[2]).detach()


def _over_regions(question: Question, name: str) -> CovarianceNetwork:
    if not isinstance(question.member, CovarianceNetwork):
        raise InputError(
            f"The map '{name}' is that of a covariance network, and this model has another one. "
            "Leave it out, or name such a model."
        )
    return question.member


def explained_residuals(member: CovarianceNetwork, question: Question) -> torch.Tensor:
    """``(regions,)``: what is explained were it read from one region alone, less what it is."""
    parts = member.contributions(question.image)
    return question.target(parts.T) - question.target(parts.mean(1, keepdim=True))


def anomaly(question: Question) -> Answer:
    """How much a cell differs from a healthy brain as the network draws it, in standard deviations of healthy subjects'
    (Bengs, Behrendt et al. 2022, arXiv:2201.13081); of ADC, how much lower it is. It does not depend on the target.
    """
    member = question.member
    if not isinstance(member, AutoencoderNetwork):
        raise InputError(
            "The map 'anomaly' is that of an autoencoder, and this model has another network. "
            "Leave it out, or name such a model."
        )
    with torch.no_grad():
        outputs, cells = member(question.image), member.anomaly(question.image)[0]
    return Answer(as_numbers(outputs), cells.cpu().numpy(), WHOLE_IMAGE)
