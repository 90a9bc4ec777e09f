"""Sends what was made of a study to the PACS by C-STORE, and asks it for storage commitment.

Objects have deterministic UIDs, so that one that is sent twice is one object there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.presentation import build_context

from AGE2HIELib.node.connections import client_context
from AGE2HIELib.node.settings import NodeSettings

_COMMITMENT = UID("1.2.840.10008.1.20.1")  # Storage Commitment Push Model, and the instance that it is asked of
_WELL_KNOWN = UID("1.2.840.10008.1.20.1.1")
_STORED = (0x0000, 0xB000, 0xB006, 0xB007)  # success, and warnings with which the object is stored (PS3.4 B.2.3)
_NO_RESOURCES, _PROCESSING_FAILURE = 0xA700, 0x0110  # of the PACS at this moment (PS3.4 B.2.3, PS3.7 C.4)
_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_IDENTITY = ("SOPClassUID", "SOPInstanceUID")


@dataclass(frozen=True)
class Sent:
    """Attributes:
    stored: objects that the PACS has taken.
    refused: reasons for those that it has not, by their number; such a reason does not pass by itself.
    failure: what may pass: the PACS was not there, or broke off. Empty where nothing of that kind was.
    """

    stored: int
    refused: dict[str, int] = field(default_factory=dict)
    failure: str = ""

    @property
    def complete(self) -> bool:
        return not self.refused and not self.failure

    @property
    def reason(self) -> str:
        """In words; empty where all were stored."""
        return " ".join([self.failure, *(f"{why}: {count} objects." for why, count in self.refused.items())]).strip()


@dataclass(frozen=True)
class ObjectName:
    """What must be known of an object before it is read as a whole."""

    path: Path
    sop_class: UID
    instance: UID
    syntax: UID


def objects_of(folder: Path, leave_out: Sequence[str] = ()) -> list[ObjectName]:
    """Every ``*.dcm`` of a folder and its subfolders, but for the classes that the PACS does not take."""
    names = []
    for path in sorted(folder.rglob("*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_IDENTITY))
        name = ObjectName(path, UID(header.SOPClassUID), UID(header.SOPInstanceUID), header.file_meta.TransferSyntaxUID)
        if name.sop_class not in leave_out:
            names.append(name)
    return names


def send(objects: Sequence[ObjectName], settings: NodeSettings) -> Sent:
    """Each object once; all that can be stored are, whatever becomes of the others."""
    if not objects:
        return Sent(0)
    association = _associate(settings, _contexts(objects))
    if association is None or not association.is_established:
        if association is not None and association.rejected_contexts:  # it has answered, and takes none of them
            return Sent(0, refused=dict(Counter(_not_taken(one.sop_class) for one in objects)))
        return Sent(0, failure="The PACS does not answer, or refuses the node's AE title.")
    stored, refused, failure = 0, dict[str, int](), ""
    try:
        for one in objects:
            reason, passing = _send_one(association, one)
            if passing:
                failure = reason
            elif reason:
                refused[reason] = refused.get(reason, 0) + 1
            else:
                stored += 1
            if not association.is_established:
                break
    finally:
        _leave(association)
    return Sent(stored, refused, failure)


def new_transaction() -> str:
    """The name of a request for commitment, with which its answer comes."""
    return str(generate_uid())


def request_commitment(transaction: str, objects: Sequence[ObjectName], settings: NodeSettings) -> bool:
    """Ask the PACS to take over responsibility; it answers later, to the node's own port (PS3.4 annex J).

    Returns:
        Whether it has taken the request.
    """
    association = _associate(settings, [build_context(_COMMITMENT, list(_PLAIN))])
    if association is None or not association.is_established:
        return False
    request = Dataset()
    request.TransactionUID = transaction
    request.ReferencedSOPSequence = [_reference(one) for one in objects]
    try:
        status, _ = association.send_n_action(request, 1, _COMMITMENT, _WELL_KNOWN)
    except (RuntimeError, ValueError):
        return False
    finally:
        _leave(association)
    return bool(status) and status.Status == 0x0000


def pacs_context(settings: NodeSettings) -> Any:
    """For TLS to the PACS; None without.

    Raises:
        InputError: the certificates cannot be used.
    """
    tls = settings.tls
    if tls is None or not tls.send:
        return None
    certificate, key = (None if path is None else str(path) for path in (tls.certificate, tls.key))
    return client_context(certificate, key, str(tls.authority))


def _associate(settings: NodeSettings, contexts: Sequence[Any]) -> Any:
    """None where the PACS's name is not known to the network."""
    pacs = settings.pacs
    application = AE(settings.listen.ae_title)
    application.connection_timeout = application.acse_timeout = pacs.timeout_s
    application.dimse_timeout = application.network_timeout = pacs.timeout_s
    context = pacs_context(settings)
    try:
        return application.associate(
            pacs.address,
            pacs.port,
            contexts=list(contexts),
            ae_title=pacs.ae_title,
            tls_args=None if context is None else (context, pacs.address),
        )
    except OSError:  # pynetdicom asks for the address itself
        return None


def _contexts(objects: Iterable[ObjectName]) -> list[Any]:
    """One for each class and syntax; what is not compressed may be sent in either of the plain syntaxes."""
    wanted = dict.fromkeys((one.sop_class, _PLAIN if one.syntax in _PLAIN else (one.syntax,)) for one in objects)
    return [build_context(sop_class, list(syntaxes)) for sop_class, syntaxes in wanted]


def _send_one(association: Any, one: ObjectName) -> tuple[str, bool]:
    """Why it was not stored, empty where it was; and whether that may pass."""
    if not association.is_established:
        return "The PACS broke off the connection.", True
    if not any(context.abstract_syntax == one.sop_class for context in association.accepted_contexts):
        return _not_taken(one.sop_class), False
    try:
        status = association.send_c_store(pydicom.dcmread(one.path))
    except ValueError:  # of pynetdicom: no context for this syntax
        return f"The PACS does not take {one.sop_class.name} in {one.syntax.name}", False
    except RuntimeError:
        return "The PACS broke off the connection.", True
    if not status:
        return "The PACS did not answer in time, or broke off the connection.", True
    if status.Status in _STORED:
        return "", False
    passing = status.Status & 0xFF00 == _NO_RESOURCES or status.Status == _PROCESSING_FAILURE
    return f"The PACS answered with status {status.Status:#06x} to {one.sop_class.name}", passing


def _not_taken(sop_class: UID) -> str:
    return f"The PACS does not take {sop_class.name}"


def _reference(one: ObjectName) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class, one.instance
    return item


def _leave(association: Any) -> None:
    if association.is_established:
        association.release()
