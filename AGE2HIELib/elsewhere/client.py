"""Asks a worker on another computer: one TLS connection a question, which is read line by line until the answer."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, NoReturn

from AGE2HIELib.elsewhere.address import Worker
from AGE2HIELib.elsewhere.wire import LONGEST_ANSWER, PATH
from AGE2HIELib.errors import InputError

CONNECT_S = 10.0
SILENT_S = 30.0  # the worker says every second that it works
_LONGEST_SAID = 300  # characters of the worker's own words that are passed on
_HERE = "or leave --worker out to predict on this computer"
_REFUSED = {
    401: "does not take the token. Give the file with the token that is its own (--worker-token)",
    404: "is none of age2hie, or of another version. Check the address (--worker)",
    413: "takes no question of this size. Ask who runs it to raise 'body_mb'",
    503: f"has too much to do. Try again later, {_HERE}",
}


def ask(worker: Worker, body: bytes) -> dict[str, Any]:
    """The answer to a question that ``wire.pack`` has made.

    Raises:
        InputError: there was none; the text says why.
    """
    context = worker.tls()
    connection = http.client.HTTPSConnection(worker.host, worker.port, timeout=CONNECT_S, context=context)
    with closing(connection):
        try:
            connection.connect()
        except ssl.SSLError as error:
            _not_trusted(worker, error)
        except OSError as error:
            reason = error.strerror or ("no answer" if isinstance(error, TimeoutError) else type(error).__name__)
            raise InputError(
                f"The worker {worker.name} cannot be reached: {reason}. Check the address, {_HERE}."
            ) from error
        if isinstance(connection.sock, socket.socket):
            connection.sock.settimeout(SILENT_S)
        try:
            return _answered(worker, connection, body)
        except TimeoutError as error:
            raise InputError(
                f"The worker {worker.name} has said nothing for {SILENT_S:g} s. Ask who runs it, {_HERE}."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise _left(worker) from error


def _answered(worker: Worker, connection: http.client.HTTPSConnection, body: bytes) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {worker.token}", "Content-Type": "application/octet-stream"}
    with suppress(BrokenPipeError, ConnectionResetError):  # a worker that refuses does not wait for the whole question
        connection.request("POST", PATH, body, headers)
    with closing(connection.getresponse()) as answer:
        if answer.status in _REFUSED:
            raise InputError(f"The worker {worker.name} {_REFUSED[answer.status]}.")
        for event in _events(worker, answer):
            if event["event"] == "answer":
                return event
            if event["event"] == "error":
                said = f"{_said(event, 'message')} {_said(event, 'remedy')}".strip()
                raise InputError(f"The worker {worker.name}: {said}")
    raise _left(worker)


def _events(worker: Worker, answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    while line := answer.readline(LONGEST_ANSWER):
        if not line.endswith(b"\n"):
            return  # cut off
        try:
            event = json.loads(line)
            known = event["event"] in ("waiting", "working", "answer", "error")
        except (ValueError, KeyError, TypeError, RecursionError):
            known = False
        if not known:
            raise InputError(f"The worker {worker.name} said what cannot be read. Check the address, {_HERE}.")
        yield event


def _said(event: dict[str, Any], part: str) -> str:
    """Text from elsewhere, on one line and not endless."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", str(event.get(part, "")))[:_LONGEST_SAID]


def _left(worker: Worker) -> InputError:
    return InputError(
        f"The worker {worker.name} closed the connection before it had answered. Try again, and ask who runs it, "
        f"{_HERE}."
    )


def _not_trusted(worker: Worker, error: ssl.SSLError) -> NoReturn:
    if isinstance(error, ssl.SSLCertVerificationError):
        raise InputError(
            f"The certificate of {worker.name} is not the one that is expected ({error.verify_message}), and nothing "
            "was sent. Give that of the worker or of its authority (--worker-certificate), and the host that it names."
        ) from error
    reason = (error.reason or "it closed the connection").replace("_", " ").lower()
    raise InputError(
        f"The worker {worker.name} does not speak TLS ({reason}), and nothing was sent. Check the address (--worker)."
    ) from error
