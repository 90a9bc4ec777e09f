"""A child process whose output is read without waiting, and which can be ended with everything it has started.

``slicer.util.launchConsoleProcess`` is not used: it merges stderr into stdout, decodes by locale and drops lines that
do not decode; and PythonSlicer is a launcher, so ending it alone can leave the worker running.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Protocol

_TAIL_BYTES = 20_000  # of stderr, kept for the details of a failure
_GRACE_SECONDS = 1.5  # for a cancelled worker to remove what it has half written


@dataclass(frozen=True)
class Command:
    """What to run: ``environment`` is complete, not an addition."""

    arguments: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True)
class Ended:
    """A process that is gone: negative exit codes are signals; ``stderr`` is its last part."""

    code: int
    stderr: str


class Process(Protocol):
    """What the panel needs of a worker; tests play slow, dying, lying and hanging ones through it."""

    def start(self, command: Command) -> None:
        """Raises OSError where the program cannot be started."""

    def read(self) -> bytes:
        """What has arrived on stdout since the last call; returns at once."""

    def ended(self) -> Ended | None:
        """How it ended, once all of its output has been read; None before."""

    def cancel(self) -> None:
        """Ask it and its children to end, and make them end soon after; returns at once."""

    def wait(self, seconds: float) -> bool:
        """Whether it was gone within that time; only for an application that closes."""


class ChildProcess:
    """The real one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._out: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._stderr = bytearray()
        self._readers: list[threading.Thread] = []

    def start(self, command: Command) -> None:
        self._process = subprocess.Popen(
            command.arguments,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # of Windows
            start_new_session=True,  # Ctrl-C in the terminal from which Slicer was started is not for it
        )
        for stream, take in ((self._process.stdout, self._out.put), (self._process.stderr, self._keepTail)):
            reader = threading.Thread(target=_readAll, args=(stream, take), daemon=True)
            reader.start()
            self._readers.append(reader)

    def read(self) -> bytes:
        parts = []
        while not self._out.empty():
            parts.append(self._out.get())
        return b"".join(parts)

    def ended(self) -> Ended | None:
        if self._process is None or self._process.poll() is None:
            return None
        if any(reader.is_alive() for reader in self._readers) or not self._out.empty():
            return None  # a last line may still be on its way
        return Ended(self._process.returncode, self._stderr.decode("utf-8", errors="replace"))

    def cancel(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        threading.Thread(target=_endTree, args=(self._process,), daemon=True).start()

    def wait(self, seconds: float) -> bool:
        if self._process is None:
            return True
        until = time.monotonic() + seconds
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        for reader in self._readers:  # a launcher may be gone while the worker, which holds its pipes, still ends
            reader.join(max(until - time.monotonic(), 0.0))
        return not any(reader.is_alive() for reader in self._readers)

    def _keepTail(self, part: bytes) -> None:
        self._stderr += part
        del self._stderr[:-_TAIL_BYTES]


def _readAll(stream: IO[bytes], take: Any) -> None:
    with stream:
        while part := os.read(stream.fileno(), 65536):
            take(part)


def _endTree(process: subprocess.Popen[bytes]) -> None:
    """Also what it starts meanwhile; what nobody has waited for yet (a zombie) has ended."""
    try:
        import psutil
    except ImportError:  # nothing is installed yet: the only worker is the check of the computer, which ends by itself
        process.terminate()
        return

    def runs(member: psutil.Process) -> bool:
        with suppress(psutil.NoSuchProcess):
            return member.is_running() and member.status() != psutil.STATUS_ZOMBIE
        return False

    tree: set[psutil.Process] = set()
    asked: set[psutil.Process] = set()
    until = time.monotonic() + _GRACE_SECONDS
    with suppress(psutil.NoSuchProcess):
        tree.add(psutil.Process(process.pid))
    while living := {member for member in tree if runs(member)}:
        late = time.monotonic() > until
        for member in living:
            with suppress(psutil.NoSuchProcess):
                children = set(member.children(recursive=True))
                if late:
                    member.kill()
                elif member not in asked:
                    member.terminate()
                tree |= children
        asked |= living
        time.sleep(0.05)
