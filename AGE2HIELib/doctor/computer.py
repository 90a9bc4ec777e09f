"""Everything that must be right before a first prediction, in the order in which a user would put it right."""

from __future__ import annotations

from AGE2HIELib.doctor.checks import (
    ComputerCheck,
    dicom_converter,
    good,
    memory,
    models_folder,
    notice,
    packages,
    problem,
    python_version,
    slicer_version,
    temporary_folder,
)
from AGE2HIELib.doctor.graphics import torch_and_card
from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.system.places import models_home


def check_computer(*, slicer: str | None = None) -> tuple[ComputerCheck, ...]:
    """Look at everything; nothing is changed. ``slicer``: the version of the Slicer that asks."""
    wanting = packages()
    checks = [slicer_version(slicer), python_version(), wanting, *torch_and_card(), dicom_converter()]
    checks += [memory(), temporary_folder(), _models()]
    if wanting.status == "good":
        checks += _bundled()
    return tuple(checks)


def _models() -> ComputerCheck:
    """Where models are installed; the bundled one, and one that is named with --model, need no such place."""
    try:
        return models_folder(models_home())
    except ImportError:
        return notice("models folder", "not known without platformdirs", "Install the packages that are missing.")
    except ModelError as error:
        what, remedy = str(error).split(". ", 1)
        return notice("models folder", what, remedy)


def _bundled() -> list[ComputerCheck]:
    """The files that travel with the library; read with packages that are there by now."""
    from AGE2HIELib.bundle.reading import read_bundle
    from AGE2HIELib.preprocess.atlas import load_atlas
    from AGE2HIELib.preprocess.t1.placement import bundled_t1_template
    from AGE2HIELib.system.places import resource_path

    try:
        bundle = read_bundle(resource_path("models", "demo"))
        atlas = load_atlas()
        bundled_t1_template()
    except InputError as error:
        return [problem("bundled files", str(error), "Install AGE2HIE again.")]
    return [good("bundled files", f"{bundle.name} {bundle.version} and the atlas {atlas.name} are unchanged")]
