"""A worker for other computers on loopback, with a stand-in for its networks, and what it was asked.

As a program: such a worker by its file, for tests that kill it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pacs import free_port, make_certificates

from AGE2HIELib.elsewhere.address import Worker
from AGE2HIELib.elsewhere.wire import PATH, Question, pack, unpack

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "0123456789abcdef" * 4


def stand_in(body: bytes, device: str) -> str:
    """What the question's layer says; the id of the process goes into the answer."""
    question, image = unpack(body)
    wanted = question.layer or ""
    if wanted == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if wanted == "fail":
        raise ZeroDivisionError("Quellenthal")
    if wanted.startswith("sleep"):
        time.sleep(float(wanted.removeprefix("sleep")))
    return json.dumps({"event": "answer", "pid": os.getpid(), "bytes": len(image), "device": device}) + "\n"


def question(wanted: str = "", size: int = 0) -> bytes:
    return pack(Question(task="about", version="0", model="0" * 64, layer=wanted), None) + bytes(size)


def refusal(worker: Worker, body: bytes | None = None) -> str:
    """The one line that a caller reads of a question that is not answered."""
    from AGE2HIELib.elsewhere.client import ask
    from AGE2HIELib.errors import InputError

    said = ""
    try:
        ask(worker, question() if body is None else body)
    except InputError as error:
        said = str(error)
    assert said.endswith("."), said
    assert "\n" not in said
    return said


@dataclass
class Log:
    """What happened, in the order of time."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, event: str, **facts: Any) -> None:
        self.events.append({"event": event, **facts})

    def reasons(self) -> list[str]:
        return [str(one["reason"]) for one in self.events if "reason" in one]

    def wait_for(self, event: str, seconds: float = 20) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [one for one in self.events if one["event"] == event]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"no {event!r} within {seconds} s: {self.events}")


def settings_file(folder: Path, more: str = "") -> Path:
    """Of a worker at a free port of loopback, with certificates for 127.0.0.1."""
    if not (folder / "node.pem").exists():
        make_certificates(folder)
    (folder / "token").write_text(TOKEN + "\n")
    for name in ("token", "node.key"):
        (folder / name).chmod(0o600)
    path = folder / "serve.toml"
    path.write_text(f"certificate = 'node.pem'\nkey = 'node.key'\ntoken_file = 'token'\nport = 0\n{more}")
    return path


@dataclass(frozen=True)
class Served:
    """``worker`` is how a caller names it."""

    worker: Worker
    log: Log
    folder: Path

    def like(self, **changes: Any) -> Worker:
        return replace(self.worker, **changes)


def raw(here: Served, sent: bytes, *, close: bool = True) -> bytes:
    """What the port answers to bytes that come over TLS; the sending half is closed first where ``close`` is set."""
    context = here.worker.tls()
    with (
        socket.create_connection(("127.0.0.1", here.worker.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as line,
    ):
        line.settimeout(10)
        answer = b""
        try:
            line.sendall(sent)
            if close:
                socket.socket.shutdown(line, socket.SHUT_WR)  # that of TLS would end the reading, too
            while part := line.recv(65536):
                answer += part
        except (OSError, ssl.SSLError):
            pass
        return answer


def head(length: object, *, token: str = TOKEN, path: str = PATH, more: str = "") -> bytes:
    return f"POST {path} HTTP/1.0\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n{more}\r\n".encode()


@contextmanager
def served(folder: Path, **changes: Any) -> Iterator[Served]:
    """In this process, but for the stand-in."""
    from serving_work import stand_in as by_name  # as the child imports it

    from AGE2HIELib.serving.queue import WorkQueue
    from AGE2HIELib.serving.server import WorkServer
    from AGE2HIELib.serving.settings import read_settings, server_tls

    settings = replace(read_settings(settings_file(folder)), **changes)
    log = Log()
    queue = WorkQueue("cpu", settings.waiting, settings.seconds, by_name)
    server = WorkServer(settings, server_tls(settings), TOKEN, queue, log)
    server.start()
    try:
        yield Served(Worker("127.0.0.1", server.port, folder / "authority.pem", TOKEN), log, folder)
    finally:
        server.stop()
        queue.stop()


@contextmanager
def serving(folder: Path, models: Path, *, more: str = "") -> Iterator[list[str]]:
    """``age2hie serve`` in a process, with the models of a folder; the options that name it."""
    port = free_port()
    config = settings_file(folder, f"log = 'log'\n{more}")
    config.write_text(config.read_text().replace("port = 0", f"port = {port}"))
    process = subprocess.Popen(
        [sys.executable, "-m", "AGE2HIELib.cli", "serve", "--config", str(config)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AGE2HIE_MODELS": str(models), "TMPDIR": str(folder)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 120
        while not (folder / "log").exists() or "started" not in (folder / "log").read_text():
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < end, "the worker does not start"
            time.sleep(0.1)
        certificate, token = folder / "authority.pem", folder / "token"
        yield [f"--worker=https://127.0.0.1:{port}", f"--worker-certificate={certificate}", f"--worker-token={token}"]
    finally:
        process.terminate()
        assert process.wait(30) == 0
        if process.stderr is not None:
            process.stderr.close()


def main(config: Path) -> None:
    """Says its port on stdout, and works until it is killed."""
    with served(config.parent) as here:
        print(here.worker.port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
