"""What a reader has to know about each saliency method: read without torch, for records and pages alone."""

from __future__ import annotations

from dataclasses import dataclass

from AGE2HIELib.errors import InputError

DEFAULT_METHOD = "hirescam"


@dataclass(frozen=True, kw_only=True)
class MethodFacts:
    """Attributes:
    title: for people.
    signed: whether negative values speak against the target; where not, the map says only that a place matters.
    at_layer: whether it is asked at a layer of the network; the others look at the image.
    by_chance: whether it draws numbers at random, by the question's seed.
    in_logits: whether its values are parts of the explained number, and are scaled by the calibration's slope.
    unit: of its values; ``{unit}`` stands for that of the explained number.
    """

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


FACTS: dict[str, MethodFacts] = {
    "hirescam": MethodFacts(title="HiResCAM", at_layer=True),
    "gradcam": MethodFacts(title="Grad-CAM", at_layer=True),
    "gradcam++": MethodFacts(title="Grad-CAM++", signed=False, at_layer=True),
    "layercam": MethodFacts(title="LayerCAM", signed=False, at_layer=True),
    "integrated-gradients": MethodFacts(title="Integrated gradients"),
    "smooth-integrated-gradients": MethodFacts(title="Integrated gradients with SmoothGrad", by_chance=True),
    "occlusion": MethodFacts(title="Occlusion"),
    "noise-map": MethodFacts(
        title="Tolerated noise", signed=False, in_logits=False, unit="log of tolerated noise", by_chance=True
    ),
    # of networks that hold such a map: of every other one it is refused
    "attention": MethodFacts(title="Attention", signed=False, in_logits=False, unit="share of all slices' attention"),
    "local": MethodFacts(title="Local answers", unit="{unit}, of a part less the whole"),
    "regional-residuals": MethodFacts(title="Regional residuals", unit="{unit}, of a region less the whole"),
    "regional-evidence": MethodFacts(
        title="Regional evidence", unit="{unit}, of a region's values less the mean of all"
    ),
    "anomaly": MethodFacts(title="Anomaly", in_logits=False, unit="standard deviations from a healthy brain"),
}


def method_facts(name: str) -> MethodFacts:
    """Raises InputError for a name that is no method."""
    if name not in FACTS:
        raise no_such_method(name)
    return FACTS[name]


def no_such_method(name: str) -> InputError:
    return InputError(f"There is no saliency method {name!r}. Choose one of {', '.join(FACTS)}.")
