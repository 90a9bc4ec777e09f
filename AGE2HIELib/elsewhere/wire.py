"""What goes over the line: a question with the network's input, and an answer. Numbers and known words, nothing else.

A question is a line of JSON and the input's float32 values as they lie in memory. The input is the brain alone, placed
in the atlas and scaled (``preprocess.network_input``): no header, no name, no date, no face, and none of what is known
of the infant besides. An answer is one of JSON lines, the events of ``system.progress``; maps are in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from AGE2HIELib.explanation.maps import Explanation
from AGE2HIELib.explanation.methods import FACTS
from AGE2HIELib.inference.probability import Prediction
from AGE2HIELib.result.decode import RecordError, decode, encode
from AGE2HIELib.result.verdicts import Examination
from AGE2HIELib.volume import Volume

PATH = "/age2hie/1"  # of the only resource; the number is that of this protocol
ABOUT, DISTANCE, EXPLAIN, READINGS, EXAMINE = TASKS = ("about", "distance", "explain", "readings", "examine")
LONGEST_QUESTION = 2000  # bytes of the line of JSON
LONGEST_ANSWER = 300_000_000  # bytes of a line: four maps of 192 x 224 x 192 voxels take 176 MB


class WireError(ValueError):
    """What came over the line is not what it must be; the text names the part."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Attributes:
    task: one of ``TASKS``.
    version: of the asking age2hie, which must be that of the worker.
    model: SHA-256 of the bundle, which the worker must have as well.
    kind: of the image (``bundle.model_facts.KINDS``).
    prevalence, method, layer, target: as in a ``Request``.
    """

    task: str
    version: str
    model: str
    kind: str | None = None
    prevalence: float | None = None
    method: str | None = None
    layer: str | None = None
    target: str | None = None


def pack(question: Question, image: np.ndarray | None) -> bytes:
    """``image``: float32 ``(1, C, D, H, W)``; None for a question that needs none."""
    line = json.dumps({name: value for name, value in asdict(question).items() if value is not None})
    return line.encode("ascii") + b"\n" + (b"" if image is None else np.ascontiguousarray(image, "<f4").tobytes())


def unpack(body: bytes) -> tuple[Question, bytes]:
    """The question, and the bytes of its image. Raises WireError."""
    line, end, image = body.partition(b"\n")
    if not end or len(line) > LONGEST_QUESTION:
        raise WireError("the question has no end")
    try:
        content = json.loads(line)
        unknown = set(content) - {field.name for field in fields(Question)}
        question = decode(Question, content)
    except (ValueError, TypeError, RecursionError) as error:  # RecordError is a ValueError
        raise WireError("the question cannot be read") from error
    if unknown or question.task not in TASKS:
        raise WireError("the question is none that is known here")
    return question, image


def image_of(values: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """WireError unless they are exactly so many finite numbers."""
    if len(values) != 4 * math.prod(shape):
        raise WireError(f"the image has {len(values)} bytes, where {4 * math.prod(shape)} are wanted")
    image = np.frombuffer(values, "<f4").reshape(shape)
    if not np.isfinite(image).all():
        raise WireError("the image holds values that are no numbers")
    return image


def explanation_facts(found: Explanation) -> dict[str, Any]:
    """For ``json.dumps``."""
    return {
        "prediction": encode(found.prediction),
        "saliency": _map_facts(found.saliency),
        "agreement": _map_facts(found.agreement),
        "channels": {name: _map_facts(one) for name, one in found.channels.items()},
        "method": found.method,
        "layer": found.layer,
        "target": found.target,
        "resolution_mm": list(found.resolution_mm),
    }


def explanation_from(facts: Mapping[str, Any]) -> Explanation:
    """Raises WireError."""
    try:
        right, anterior, superior = (float(mm) for mm in facts["resolution_mm"])
        if facts["method"] not in FACTS:
            raise WireError("the explanation is by a method that is not known here")
        found = Explanation(
            prediction=decode(Prediction, facts["prediction"]),
            saliency=_map_from(facts["saliency"]),
            agreement=_map_from(facts["agreement"]),
            channels={str(name): _map_from(one) for name, one in facts["channels"].items()},
            method=str(facts["method"]),
            layer=str(facts["layer"]),
            target=str(facts["target"]),
            resolution_mm=(right, anterior, superior),
        )
    except (RecordError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise WireError("the explanation cannot be read") from error
    maps = (found.saliency, found.agreement, *found.channels.values())
    if len({one.array.shape for one in maps}) != 1:
        raise WireError("the maps of the explanation differ in size")
    return found


def examination_from(facts: Any) -> Examination:
    """A record keeps None for a figure that could not be had, which is NaN here. Raises RecordError."""
    found = decode(Examination, facts)
    findings = (replace(one, value=math.nan if one.value is None else one.value) for one in found.findings)
    return replace(found, findings=tuple(findings))


def _map_facts(volume: Volume) -> dict[str, Any]:
    return {
        "shape": list(volume.array.shape),
        "affine_ras": volume.affine_ras.tolist(),
        "values": base64.b64encode(np.ascontiguousarray(volume.array, "<f4").tobytes()).decode("ascii"),
    }


def _map_from(facts: Mapping[str, Any]) -> Volume:
    i, j, k = (int(n) for n in facts["shape"])
    affine = np.array(facts["affine_ras"], dtype=np.float64)
    try:
        values = base64.b64decode(facts["values"], validate=True)
    except binascii.Error as error:
        raise WireError("a map cannot be read") from error
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise WireError("a map lies nowhere")
    return Volume(image_of(values, (i, j, k)).copy(), affine)
