"""The queue as a page, and figures for Prometheus, at 127.0.0.1 and nowhere else. Neither tells whose a study is.

Only reading is possible, and only under the names of this computer: a page of the internet that a browser here shows
cannot read it under a name of its own (DNS rebinding).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.events import Figures
from AGE2HIELib.node.files import StudyFiles
from AGE2HIELib.node.queue import COMPLETE, PREDICTED, RECEIVED, STORED, Queue, StudyLine

LOOPBACK = "127.0.0.1"
_NAMES = {LOOPBACK, "localhost", "[::1]"}
_MOST_LINES = 200
_WAITING = (RECEIVED, COMPLETE, PREDICTED, STORED)
_MEANING = {
    "received": "images arrive",
    "complete": "waits for its prediction",
    "predicted": "waits to be sent",
    "stored": "the PACS has it, and has not committed yet",
    "sent": "results are in the PACS",
    "skipped": "nothing in it to predict",
    "failed": "see the reason",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1d2530; }
h1 { font-size: 1.3rem; } table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d9dee5; vertical-align: top; }
td.time { white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } code { font-size: .9em; }
.failed { color: #9b1c1c; font-weight: 600; } .sent { color: #1b6b3a; }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #dde3ea; } th, td { border-color: #343c46; }
.failed { color: #ff8f8f; } .sent { color: #7fd6a0; } }
"""


class MonitorServer:
    """Serves ``/`` and ``/metrics``."""

    def __init__(
        self, port: int, queue: Queue, figures: Figures, files: StudyFiles, associations: Callable[[], int]
    ) -> None:
        def metrics() -> str:
            waiting = [line.since for state in _WAITING for line in queue.in_state(state)]
            gauges = {
                "oldest_waiting_seconds": max(0.0, time.time() - min(waiting)) if waiting else 0.0,
                "disk_free_bytes": files.free_gb() * 1e9,
                "associations": float(associations()),
                "start_time_seconds": figures.started,
            }
            return figures.text(queue.counts(), gauges)

        pages = {
            "/": ("text/html; charset=utf-8", lambda: queue_page(queue.counts(), queue.latest(_MOST_LINES))),
            "/metrics": ("text/plain; version=0.0.4; charset=utf-8", metrics),
        }
        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), _handler(pages))
        except OSError as error:
            raise InputError(
                f"The page of the queue cannot be served at port {port}: {error.strerror}. Set another 'monitor.port', "
                "or 0 for none."
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="monitor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(pages: dict[str, tuple[str, Callable[[], str]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0
        server_version, sys_version = "age2hie", ""

        def do_GET(self) -> None:
            if (self.headers.get("Host") or "").rsplit(":", 1)[0] not in _NAMES:
                self.send_error(403)
                return
            page = pages.get(self.path.partition("?")[0])
            if page is None:
                self.send_error(404)
                return
            kind, make = page
            body = make().encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Who reads the page is no event of the node."""

    return Handler


def queue_page(counts: dict[str, int], lines: Sequence[StudyLine]) -> str:
    """HTML without scripts; it reloads itself."""
    states = "".join(
        f'<tr><td class="{state}">{state}</td><td class="number">{count}</td><td>{_MEANING[state]}</td></tr>'
        for state, count in counts.items()
    )
    rows = "".join(_row(line) for line in lines)
    more = f"<p>The latest {_MOST_LINES}.</p>" if len(lines) == _MOST_LINES else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="10"><title>AGE2HIE node</title>
<style>{_STYLE}</style></head><body>
<h1>AGE2HIE node</h1>
<p>Research use only. A study is named by a digest of its UID:
<code>printf %s STUDY_INSTANCE_UID | sha256sum | cut -c1-16</code></p>
<table><tr><th>State</th><th>Studies</th><th></th></tr>{states}</table>
<table><tr><th>Study</th><th>State</th><th>Since (UTC)</th><th>Images</th><th>MB</th><th>Attempts</th>
<th>Reason</th></tr>
{rows}</table>{more}
</body></html>
"""


def _row(line: StudyLine) -> str:
    since = datetime.fromtimestamp(line.since, UTC).strftime("%Y-%m-%d %H:%M:%S")
    attempts = str(line.attempts) if line.attempts else ""
    return (
        f'<tr><td><code>{escape(line.key)}</code></td><td class="{line.state}">{line.state}</td>'
        f'<td class="time">{since}</td>'
        f'<td class="number">{line.objects}</td><td class="number">{line.bytes / 1e6:.1f}</td>'
        f'<td class="number">{attempts}</td><td>{escape(line.reason)}</td></tr>'
    )
