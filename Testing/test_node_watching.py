"""What a node tells of itself (log, figures, page), and how it watches a DICOMweb server."""

from __future__ import annotations

import http.client
import io
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from hostile import image
from pacs import free_port, orthanc, pacs_lacks, store, study_of
from pydicom import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.dicomweb import Watcher, WatchError, parts_of
from AGE2HIELib.node.events import HELP, EventLog, Figures, plain_reason
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.intake import Intake
from AGE2HIELib.node.monitor import MonitorServer, queue_page
from AGE2HIELib.node.queue import FAILED, Queue
from AGE2HIELib.node.settings import Limits, NodeSettings, Pacs, Tls, Watch
from AGE2HIELib.phantom.write import write_phantom


def made_intake(folder: Path, watch: Watch | None = None, **limits: Any) -> Intake:
    settings = NodeSettings(folder, Pacs("PACS"), watch=watch, limits=Limits(free_gb=0, **limits))
    files = StudyFiles(folder)
    files.make()
    return Intake(settings, files, Queue(folder), EventLog(folder / "log.jsonl", sys.stderr), Figures())


def test_a_line_of_the_log_is_json_without_uids_and_survives_a_moved_file(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.jsonl", sys.stderr)
    log("failed", study="abc", seconds=1.23456, reason="The study 1.2.840.113619.2.55.3 has\nno slices.")
    (tmp_path / "log.jsonl").rename(tmp_path / "log.1")
    log("started", port=104)
    first, second = (json.loads((tmp_path / name).read_text()) for name in ("log.1", "log.jsonl"))
    assert first["reason"] == "The study (a UID) has no slices."
    assert first["seconds"] == 1.235
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["time"])
    assert (second["event"], second["port"]) == ("started", 104)
    EventLog(tmp_path / "absent" / "log", sys.stderr)("started")  # no place for it stops no work
    stream = io.StringIO()
    EventLog(None, stream)("started")
    assert json.loads(stream.getvalue())["event"] == "started"
    assert len(plain_reason("x" * 10_000)) == 500


def test_figures_are_prometheus_text() -> None:
    figures = Figures()
    figures.add("objects_received_total", "new")
    figures.add("objects_received_total", "new", 2)
    figures.add("bytes_received_total", amount=1.5e9)
    text = figures.text({"received": 2, "failed": 0}, {"associations": 3.0})
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert 'age2hie_studies{state="received"} 2' in lines
    assert 'age2hie_objects_received_total{result="new"} 3' in lines
    assert "age2hie_bytes_received_total 1500000000" in lines
    assert "age2hie_associations 3" in lines
    for line in lines:
        assert re.fullmatch(r'age2hie_[a-z_]+(\{[a-z]+="[a-z _]*"\})? [0-9.e+-]+', line), line
    assert text.count("# TYPE") == len(HELP)
    with pytest.raises(AssertionError):
        figures.add("patient_total")


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[tuple[int, Intake]]:
    intake, port = made_intake(tmp_path / "node"), free_port()
    server = MonitorServer(port, intake.queue, intake.figures, intake.files, lambda: 2)
    server.start()
    yield port, intake
    server.stop()


def asked(port: int, path: str, method: str = "GET", host: str | None = None) -> tuple[int, str, dict[str, str]]:
    peer = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    peer.request(method, path, headers={} if host is None else {"Host": host})
    answer = peer.getresponse()
    found = answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    peer.close()
    return found


def test_the_page_and_the_figures_are_read_on_this_computer_alone(monitor: tuple[int, Intake]) -> None:
    port, intake = monitor
    intake.queue.arrived("0123456789abcdef", 5_000_000, objects=1)
    line = intake.queue.line("0123456789abcdef")
    assert line is not None
    intake.queue.move(line, FAILED, reason="A reason with <signs> & more.")
    status, page, headers = asked(port, "/")
    assert status == 200
    assert "0123456789abcdef" in page
    assert "A reason with &lt;signs&gt; &amp; more." in page
    assert "default-src 'none'" in headers["content-security-policy"]
    assert asked(port, "/metrics")[1].count('age2hie_studies{state="failed"} 1') == 1
    assert "age2hie_associations 2" in asked(port, "/metrics?x=1")[1]
    assert asked(port, "/", host=f"localhost:{port}")[0] == 200
    assert asked(port, "/", host="pacs.example")[0] == 403
    assert asked(port, "/", host="127.0.0.1.example:80")[0] == 403
    assert asked(port, "/queue.sqlite")[0] == 404
    assert asked(port, "/../queue.sqlite")[0] == 404
    for method in ("POST", "PUT", "DELETE"):
        assert asked(port, "/", method)[0] == 501


