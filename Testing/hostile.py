"""Senders that mean no good, or are broken: what they send to a node, by kind."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from io import BytesIO
from typing import Any

import pydicom
from pacs import NODE, SENDER
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)
from pynetdicom import AE

Attack = Callable[[int, random.Random], object]
_TIMEOUT_S = 5.0


def attack(port: int, attempts: int, *, seed: int) -> Counter[str]:
    """Every kind in turn; none may raise but for a connection that is refused."""
    chance, counts = random.Random(seed), Counter[str]()
    kinds = list(ATTACKS)
    for number in range(attempts):
        kind = kinds[number % len(kinds)]
        with suppress(OSError):
            ATTACKS[kind](port, chance)
        counts[kind] += 1
    return counts


def connection(port: int) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S)
    found.settimeout(_TIMEOUT_S)
    return found


def answer_of(port: int, content: bytes) -> bytes:
    """What comes back for raw bytes; empty where the connection is closed."""
    with closing(connection(port)) as peer:
        peer.sendall(content)
        peer.shutdown(socket.SHUT_WR)
        return peer.recv(4096)


def image(**elements: Any) -> Dataset:
    """A small MR image with everything that the node asks for."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = MRImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.Modality = "Quellenthal000^Zenobia", "MR"
    made.Rows = made.Columns = 4
    made.SamplesPerPixel, made.BitsAllocated, made.BitsStored, made.HighBit = 1, 16, 16, 15
    made.PixelRepresentation, made.PhotometricInterpretation, made.PixelData = 0, "MONOCHROME2", bytes(32)
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def association(port: int, *, title: str = SENDER, called: str = NODE, **options: Any) -> Any:
    application = AE(title)
    application.acse_timeout = application.dimse_timeout = application.network_timeout = _TIMEOUT_S
    for kind in (MRImageStorage, CTImageStorage):
        application.add_requested_context(kind, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    return application.associate("127.0.0.1", port, ae_title=called, **options)


def status_of(port: int, dataset: Dataset, **options: Any) -> int | None:
    """The status that the node gives to an object; None where it gave none."""
    peer = association(port, **options)
    if not peer.is_established:
        return None
    try:
        status = peer.send_c_store(dataset)
        return int(status.Status) if status else None
    except (ValueError, RuntimeError, AttributeError, KeyError):
        return None
    finally:
        if peer.is_established:
            peer.release()


def store_bytes(port: int, data_set: bytes, *, instance: str | None = None, parts: int = 1, cut: bool = False) -> bytes:
    """A C-STORE by hand, whose data set is any bytes, in ``parts`` PDUs; ``cut``: the last one never comes."""
    with closing(connection(port)) as peer:
        peer.sendall(associate_request())
        if peer.recv(4096)[:1] != b"\x02":
            return b""
        command = store_command(instance or generate_uid())
        peer.sendall(data_pdu(command, 0x03))
        size = max(1, -(-len(data_set) // parts))
        pieces = [data_set[at : at + size] for at in range(0, len(data_set), size)] or [b""]
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            if last and cut:
                return b""
            peer.sendall(data_pdu(piece, 0x02 if last else 0x00))
        return peer.recv(4096)


def associate_request(title: str = SENDER, called: str = NODE) -> bytes:
    """A-ASSOCIATE-RQ for MR images in implicit little endian (PS3.8 9.3.2)."""

    def item(kind: int, content: bytes) -> bytes:
        return struct.pack(">BBH", kind, 0, len(content)) + content

    syntaxes = item(0x30, MRImageStorage.encode()) + item(0x40, ImplicitVRLittleEndian.encode())
    context = item(0x20, bytes([1, 0, 0, 0]) + syntaxes)
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3.4"))
    body = struct.pack(">HH", 1, 0) + called.ljust(16).encode() + title.ljust(16).encode() + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + context + user
    return struct.pack(">BBI", 1, 0, len(body)) + body


def data_pdu(content: bytes, control: int) -> bytes:
    value = struct.pack(">IBB", len(content) + 2, 1, control) + content
    return struct.pack(">BBI", 4, 0, len(value)) + value


def command_set(field: int, **elements: Any) -> bytes:
    """A DIMSE command in implicit little endian (PS3.7 6.3.1)."""
    made = Dataset()
    made.CommandField, made.MessageID = field, 1
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    with closing(BytesIO()) as stream:
        pydicom.filewriter.write_dataset(_writer(stream), made)
        encoded = stream.getvalue()
    return struct.pack("<HHII", 0, 0, 4, len(encoded)) + encoded


def store_command(instance: str) -> bytes:
    return command_set(
        0x0001,
        AffectedSOPClassUID=MRImageStorage,
        Priority=0,
        CommandDataSetType=0,
        AffectedSOPInstanceUID=UID(instance),
    )


def _writer(stream: BytesIO) -> Any:
    from pydicom.filebase import DicomFileLike

    writer = DicomFileLike(stream)
    writer.is_little_endian = writer.is_implicit_VR = True
    return writer


def encoded(dataset: Dataset) -> bytes:
    with closing(BytesIO()) as stream:
        pydicom.filewriter.write_dataset(_writer(stream), dataset)
        return stream.getvalue()


def nested(depth: int) -> bytes:
    """Sequences in sequences, of undefined length."""
    inner = b""
    for _ in range(depth):
        inner = (
            struct.pack("<HHI", 0x0008, 0x1140, 0xFFFFFFFF)
            + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
            + inner
            + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
            + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        )
    return inner


def damaged(port: int, chance: random.Random) -> object:
    """An image whose head has been changed in a few bytes; its UIDs are not what the command says."""
    content = bytearray(encoded(image()))
    for _ in range(chance.randint(1, 12)):
        content[chance.randrange(min(len(content), 300))] = chance.randrange(256)
    return store_bytes(port, bytes(content))


def many_at_once(port: int, chance: random.Random) -> list[bool]:
    """20 associations, held open until each has its answer; which of them were accepted."""
    accepted: list[bool] = []
    answered = threading.Barrier(20)

    def one() -> None:
        peer = association(port)
        accepted.append(bool(peer.is_established))
        with suppress(threading.BrokenBarrierError):
            answered.wait(15)
        if peer.is_established:
            peer.release()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return accepted


def aborted(port: int, chance: random.Random) -> object:
    return store_bytes(port, encoded(image()) + bytes(chance.randrange(100_000)), parts=4, cut=True)


def wrong_uids(port: int, chance: random.Random) -> object:
    names = ("../../etc/passwd", "/1.2.3", "", "1\\2", "1.2.é", "1 2 3", "*")
    made = image()
    setattr(made, chance.choice(("StudyInstanceUID", "SOPInstanceUID", "SeriesInstanceUID")), "1.2.3")
    content = encoded(made).replace(b"1.2.3\0", chance.choice(names).encode()[:6].ljust(6, b"/"))
    return store_bytes(port, content, instance=str(made.SOPInstanceUID))


def unknown_command(port: int, chance: random.Random) -> bytes:
    with closing(connection(port)) as peer:
        peer.sendall(associate_request())
        peer.recv(4096)
        field = chance.choice((0x0020, 0x0021, 0x0010, 0x0FFF, 0x0130, 0x7777, 0x8001))
        peer.sendall(data_pdu(command_set(field, CommandDataSetType=chance.choice((0x0101, 0))), 0x03))
        return peer.recv(4096)


def endless_command(port: int, chance: random.Random) -> object:
    with closing(connection(port)) as peer:
        peer.sendall(associate_request())
        peer.recv(4096)
        for _ in range(40):
            peer.sendall(data_pdu(bytes(16_000), 0x01))
        return peer.recv(4096)


def silent(port: int, chance: random.Random) -> None:
    """Connects, and is gone again."""
    connection(port).close()


def foreign_object(port: int, chance: random.Random) -> object:
    return status_of(port, image(SOPClassUID=CTImageStorage, Modality="CT"))


def deep(port: int, chance: random.Random) -> object:
    return store_bytes(port, nested(chance.choice((100, 2000, 10_000))), parts=8)


def noise(port: int, chance: random.Random) -> bytes:
    return answer_of(port, chance.randbytes(chance.randint(1, 5000)))


def giant_pdu(port: int, chance: random.Random) -> bytes:
    return answer_of(
        port, struct.pack(">BBI", chance.randint(1, 7), 0, chance.randint(200_000, 2**32 - 1)) + bytes(100)
    )


def half_request(port: int, chance: random.Random) -> bytes:
    request = associate_request()
    return answer_of(port, request[: chance.randrange(len(request))])


def changed_request(port: int, chance: random.Random) -> bytes:
    request = bytearray(associate_request())
    for _ in range(chance.randint(1, 8)):
        request[chance.randrange(6, len(request))] = chance.randrange(256)
    return answer_of(port, bytes(request))


def random_data(port: int, chance: random.Random) -> object:
    return store_bytes(port, os.urandom(chance.randint(0, 20_000)), parts=chance.randint(1, 3))


def odd_pdus(port: int, chance: random.Random) -> bytes:
    """PDUs that may not come where they do."""
    with closing(connection(port)) as peer:
        peer.sendall(associate_request())
        peer.recv(4096)
        for _ in range(3):
            content = chance.randbytes(chance.randint(0, 200))
            peer.sendall(struct.pack(">BBI", chance.randint(1, 9), 0, len(content)) + content)
        return peer.recv(4096)


ATTACKS: dict[str, Attack] = {
    "AE title that is not known": lambda port, _: status_of(port, image(), title="STRANGER"),
    "node called by another title": lambda port, _: status_of(port, image(), called="OTHER"),
    "noise on the port": noise,
    "PDU of up to 4 GB": giant_pdu,
    "association request cut off": half_request,
    "association request changed": changed_request,
    "connection without a word": silent,
    "PDUs in the wrong place": odd_pdus,
    "command that nobody knows": unknown_command,
    "command without end": endless_command,
    "image with a damaged head": damaged,
    "image of random bytes": random_data,
    "image that breaks off": aborted,
    "UIDs that are paths": wrong_uids,
    "sequences 10,000 deep": deep,
    "object of another kind": foreign_object,
    "20 associations at once": many_at_once,
}
