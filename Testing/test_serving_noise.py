"""What comes to a worker's port by accident or on purpose, and is no question: refused, and survived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from pacs import needs_openssl
from serving_work import Served, head, question, raw, served

from AGE2HIELib.elsewhere.client import ask

pytestmark = needs_openssl
CHANGED = 200


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("worker"), body_mb=1.0) as found:
        ask(found.worker, question())  # the process has started
        yield found


@pytest.mark.parametrize(
    "sent", [b"", b"\0" * 5000, b"GET / HTTP/1.0\r\n\r\n", b"A" * 100_000, b"POST " + b"/" * 70_000, b"\r\n" * 200]
)
def test_noise_is_survived(here: Served, sent: bytes) -> None:
    assert b" 200 " not in raw(here, sent)
    assert ask(here.worker, question())["event"] == "answer"


def test_a_request_changed_in_a_few_bytes_is_refused_or_answered_as_ever(here: Served) -> None:
    """200 of them, seeded: the port goes on, and no connection stays open."""
    rng = np.random.default_rng(11)
    body = question()
    sent = head(len(body)) + body
    ask(here.worker, body)
    before = psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0
    answers: Counter[str] = Counter()
    for _ in range(CHANGED):
        changed = bytearray(sent)
        for place in rng.integers(0, len(sent) - len(body), rng.integers(1, 5)):
            changed[place] = rng.integers(0, 256)
        words = raw(here, bytes(changed)).split(b" ", 2)
        answers[words[1].decode() if len(words) > 1 else "closed"] += 1
    assert sum(answers.values()) == CHANGED
    assert answers["401"] > CHANGED / 4  # the token is the longest part
    assert ask(here.worker, body)["event"] == "answer"
    assert hasattr(psutil.Process, "num_fds") is False or psutil.Process().num_fds() <= before + 2