def test_the_page_shows_the_latest_studies_only(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    for number in range(5):
        queue.arrived(digest_of(str(number)), 1, objects=1)
    page = queue_page(queue.counts(), queue.latest(3))
    assert page.count("<code>") == 1 + 3
    assert "http://" not in page
    assert "<script" not in page


def multipart(*bodies: bytes, boundary: bytes = b"x-y") -> bytes:
    parts = b"".join(
        b"--" + boundary + b"\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n" for body in bodies
    )
    return parts + b"--" + boundary + b"--\r\n"


@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_parts_are_read_wherever_the_pieces_end(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("AGE2HIELib.node.dicomweb._CHUNK", chunk)
    bodies = [b"", b"\r\n--x", b"DICM\r\n\r\nmore\r\n", bytes(300)]
    assert list(parts_of(io.BytesIO(multipart(*bodies)), b"x-y", 1000)) == bodies
    assert list(parts_of(io.BytesIO(b"preamble\r\n" + multipart(b"a")), b"x-y", 1000)) == [b"a"]
    assert list(parts_of(io.BytesIO(multipart()), b"x-y", 1000)) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (multipart(b"abc")[:-10], "broke off"),
        (b"", "broke off"),
        (b"--x-y\r\nno head--\r\n--x-y--", "no end of its head"),
        (multipart(bytes(500_000)), "larger than limits.object_mb"),
        (b"x" * 500_000, "larger than limits.object_mb"),
    ],
)
def test_parts_that_are_damaged_or_too_large_are_said(content: bytes, words: str) -> None:
    with pytest.raises(WatchError, match=words):
        list(parts_of(io.BytesIO(content), b"x-y", 1000))


