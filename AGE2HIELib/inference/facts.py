"""What a model says of itself: how it is fed, how its numbers are read, what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from AGE2HIELib.errors import ModelError
from AGE2HIELib.inference.age_model import AgeFacts
from AGE2HIELib.inference.training_cases import TrainingCases
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.network_input import InputSpec


@dataclass(frozen=True)
class Calibration:
    """Platt scaling (Platt 1999): ``probability = sigmoid(intercept + slope * mean logit of the members)``.

    Attributes:
        slope, intercept: of the logistic regression of the outcome on the mean logit; slope above 0.
        prevalence: share of adverse outcomes where it holds: that among the cases it was fitted on, unless it was moved
            (``inference.prevalence``).
        slope_sd, intercept_sd: their standard errors; 0 where they are not known.
        covariance: of the estimates of slope and intercept.
    """

    slope: float
    intercept: float
    prevalence: float
    slope_sd: float = 0.0
    intercept_sd: float = 0.0
    covariance: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Everything about a model but its weights.

    Attributes:
        trained_on: cohort, number of cases and where they came from, in one sentence.
        made_with: the command that made the model.
        demonstration: True when the model saw synthetic data only.
        network, network_arguments: the entry in ``networks.registry`` and the arguments of its constructor.
        z_origins: what the z channel may hold: "released", "none" and the SHA-256 of atlases.
        threshold: on the calibrated probability.
        saliency_layer: the layer that is explained unless another one is asked for.
        cases: what is remembered of the cases it was made from; without it no outcome is ever named, and the
            distance from them is not asked for.
        age: of the network that learned brain age; None where the bundle does not carry it.
    """

    name: str
    version: str
    description: str
    trained_on: str
    intended_use: str
    made_with: str
    demonstration: bool
    spec: InputSpec
    z_origins: tuple[str, ...]
    calibration: Calibration
    threshold: float = 0.5
    saliency_layer: str = "block2"
    network: str = "sfcn"
    network_arguments: Mapping[str, Any] = field(default_factory=dict)
    authors: str = "The AGE2HIE developers"
    copyright: str = "The AGE2HIE developers, Apache-2.0"
    cases: TrainingCases | None = None
    age: AgeFacts | None = None


def check_z_origin(model: ModelFacts, atlas: Atlas, *, released: bool) -> None:
    """A z-map of another origin than the network was trained on is out of its distribution, and is refused."""
    if "z_adc" not in [channel.name for channel in model.spec.channels]:
        return
    if released and "released" not in model.z_origins:
        raise ModelError(
            f"The model {model.name} was not trained on released z-maps (its z-maps: {', '.join(model.z_origins)}). "
            "Leave --z-adc out, or use another model."
        )
    if not released and atlas.sha256 not in model.z_origins:
        raise ModelError(
            f"The model {model.name} was not trained on z-maps of the atlas {atlas.name} ({atlas.sha256[:12]}...). "
            "Leave --atlas out, or use a model that was made with it."
        )
