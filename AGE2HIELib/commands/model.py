"""``age2hie model info|verify|list|install``: what lies in a folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict

from AGE2HIELib.bundle.model_facts import Reading
from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.bundle.training_cases import SET_COVERAGE, counts
from AGE2HIELib.bundle.weights import check_weights
from AGE2HIELib.commands.messages import print_facts
from AGE2HIELib.system.places import find_model, installed_models, model_label, models_home
from AGE2HIELib.system.progress import Progress


def run_model_info(arguments: argparse.Namespace, progress: Progress) -> int:
    """What the bundle says of itself, after its files were checked."""
    bundle = read_bundle(find_model(arguments.folder))
    grid = bundle.spec.grid
    print_facts(
        {
            "model": f"{bundle.name} {bundle.version}",
            "sha256": bundle.sha256,
            "demonstration": "yes: saw synthetic data only" if bundle.demonstration else "no",
            "trained on": bundle.trained_on,
            "intended use": bundle.intended_use,
            "made with": bundle.made_with,
            "members": str(len(bundle.members)),
            "network": f"{bundle.network} {dict(bundle.network_arguments)}",
            "input": f"{', '.join(channel.name for channel in bundle.spec.channels)} on "
            f"{'x'.join(str(n) for n in grid.shape)} voxels of {'x'.join(f'{mm:g}' for mm in grid.spacing_mm)} mm",
            "z-maps": ", ".join(bundle.z_origins),
            "prevalence": _by_kind(bundle, lambda reading: reading.calibration.prevalence),
            "threshold": _by_kind(bundle, lambda reading: reading.threshold),
            "outcome sets": _set_sizes(bundle),
            "distance": _distance(bundle),
            "age network": _age(bundle),
            "clinical": _clinical(bundle),
        }
    )
    return 0


def _by_kind(bundle: Bundle, number: Callable[[Reading], float]) -> str:
    """One number where it is the same for input of all kinds."""
    told = {kind: f"{number(reading):.3g}" for kind, reading in bundle.readings.items()}
    if len(set(told.values())) == 1:
        return told[bundle.kind]
    return ", ".join(f"{text} (z-map {kind})" for kind, text in told.items())


def _set_sizes(bundle: Bundle) -> str:
    if bundle.cases is None:
        return "none: the bundle holds no scores of left-out cases"
    favourable, adverse = counts(bundle.scores)
    return f"{SET_COVERAGE:.0%} of either outcome, from {favourable} favourable and {adverse} adverse left-out cases"


def _distance(bundle: Bundle) -> str:
    return "not known" if bundle.cases is None else f"at most {bundle.cases.distance_limit:g} from the training cases"


def _age(bundle: Bundle) -> str:
    """Whether ``explain --target age`` can be asked of it."""
    if bundle.age is None:
        return "none"
    return f"{bundle.age.network}, trained on {bundle.age.trained_on_words}; off by {bundle.age.held_out_words}"


def _clinical(bundle: Bundle) -> str:
    """Whether ``predict --clinical`` moves its number."""
    if bundle.clinical is None:
        return "none: clinical variables do not change the number"
    known = next(iter(bundle.clinical.fusions.values())).names
    assumed = f". {bundle.clinical.assumption}" if bundle.clinical.assumption else ""
    return f"{', '.join(known)}; from {bundle.clinical.cases} infants{assumed}"


def run_model_verify(arguments: argparse.Namespace, progress: Progress) -> int:
    """Every file against the manifest, and the weights into the networks."""
    bundle = read_bundle(find_model(arguments.folder))
    members = check_weights(bundle)
    age = ", and the age network" if bundle.age is not None else ""
    print(f"{bundle.name} {bundle.version}: {len(bundle.files)} files unchanged, {members} members load{age}")
    return 0


def run_model_list(arguments: argparse.Namespace, progress: Progress) -> int:
    """The bundled and the installed models, as they describe themselves; ``model verify`` checks one."""
    labels = [model_label(folder) for folder in installed_models()]
    if arguments.json:
        print(json.dumps([{**asdict(label), "folder": str(label.folder)} for label in labels]))
        return 0
    for label in labels:
        print(f"{label.id}: {label.problem or f'{label.title}, trained on {label.trained_on}'}")
    return 0


def run_model_install(arguments: argparse.Namespace, progress: Progress) -> int:
    """Checked and unpacked into the user's folder of models."""
    from AGE2HIELib.bundle.archive import install_archive

    bundle = install_archive(arguments.archive, models_home(), overwrite=arguments.overwrite, progress=progress)
    progress.close()
    if arguments.progress == "text":
        name = bundle.folder.name
        print(f"{bundle.name} {bundle.version} is installed: age2hie predict SCAN --model {name} --output DIR")
    return 0
