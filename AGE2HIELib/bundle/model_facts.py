"""What a model says of itself: how it is fed, how its numbers are read, what it was trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from typing import Any, TypeVar

from AGE2HIELib.bundle.age_facts import AgeFacts
from AGE2HIELib.bundle.clinical_facts import ClinicalFacts
from AGE2HIELib.bundle.training_cases import Scores, TrainingCases
from AGE2HIELib.clinical.fusion import Fusion
from AGE2HIELib.errors import ModelError
from AGE2HIELib.preprocess.atlas import Atlas
from AGE2HIELib.preprocess.network_input import SEQUENCES, InputSpec

# Kinds of z-map. A network answers differently to the same infant's (by a logit, where the infant is in doubt), so
# each kind has a calibration, a threshold and scores of its own. A network that reads T1 and T2 does so by what of
# them is there, too: such kinds are "atlas/adc", "atlas/adc+t1" and so on, beside "atlas" for infants with anything.
ATLAS, RELEASED, NO_Z = Z_KINDS = ("atlas", "released", "none")


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


@dataclass(frozen=True)
class Reading:
    """How the members' logits are read for input of one kind.

    Attributes:
        threshold: on the calibrated probability.
    """

    calibration: Calibration
    threshold: float = 0.5


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Everything about a model but its weights.

    Attributes:
        trained_on: cohort, number of cases and where they came from, in one sentence.
        made_with: the command that made the model.
        demonstration: True when the model saw synthetic data only.
        network, network_arguments: the entry in ``networks.registry`` and the arguments of its constructor.
        z_origins: what the z channel may hold: "released", "none" and the SHA-256 of atlases.
        readings: by the kind of input: one of ``Z_KINDS`` for every kind among ``z_origins``, and of ``patterns`` those
            that enough infants had.
        in_use: the kind whose reading holds, see ``for_z_map`` and ``for_sequences``; the first one where no scan is
            there yet.
        saliency_layer: the layer that is explained unless another one is asked for.
        cases: what is remembered of the cases it was made from; without it no outcome is ever named, and the
            distance from them is not asked for.
        age: of the network that learned brain age; None where the bundle does not carry it.
        clinical: how clinical variables join the image; None where the bundle does not know it.
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
    readings: Mapping[str, Reading]
    in_use: str | None = None
    saliency_layer: str = "block2"
    network: str = "sfcn"
    network_arguments: Mapping[str, Any] = field(default_factory=dict)
    authors: str = "The AGE2HIE developers"
    copyright: str = "The AGE2HIE developers, Apache-2.0"
    cases: TrainingCases | None = None
    age: AgeFacts | None = None
    clinical: ClinicalFacts | None = None

    @property
    def kind(self) -> str:
        """Of the input that is read."""
        return self.in_use or next(iter(self.readings))

    @property
    def calibration(self) -> Calibration:
        return self.readings[self.kind].calibration

    @property
    def threshold(self) -> float:
        return self.readings[self.kind].threshold

    @property
    def fusion(self) -> Fusion | None:
        """Of the clinical variables with this kind of input."""
        return self.clinical.fusions[self.kind] if self.clinical is not None else None

    @property
    def scores(self) -> tuple[Scores, ...]:
        """What a new infant's logits are ranked among; empty where none are kept."""
        return self.cases.scores[self.kind] if self.cases is not None else ()


Facts = TypeVar("Facts", bound=ModelFacts)


def z_kinds(origins: Iterable[str]) -> tuple[str, ...]:
    """The kinds among ``z_origins``: every atlas is of one kind."""
    kinds = {origin if origin in (RELEASED, NO_Z) else ATLAS for origin in origins}
    return tuple(kind for kind in Z_KINDS if kind in kinds)


def for_z_map(model: Facts, atlas: Atlas, *, released: bool) -> Facts:
    """The model with the reading for a scan whose z-map was released, or else made with ``atlas``.

    Raises:
        ModelError: the network was not trained on such z-maps, which are out of its distribution.
    """
    if "z_adc" not in [channel.name for channel in model.spec.channels]:
        return model
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
    return replace(model, in_use=RELEASED if released else ATLAS)


def with_sequences(z_kind: str, there: Collection[str]) -> str:
    """The kind of infants with such a z-map and exactly these of ``SEQUENCES``."""
    return f"{z_kind}{_BESIDE}{'+'.join(['adc', *(name for name in SEQUENCES if name in there)])}"


def z_and_sequences(kind: str) -> tuple[str, tuple[str, ...] | None]:
    """The kind of z-map, and the sequences that are there beside ADC; None where it is for infants with any."""
    z_kind, _, pattern = kind.partition(_BESIDE)
    return z_kind, tuple(pattern.split("+")[1:]) if pattern else None


def patterns(z_kind: str, sequences: Collection[str]) -> tuple[str, ...]:
    """Every kind with this z-map of a network that reads ``sequences``: nothing beside ADC, each one, all.

    None for a network that reads ADC alone, and none for "none": no user's scan comes without a z-map.
    """
    if not sequences or z_kind == NO_Z:
        return ()
    chosen = chain.from_iterable(combinations(sequences, count) for count in range(len(sequences) + 1))
    return tuple(with_sequences(z_kind, there) for there in chosen)


def for_sequences(model: Facts, there: Collection[str]) -> Facts:
    """The model, as ``for_z_map`` has left it, with the reading for a scan that has these sequences beside it.

    Where too few infants had them for a reading of their own, that of infants with any sequences stays.
    """
    z_kind, _ = z_and_sequences(model.kind)
    kind = with_sequences(z_kind, there)
    return replace(model, in_use=kind if kind in model.readings else z_kind)


_BESIDE = "/"
KINDS = (*Z_KINDS, *chain.from_iterable(patterns(kind, SEQUENCES) for kind in Z_KINDS))  # all that a reading may be of
