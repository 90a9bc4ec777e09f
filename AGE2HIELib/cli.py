"""The command line: options in, exit codes out. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from AGE2HIELib import __version__
from AGE2HIELib.errors import InputError
from AGE2HIELib.notices import quiet_libraries, write_traceback
from AGE2HIELib.options import add_commands
from AGE2HIELib.progress import Progress, Silent, make_progress

DEFECT, UNUSABLE, CANCELLED = 1, 2, 130
READER_GONE = 141  # as a shell reports a program that a closed pipe ended


class Cancelled(KeyboardInterrupt):
    """SIGTERM: ends a run as Ctrl-C does, so that nothing half made stays behind."""


class Parser(argparse.ArgumentParser):
    """A wrong call is reported like any other unusable input: one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"Wrong call: {message.rstrip('.')}. See '{self.prog} --help'.")


def parser() -> Parser:
    top = Parser(
        prog="age2hie",
        description="Two-year outcome of newborns with hypoxic-ischemic encephalopathy, read from diffusion MRI. "
        "Research use only.",
        epilog="Exit codes: 0 predicted, 2 unusable input or wrong call, 3 refused by the quality gate, "
        "4 reproduced with another result, 1 a defect of this program, 130 cancelled.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"age2hie {__version__}")
    add_commands(top)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    _let_any_name_be_printed()
    with ExitStack() as until_the_end:
        return _run(argv, until_the_end)


def _run(argv: Sequence[str] | None, until_the_end: ExitStack) -> int:
    """The only place that catches everything."""
    progress: Progress = Silent()
    arguments = argparse.Namespace()
    try:
        arguments = parser().parse_args(argv)
        out = until_the_end.enter_context(_stdout_for_events(arguments.progress))
        progress = make_progress(arguments.progress, out=out, err=sys.stderr)
        with _termination_cancels():
            code = int(_command(arguments)(arguments, progress))
            out.flush()  # a closed pipe shows here, where it is dealt with
            return code
    except InputError as error:
        return _fail(UNUSABLE, str(error), progress)
    except KeyboardInterrupt as cancelled:
        nothing = "Cancelled; nothing was written. Start again when ready."
        return _fail(CANCELLED, str(cancelled) or nothing, progress)
    except BrokenPipeError:  # who read our output has left, as `| head` does: no defect, and nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return _defect(error, arguments, progress)
        name = Path(str(error.filename)).name
        return _fail(UNUSABLE, f"The name '{name[:40]}...' is too long for this system. Give a shorter one.", progress)
    except Exception as error:  # a front door: whatever is wrong, the caller gets a line and a log
        return _defect(error, arguments, progress)


def _let_any_name_be_printed() -> None:
    """A file name that the terminal's character set lacks must not turn a finished prediction into a defect."""
    for stream, own in ((sys.stdout, sys.__stdout__), (sys.stderr, sys.__stderr__)):
        if stream is own and isinstance(stream, io.TextIOWrapper):  # not that of a program that calls main
            stream.reconfigure(errors="backslashreplace")


def _command(arguments: argparse.Namespace):  # type: ignore[no-untyped-def]  # a command: (Namespace, Progress) -> int
    module, function = arguments.command.split(":")
    quiet_libraries()
    return getattr(import_module(f"AGE2HIELib.commands.{module}"), function)


def _defect(error: Exception, arguments: argparse.Namespace, progress: Progress) -> int:
    where = write_traceback(getattr(arguments, "output", None))
    message = f"Defect of age2hie ({type(error).__name__}). The traceback is in {where}: please report it."
    return _fail(DEFECT, message, progress)


def _fail(code: int, message: str, progress: Progress) -> int:
    line = " ".join(message.split())
    progress.close()
    progress.error(code, line)
    print(f"age2hie: error: {line}", file=sys.stderr)
    return code


@contextmanager
def _stdout_for_events(kind: str) -> Iterator[TextIO]:
    """With ``jsonl`` whatever else a library, or a program it starts, writes to stdout goes to stderr."""
    real = sys.stdout is sys.__stdout__  # not so under a test that captures, or in a program that calls main
    out = sys.stdout
    if kind != "jsonl" or not real:
        yield out
        return
    number = out.fileno()
    out.flush()
    private = os.fdopen(os.dup(number), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), number)
    try:
        yield private
    finally:
        out.flush()
        os.dup2(private.fileno(), number)
        with suppress(OSError):  # the reader has left
            private.close()


@contextmanager
def _termination_cancels() -> Iterator[None]:
    def cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise Cancelled

    try:
        before = signal.signal(signal.SIGTERM, cancel)
    except ValueError:  # only the main thread may; elsewhere the caller handles its signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
