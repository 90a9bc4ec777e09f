"""The listening side of pynetdicom, with what it leaves open closed: who is let in, and how much a connection may send.

An address that may not send is cut off before a byte of it is read; a TLS handshake holds up nobody else; no PDU and no
object grows without end in memory; and nothing is printed, since a traceback may hold what was sent.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.settings import Caller

try:
    from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer
except ImportError as problem:
    raise InputError(
        "'node' needs the package pynetdicom, which is not installed. Install what it needs: pip install pynetdicom "
        "highdicom"
    ) from problem

if TYPE_CHECKING:
    from pynetdicom.association import Association

PDU_BYTES = 131_072  # that the node asks for; a larger one ends the connection
_COMMAND_BYTES = 65_536  # of a DIMSE command, which has some hundred
_PENDING = 4  # connections for each that may be served: those behind are closed at once
_HANDSHAKE_S = 10.0


@dataclass(frozen=True)
class Gate:
    """Who may connect, and what is told of those who may not: ``refused(reason)``, with a word of a few."""

    callers: Sequence[Caller]
    object_bytes: int
    associations: int
    refused: Callable[[str], None]

    def lets_in(self, address: str) -> bool:
        return any(address_is_one_of(address, caller.addresses) for caller in self.callers)

    def knows(self, ae_title: str, address: str) -> bool:
        """Title and address belong to one caller."""
        return any(
            caller.ae_title.strip() == ae_title.strip() and address_is_one_of(address, caller.addresses)
            for caller in self.callers
        )


def address_is_one_of(address: str, networks: Sequence[str]) -> bool:
    """An IPv4 address that came by IPv6 is itself (``::ffff:10.1.2.3``)."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network) for network in networks)


class GuardedSocket(AssociationSocket):
    """Reads no PDU that is larger than agreed, and no more of an object than is allowed."""

    gate: Gate

    def recv(self, nr_bytes: int) -> bytearray:
        """As pynetdicom's; the OSError that it expects of a broken connection ends this one."""
        if nr_bytes > PDU_BYTES + 6:
            self._refuse("oversize PDU")
        message = self.assoc.dimse.message
        if message is not None:
            held = message.data_set.tell() if message.data_set is not None else 0
            if held > self.gate.object_bytes:
                self._refuse("oversize object")
            if message.encoded_command_set.tell() > _COMMAND_BYTES:
                self._refuse("oversize command")
        if self.socket is not None and hasattr(socket, "TCP_QUICKACK"):
            # DCMTK and Orthanc wait for the acknowledgement of a command before they send its image, and Linux waits
            # 40 ms for an answer that could carry it: 86 in place of 19 images a second, the disk aside
            with suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().recv(nr_bytes)

    def _refuse(self, reason: str) -> None:
        self.gate.refused(reason)
        raise OSError(reason)


class GuardedHandler(RequestHandler):
    """Makes each association read by a ``GuardedSocket``."""

    server: GuardedServer

    def _create_association(self) -> Association:
        association = super()._create_association()
        association.dul.event_queue.get_nowait()  # the indication of the socket that is replaced; the new one's follows
        guarded = GuardedSocket(association, client_socket=self.request)
        guarded.gate = self.server.gate
        association.dul.socket = guarded
        return association


class GuardedServer(ThreadedAssociationServer):
    """pynetdicom's threaded server behind a ``Gate``."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments: Any, gate: Gate, idle_s: float, **options: Any) -> None:
        self.gate, self._idle_s = gate, idle_s
        super().__init__(*arguments, **{**options, "request_handler": GuardedHandler})

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """The bare connection; OSError, which the server's loop expects, for one that is not let in."""
        assert self.socket is not None
        client, address = self.socket.accept()
        if not self.gate.lets_in(address[0]):
            self._close(client, "address")
        if len(self.active_associations) >= _PENDING * self.gate.associations:
            self._close(client, "too many connections")
        client.settimeout(self._idle_s)
        return client, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In a thread of the connection's own: the handshake waits for the other side."""
        if self.ssl_context is not None:
            try:
                request.settimeout(_HANDSHAKE_S)
                request = self.ssl_context.wrap_socket(request, server_side=True)
                request.settimeout(self._idle_s)
            except (OSError, ValueError):  # ssl's errors are OSErrors
                self.gate.refused("TLS")
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.gate.refused("broken connection")

    def _close(self, client: socket.socket, reason: str) -> None:
        self.gate.refused(reason)
        with suppress(OSError):
            client.close()
        raise OSError(reason)


def server_context(certificate: str, key: str, authority: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, for callers that show a certificate of the authority (PS3.15 B.12, BCP 195)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    _load(context, certificate, key, authority)
    return context


def client_context(certificate: str | None, key: str | None, authority: str) -> ssl.SSLContext:
    """For the PACS: its certificate must be the authority's, and name the host that is asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, certificate, key, authority)
    return context


def _load(context: ssl.SSLContext, certificate: str | None, key: str | None, authority: str) -> None:
    try:
        if certificate:
            context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except OSError as error:  # ssl's errors are OSErrors
        raise InputError(
            f"The certificates of [tls] cannot be used: {getattr(error, 'reason', None) or error.strerror}. Check that "
            "they are PEM, and that the key belongs to the certificate and has no password."
        ) from error
