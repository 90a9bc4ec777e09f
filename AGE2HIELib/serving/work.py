"""Answers questions about networks, in a process that may be ended at any time and keeps nothing on a disk."""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from AGE2HIELib.bundle.model_facts import KINDS
from AGE2HIELib.bundle.reading import Bundle, read_bundle
from AGE2HIELib.elsewhere.wire import (
    ABOUT,
    DISTANCE,
    EXAMINE,
    EXPLAIN,
    READINGS,
    Question,
    WireError,
    explanation_facts,
    image_of,
    unpack,
)
from AGE2HIELib.errors import InputError, ModelError
from AGE2HIELib.explanation.methods import DEFAULT_METHOD, method_facts
from AGE2HIELib.inference.prevalence import check_prevalence
from AGE2HIELib.pipeline.admission import input_checks
from AGE2HIELib.pipeline.analysis import examine_map_of, explain_prediction, network_readings
from AGE2HIELib.pipeline.inputs import HieModel, load_model
from AGE2HIELib.pipeline.request import ADVERSE, TARGETS
from AGE2HIELib.release import __version__
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.software import machine, network_software
from AGE2HIELib.system.logs import quiet_libraries
from AGE2HIELib.system.parallel import end_with_parent
from AGE2HIELib.system.places import installed_models
from AGE2HIELib.system.progress import split_remedy

_loaded: dict[str, HieModel] = {}  # the latest model, by its SHA-256
_DEFECT, _UNUSABLE = 1, 2


def begin() -> None:
    """In the process, which ends with the server."""
    end_with_parent()
    quiet_libraries()


def ready(device: str) -> str:
    """The device that will be used, with torch loaded; InputError where it is not there."""
    from AGE2HIELib.inference.device import choose_device

    return choose_device(device)


def answer(body: bytes, device: str) -> str:
    """The event that ends the talk, as a line of JSON: an answer, or an error that is said to the caller."""
    try:
        question, image = unpack(body)
        return json.dumps({"event": "answer", **_answer(question, image, device)}) + "\n"
    except WireError as error:
        return error_line(_UNUSABLE, f"The question is of no use: {error}. Check that both run the same age2hie.")
    except InputError as error:
        return error_line(_UNUSABLE, str(error))
    except Exception as error:  # a front door; an exception's words may hold what was sent
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__qualname__} in {Path(last.filename).name}, line {last.lineno}"
        return error_line(_DEFECT, f"A defect of age2hie ({where}). Please report it.")


def error_line(code: int, sentences: str) -> str:
    """The last sentence is the remedy."""
    message, remedy = split_remedy(sentences)
    return json.dumps({"event": "error", "code": code, "message": message, "remedy": remedy}) + "\n"


def _answer(question: Question, values: bytes, device: str) -> dict[str, Any]:
    _check(question)
    model = _model(question, device)
    facts = model.bundle
    ran = {"device": model.device, "notes": list(model.warnings)}
    if question.task == ABOUT:
        return {**ran, "computer": {"machine": machine(model.device), "software": network_software()}}
    image = image_of(values, (1, len(facts.spec.channels), *facts.spec.grid.shape))
    if question.task == DISTANCE:
        return {"check": encode(next(iter(input_checks(image, model)), None))}
    if question.task == READINGS:
        return {"readings": encode(network_readings(model, image))}
    target = question.target or ADVERSE
    if question.task == EXAMINE:
        found = examine_map_of(model, image, question.method or DEFAULT_METHOD, question.layer, target)
        return {"examination": encode(found.recorded())}
    assert question.task == EXPLAIN
    model, explained = explain_prediction(model, image, question.method, layer=question.layer, target=target)
    ran = {"device": model.device, "notes": list(model.warnings)}
    return {**ran, "explanation": explanation_facts(explained)}


def _check(question: Question) -> None:
    if question.version != __version__:
        raise InputError(
            f"It runs age2hie {__version__}, and the question is of {question.version:.20}. Install the same version."
        )
    if question.method is not None:
        method_facts(question.method)
    if question.target not in (None, *TARGETS[:2]) or question.kind not in (None, *KINDS):
        raise WireError("its target or its kind of input is not known")
    check_prevalence(question.prevalence)


def _model(question: Question, device: str) -> HieModel:
    """As it is read with input of the question's kind."""
    model = _loaded.get(question.model)
    if model is None:
        bundle = _bundle(question.model)
        _loaded.clear()
        model = load_model(bundle.folder, device=device)
        _loaded[question.model] = model
    if question.kind is not None and question.kind not in model.bundle.readings:
        raise ModelError(f"The model {model.bundle.name} has no reading for such input ({question.kind}). Give none.")
    bundle = replace(model.bundle, in_use=question.kind)
    return replace(model, bundle=bundle, prevalence=question.prevalence)


def _bundle(sha256: str) -> Bundle:
    for folder in installed_models():
        try:
            bundle = read_bundle(folder)
        except ModelError:  # a broken one beside the right one is no reason to stop
            continue
        if bundle.sha256 == sha256:
            return bundle
    raise InputError(
        f"It has no model with the SHA-256 {sha256:.12}.... Have the same model installed there: age2hie model install."
    )
