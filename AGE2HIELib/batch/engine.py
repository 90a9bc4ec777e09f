"""What a batch and the engine that does its work know of each other.

There are two engines: ``pool`` has processes of this computer, ``cluster`` the workers of a dask.distributed scheduler.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from AGE2HIELib.batch.worker import Memory
from AGE2HIELib.errors import InputError

LOCAL, DASK = ENGINES = ("local", "dask")
# as dask writes one (tls://10.1.2.3:8786, HEAD:8786); it takes any other text for a host's name, and looks for it long
_SCHEDULER = re.compile(r"((tcp|tls|ws|wss|ucx)://)?([^\s/:\[\]]+|\[[^\s\]]+\]):\d{1,5}")
STARTS = 3  # that may fail one after the other before there is no point in going on
LISTEN_S = 1.0  # an engine waits no longer before it looks around; Windows hears Ctrl-C only between two waits


@dataclass(frozen=True)
class Limits:
    """When a worker is replaced: after so many items, or when it keeps so much memory after one.

    A prediction leaves 0.5 GB and has 0.8 GB at its peak, without growth over 1,000 cases of which 30 were predicted,
    and over 60 that all were (benchmark/batch.py); a series of many large volumes leaves more. ``seconds`` is the most
    that one item may take. Workers of a cluster are not replaced after so many items.
    """

    items: int = 100
    memory_mb: float = 1500.0
    seconds: float = 3600.0
    start_seconds: float = 600.0


@dataclass(frozen=True)
class ItemEnd:
    """Item ``number`` has ended: with a result, or with what went wrong in words."""

    number: int
    result: Any
    failure: str
    memory: Memory


@dataclass(frozen=True)
class Listener:
    """Who is told what happens between two endings.

    Attributes:
        began: the number of an item that a worker takes; again where it is tried again.
        idle: about once a second while nothing ends.
        said: a sentence for the user.
    """

    began: Callable[[int], None] = lambda _number: None
    idle: Callable[[], None] = lambda: None
    said: Callable[[str], None] = lambda _sentence: None


NOBODY = Listener()


class Engine(Protocol):
    """Does one work, with which it was made, on many items."""

    def run(self, items: Sequence[Any], listener: Listener = NOBODY) -> Generator[ItemEnd, None, None]:
        """Each item once, as it ends, in any order. Leaving the loop early gives up the others.

        Raises:
            InputError: the preparation found something unusable, which would be so for every item.
            EngineLostError: there is nobody left who could do the others.
            RuntimeError: the preparation has a defect.
        """


class EngineLostError(InputError):
    """What has ended so far stands; the same call does the others."""


def check_scheduler(engine: str, scheduler: str | None) -> None:
    """InputError where ``--engine`` and ``--scheduler`` do not go together, or the latter is no address."""
    if engine == DASK and not scheduler:
        raise InputError("--engine dask needs --scheduler ADDRESS, as 'dask scheduler' prints it (tcp://HEAD:8786).")
    if engine == DASK and scheduler and not _SCHEDULER.fullmatch(scheduler):
        raise InputError(
            f"--scheduler is '{scheduler:.80}', which is no address. Give it as 'dask scheduler' prints it: "
            "tcp://HEAD:8786."
        )
    if engine == LOCAL and scheduler:
        raise InputError(f"--scheduler is {scheduler}, which only --engine dask asks. Add that, or leave it out.")
