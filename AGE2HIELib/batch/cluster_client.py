"""How this program speaks with the scheduler of a cluster."""

from __future__ import annotations

import errno
import logging
import pickle
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from AGE2HIELib.errors import InputError

try:
    from distributed import Client, Future
except ImportError as problem:
    raise InputError(
        "--engine dask needs the package distributed, which is not installed. Install it: pip install distributed"
    ) from problem

__all__ = ["Client", "Future", "connected", "send"]

_CONNECT_S, _CLOSE_S = 30.0, 5.0
_LONGEST_GREETING = 2**32  # bytes


@contextmanager
def connected(scheduler: str) -> Iterator[Client]:
    """InputError where nobody answers as a scheduler does."""
    _refuse_unheard(scheduler)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it would say of lost connections is said here
    try:
        client = Client(scheduler, timeout=_CONNECT_S, name="age2hie", set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise _no_answer(scheduler, error) from error
    try:
        yield client
    finally:
        with suppress(Exception):  # a scheduler that is gone takes no leave
            client.close(timeout=_CLOSE_S)


def _refuse_unheard(scheduler: str) -> None:
    """A host without an address, or a port at which nobody listens, which dask would try for half a minute; and one at
    which somebody says nothing, for whom it would wait without end: a scheduler greets whoever connects.
    """
    protocol, _, place = scheduler.rpartition("://")
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S) as connection:
            if protocol in ("", "tcp"):  # the others wait for the caller's greeting
                _refuse_text(connection)
    except (OSError, OverflowError, UnicodeError) as error:
        raise _no_answer(scheduler, error) from error


def _refuse_text(connection: socket.socket) -> None:
    """dask begins with the length of its greeting in eight bytes; the text of others (SSH, HTTP), so read, is a length
    for which it would ask for more memory than there is.
    """
    first = b""
    while len(first) < 8 and (more := connection.recv(8 - len(first))):
        first += more
    if int.from_bytes(first, "little") > _LONGEST_GREETING:
        raise ConnectionRefusedError(errno.EPROTO, "another program than a scheduler listens there")


def _no_answer(scheduler: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return InputError(
        f"The scheduler '{scheduler}' does not answer ({reason}). Start it ('dask scheduler' prints its address), and "
        "give that with --scheduler."
    )


def send(client: Client, address: str, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Ask one worker and no other for ``function(*arguments)``, which travels as a name and as bytes."""
    return client.submit(
        _caller(),
        function.__module__,
        function.__name__,
        pickle.dumps(arguments),
        key=f"age2hie-{uuid4().hex}",
        workers=[address],
        allow_other_workers=False,
        pure=False,
    )


def _caller() -> Callable[[str, str, bytes], Any]:
    """A function that dask sends by its code, since it is inside another: so the scheduler, which unpacks what it hands
    on, need not have this library, and a worker that lacks it says so.
    """

    def call(module: str, function: str, arguments: bytes) -> Any:
        from importlib import import_module
        from pickle import loads

        called = getattr(import_module(module), function)
        return called(*loads(arguments))

    return call
