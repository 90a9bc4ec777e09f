"""What a caller makes of a worker that answers otherwise than it should: one line, and nothing is believed."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pacs import needs_openssl
from serving_work import TOKEN, refusal, settings_file

from AGE2HIELib.elsewhere import client
from AGE2HIELib.elsewhere.address import Worker
from AGE2HIELib.serving.settings import read_settings, server_tls

pytestmark = needs_openssl


ANSWERS: dict[str, tuple[bytes, str]] = {
    "another program": (b"SSH-2.0-OpenSSH_9.6\r\n", "closed the connection before"),
    "no JSON": (b"HTTP/1.0 200 OK\r\n\r\n<html>\n", "said what cannot be read"),
    "no event": (b'HTTP/1.0 200 OK\r\n\r\n{"a": 1}\n', "said what cannot be read"),
    "deep": (b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 100_000 + b"\n", "said what cannot be read"),
    "cut off": (b'HTTP/1.0 200 OK\r\n\r\n{"event": "working"}\n{"event": "ans', "closed the connection before"),
    "silence": (b'HTTP/1.0 200 OK\r\n\r\n{"event": "working"}\n', "closed the connection before"),
    "signs that move a terminal": (
        b'HTTP/1.0 200 OK\r\n\r\n{"event": "error", "message": "\\u001b[2J\\nRun this.", "remedy": "Now."}\n',
        ": [2J Run this. Now.",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_worker_that_answers_otherwise_is_one_line(tmp_path: Path, case: str) -> None:
    answer, expected = ANSWERS[case]
    with _answering(tmp_path, lambda line: line.sendall(answer)) as worker:
        assert expected in refusal(worker)


def test_a_worker_that_says_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENT_S", 0.5)
    with _answering(tmp_path, lambda line: time.sleep(2)) as worker:
        assert "has said nothing for 0.5 s" in refusal(worker)


def test_a_port_without_tls_is_told(tmp_path: Path) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    settings_file(tmp_path)
    plain = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=plain.serve_forever, args=(0.05,), daemon=True).start()
    try:
        worker = Worker("127.0.0.1", plain.server_port, tmp_path / "authority.pem", TOKEN)
        assert "does not speak TLS" in refusal(worker)
    finally:
        plain.shutdown()
        plain.server_close()


class _answering:  # noqa: N801 - used as a function
    """A port with the right certificate, on which ``answer`` has the word."""

    def __init__(self, folder: Path, answer: Callable[[ssl.SSLSocket], None]) -> None:
        self._folder, self._answer = folder, answer

    def __enter__(self) -> Worker:
        tls = server_tls(read_settings(settings_file(self._folder)))
        self._port = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, args=(tls,), daemon=True)
        self._thread.start()
        return Worker("127.0.0.1", self._port.getsockname()[1], self._folder / "authority.pem", TOKEN)

    def __exit__(self, *_: object) -> None:
        self._thread.join(20)
        self._port.close()

    def _serve(self, tls: ssl.SSLContext) -> None:
        plain, _ = self._port.accept()
        with plain, tls.wrap_socket(plain, server_side=True) as line:
            line.recv(65536)
            with suppress(OSError):
                self._answer(line)
                socket.socket.shutdown(line, socket.SHUT_WR)
                while socket.socket.recv(line, 65536):
                    pass
