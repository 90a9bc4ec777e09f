"""The one way into the queue: what is checked of every object, whether it was sent or fetched."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from io import BytesIO

import pydicom
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    EnhancedMRColorImageStorage,
    EnhancedMRImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
)

from AGE2HIELib.node.events import EventLog, Figures
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.queue import FAILED, OVERSIZE, Queue
from AGE2HIELib.node.settings import NodeSettings

IMAGES = (
    MRImageStorage,
    EnhancedMRImageStorage,
    EnhancedMRColorImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
)
SUCCESS, DROPPED, NO_SPACE, OTHER_CLASS, NOT_UNDERSTOOD = 0x0000, 0xB006, 0xA700, 0xA900, 0xC000  # PS3.4 table B.2-1
_LAST_READ = 0x0020000E  # SeriesInstanceUID
_READ = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_TAGS: list[BaseTag | int] = [Tag(name) for name in _READ]
_SILENT_S = 1.0  # between two lines of one reason
_UID = re.compile(r"[0-9.]{1,64}")


class RefusedError(Exception):
    """An object that is not taken: the status for its sender, and why in a few words without anything of it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Intake:
    """The one way into the queue, whether an object was sent or fetched."""

    settings: NodeSettings
    files: StudyFiles
    queue: Queue
    log: EventLog
    figures: Figures
    _keys: dict[str, threading.Lock] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, content: bytes, header: pydicom.Dataset) -> bool:
        """Keep an object; False where this very one was there already.

        Args:
            content: the whole file.
            header: its UIDs, as ``uids_of`` gives them.

        Raises:
            RefusedError: it is not taken.
        """
        limits = self.settings.limits
        key, instance = digest_of(header.StudyInstanceUID), str(header.SOPInstanceUID)
        if len(content) > limits.object_mb * 1e6:
            raise RefusedError(NO_SPACE, "oversize object")
        with self.of_study(key):
            if self.files.holds(key, instance, content):
                self.queue.touched(key)
                self.figures.add("objects_received_total", "again")
                return False
            self._check_space(key, len(content))
            known = self.files.has(key, instance)
            self.queue.arrived(key, len(content) * (not known), objects=int(not known))
            try:
                self.files.write(key, instance, content)
            except OSError as error:
                raise RefusedError(NO_SPACE, "disk") from error
        self.figures.add("objects_received_total", "new")
        self.figures.add("bytes_received_total", amount=len(content))
        return True

    def refused(self, reason: str) -> None:
        """Counted, and told: nothing that a stranger sends may pass in silence, nor fill the disk with lines."""
        self.figures.add("refused_total", reason)
        now = time.monotonic()
        with self._guard:
            silent = now - self._told.get(reason, -_SILENT_S) < _SILENT_S
            if not silent:
                self._told[reason] = now
        if not silent:
            self.log("refused", reason=reason, so_far=int(self.figures.get("refused_total", reason)))

    def _check_space(self, key: str, growth: int) -> None:
        limits = self.settings.limits
        line = self.queue.line(key)
        objects, size, reason = (line.objects, line.bytes, line.reason) if line and line.kept else (0, 0, "")
        too_large = objects + 1 > limits.study_objects or size + growth > limits.study_mb * 1e6
        if too_large or reason == OVERSIZE:
            if line is not None:
                self.queue.move(line, FAILED, reason=OVERSIZE)
            raise RefusedError(NO_SPACE, "oversize study")
        if self.queue.kept_bytes() + growth > limits.queue_gb * 1e9:
            raise RefusedError(NO_SPACE, "full queue")
        if self.files.free_gb() < limits.free_gb:
            raise RefusedError(NO_SPACE, "full disk")

    def of_study(self, key: str) -> threading.Lock:
        """Two connections may send one study."""
        with self._guard:
            return self._keys.setdefault(key, threading.Lock())


def uids_of(encoded: bytes | memoryview, *, implicit: bool) -> pydicom.Dataset:
    """The UIDs of a data set, of which nothing behind them is read.

    Raises:
        RefusedError: they are not there, or cannot be.
    """
    try:
        header = read_dataset(BytesIO(encoded), implicit, True, stop_when=_behind, specific_tags=list(_TAGS))
        return _checked(header)
    except RefusedError:
        raise
    except Exception as error:  # pydicom raises whatever the damage leads to
        raise RefusedError(NOT_UNDERSTOOD, "malformed object") from error


def uids_of_file(content: bytes) -> pydicom.Dataset:
    """The same of a whole file."""
    try:
        header = read_partial(BytesIO(content), _behind, specific_tags=list(_TAGS))
        return _checked(header)
    except RefusedError:
        raise
    except Exception as error:  # as above
        raise RefusedError(NOT_UNDERSTOOD, "malformed object") from error


def _behind(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) > _LAST_READ


def _checked(header: pydicom.Dataset) -> pydicom.Dataset:
    found = pydicom.Dataset()
    for name in _READ:
        value = str(header.get(name) or "")
        if not _UID.fullmatch(value):
            raise RefusedError(NOT_UNDERSTOOD, "object without UIDs")
        setattr(found, name, UID(value))
    return found
