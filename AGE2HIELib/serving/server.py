"""The worker's port: TLS, a token, one question a connection. Nothing that comes over it is written to a disk."""

from __future__ import annotations

import hmac
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from AGE2HIELib.elsewhere.wire import PATH
from AGE2HIELib.errors import InputError
from AGE2HIELib.serving.queue import WorkQueue, outcome
from AGE2HIELib.serving.settings import ServeSettings

_SAY_S = 1.0  # how often a caller is told that its question is at work, and is found to be gone
_LINGER_S = 2.0
_SILENT_S = 10.0  # a caller that says nothing before its question is whole
Log = Callable[..., None]
Late = dict[Any, threading.Timer]  # by connection: cuts it off unless its question is whole in time


class WorkServer:
    """Listens until it is stopped.

    Args:
        token: that every caller must show.
        log: is told what happened, in known words and numbers.
    """

    def __init__(self, settings: ServeSettings, tls: ssl.SSLContext, token: str, queue: WorkQueue, log: Log) -> None:
        late: Late = {}
        handler = _handler(settings, token.encode("ascii"), queue, log, late)
        try:
            self._server = _Server(settings, tls, handler, log, late)
        except OSError as error:
            raise InputError(
                f"The worker cannot listen at {settings.address}, port {settings.port}: {error.strerror}. Set another "
                "'address' or 'port'."
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="worker", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Also one that was never started."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, settings: ServeSettings, tls: ssl.SSLContext, handler: type[BaseHTTPRequestHandler], log: Log, late: Late
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
        self._tls, self._log, self._receive_s, self._late = tls, log, settings.receive_s, late
        self._free = threading.Semaphore(settings.connections)
        super().__init__((settings.address, settings.port), handler)

    def server_bind(self) -> None:
        """Without looking for a name of this computer, as HTTPServer does, which may ask a network."""
        if os.name == "posix":  # on Windows it would let another program take the port as well
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self._log("refused", reason="too many connections", address=str(client_address[0]))
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The handshake and the question have their time, together; the answer has its own."""
        late = threading.Timer(self._receive_s, lambda: _cut(secured))
        late.daemon = True
        secured = request
        try:
            request.settimeout(_SILENT_S)
            secured = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
            self._late[secured] = late
            late.start()
            secured.do_handshake()
        except (OSError, ValueError):  # ssl's errors are OSErrors
            self._log("refused", reason="TLS", address=str(client_address[0]))
            self.shutdown_request(secured)
        else:
            super().process_request_thread(secured, client_address)
        finally:
            self._late.pop(secured, None)
            late.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self._log("refused", reason="broken connection", address=str(client_address[0]))


def _cut(request: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(request, socket.SHUT_RDWR)


def _linger(connection: socket.socket) -> None:
    """Let what is still sent pass by for a moment: to close at once would take the refusal from who has not read it."""
    end = time.monotonic() + _LINGER_S
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)
        connection.settimeout(_LINGER_S)
        while time.monotonic() < end and socket.socket.recv(connection, 65536):  # encrypted, and not looked at
            pass


def _handler(
    settings: ServeSettings, token: bytes, queue: WorkQueue, log: Log, late: Late
) -> type[BaseHTTPRequestHandler]:
    most = int(settings.body_mb * 1e6)

    class Handler(BaseHTTPRequestHandler):
        timeout = _SILENT_S
        server_version, sys_version = "age2hie", ""

        def do_POST(self) -> None:
            body = self._body()
            if body is None:
                return
            late[self.connection].cancel()
            future = queue.enter(body)
            if future is None:
                self._refuse(503, "too many questions")
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/jsonl")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self._answer(future)

        def _body(self) -> bytes | None:
            """The question of a caller that may ask; None where it was refused."""
            refusal = self._refusal()
            if refusal is None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) == length:
                    return body
                refusal = 400, "cut off"
            self._refuse(*refusal)
            return None

        def _refusal(self) -> tuple[int, str] | None:
            """Before a byte of the question is read."""
            sent = (self.headers.get("Authorization") or "").encode("utf-8", "replace")
            if not hmac.compare_digest(sent, b"Bearer " + token):
                return 401, "token"
            if self.path != PATH:
                return 404, "path"
            said = self.headers.get("Content-Length") or ""
            if not (said.isascii() and said.isdigit()) or "Transfer-Encoding" in self.headers:
                return 411, "no length"
            return (413, "too long") if len(said) > 12 or int(said) > most else None

        def _answer(self, future: Future[str]) -> None:
            began = time.monotonic()
            try:
                while not wait([future], timeout=_SAY_S).done:
                    ahead = queue.ahead(future)
                    event = {"event": "waiting", "ahead": ahead} if ahead else {"event": "working"}
                    self._say(json.dumps(event) + "\n")
                line = outcome(future, settings.seconds)
                self._say(line)
            except OSError:  # the caller is gone
                future.cancel()
                log("cancelled", seconds=time.monotonic() - began)
                return
            ending = "answer" if line.startswith('{"event": "answer"') else "error"
            log("answered", ending=ending, seconds=time.monotonic() - began, bytes=len(line))

        def _say(self, line: str) -> None:
            self.wfile.write(line.encode("ascii"))
            self.wfile.flush()

        def _refuse(self, status: int, reason: str) -> None:
            log("refused", reason=reason, address=str(self.client_address[0]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.wfile.flush()
            self.close_connection = True
            _linger(self.connection)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """What the library cannot read as a question, or is none: without its page, and on record."""
            self._refuse(code, "not read" if code < 501 else "no question")

        def log_message(self, *_: Any) -> None:
            """What a caller sends is not logged."""

    return Handler
