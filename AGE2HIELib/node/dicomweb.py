"""Watches a DICOMweb server for new MR studies (QIDO-RS) and fetches them (WADO-RS), where nothing can send to us.

A study is fetched when the number of its MR images is the same at two questions in a row and not the one that was
fetched before, so that one that is still arriving there is waited for. The standard library's client does.
"""

from __future__ import annotations

import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.connections import client_context
from AGE2HIELib.node.events import EventLog, Figures
from AGE2HIELib.node.files import digest_of
from AGE2HIELib.node.intake import IMAGES, Intake, RefusedError, uids_of_file
from AGE2HIELib.node.queue import Queue
from AGE2HIELib.node.settings import NodeSettings, Watch

_STUDY, _SERIES, _COUNT = "0020000D", "0020000E", "00201209"
_ANSWER_BYTES = 50_000_000  # of a list of studies or series
_HEAD_BYTES = 65_536  # of a part's head
_CHUNK = 1 << 16
_TIMEOUT_S = 60.0
_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class WatchError(Exception):
    """The server did not answer as it should: it is asked again later."""


class Watcher:
    """Asks every ``watch.every_s``, in a thread of its own."""

    def __init__(self, watch: Watch, intake: Intake) -> None:
        self._watch, self._intake = watch, intake
        self._settings: NodeSettings = intake.settings
        self._queue: Queue = intake.queue
        self._log: EventLog = intake.log
        self._figures: Figures = intake.figures
        self._context = _context(self._settings) if watch.url.startswith("https:") else None
        self._token = _token(watch)
        self._counted: dict[str, int] = {}  # of the last question
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="watching", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except WatchError as error:
                self._figures.add("watch_failures_total")
                self._log("watch failed", reason=str(error))
            except Exception as error:  # a front door: what the server sends must not end the watching
                self._figures.add("watch_failures_total")
                self._log("watch failed", reason=type(error).__name__)
            self._stop.wait(self._watch.every_s)

    def look(self) -> int:
        """Ask once, and fetch what is new and no longer growing; how many studies were fetched.

        Raises:
            WatchError: the server does not answer as it should.
        """
        since = date.today() - timedelta(days=self._watch.days)
        dates = f"{since:%Y%m%d}-"
        counted: dict[str, int] = {}
        fetched = 0
        for study in self._ask("studies", ModalitiesInStudy="MR", StudyDate=dates):
            uid = _text(study, _STUDY)
            series = self._ask(f"studies/{quote(uid)}/series", Modality="MR")
            key, count = digest_of(uid), sum(self._images(uid, one) for one in series)
            counted[key] = count
            if count and self._counted.get(key) == count != self._queue.watched(key) and not self._stop.is_set():
                self._fetch(uid, [_text(one, _SERIES) for one in series])
                self._queue.remember_watched(key, count)
                fetched += 1
        self._counted = counted
        return fetched

    def _images(self, study: str, series: dict[str, Any]) -> int:
        """A server need not count them, and then lists them."""
        stated = _text(series, _COUNT)
        if stated.isdecimal():
            return int(stated)
        return len(self._ask(f"studies/{quote(study)}/series/{quote(_text(series, _SERIES))}/instances"))

    def _fetch(self, study: str, series: Sequence[str]) -> None:
        taken = refused = 0
        for uid in series:
            for content in self._objects(f"studies/{quote(study)}/series/{quote(uid)}"):
                try:
                    taken += self._take(content)
                except RefusedError as error:
                    refused += 1
                    self._figures.add("objects_received_total", "refused")
                    self._intake.refused(error.reason)
        self._log("fetched", study=digest_of(study), new=taken, refused=refused)

    def _take(self, content: bytes) -> bool:
        header = uids_of_file(content)
        if header.SOPClassUID not in IMAGES:
            self._figures.add("objects_received_total", "dropped")
            return False
        return self._intake.take(content, header)

    def _ask(self, path: str, **query: str) -> list[dict[str, Any]]:
        address = f"{self._watch.url.rstrip('/')}/{path}?{urlencode({**query, 'includefield': _COUNT})}"
        with closing(self._open(address, "application/dicom+json")) as answer:
            text = answer.read(_ANSWER_BYTES + 1)
        if len(text) > _ANSWER_BYTES:
            raise WatchError("The DICOMweb server's list is too long.")
        try:
            found = json.loads(text) if text else []
        except (ValueError, RecursionError) as error:
            raise WatchError("The DICOMweb server's answer is not JSON.") from error
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise WatchError("The DICOMweb server's answer is no list.")
        return found

    def _objects(self, path: str) -> Iterator[bytes]:
        with closing(self._open(f"{self._watch.url.rstrip('/')}/{path}", _DICOM)) as answer:
            boundary = answer.headers.get_boundary()
            if not boundary:
                raise WatchError("The DICOMweb server's answer has no parts.")
            yield from parts_of(answer, boundary.encode(), int(self._settings.limits.object_mb * 1e6))

    def _open(self, address: str, kind: str) -> Any:
        request = urllib.request.Request(address, headers={"Accept": kind})
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            return _opener(self._context).open(request, timeout=_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            raise WatchError(f"The DICOMweb server answered with status {error.code}.") from error
        except (OSError, ValueError) as error:
            raise WatchError(f"The DICOMweb server does not answer ({type(error).__name__}).") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow to another server."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(context: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))


def parts_of(stream: BinaryIO, boundary: bytes, most: int) -> Iterator[bytes]:
    """The bodies of a multipart message (RFC 2046), one at a time, so that one object is in memory and not a study.

    Raises:
        WatchError: the message ends within a part, or one is larger than ``most`` bytes.
    """
    mark = b"\r\n--" + boundary
    held, searched, inside = bytearray(b"\r\n"), 0, False
    while True:
        at = held.find(mark, searched)
        if at < 0 or len(held) < at + len(mark) + 2:
            searched = max(0, len(held) - len(mark)) if at < 0 else at
            chunk = stream.read(_CHUNK)
            if not chunk:
                raise WatchError("The DICOMweb server broke off.")
            if len(held) > most + _HEAD_BYTES:
                raise WatchError("An object of the DICOMweb server is larger than limits.object_mb.")
            held += chunk
            continue
        if inside:
            head, blank, body = bytes(held[:at]).partition(b"\r\n\r\n")
            if not blank or len(head) > _HEAD_BYTES:
                raise WatchError("A part of the DICOMweb server's answer has no end of its head.")
            yield body
        inside, searched = True, 0
        del held[: at + len(mark)]
        if held.startswith(b"--"):
            return


def _text(found: dict[str, Any], tag: str) -> str:
    values = found.get(tag, {}).get("Value") or [""]
    return str(values[0])


def _token(watch: Watch) -> str:
    if watch.token_file is None:
        return ""
    try:
        return watch.token_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'watch.token_file' cannot be read ({type(error).__name__}). Check the name.") from error


def _context(settings: NodeSettings) -> ssl.SSLContext:
    authority = settings.tls.authority if settings.tls is not None else None
    return ssl.create_default_context() if authority is None else client_context(None, None, str(authority))
