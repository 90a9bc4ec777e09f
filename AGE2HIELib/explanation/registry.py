"""The saliency methods by name, and what a reader has to know about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.gradient_methods import (
    cam,
    gradcam,
    gradcam_plus_plus,
    hirescam,
    integrated_gradients,
    layercam,
    smooth_integrated_gradients,
)
from AGE2HIELib.explanation.network_maps import attention, local_answers
from AGE2HIELib.explanation.network_methods import anomaly, regional_residuals
from AGE2HIELib.explanation.perturbation_methods import noise_map, occlusion
from AGE2HIELib.explanation.question import Answer, Question


@dataclass(frozen=True)
class Method:
    """Attributes:
    answer: makes the map of one member.
    title: for people.
    signed: whether negative values speak against the target; where not, the map says only that a place matters.
    at_layer: whether it is asked at a layer of the network; the others look at the image.
    by_chance: whether it draws numbers at random, by the question's seed.
    in_logits: whether its values are parts of the explained number, and are scaled by the calibration's slope.
    unit: of its values; ``{unit}`` stands for that of the explained number.
    """

    answer: Callable[[Question], Answer]
    title: str
    signed: bool = True
    at_layer: bool = False
    in_logits: bool = True
    unit: str = "{unit}, per cell"
    by_chance: bool = False

    @property
    def meaning(self) -> str:
        """What high values say."""
        return "what raised the score" if self.signed else "what mattered to the score"


METHODS: dict[str, Method] = {
    "hirescam": Method(cam(hirescam), "HiResCAM", at_layer=True),
    "gradcam": Method(cam(gradcam), "Grad-CAM", at_layer=True),
    "gradcam++": Method(cam(gradcam_plus_plus), "Grad-CAM++", signed=False, at_layer=True),
    "layercam": Method(cam(layercam), "LayerCAM", signed=False, at_layer=True),
    "integrated-gradients": Method(integrated_gradients, "Integrated gradients"),
    "smooth-integrated-gradients": Method(
        smooth_integrated_gradients, "Integrated gradients with SmoothGrad", by_chance=True
    ),
    "occlusion": Method(occlusion, "Occlusion"),
    "noise-map": Method(
        noise_map, "Tolerated noise", signed=False, in_logits=False, unit="log of tolerated noise", by_chance=True
    ),
}
# Of networks that hold such a map: of every other one it is refused.
NETWORK_METHODS: dict[str, Method] = {
    "attention": Method(attention, "Attention", signed=False, in_logits=False, unit="share of all slices' attention"),
    "local": Method(local_answers, "Local answers", unit="{unit}, of a part less the whole"),
    "regional-residuals": Method(regional_residuals, "Regional residuals", unit="{unit}, of a region less the whole"),
    "anomaly": Method(anomaly, "Anomaly", in_logits=False, unit="standard deviations from a healthy brain"),
}
DEFAULT_METHOD = "hirescam"


def find_method(name: str) -> Method:
    known = {**METHODS, **NETWORK_METHODS}
    if name not in known:
        raise InputError(f"There is no saliency method {name!r}. Choose one of {', '.join(known)}.")
    return known[name]
