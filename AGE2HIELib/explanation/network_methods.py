"""Maps that only some networks have: a covariance network's regional residuals, an autoencoder's anomalies."""

from __future__ import annotations

import torch

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.question import WHOLE_IMAGE, Answer, Question, as_numbers
from AGE2HIELib.networks.autoencoder import AutoencoderNetwork
from AGE2HIELib.networks.covariance import CovarianceNetwork


def regional_residuals(question: Question) -> Answer:
    """Every region painted with what it says beyond the mean of all regions, in the unit of what is explained (Sihag et
    al. 2024, arXiv:2402.07684).
    """
    member = question.member
    if not isinstance(member, CovarianceNetwork):
        raise InputError(
            "The map 'regional-residuals' is that of a covariance network, and this model has another one. "
            "Leave it out, or name such a model."
        )
    with torch.no_grad():
        outputs = member(question.image)
        residuals = explained_residuals(member, question)
        cells = member.values.painted(residuals[None, None])[0, 0]
    return Answer(as_numbers(outputs), cells.cpu().numpy(), WHOLE_IMAGE)


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
