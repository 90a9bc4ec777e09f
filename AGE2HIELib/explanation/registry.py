"""The saliency methods by name: what each asks of a network, beside what a reader knows of it (``methods``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from AGE2HIELib.explanation.gradient_methods import (
    cam,
    gradcam,
    gradcam_plus_plus,
    hirescam_by_voxel,
    integrated_gradients,
    layercam,
    smooth_integrated_gradients,
)
from AGE2HIELib.explanation.methods import MethodFacts, method_facts, no_such_method
from AGE2HIELib.explanation.network_maps import attention, local_answers
from AGE2HIELib.explanation.network_methods import anomaly, regional_evidence, regional_residuals
from AGE2HIELib.explanation.perturbation_methods import noise_map, occlusion
from AGE2HIELib.explanation.question import Answer, Question


@dataclass(frozen=True, kw_only=True)
class Method(MethodFacts):
    """``answer`` makes the map of one member."""

    answer: Callable[[Question], Answer]


def _method(name: str, answer: Callable[[Question], Answer]) -> Method:
    return Method(**vars(method_facts(name)), answer=answer)


METHODS: dict[str, Method] = {
    "hirescam": _method("hirescam", hirescam_by_voxel),
    "gradcam": _method("gradcam", cam(gradcam)),
    "gradcam++": _method("gradcam++", cam(gradcam_plus_plus)),
    "layercam": _method("layercam", cam(layercam)),
    "integrated-gradients": _method("integrated-gradients", integrated_gradients),
    "smooth-integrated-gradients": _method("smooth-integrated-gradients", smooth_integrated_gradients),
    "occlusion": _method("occlusion", occlusion),
    "noise-map": _method("noise-map", noise_map),
}
# Of networks that hold such a map: of every other one it is refused.
NETWORK_METHODS: dict[str, Method] = {
    "attention": _method("attention", attention),
    "local": _method("local", local_answers),
    "regional-residuals": _method("regional-residuals", regional_residuals),
    "regional-evidence": _method("regional-evidence", regional_evidence),
    "anomaly": _method("anomaly", anomaly),
}


def find_method(name: str) -> Method:
    """Raises InputError for a name that is no method."""
    known = {**METHODS, **NETWORK_METHODS}
    if name not in known:
        raise no_such_method(name)
    return known[name]
