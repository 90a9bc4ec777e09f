"""A result appears whole or not at all: work goes into a temporary sibling that is renamed at the end.

By hand, because the libraries that write a file in this way (atomicwrites, no longer maintained) know no folders: none
exchanges two in one step, and none removes what a killed run has left without touching what a living one writes.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from AGE2HIELib.errors import InputError
from AGE2HIELib.system.stray_files import owner_mark, remove_stale_files

RESULT_MARKS = (
    "result.json",
    "truth/truth.json",
    "atlas.json",
    "explanations.json",
    "comparison.json",
)  # a folder with one of these was made by an earlier run

PART = ".part-"  # begins the name of what is not finished
_LONGEST_NAME_BYTES = 200  # of 255 that file systems take: room for what is added to it
# The disk's fault, not ours: exit code 2 with a plain line.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG}

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


@contextmanager
def output_folder(output: Path, *, overwrite: bool, inputs: Sequence[Path] = (), tidy: bool = True) -> Iterator[Path]:
    """Yield an empty folder beside ``output``, renamed to it on leaving; on any error it is removed.

    With ``overwrite`` the earlier result keeps its place until the new one is complete. ``tidy`` removes what killed
    runs have left beside it, for which the folder is listed: a batch does that once. Raises InputError before any work
    where the place cannot be used.
    """
    target = _resolved(output)
    _refuse_closed(target)
    refuse_inputs(target, inputs)
    put_back_aside(target)
    _refuse_existing(target, overwrite=overwrite)
    part, new_parents = _make_part(target, folder=True, tidy=tidy)
    try:
        with disk_errors(output):
            yield part
            place_folder(part, target, overwrite=overwrite)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        _remove_empty(new_parents)
        raise


@contextmanager
def output_file(output: Path, *, overwrite: bool, inputs: Sequence[Path] = (), tidy: bool = True) -> Iterator[Path]:
    """As ``output_folder`` for a single file; the temporary one keeps the suffix that names the format."""
    target = _resolved(output)
    _refuse_closed(target)
    refuse_inputs(target, inputs)
    if target.is_dir():
        raise InputError(f"The output '{output.name}' is a folder. Give the name of a file.")
    if target.exists() and not overwrite:
        raise _exists_already(target)
    part, new_parents = _make_part(target, folder=False, tidy=tidy)
    try:
        with disk_errors(output):
            yield part
            if not overwrite and target.exists():  # somebody else's, made meanwhile
                raise _exists_already(target)
            os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        _remove_empty(new_parents)
        raise


@contextmanager
def disk_errors(output: Path) -> Iterator[None]:
    """A full or read-only disk is reported in words."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise InputError(
            f"The output '{output.name}' cannot be written: {os.strerror(error.errno)}. "
            "Free some space, or choose another place."
        ) from error


def refuse_inputs(target: Path, inputs: Sequence[Path]) -> None:
    """The output must not lie on, or around, what is read; ``target`` is resolved."""
    for path in inputs:
        read = _resolved(path)
        if target == read or target in read.parents:
            raise InputError(
                f"The output '{target.name}' is or holds '{path.name}', which is read. Choose another output."
            )


def _resolved(path: Path) -> Path:
    """Absolute and without links; links in a circle stay as they are, which ``Path.resolve`` does not allow.

    Raises:
        InputError: the system takes no name so long.
    """
    resolved = Path(os.path.realpath(path))
    try:
        os.lstat(resolved)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(
                f"The name '{resolved.name[:40]}...' is too long for this disk. Give a shorter one."
            ) from error
    return resolved


def holds_result(folder: Path) -> bool:
    """Whether an earlier run of any command has made it."""
    return any((folder / mark).is_file() for mark in RESULT_MARKS)


def _exists_already(target: Path) -> InputError:
    return InputError(f"The output '{target.name}' exists already. Choose another name, or add --overwrite.")


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise _exists_already(target)
    if not target.is_dir():
        raise InputError(f"The output '{target.name}' is a file. Give the name of a folder.")
    if any(target.iterdir()) and not holds_result(target):
        raise InputError(
            f"The output '{target.name}' holds files that no earlier run made, and --overwrite would delete them. "
            "Choose another output."
        )


def _make_part(target: Path, *, folder: bool, tidy: bool) -> tuple[Path, list[Path]]:
    """The temporary sibling and the parent folders that had to be made for it, innermost first."""
    suffixes = "".join(target.suffixes[-2:])
    part = target.with_name(f"{PART}{owner_mark()}-{uuid4().hex[:12]}{'' if folder else suffixes}")
    if tidy:
        remove_stale_files(target.parent, PART)
    new_parents = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir() if folder else part.touch()
    except OSError as error:
        _remove_empty(new_parents)
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"The output '{target.name}' cannot be made in '{target.parent.name or target.parent}': {reason}. "
            "Choose a place that can be written."
        ) from error
    return part, new_parents


def place_folder(part: Path, target: Path, *, overwrite: bool) -> None:
    """``part`` becomes ``target``; with ``overwrite`` what is there goes, without it that is an InputError.

    One exchange, or where that cannot be two renames: a run killed between those is put right by the next one
    (``put_back_aside``).
    """
    if not overwrite:
        _refuse_existing(target, overwrite=False)
        try:
            part.rename(target)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):  # made in this very moment
                raise _exists_already(target) from error
            raise
        return
    if target.exists() and _exchanged(part, target):
        shutil.rmtree(part, ignore_errors=True)
        return
    aside = _aside(target)
    try:
        if target.exists():
            target.rename(aside)
        part.rename(target)
    except BaseException:
        if aside.exists() and not target.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change names in one step (renameat2 of Linux); False where the system or the disk cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _refuse_closed(target: Path) -> None:
    """A folder that the user may not enter does not even say whether the output is there."""
    try:
        os.stat(target)
    except PermissionError as error:
        raise InputError(
            f"The folder of the output '{target.name}' may not be entered: its owner has not allowed it. Ask for the "
            "right, or choose another place."
        ) from error
    except OSError:
        return  # it is not there, or is told of where it is made


def put_back_aside(target: Path) -> None:
    """What a run that was killed between two renames had set aside."""
    aside = _aside(target)
    if not aside.exists():
        return
    if target.exists():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.rename(target)


def _aside(target: Path) -> Path:
    name = target.name
    if len(os.fsencode(name)) > _LONGEST_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return target.with_name(f".{name}.age2hie-aside")


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
