"""Runs one call in a child process, watched from outside: time, memory, and what it leaves behind.

The child is forked from a process that has loaded the libraries, which saves a second a call; every tenth begins anew
(``exec``), as a user's call does. Nothing limits the child's memory from inside, so that a reservation that fails is
no answer: what it and its children hold is read every 20 ms, and over ``MOST_BYTES`` it is ended.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from fuzzing.cases import Call

MOST_BYTES = 4_000_000_000
MOST_CPU_SECONDS = 90.0  # a sound call takes 4 to 7
MOST_SECONDS = 900.0  # for a call that waits for ever; others may use the machine, so time on the clock says little
_POLL_S = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NEW_NAMESPACE, _READ_ONLY, _PRIVATE = 0x00020000, 1, (1 << 18) | (1 << 14)  # sched.h, sys/mount.h
_DISK_BYTES = 150_000  # an output folder takes about 5 MB
_NOBODY = 65534
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ending:
    """How a call ended.

    Attributes:
        code: exit code; negative: the signal that ended it.
        stopped: "hang" or "memory" where it was ended from here, else "".
        errors: stderr, of the process and of all that it started.
        left: what it left behind beside its output, by name.
    """

    code: int
    stopped: str
    errors: str
    output: Path
    left: tuple[str, ...]
    seconds: float
    peak_bytes: int


def run_call(call: Call, folder: Path, *, anew: bool) -> Ending:
    """Run ``age2hie predict`` in ``folder``, which has an empty ``place`` for its output and ``tmp`` for its files."""
    place, scratch = folder / "place", folder / "tmp"
    place.mkdir()
    scratch.mkdir()
    output = place / call.output
    arguments = [
        "predict",
        str(call.scan),
        "--output",
        str(output),
        "--progress",
        "none",
        "--device",
        "cpu",
        *call.more,
    ]
    began = time.monotonic()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _be_the_child(arguments, call.place, folder, anew=anew)
    status, stopped, peak = _watch(child, began)
    code = os.waitstatus_to_exitcode(status)
    errors = (folder / "stderr").read_text(encoding="utf-8", errors="replace")
    made = {Path(call.output).parts[0]} if code in (0, 3) else set()
    left = (*(path.name for path in scratch.iterdir()), *(p.name for p in place.iterdir() if p.name not in made))
    return Ending(code, stopped, errors, output, left, time.monotonic() - began, peak)


def _watch(child: int, began: float) -> tuple[int, str, int]:
    peak, stopped = 0, ""
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            return status, stopped, max(peak, usage.ru_maxrss * 1024)
        family = _family(child)
        held = sum(_resident_bytes(pid) for pid in family)
        peak = max(peak, held)
        busy = sum(_cpu_seconds(pid) for pid in family)
        late = busy > MOST_CPU_SECONDS or time.monotonic() - began > MOST_SECONDS
        if not stopped and (late or held > MOST_BYTES):
            stopped = "hang" if late else "memory"
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        time.sleep(_POLL_S)


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS  # utime and stime (proc(5))
    except (OSError, IndexError):
        return 0.0


def _family(pid: int) -> list[int]:
    """The process and what it started, such as dcm2niix."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def _be_the_child(arguments: list[str], place: str, folder: Path, *, anew: bool) -> NoReturn:
    code = 70
    try:
        os.setsid()
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
        os.environ["TMPDIR"], tempfile.tempdir = str(folder / "tmp"), None
        os.chdir(folder)
        _odd_place(place, folder)
        if anew:
            os.environ["PYTHONPATH"] = str(_ROOT)
            os.execv(sys.executable, [sys.executable, "-m", "AGE2HIELib.cli", *arguments])
        from AGE2HIELib import cli

        code = cli.main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # whatever escapes is a traceback that a user would see
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _odd_place(place: str, folder: Path) -> None:
    """A small or read-only disk of the child's own, or its rights taken away."""
    targets = {"full disk": "place", "read-only output": "place", "full temporary disk": "tmp"}
    targets["read-only temporary folder"] = "tmp"
    if place == "unreadable input":
        for path in [*folder.rglob("*"), folder]:
            path.chmod(0o777 if path.is_dir() else 0o000 if path.name not in ("stdout", "stderr") else 0o666)
        if os.geteuid() == 0:
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
    elif place in targets:
        _mount(folder / targets[place], read_only=place.startswith("read-only"))


def _mount(target: Path, *, read_only: bool) -> None:
    """A tmpfs in a namespace of the child's own; where that is not allowed, the nearest thing."""
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={_DISK_BYTES}".encode()
    if libc.unshare(_NEW_NAMESPACE) == 0 and libc.mount(None, b"/", None, _PRIVATE, None) == 0:
        flags = _READ_ONLY if read_only else 0
        if libc.mount(b"tmpfs", str(target).encode(), b"tmpfs", flags, options) == 0:
            return
    if read_only:
        target.chmod(0o500)
    else:  # no file may grow: the kernel answers EFBIG
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_DISK_BYTES, _DISK_BYTES))
