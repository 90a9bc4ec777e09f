"""``age2hie serve``: networks for other computers of the same network."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import ExitStack

from AGE2HIELib.elsewhere.address import read_token
from AGE2HIELib.node.config import loopback_only
from AGE2HIELib.node.events import EventLog
from AGE2HIELib.release import __version__
from AGE2HIELib.serving.queue import Work, WorkQueue
from AGE2HIELib.serving.server import WorkServer
from AGE2HIELib.serving.settings import ServeSettings, read_settings, server_tls
from AGE2HIELib.serving.work import answer
from AGE2HIELib.system.progress import Progress

STOPPED = 0


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0 when it is told to stop, and 2 where it cannot start."""
    serve(read_settings(arguments.config))
    return STOPPED


def serve(settings: ServeSettings, work: Work = answer) -> None:
    """Until SIGTERM or Ctrl-C; ``work`` is what a child process does with a question."""
    tls, token = server_tls(settings), read_token(settings.token_file)
    log = EventLog(settings.log, sys.stderr)
    log.check()
    leave_no_core()
    with ExitStack() as at_the_end:
        queue = WorkQueue(settings.device, settings.waiting, settings.seconds, work)
        at_the_end.callback(queue.stop)
        server = WorkServer(settings, tls, token, queue, log)  # a taken port is told before torch is loaded
        at_the_end.callback(server.stop)
        device = queue.start()
        server.start()
        log("started", version=__version__, port=server.port, device=device, loopback=loopback_only(settings.address))
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            log("stopping")


def leave_no_core() -> None:
    """A process that dies must not leave its memory, and so a scan, on the disk."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
