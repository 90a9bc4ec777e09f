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
    in_logits: whether its values are parts of the explained number, and are scaled by the calibration's slope.
    unit: of the others.
    of_network: of which networks alone it can be made, as a bundle names them; empty for all.
    """

    answer: Callable[[Question], Answer]
    title: str
    signed: bool = True
    at_layer: bool = False
    in_logits: bool = True
    unit: str = ""
    of_network: str = ""

    @property
    def meaning(self) -> str:
        """What high values say."""
        if self.of_network:
            return self.unit or "what a region says beyond all regions"
        return "what raised the score" if self.signed else "what mattered to the score"


METHODS: dict[str, Method] = {
    "hirescam": Method(cam(hirescam), "HiResCAM", at_layer=True),
    "gradcam": Method(cam(gradcam), "Grad-CAM", at_layer=True),
    "gradcam++": Method(cam(gradcam_plus_plus), "Grad-CAM++", signed=False, at_layer=True),
    "layercam": Method(cam(layercam), "LayerCAM", signed=False, at_layer=True),
    "integrated-gradients": Method(integrated_gradients, "Integrated gradients"),
    "smooth-integrated-gradients": Method(smooth_integrated_gradients, "Integrated gradients with SmoothGrad"),
    "occlusion": Method(occlusion, "Occlusion"),
    "noise-map": Method(noise_map, "Tolerated noise", signed=False, in_logits=False, unit="log of tolerated noise"),
    "regional-residuals": Method(regional_residuals, "Regional residuals", of_network="covariance"),
    "anomaly": Method(
        anomaly,
        "Anomaly",
        in_logits=False,
        unit="standard deviations from a healthy brain",
        of_network="autoencoder",
    ),
}
DEFAULT_METHOD = "hirescam"


def find_method(name: str) -> Method:
    if name not in METHODS:
        raise InputError(f"There is no saliency method {name!r}. Choose one of {', '.join(METHODS)}.")
    return METHODS[name]
