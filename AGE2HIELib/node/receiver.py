"""Takes studies by C-STORE: what is checked of each object, and the status that its sender is given.

A status of success means that the object lies on the disk, whole.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pydicom
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    EnhancedMRColorImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
    RLELossless,
)
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.connections import PDU_BYTES, Gate, GuardedServer, server_context
from AGE2HIELib.node.events import EventLog, Figures
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.queue import FAILED, Queue
from AGE2HIELib.node.settings import NodeSettings

IMAGES = (
    MRImageStorage,
    EnhancedMRImageStorage,
    EnhancedMRColorImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
)
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLossless,
    JPEGLSLossless,
    JPEG2000Lossless,
    RLELossless,
)  # those without loss
VERIFICATION, COMMITMENT = UID("1.2.840.10008.1.1"), UID("1.2.840.10008.1.20.1")
SUCCESS, DROPPED, NO_SPACE, OTHER_CLASS, NOT_UNDERSTOOD = 0x0000, 0xB006, 0xA700, 0xA900, 0xC000  # PS3.4 table B.2-1
_LAST_READ = 0x0020000E  # SeriesInstanceUID
_READ = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_UID = re.compile(r"[0-9.]{1,64}")
_NOT_RESPONDING = 0x0110  # processing failure (PS3.7 C.4)


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
        """Counted, and told: nothing that a stranger sends may pass in silence."""
        self.figures.add("refused_total", reason)
        self.log("refused", reason=reason)

    def _check_space(self, key: str, growth: int) -> None:
        limits = self.settings.limits
        line = self.queue.line(key)
        objects, size = (line.objects, line.bytes) if line is not None and line.kept else (0, 0)
        if objects + 1 > limits.study_objects or size + growth > limits.study_mb * 1e6:
            if line is not None:
                self.queue.move(line, FAILED, reason="The study has more objects or bytes than [limits] allows.")
            raise RefusedError(NO_SPACE, "oversize study")
        if self.queue.kept_bytes() + growth > limits.queue_gb * 1e9:
            raise RefusedError(NO_SPACE, "full queue")
        if self.files.free_gb() < limits.free_gb:
            raise RefusedError(NO_SPACE, "full disk")

    def of_study(self, key: str) -> threading.Lock:
        """Two connections may send one study."""
        with self._guard:
            return self._keys.setdefault(key, threading.Lock())


def uids_of(encoded: bytes | BytesIO, *, implicit: bool) -> pydicom.Dataset:
    """The UIDs of a data set, of which nothing behind them is read.

    Raises:
        RefusedError: they are not there, or cannot be.
    """
    stream = BytesIO(encoded) if isinstance(encoded, bytes) else encoded
    try:
        header = read_dataset(
            stream,
            implicit,
            True,
            stop_when=lambda tag, vr, length: tag > _LAST_READ,
            specific_tags=[Tag(name) for name in _READ],
        )
        values = {name: str(header.get(name) or "") for name in _READ}
    except Exception as error:  # pydicom raises whatever the damage leads to
        raise RefusedError(NOT_UNDERSTOOD, "malformed object") from error
    if not all(_UID.fullmatch(value) for value in values.values()):
        raise RefusedError(NOT_UNDERSTOOD, "object without UIDs")
    found = pydicom.Dataset()
    for name, value in values.items():
        setattr(found, name, UID(value))
    return found


class Receiver:
    """The listening half of the node. ``committed(transaction, failed)`` is told of the PACS's storage commitment."""

    def __init__(self, intake: Intake, committed: Callable[[str, int], None]) -> None:
        self._intake, self._committed = intake, committed
        settings = intake.settings
        listen, tls = settings.listen, settings.tls
        application = AE(listen.ae_title)
        application.maximum_associations = listen.associations
        application.maximum_pdu_size = PDU_BYTES
        application.require_called_aet = True
        application.acse_timeout = application.network_timeout = application.dimse_timeout = listen.idle_s
        self._gate = Gate(settings.callers, int(settings.limits.object_mb * 1e6), listen.associations, intake.refused)
        context = None
        if tls is not None and tls.receive:
            context = server_context(str(tls.certificate), str(tls.key), str(tls.authority))
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_REJECTED, lambda _event: intake.refused("association")),
            (evt.EVT_C_STORE, self._stored),
            (evt.EVT_N_EVENT_REPORT, self._reported),
        ]
        try:
            self._server = application.make_server(
                (listen.address, listen.port),
                contexts=self._contexts(),
                ssl_context=context,
                evt_handlers=handlers,
                server_class=GuardedServer,
                gate=self._gate,
                idle_s=listen.idle_s,
            )
        except (OSError, OverflowError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(
                f"The node cannot listen at {listen.address} port {listen.port}: {reason}. Choose another port, or end "
                "what uses it."
            ) from error
        application._servers.append(self._server)  # its shutdown takes it out again
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="listening", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Connections that are open are aborted: what they have sent is kept, and the rest is sent again."""
        for association in self._server.active_associations:
            association.abort()
        self._server.shutdown()

    @property
    def associations(self) -> int:
        return len(self._server.active_associations)

    def _contexts(self) -> list[Any]:
        kept = [build_context(image, list(SYNTAXES)) for image in IMAGES]
        if self._intake.settings.listen.other_objects == "drop":
            others = {context.abstract_syntax for context in AllStoragePresentationContexts} - set(IMAGES)
            kept += [build_context(other, list(SYNTAXES)) for other in sorted(map(str, others))]
        report = build_context(COMMITMENT, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        report.scu_role = report.scp_role = True  # the PACS provides the service, and reports to us
        return [*kept, build_context(VERIFICATION, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]), report]

    def _requested(self, event: Any) -> None:
        """Title and address must belong together; who has only one of them right is told what pynetdicom tells all."""
        association = event.assoc
        title = association.requestor.primitive.calling_ae_title
        if not self._gate.knows(title, association.requestor.address_info.address):
            self._intake.refused("AE title")
            association.acse.send_reject(0x01, 0x01, 0x03)  # permanent, by the service user: calling AE not recognised
            association.kill()

    def _stored(self, event: Any) -> int:
        try:
            return self._take(event)
        except RefusedError as refused:
            self._intake.figures.add("objects_received_total", "refused")
            self._intake.refused(refused.reason)
            return refused.status
        except Exception as error:  # a front door: the sender is told, and sends again
            self._intake.refused(f"defect: {type(error).__name__}")
            return _NOT_RESPONDING

    def _take(self, event: Any) -> int:
        request = event.request
        if request.AffectedSOPClassUID not in IMAGES:
            self._intake.figures.add("objects_received_total", "dropped")
            return DROPPED
        syntax = UID(event.context.transfer_syntax)
        header = uids_of(BytesIO(request.DataSet.getbuffer()), implicit=syntax.is_implicit_VR)
        if header.SOPClassUID != request.AffectedSOPClassUID or header.SOPInstanceUID != request.AffectedSOPInstanceUID:
            raise RefusedError(OTHER_CLASS, "object of another name")
        self._intake.take(event.encoded_dataset(), header)
        return SUCCESS

    def _reported(self, event: Any) -> tuple[int, None]:
        """The PACS's answer to a request for storage commitment (PS3.4 J.3.3)."""
        try:
            information = event.event_information
            transaction = str(information.TransactionUID)
            failed = len(information.get("FailedSOPSequence") or ())
        except Exception:  # pydicom raises whatever the damage leads to
            self._intake.refused("malformed report")
            return _NOT_RESPONDING, None
        self._committed(transaction, failed)
        return SUCCESS, None
