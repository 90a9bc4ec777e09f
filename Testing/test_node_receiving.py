"""What a node takes and what it refuses: callers, addresses, sizes, damaged and hostile senders, TLS."""

from __future__ import annotations

import gc
import random
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hostile import ATTACKS, association, encoded, image, many_at_once, status_of, store_bytes
from pacs import free_port, make_certificates, needs_openssl, wait_until
from pydicom.uid import CTImageStorage, JPEGBaseline8Bit, MRImageStorage
from pynetdicom import AE

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.connections import address_is_one_of, client_context
from AGE2HIELib.node.events import EventLog, Figures
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.intake import Intake
from AGE2HIELib.node.queue import Queue
from AGE2HIELib.node.receiver import Receiver
from AGE2HIELib.node.settings import Caller, Limits, Listen, NodeSettings, Pacs, Tls

# pynetdicom leaves the sockets of connections that were refused to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
SUCCESS, DROPPED, NO_SPACE, OTHER_CLASS, NOT_UNDERSTOOD = 0x0000, 0xB006, 0xA700, 0xA900, 0xC000
LOOPBACK = ("127.0.0.1",)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """While its warning is ignored."""
    yield
    gc.collect()


@dataclass(frozen=True)
class Taking:
    """A receiving node that predicts nothing."""

    port: int
    intake: Intake
    receiver: Receiver

    @property
    def refused(self) -> dict[str, float]:
        return {reason: self.intake.figures.get("refused_total", reason) for reason in REASONS}

    def studies(self) -> int:
        return sum(self.intake.queue.counts().values())


REASONS = (
    "address",
    "AE title",
    "too many associations",
    "oversize PDU",
    "oversize object",
    "oversize command",
    "oversize study",
    "full queue",
    "full disk",
    "malformed object",
    "object without UIDs",
    "object of another name",
    "TLS",
)


@contextmanager
def taking(folder: Path, **changes: Any) -> Iterator[Taking]:
    port = free_port()
    settings = NodeSettings(
        folder=folder,
        pacs=Pacs("PACS"),
        listen=Listen(port=port, associations=5, idle_s=5.0),
        callers=(Caller("SCANNER", LOOPBACK),),
        limits=Limits(object_mb=1.0, free_gb=0.0),
    )
    for name, change in changes.items():
        settings = replace(settings, **{name: change(settings) if callable(change) else change})
    files = StudyFiles(folder)
    files.make()
    queue = Queue(folder)
    intake = Intake(settings, files, queue, EventLog(folder / "log.jsonl", sys.stderr), Figures())
    receiver = Receiver(intake, lambda _transaction, _failed: None)
    receiver.start()
    try:
        yield Taking(port, intake, receiver)
    finally:
        receiver.stop()
        queue.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Taking]:
    with taking(tmp_path / "node") as made:
        yield made


def test_an_image_is_on_the_disk_when_its_sender_is_told_so(node: Taking) -> None:
    sent = image()
    assert status_of(node.port, sent) == SUCCESS
    key = digest_of(str(sent.StudyInstanceUID))
    (path,) = node.intake.files.objects(key)
    assert path.read_bytes()[128:132] == b"DICM"
    assert sent.PixelData in path.read_bytes()
    assert status_of(node.port, sent) == SUCCESS  # again: nothing changes
    line = node.intake.queue.line(key)
    assert line is not None
    assert (line.objects, line.version, line.bytes) == (1, 1, path.stat().st_size)


def test_an_image_that_was_corrected_replaces_the_one_before(node: Taking) -> None:
    sent = image()
    for name in ("Quellenthal^A", "Quellenthal^B"):
        sent.PatientName = name
        assert status_of(node.port, sent) == SUCCESS
    key = digest_of(str(sent.StudyInstanceUID))
    (path,) = node.intake.files.objects(key)
    line = node.intake.queue.line(key)
    assert line is not None
    assert (line.objects, line.version) == (1, 2)
    assert b"Quellenthal^B" in path.read_bytes()


def test_who_is_not_named_is_refused(node: Taking) -> None:
    for title, called in (("STRANGER", "AGE2HIE"), ("SCANNER", "OTHER"), ("scanner", "AGE2HIE")):
        peer = association(node.port, title=title, called=called)
        assert peer.is_rejected
    assert node.refused["AE title"] == 2
    assert node.studies() == 0


