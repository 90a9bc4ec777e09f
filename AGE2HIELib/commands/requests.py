"""From the options of a call to the request that the library knows; what an earlier result gives to it."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.commands.messages import say_like
from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.pipeline.prediction import recorded_request
from AGE2HIELib.pipeline.request import AGE, Request
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.result.record import AtlasUsed, Model, Result, Settings
from AGE2HIELib.result.stored import RECORD, is_earlier, read_stored
from AGE2HIELib.system.places import find_model, installed_models

SHORT_SHA = 12  # digits of a SHA-256 that are shown
# What is known of one infant is not asked of another, a warning was set aside for one scan, and a series has its number
# in one study: --like says that they were given, and leaves them out.
_OF_THE_INFANT = ("age_days", "gestation_weeks", "cooled", "override", "series")


def request_of(arguments: argparse.Namespace) -> Request:
    """What the options ask for; what they leave open is as in the result that ``--like`` names, or as by default.

    Raises:
        InputError: ``--like`` names no result, or one whose model or atlas is not here.
    """
    given = given_options(arguments)
    if getattr(arguments, "like", None) is None:
        return Request(**given)
    if given.get("target") == AGE:
        raise InputError("--like takes the settings of a diffusion scan. Leave it out with --target age.")
    if "input" in given and "methods" in arguments.takes and is_earlier(given["input"]):
        raise InputError(f"--like is for a scan, and '{given['input'].name}' is a result. Leave it out.")
    taken, unknown = _settings_of_result(
        arguments.like, {name.replace("-", "_") for name in arguments.takes} - {*given}
    )
    say_like(arguments.like, Request(Path(), **taken).argv()[:-2], unknown)
    return Request(**{**taken, **given})


def given_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """What stands on the line, by its name in a ``Request``."""
    names = {field.name for field in fields(Request)} & vars(arguments).keys()
    values: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    if "cooled" in values:
        values["cooled"] = values["cooled"] == "yes"
    if "override" in values:
        values["override"] = tuple(values["override"])
    if "methods" in values:
        given = (name.strip() for name in values["methods"].split(","))
        values["methods"] = tuple(dict.fromkeys(name for name in given if name))
    return values


def request_of_result(result: Result, settings: Settings) -> Request:
    """The choices that a result keeps, with the method of its map where that was the default; no file and no age."""
    before = recorded_request(settings)
    return replace(before, saliency=before.saliency or (result.saliency.method if result.saliency else None))


def model_of_result(model: Model) -> Path:
    """The bundled or installed model that a result was made with."""
    for folder in installed_models():
        try:
            if read_bundle(folder).sha256 == model.sha256:
                return folder
        except ModelError:  # a broken one beside the right one is no reason to stop
            continue
    raise ModelError(
        f"The result was made with the model {model.name} {model.version} (SHA-256 {model.sha256}), "
        "which is neither bundled nor installed. Name its folder with --model."
    )


def _settings_of_result(folder: Path, wanted: set[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Of the wanted fields of a request those that the result keeps, and the options that were given to it and are
    kept nowhere, or are those of its infant.
    """
    try:
        result = read_stored(folder / RECORD if is_earlier(folder) else folder).result
    except InputError as error:
        raise InputError(
            f"--like names '{folder.name}', which is no result of predict. Name the folder that predict has made."
        ) from error
    settings = result.settings
    if settings is None:
        raise InputError(
            f"--like names '{folder.name}', which keeps no settings: an older age2hie made it. Give the options."
        )
    before, unasked = request_of_result(result, settings), Request()
    taken = {name: getattr(before, name) for name in wanted if getattr(before, name, None) is not None}
    taken = {name: value for name, value in taken.items() if value != getattr(unasked, name)}
    if "model" in wanted and (model := model_of_result(result.model)) != find_model(None):
        taken["model"] = model
    if "atlas" in wanted:
        check_default_atlas(result.atlas)
    given = {name: getattr(before, name) not in (None, ()) for name in _OF_THE_INFANT}
    given |= {
        "clinical": settings.clinical_given is not None,
        "age_days": settings.age_given,
        "mask": bool(settings.mask_sha256),
        "z_adc": bool(settings.z_adc_sha256),
        "t1": bool(settings.t1_sha256),
        "t2": bool(settings.t2_sha256),
    }
    left = tuple(f"--{name.replace('_', '-')}" for name, known in given.items() if known and name in wanted)
    kept = {name: value for name, value in taken.items() if name not in (*_OF_THE_INFANT, "keep_clinical")}
    return kept, left


def check_default_atlas(atlas: AtlasUsed) -> None:
    """ModelError where a result was made with another atlas than the one that is taken for want of a name."""
    bundled = load_atlas()
    if atlas.sha256 not in (None, bundled.sha256):
        raise ModelError(
            f"The result was made with the atlas {atlas.name} (SHA-256 {atlas.sha256}), and the bundled one "
            f"is {bundled.name} ({bundled.sha256[:SHORT_SHA]}...). Name its folder with --atlas."
        )
