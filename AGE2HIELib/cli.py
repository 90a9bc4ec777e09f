"""The command line: options in, exit codes out. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO, cast

from AGE2HIELib.errors import InputError
from AGE2HIELib.options import add_commands
from AGE2HIELib.release import __version__
from AGE2HIELib.system.logs import quiet_libraries, write_traceback
from AGE2HIELib.system.progress import Progress, Silent, make_progress
from AGE2HIELib.system.streams import KeptStream, keep_streams, send_nowhere

DEFECT, UNUSABLE, CANCELLED = 1, 2, 130
# Importing makes a million objects that stay: to look through them for waste again and again, as Python does after
# every 700, takes a tenth of the time.
_OBJECTS_BETWEEN_SEARCHES = 50_000
_ANSWERS_ON_DISK = ("model:run_model_install",)  # beside the commands that have an --output
_LEAVE_AT_ONCE = ("predict", "explain", "check")
READER_GONE = 141  # as a shell reports a program that a closed pipe ended


class Cancelled(KeyboardInterrupt):
    """SIGTERM: ends a run as Ctrl-C does, so that nothing half made stays behind."""


class Parser(argparse.ArgumentParser):
    """A wrong call is reported like any other unusable input: one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"Wrong call: {message.rstrip('.')}. See '{self.prog} --help'.")


def parser(*, rare: bool = False) -> Parser:
    """``rare``: with the rarely used options in the help, as ``--help-all`` prints it."""
    top = Parser(
        prog="age2hie",
        description="Two-year outcome of newborns with hypoxic-ischemic encephalopathy, read from diffusion MRI. "
        "Research use only.",
        epilog="Exit codes: 0 predicted, 2 unusable input or wrong call, 3 refused by the quality gate, "
        "4 reproduced with another result, 1 a defect of this program, 130 cancelled.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"age2hie {__version__}")
    add_commands(top, rare=rare)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    with ExitStack() as until_the_end:
        until_the_end.enter_context(keep_streams())
        return _run(argv, until_the_end)


def _run(argv: Sequence[str] | None, until_the_end: ExitStack) -> int:
    """The only place that catches everything."""
    progress: Progress = Silent()
    arguments = argparse.Namespace()
    try:
        arguments = _parsed(argv)
        out = until_the_end.enter_context(_stdout_for_events(arguments.progress))
        progress = make_progress(arguments.progress, out=out, err=sys.stderr)
        with _termination_cancels():
            code = int(_command(arguments)(arguments, progress))
            out.flush()  # a closed pipe and a full disk show here, where they are dealt with
        return _told(code, out, arguments)
    except InputError as error:
        return _fail(UNUSABLE, str(error), progress)
    except KeyboardInterrupt as cancelled:
        nothing = "Cancelled; nothing was written. Start again when ready."
        return _fail(CANCELLED, str(cancelled) or nothing, progress)
    except BrokenPipeError:  # who read our output has left, as `| head` does: no defect, and nobody to tell
        send_nowhere(sys.stdout)
        return READER_GONE
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return _defect(error, arguments, progress)
        name = Path(str(error.filename)).name
        return _fail(UNUSABLE, f"The name '{name[:40]}...' is too long for this system. Give a shorter one.", progress)
    except Exception as error:  # a front door: whatever is wrong, the caller gets a line and a log
        return _defect(error, arguments, progress)


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """``--help`` and ``--version`` end here; the first is what it prints, and so fails with it."""
    try:
        rare = "--help-all" in (sys.argv[1:] if argv is None else argv)
        return parser(rare=rare).parse_args(argv)
    except SystemExit:
        sys.stdout.flush()
        _refuse_lost_answer(sys.stdout)
        raise


def _told(code: int, out: TextIO, arguments: argparse.Namespace) -> int:
    """The exit code of a command that has ended: what it wrote into files stands, whatever becomes of stdout."""
    failure = getattr(out, "failure", None)
    if failure is None:
        return code
    if arguments.output is None and arguments.command not in _ANSWERS_ON_DISK:
        _refuse_lost_answer(out)
    stands = f"What lies in '{arguments.output.name}' is whole." if arguments.output else "All was done."
    print(f"age2hie: stdout could not be written ({failure.strerror}). {stands}", file=sys.stderr)
    return code


def _refuse_lost_answer(out: TextIO) -> None:
    failure = getattr(out, "failure", None)
    if failure is not None:
        raise InputError(
            f"stdout could not be written ({failure.strerror}), and the answer was to go there. "
            "Free some space, or send it elsewhere."
        )


def _command(arguments: argparse.Namespace):  # type: ignore[no-untyped-def]  # a command: (Namespace, Progress) -> int
    module, function = arguments.command.split(":")
    quiet_libraries()
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
    # torch's threads sleep while they have nothing to do: by default they go round in circles, which on a processor
    # that others use as well took twenty times the time of the network itself
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if module == "predict":
        _import_nibabel_alone()
    return getattr(import_module(f"AGE2HIELib.commands.{module}"), function)


def _import_nibabel_alone() -> None:
    """nibabel brings pydicom, where there is one, for a header extension that nothing here reads: an eighth of a
    second, which only DICOM itself is worth. In a process of ours it is told that there is none.
    """
    if "pydicom" in sys.modules:
        return
    sys.modules["pydicom"] = None  # type: ignore[assignment]  # so Python marks a module that cannot be imported
    try:
        import_module("nibabel")
    finally:
        del sys.modules["pydicom"]


def _defect(error: Exception, arguments: argparse.Namespace, progress: Progress) -> int:
    where = write_traceback(getattr(arguments, "output", None))
    message = f"Defect of age2hie ({type(error).__name__}). The traceback is in {where}: please report it."
    return _fail(DEFECT, message, progress)


def _fail(code: int, message: str, progress: Progress) -> int:
    line = " ".join(message.split())
    with suppress(BrokenPipeError):  # the reader of events has left; the line and the exit code remain
        progress.close()
        progress.error(code, line)
    print(f"age2hie: error: {line}", file=sys.stderr)
    return code


@contextmanager
def _stdout_for_events(kind: str) -> Iterator[TextIO]:
    """With ``jsonl`` whatever else a library, or a program it starts, writes to stdout goes to stderr."""
    out = sys.stdout
    if kind != "jsonl" or not isinstance(out, KeptStream):  # that of a test, or of a program that calls main
        yield out
        return
    number = out.fileno()
    out.flush()
    private = os.fdopen(os.dup(number), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), number)
    try:
        yield cast(TextIO, KeptStream(private))
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


def program() -> NoReturn:
    """The command line as a process of its own.

    Who reads one scan leaves no thread or process behind, and need not wait until every object of its libraries has
    been taken down: with torch that takes 0.1 to 0.3 s.
    """
    code = main()
    if sys.argv[1:2] and sys.argv[1] in _LEAVE_AT_ONCE:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None where the shell has closed it
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    program()