def test_title_and_address_belong_together(tmp_path: Path) -> None:
    callers = (Caller("SCANNER", ("10.1.0.0/16",)), Caller("OTHER", LOOPBACK))
    with taking(tmp_path / "node", callers=callers) as node:
        assert association(node.port, title="SCANNER").is_rejected
        assert status_of(node.port, image(), title="OTHER") == SUCCESS
    with taking(tmp_path / "far", callers=(Caller("SCANNER", ("10.1.0.0/16",)),)) as node:
        peer = association(node.port)
        assert not peer.is_established  # cut off before a word
        assert not peer.is_rejected
        assert node.refused["address"] >= 1


@pytest.mark.parametrize(
    ("address", "networks", "is_one"),
    [
        ("10.1.2.3", ("10.1.2.3",), True),
        ("10.1.2.4", ("10.1.2.3",), False),
        ("10.1.2.4", ("10.2.0.0/16", "10.1.0.0/16"), True),
        ("::ffff:10.1.2.4", ("10.1.0.0/16",), True),
        ("::1", ("::1",), True),
        ("fe80::1%eth0", ("fe80::/10",), True),
        ("no address", ("0.0.0.0/0",), False),
        ("10.1.2.3", ("::/0",), False),
    ],
)
def test_addresses(address: str, networks: tuple[str, ...], is_one: bool) -> None:
    assert address_is_one_of(address, networks) is is_one


def test_other_objects_are_dropped_with_a_warning_or_refused(node: Taking, tmp_path: Path) -> None:
    assert status_of(node.port, image(SOPClassUID=CTImageStorage)) == DROPPED
    assert node.studies() == 0
    with taking(tmp_path / "strict", listen=lambda s: replace(s.listen, other_objects="refuse")) as strict:
        assert status_of(strict.port, image(SOPClassUID=CTImageStorage)) is None  # no context for it
        assert status_of(strict.port, image()) == SUCCESS


def test_sizes_are_limited(tmp_path: Path) -> None:
    large = image(PixelData=bytes(1_500_000))
    with taking(tmp_path / "object") as node:
        assert status_of(node.port, large) is None  # cut off on the way
        assert node.refused["oversize object"] >= 1
        assert status_of(node.port, image(PixelData=bytes(900_000))) == SUCCESS
        assert store_bytes(node.port, encoded(large)) == b""  # in a PDU of its own
    with taking(tmp_path / "study", limits=Limits(study_objects=2, free_gb=0)) as node:
        study = str(image().StudyInstanceUID)
        answers = [status_of(node.port, image(StudyInstanceUID=study)) for _ in range(3)]
        assert answers == [SUCCESS, SUCCESS, NO_SPACE]
        line = node.intake.queue.line(digest_of(study))
        assert line is not None
        assert line.state == "failed"  # half a study is not predicted
        assert "[limits]" in line.reason
        again = image(StudyInstanceUID=study)
        kept = pydicom.dcmread(node.intake.files.objects(digest_of(study))[0])
        assert [status_of(node.port, one) for one in (again, kept)] == [NO_SPACE, SUCCESS]
        line = node.intake.queue.line(digest_of(study))
        assert line is not None
        assert line.state == "failed"  # nor when an image that was kept comes again
    for name, limits in {
        "full queue": Limits(queue_gb=0.001, free_gb=0),
        "full disk": Limits(free_gb=1e6),
        "oversize study": Limits(study_mb=0.001, free_gb=0),
    }.items():
        with taking(tmp_path / name, limits=limits) as node:
            assert status_of(node.port, image(PixelData=bytes(1_100_000))) == NO_SPACE
            assert node.refused[name] == 1
            assert node.studies() == 0


def test_images_must_be_what_their_command_says(node: Taking) -> None:
    made = image()
    good = encoded(made)
    assert b"\x00\x09" not in store_bytes(node.port, good, instance=str(made.SOPInstanceUID))[-12:]
    assert node.studies() == 1
    store_bytes(node.port, good, instance="1.2.3")
    store_bytes(node.port, b"", instance="1.2.3")
    store_bytes(node.port, bytes(1000), instance="1.2.3")
    lacking = image()
    del lacking.StudyInstanceUID
    store_bytes(node.port, encoded(lacking), instance=str(lacking.SOPInstanceUID))
    refused = node.refused
    assert refused["object of another name"] == 1
    assert refused["malformed object"] + refused["object without UIDs"] == 3
    assert node.studies() == 1