class Server:
    """A DICOMweb server of a few lines: ``images`` by study and series."""

    def __init__(self) -> None:
        self.images: dict[str, dict[str, list[bytes]]] = {}
        self.asked: list[str] = []
        self.token = ""
        self.answer: tuple[int, bytes] | None = None

    def get(self, path: str, token: str) -> tuple[int, str, bytes]:
        self.asked.append(path)
        if self.answer is not None:
            return self.answer[0], "application/dicom+json", self.answer[1]
        if token != self.token:
            return 401, "text/plain", b""
        parts = urlparse(path).path.strip("/").split("/")
        if parts == ["studies"]:
            assert "ModalitiesInStudy" in parse_qs(urlparse(path).query)
            return 200, "application/dicom+json", listed([{"0020000D": uid} for uid in self.images])
        series = self.images[parts[1]]
        if parts[2:] == ["series"]:
            rows = [{"0020000E": uid, "00201209": len(found)} for uid, found in series.items()]
            return 200, "application/dicom+json", listed(rows)
        return 200, 'multipart/related; type="application/dicom"; boundary="x-y"', multipart(*series[parts[3]])

    @contextmanager
    def open(self) -> Iterator[str]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                status, kind, body = outer.get(self.path, token)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def listed(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps([{tag: {"vr": "UI", "Value": [value]} for tag, value in row.items()} for row in rows]).encode()


def file_of(made: Any) -> bytes:
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID, made.file_meta.MediaStorageSOPInstanceUID = (
        made.SOPClassUID,
        made.SOPInstanceUID,
    )
    file = io.BytesIO()
    dcmwrite(file, made, enforce_file_format=True)
    return file.getvalue()


def test_a_study_is_fetched_when_it_has_stopped_growing_and_once(tmp_path: Path) -> None:
    server, (one, two, late) = Server(), (image() for _ in range(3))
    study, token = str(one.StudyInstanceUID), tmp_path / "token"
    token.write_text("secret\n")
    server.token = "secret"
    for made in (two, late):
        made.StudyInstanceUID = study
    server.images[study] = {"1.2.3": [file_of(one)]}
    with server.open() as url:
        intake = made_intake(tmp_path / "node", Watch(url, token_file=token))
        assert intake.settings.watch is not None
        watcher = Watcher(intake.settings.watch, intake)
        assert watcher.look() == 0  # it may be arriving
        server.images[study]["1.2.3"].append(file_of(two))
        assert watcher.look() == 0
        assert watcher.look() == 1
        assert watcher.look() == 0
        assert len(intake.files.objects(digest_of(study))) == 2
        server.images[study]["1.2.4"] = [file_of(late), b"no DICOM", file_of(image(SOPClassUID="1.2.3.4"))]
        assert [watcher.look(), watcher.look(), watcher.look()] == [0, 1, 0]
        assert len(intake.files.objects(digest_of(study))) == 3
        assert intake.figures.get("refused_total", "malformed object") == 1
        assert intake.figures.get("objects_received_total", "dropped") == 1
        log = (tmp_path / "node" / "log.jsonl").read_text()
        assert study not in log
        assert "secret" not in log


def test_a_server_that_does_not_answer_as_it_should_is_asked_again_later(tmp_path: Path) -> None:
    server = Server()
    with server.open() as url:
        intake = made_intake(tmp_path / "node", Watch(url))
        assert intake.settings.watch is not None
        watcher = Watcher(intake.settings.watch, intake)
        for answer, words in {
            (500, b""): "status 500",
            (302, b""): "status 302",  # a token must not follow to another server
            (200, b"<html>"): "not JSON",
            (200, b'{"a": 1}'): "no list",
            (200, b"[1]"): "no list",
            (200, b"[" * 100_000): "not JSON",
        }.items():
            server.answer = answer
            with pytest.raises(WatchError, match=words):
                watcher.look()
        server.answer = (204, b"")  # as some say that there is nothing
        assert watcher.look() == 0
    with pytest.raises(WatchError, match="does not answer"):
        watcher.look()


def test_an_authority_that_is_none_is_refused_before_the_start(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_text("no certificate")
    intake = made_intake(tmp_path / "node")
    settings = replace(intake.settings, tls=Tls(authority=tmp_path / "authority.pem"))
    with pytest.raises(InputError, match="Check that they are PEM"):
        Watcher(Watch("https://127.0.0.1:9"), replace(intake, settings=settings))


@pytest.mark.slow
@pytest.mark.skipif(bool(pacs_lacks()), reason=pacs_lacks())
def test_orthancs_dicomweb_is_watched(tmp_path: Path) -> None:
    """Its plugin counts, lists and sends as the standard says."""
    (tmp_path / "phantom").mkdir()
    made = write_phantom(tmp_path / "phantom", seed=3, file_format="dicom", injury="none", acquisition="6mm")
    today = f"{date.today():%Y%m%d}"
    study = study_of(1, made, tmp_path / "new", pattern="006-*", StudyDate=today)
    old = study_of(2, made, tmp_path / "old", pattern="006-*", StudyDate="20200104")
    with orthanc(tmp_path / "orthanc") as pacs:
        try:
            pacs.get("dicom-web/studies")
        except OSError:
            pytest.skip("a PACS: apt install orthanc-dicomweb")
        for folder in ("new", "old"):
            assert store(tmp_path / folder, pacs.port, called="ORTHANC").returncode == 0
        intake = made_intake(tmp_path / "node", Watch(f"http://127.0.0.1:{pacs.http}/dicom-web"))
        assert intake.settings.watch is not None
        watcher = Watcher(intake.settings.watch, intake)
        assert [watcher.look() for _ in range(3)] == [0, 1, 0]
    assert len(intake.files.objects(digest_of(study))) == 18
    assert intake.files.objects(digest_of(old)) == []
