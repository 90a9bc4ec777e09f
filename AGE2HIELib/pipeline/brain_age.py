"""From a T1-weighted scan to an age in years and where it is seen, by the network that a bundle's members come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from AGE2HIELib.bundle.age_facts import AgeFacts
from AGE2HIELib.bundle.reading import Bundle, read_bundle, require_age_facts
from AGE2HIELib.bundle.weights import load_age
from AGE2HIELib.io.source import T1Scan
from AGE2HIELib.pipeline.request import LOCAL
from AGE2HIELib.preprocess.t1.placement import bundled_t1_template
from AGE2HIELib.preprocess.t1.prepare import PreparedT1, prepare_t1
from AGE2HIELib.volume import Volume

if TYPE_CHECKING:
    from AGE2HIELib.explanation.age import AgeExplanation
    from AGE2HIELib.networks.age import AgeNetwork
    from AGE2HIELib.result.network_readings import NetworkReading

AGE_STAGES = ("read", "model", "place", "explain", "report")


@dataclass(frozen=True)
class AgeModel:
    """The network of age of a verified bundle, on a device; ``warnings`` says where another one had been asked for."""

    bundle: Bundle
    facts: AgeFacts
    network: AgeNetwork
    device: str
    warnings: tuple[str, ...] = ()


def load_age_model(folder: Path, *, device: str = "auto") -> AgeModel:
    """ModelError for a bundle without such a network; on the CPU where a GPU has too little memory."""
    from AGE2HIELib.inference.device import choose_device, with_cpu_fallback

    bundle = read_bundle(folder)
    facts = require_age_facts(bundle)
    chosen = choose_device(device)
    return with_cpu_fallback(
        lambda: AgeModel(bundle, facts, load_age(bundle, chosen), chosen), lambda note: _on_cpu(bundle, note), chosen
    )


def prepare_scan(scan: T1Scan, model: AgeModel) -> PreparedT1:
    """Masked, evened, placed and scaled as the scans were that the network has learned from.

    Raises:
        InputError: there is no brain in it.
    """
    facts = model.facts
    return prepare_t1(scan.image, bundled_t1_template(), facts.spec, mask=scan.mask, placement=facts.placement)


def explain_scan_age(
    model: AgeModel, ready: PreparedT1, method: str, layer: str | None = None
) -> tuple[AgeModel, AgeExplanation]:
    """The explanation, its cells as large as they are in the scan, and the model that gave it: on the CPU where the
    GPU's memory ran out.
    """
    from AGE2HIELib.explanation.age import explain_age
    from AGE2HIELib.inference.device import with_cpu_fallback

    def ask(of: AgeModel) -> tuple[AgeModel, AgeExplanation]:
        asked = {"method": method, "layer": layer or of.facts.saliency_layer}
        return of, explain_age(of.network, ready.image[None], ready.brain_ml, of.facts.spec.grid, **asked)

    model, found = with_cpu_fallback(lambda: ask(model), lambda note: ask(_on_cpu(model.bundle, note)), model.device)
    size = float(np.cbrt(np.prod(ready.placement.scale)))  # an adult's brain is half as wide again as the template's
    right, anterior, superior = (size * mm for mm in found.resolution_mm)
    return model, replace(found, resolution_mm=(right, anterior, superior))


def scan_readings(model: AgeModel, ready: PreparedT1) -> tuple[NetworkReading, ...]:
    """What the network says beside the age; empty for most."""
    from AGE2HIELib.explanation.network_readings import age_readings

    return age_readings(model.network, ready.image[None])


def local_age_of(model: AgeModel, ready: PreparedT1, years: float) -> Volume | None:
    """The age of every part of the brain, years, on the scan's grid in canonical order and 0 outside the brain; None
    where the network has no parts. ``years``: of the whole.
    """
    from AGE2HIELib.explanation.network_maps import has_parts

    if not has_parts(model.network.encoder):
        return None
    _, found = explain_scan_age(model, ready, LOCAL)
    # the difference is what is brought to the scan: beyond the parts' reach there is none, and at the edge no age of 0
    native = ready.placement.to_native(found.saliency)
    return native.like(np.where(ready.brain.array, native.array + years, 0).astype(np.float32))


def age_warnings(model: AgeModel, years: float) -> tuple[str, ...]:
    """An age that the network has never seen is no reading."""
    learned = model.facts.trained_on
    if learned.youngest_years <= years <= learned.oldest_years:
        return ()
    return (
        f"The predicted age of {years:.1f} years lies outside the {learned.youngest_years:.1f} to "
        f"{learned.oldest_years:.1f} years that the network has learned from: do not rely on it.",
    )


def local_age_warnings(model: AgeModel) -> tuple[str, ...]:
    """What must stand wherever an age of a part of the brain is shown."""
    return (PHANTOMS_ONLY,) if model.facts.demonstration else ()


PHANTOMS_ONLY = (
    "Local ages come from a network that has seen synthetic brains only: in a real one they say how much a place looks "
    "like a phantom's of some age, not how old it is. Real brains of known ages were years off (docs/systems.md)."
)


def _on_cpu(bundle: Bundle, note: str) -> AgeModel:
    return AgeModel(bundle, require_age_facts(bundle), load_age(bundle, "cpu"), "cpu", (note,))
