"""Takes studies by C-STORE, and the PACS's answers to requests for commitment, through pynetdicom.

A status of success means that the object lies on the disk, whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.connections import PDU_BYTES, Gate, GuardedServer, server_context
from AGE2HIELib.node.intake import DROPPED, IMAGES, OTHER_CLASS, SUCCESS, Intake, RefusedError, uids_of

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
_MOST = 1000
_GREETING_S = 10.0  # within which a connection must ask for its association
# results, sources and reasons of A-ASSOCIATE-RJ (PS3.8 9.3.4)
_UNKNOWN_CALLER, _LIMIT_EXCEEDED = (0x01, 0x01, 0x03), (0x02, 0x03, 0x02)
_PROCESSING_FAILURE = 0x0110  # PS3.7 annex C


class Receiver:
    """The listening half of the node. ``committed(transaction, failed)`` is told of the PACS's storage commitment."""

    def __init__(self, intake: Intake, committed: Callable[[str, int], None]) -> None:
        self._intake, self._committed = intake, committed
        self._open: list[Any] = []  # associations that were let in
        self._lock = threading.Lock()
        settings = intake.settings
        listen, tls = settings.listen, settings.tls
        application = AE(listen.ae_title)
        application.maximum_associations = _MOST  # the node counts itself, those alone that have been accepted
        application.maximum_pdu_size = PDU_BYTES
        application.require_called_aet = True
        application.acse_timeout = min(listen.idle_s, _GREETING_S)
        application.network_timeout = application.dimse_timeout = listen.idle_s
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
        """That were let in and are open."""
        with self._lock:
            return sum(one.is_alive() for one in self._open)

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
            self._reject(association, "AE title", _UNKNOWN_CALLER)
            return
        with self._lock:
            self._open = [one for one in self._open if one.is_alive()]
            full = len(self._open) >= self._gate.associations
            if not full:
                self._open.append(association)
        if full:
            self._reject(association, "too many associations", _LIMIT_EXCEEDED)

    def _reject(self, association: Any, reason: str, answer: tuple[int, int, int]) -> None:
        self._intake.refused(reason)
        association.acse.send_reject(*answer)
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
            return _PROCESSING_FAILURE

    def _take(self, event: Any) -> int:
        request = event.request
        if request.AffectedSOPClassUID not in IMAGES:
            self._intake.figures.add("objects_received_total", "dropped")
            return DROPPED
        syntax = UID(event.context.transfer_syntax)
        header = uids_of(request.DataSet.getbuffer(), implicit=syntax.is_implicit_VR)
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
            return _PROCESSING_FAILURE, None
        self._committed(transaction, failed)
        return SUCCESS, None
