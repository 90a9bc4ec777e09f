"""The networks of a model on another computer: what the pipeline asks of networks, asked over the line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from AGE2HIELib.bundle.reading import Bundle
from AGE2HIELib.elsewhere.address import Worker
from AGE2HIELib.elsewhere.client import ask
from AGE2HIELib.elsewhere.wire import (
    ABOUT,
    DISTANCE,
    EXAMINE,
    EXPLAIN,
    READINGS,
    Question,
    WireError,
    examination_from,
    explanation_from,
    pack,
)
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.maps import Explanation
from AGE2HIELib.quality.check import Check
from AGE2HIELib.release import __version__
from AGE2HIELib.result.decode import decode
from AGE2HIELib.result.network_readings import NetworkReading
from AGE2HIELib.result.software import Elsewhere
from AGE2HIELib.result.verdicts import Examination

T = TypeVar("T")


@dataclass(frozen=True)
class Ran:
    """Where an answer was made: on the CPU, with a note, where the GPU's memory ran out."""

    device: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class NetworksElsewhere:
    """Attributes:
    worker: that is asked.
    computer: the machine that it runs on.
    """

    worker: Worker
    computer: Elsewhere

    def distance(self, bundle: Bundle, image: np.ndarray) -> Check | None:
        """As ``quality.distance.distance_check``."""
        found = _ask(self.worker, bundle, DISTANCE, image)["check"]
        return None if found is None else _read(self.worker, lambda: decode(Check, found))

    def explanation(
        self, bundle: Bundle, image: np.ndarray, *, prevalence: float | None, **asked: str | None
    ) -> tuple[Explanation, Ran]:
        """As ``explanation.saliency.explain_score``; ``asked``: its method, layer and target."""
        answer = _ask(self.worker, bundle, EXPLAIN, image, prevalence=prevalence, **asked)

        def read() -> tuple[Explanation, Ran]:
            found = explanation_from(answer["explanation"])
            check_fits(found, bundle, **asked)
            return found, _ran(answer)

        return _read(self.worker, read)

    def readings(self, bundle: Bundle, image: np.ndarray) -> tuple[NetworkReading, ...]:
        """As ``explanation.network_readings.outcome_readings``."""
        answer = _ask(self.worker, bundle, READINGS, image)
        return _read(self.worker, lambda: tuple(decode(NetworkReading, one) for one in answer["readings"]))

    def examination(self, bundle: Bundle, image: np.ndarray, **asked: str | None) -> Examination:
        """As ``explanation.examination.examine_map``; ``asked``: the map's method, layer and target."""
        answer = _ask(self.worker, bundle, EXAMINE, image, **asked)
        return _read(self.worker, lambda: examination_from(answer["examination"]))


def find_networks(worker: Worker, bundle: Bundle) -> tuple[NetworksElsewhere, Ran]:
    """The networks of a bundle, which the worker must have as well, and where it has loaded them.

    Raises:
        InputError: the worker cannot be used; nothing of any scan was sent.
    """
    answer = _ask(worker, bundle, ABOUT, None)
    return _read(worker, lambda: (NetworksElsewhere(worker, decode(Elsewhere, answer["computer"])), _ran(answer)))


def check_fits(
    found: Explanation,
    bundle: Bundle,
    *,
    method: str | None = None,
    layer: str | None = None,
    target: str | None = None,
) -> None:
    """WireError where an explanation cannot be of these networks and their input, or is none of what was asked."""
    said = ((method, found.method), (target, found.target), (layer, found.layer or layer))
    if any(asked not in (None, answered) for asked, answered in said):
        raise WireError(f"the explanation is of {found.method:.40} for {found.target:.40}, which was not asked")
    number = found.prediction
    low, high = number.interval
    shares = (*number.members, number.prevalence)
    if not 0 <= low <= number.probability_adverse <= high <= 1 or not all(0 <= share <= 1 for share in shares):
        raise WireError("its score is no probability within its interval")
    if len(number.members) != len(bundle.members):
        raise WireError(f"{len(number.members)} networks have answered, and the model has {len(bundle.members)}")
    grid, cells = bundle.spec.grid, found.saliency
    if any(not np.array_equal(one.affine_ras, cells.affine_ras) for one in (found.agreement, *found.channels.values())):
        raise WireError("the maps of the explanation lie apart")
    ends = np.array([[0, 0, 0, 1], [*(np.array(cells.array.shape) - 1), 1]])
    voxels = ends @ (np.linalg.inv(grid.affine_ras) @ cells.affine_ras).T[:, :3]
    if (voxels < -0.5).any() or (voxels > np.array(grid.shape) - 0.5).any():
        raise WireError("the maps of the explanation do not lie in the image that was sent")


def _ask(worker: Worker, bundle: Bundle, task: str, image: np.ndarray | None, **asked: Any) -> Mapping[str, Any]:
    question = Question(task=task, version=__version__, model=bundle.sha256, kind=bundle.in_use, **asked)
    return ask(worker, pack(question, image))


def _ran(answer: Mapping[str, Any]) -> Ran:
    return Ran(str(answer["device"]), tuple(str(note) for note in answer["notes"]))


def _read(worker: Worker, read: Callable[[], T]) -> T:
    try:
        return read()
    except (WireError, ValueError, KeyError, TypeError) as error:  # RecordError is a ValueError
        raise InputError(
            f"The answer of the worker {worker.name} cannot be read ({error}). Check that it runs age2hie "
            f"{__version__}."
        ) from error