def test_a_syntax_with_loss_is_not_taken(node: Taking) -> None:
    application = AE("SCANNER")
    application.add_requested_context(MRImageStorage, [JPEGBaseline8Bit])
    assert application.associate("127.0.0.1", node.port, ae_title="AGE2HIE").accepted_contexts == []


def test_twenty_associations_at_once_leave_as_many_as_may_be(node: Taking) -> None:
    accepted = many_at_once(node.port, random.Random(0))
    assert (len(accepted), sum(accepted)) == (20, 5)
    assert node.refused["too many associations"] == 15
    wait_until(lambda: node.receiver.associations == 0, 10, "they have ended")
    assert status_of(node.port, image()) == SUCCESS


def test_an_image_that_breaks_off_leaves_nothing(node: Taking) -> None:
    store_bytes(node.port, encoded(image()) + bytes(50_000), parts=4, cut=True)
    peer = association(node.port)
    peer.abort()
    assert status_of(node.port, image()) == SUCCESS
    assert node.studies() == 1
    assert list((node.intake.files.folder / "incoming").iterdir()) == []


@pytest.mark.filterwarnings("ignore")  # of threads of pynetdicom that a damaged PDU ends, and of pydicom
@pytest.mark.parametrize("kind", [kind for kind in ATTACKS if kind != "command that nobody knows"])
def test_a_hostile_sender_changes_nothing(kind: str, node: Taking, monkeypatch: pytest.MonkeyPatch) -> None:
    """``benchmark/node.py`` makes hundreds of each."""
    monkeypatch.setattr(threading, "excepthook", lambda _failure: None)
    chance = random.Random(kind)
    for _ in range(2):
        try:
            ATTACKS[kind](node.port, chance)
        except OSError:
            continue
    assert node.studies() == 0
    assert list((node.intake.files.folder / "received").iterdir()) == []
    assert list((node.intake.files.folder / "incoming").iterdir()) == []
    assert status_of(node.port, image()) == SUCCESS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, certificates of it for the node (127.0.0.1) and a sender, and a stranger's own."""
    return make_certificates(tmp_path_factory.mktemp("tls"))


@needs_openssl
def test_with_tls_a_certificate_of_the_authority_is_asked_for(certificates: Path, tmp_path: Path) -> None:
    def context(name: str | None) -> ssl.SSLContext:
        own = (None, None) if name is None else (str(certificates / f"{name}.pem"), str(certificates / f"{name}.key"))
        return client_context(*own, str(certificates / "authority.pem"))

    tls = Tls(certificates / "node.pem", certificates / "node.key", certificates / "authority.pem")
    with taking(tmp_path / "node", tls=tls) as node:
        silent = association_socket(node.port)  # a connection that never shakes hands holds up nobody
        began = time.monotonic()
        assert status_of(node.port, image(), tls_args=(context("sender"), "127.0.0.1")) == SUCCESS
        assert time.monotonic() - began < 4
        silent.close()
        for stranger in ("stranger", None):
            assert status_of(node.port, image(), tls_args=(context(stranger), "127.0.0.1")) is None
        assert status_of(node.port, image()) is None  # in the clear
        assert node.studies() == 1
        wait_until(lambda: node.refused["TLS"] >= 3, 12, "they are counted")


def association_socket(port: int) -> Any:
    import socket

    return socket.create_connection(("127.0.0.1", port))


@needs_openssl
def test_certificates_that_cannot_be_used_are_refused_in_words(certificates: Path) -> None:
    with pytest.raises(InputError, match="Check that they are PEM"):
        client_context(None, None, str(certificates / "node.key"))
    own = (str(certificates / "node.pem"), str(certificates / "sender.key"))
    with pytest.raises(InputError, match="the key belongs to the certificate"):
        client_context(*own, str(certificates / "authority.pem"))


def test_a_port_that_is_taken_is_said(node: Taking) -> None:
    with pytest.raises(InputError, match=r"cannot listen at 127\.0\.0\.1 port"):
        Receiver(node.intake, lambda _transaction, _failed: None)
