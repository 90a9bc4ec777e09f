"""What a node does with studies that end badly, with a PACS that is away, and with what was sent before."""

from __future__ import annotations

import json
import shutil
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hostile import encoded, image
from node_work import OBJECTS, stand_in
from pacs import free_port, make_certificates, needs_openssl, node_file, wait_until
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage, SecondaryCaptureImageStorage
from pynetdicom import AE, evt

from AGE2HIELib import cli
from AGE2HIELib.commands.node import retried
from AGE2HIELib.errors import InputError
from AGE2HIELib.node.connections import server_context
from AGE2HIELib.node.events import EventLog, Figures
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.intake import Intake, uids_of
from AGE2HIELib.node.queue import FAILED, SENT, SKIPPED, Queue, StudyLine
from AGE2HIELib.node.receiver import Receiver
from AGE2HIELib.node.service import Node
from AGE2HIELib.node.settings import Keep, Limits, Listen, NodeSettings, Pacs, Predict, Retry, Tls

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
SECRET = "Quellenthal000"


@dataclass
class Archive:
    """A PACS of a few lines. ``answers`` are given first; ``refuses``: it takes no pictures."""

    port: int = field(default_factory=free_port)
    answers: list[int] = field(default_factory=list)
    stored: Counter[str] = field(default_factory=Counter)
    commits: list[Any] = field(default_factory=list)

    @contextmanager
    def open(self, *, takes: str = SecondaryCaptureImageStorage, tls: ssl.SSLContext | None = None) -> Iterator[None]:
        application = AE("PACS")
        application.add_supported_context(takes)
        application.add_supported_context("1.2.840.10008.1.20.1", scu_role=True, scp_role=True)
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._commit)]
        place = ("127.0.0.1", self.port)
        server = application.start_server(place, block=False, evt_handlers=handlers, ssl_context=tls)
        try:
            yield
        finally:
            server.shutdown()

    def _store(self, event: Any) -> int:
        if self.answers:
            return self.answers.pop(0)
        self.stored[str(event.dataset.SOPInstanceUID)] += 1
        return 0

    def _commit(self, event: Any) -> tuple[int, None]:
        self.commits.append(event.action_information)
        return 0, None


@dataclass
class Working:
    node: Node
    intake: Intake
    receiver: Receiver
    settings: NodeSettings

    def give(self, comment: str = "", *, study: str | None = None, count: int = 1) -> str:
        """Images of one study come in; its key."""
        key = ""
        for _ in range(count):
            made = image(ImageComments=comment, **({"StudyInstanceUID": study} if study else {}))
            study = str(made.StudyInstanceUID)
            self.take(made)
            key = digest_of(study)
        return key

    def take(self, made: Dataset) -> None:
        from io import BytesIO

        from pydicom import dcmwrite
        from pydicom.uid import ImplicitVRLittleEndian

        made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        made.file_meta.MediaStorageSOPClassUID = MRImageStorage
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        file = BytesIO()
        dcmwrite(file, made, enforce_file_format=True)
        self.intake.take(file.getvalue(), uids_of(encoded(made), implicit=True))

    def line(self, key: str) -> StudyLine:
        found = self.intake.queue.line(key)
        assert found is not None
        return found

    def ends(self, key: str, state: str, seconds: float = 30) -> StudyLine:
        wait_until(lambda: self.line(key).state == state, seconds, f"{state} ({self.line(key)})")
        return self.line(key)

    def attempts(self) -> int:
        file = self.settings.folder.parent / "attempts"
        return file.read_text().count("1") if file.exists() else 0

    def events(self, name: str) -> list[dict[str, Any]]:
        assert self.settings.log is not None
        lines = [json.loads(line) for line in self.settings.log.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]


@contextmanager
def working(folder: Path, archive: Archive, **changes: Any) -> Iterator[Working]:
    settings = NodeSettings(
        folder=folder / "queue",
        pacs=Pacs("PACS", port=archive.port, timeout_s=5),
        log=folder / "log.jsonl",
        quiet_s=0.2,
        listen=Listen(port=free_port()),
        limits=Limits(free_gb=0),
        predict=Predict(jobs=2, seconds=20),
        retry=Retry(predictions=2, sendings=4, first_s=0.1, most_s=0.3),
        keep=Keep(received_days=1),
    )
    settings = replace(settings, **changes)
    files = StudyFiles(settings.folder)
    files.make()
    queue = Queue(settings.folder)
    intake = Intake(settings, files, queue, EventLog(settings.log, sys.stderr), Figures())
    node = Node(settings, files, queue, intake.log, intake.figures, "makers", intake.of_study, stand_in)
    receiver = Receiver(intake, node.committed)
    node.start()
    receiver.start()
    try:
        yield Working(node, intake, receiver, settings)
    finally:
        receiver.stop()
        node.stop()
        queue.close()


def test_each_study_fails_alone_with_its_reason(tmp_path: Path) -> None:
    """A crash, a prediction that grows, one that hangs, a defect, an unusable study: the others go on."""
    archive = Archive()
    predict = Predict(jobs=2, seconds=12, memory_mb=450)
    with archive.open(), working(tmp_path, archive, predict=predict, retry=Retry(1, 4, 0.1, 0.3)) as work:
        ends = {
            "hang": (FAILED, "took more than predict.seconds (12 s)"),
            "grow": (FAILED, "took more than predict.memory_mb (450 MB)"),
            "crash": (FAILED, "ended with exit code 11. Attempts: 1."),
            "defect": (FAILED, "Defect of age2hie (ZeroDivisionError). The traceback is in defect.log"),
            "unusable": (FAILED, "It is unusable."),
            "skipped": (SKIPPED, "It is skipped."),
            "": (SENT, ""),
        }
        keys = {comment: work.give(comment) for comment in ends}
        for comment, (state, reason) in ends.items():
            assert reason in work.ends(keys[comment], state, 60).reason
        assert sum(archive.stored.values()) == OBJECTS
        assert work.intake.figures.get("predictions_total", "died") == 3
        log = (tmp_path / "log.jsonl").read_text() + (work.settings.folder / "defect.log").read_text()
        assert SECRET not in log
    assert not list((work.settings.folder / "work").iterdir())


def test_a_prediction_that_died_is_tried_again(tmp_path: Path) -> None:
    archive = Archive()
    with archive.open(), working(tmp_path, archive) as work:
        assert work.ends(work.give("crash"), FAILED).reason.endswith("Attempts: 2.")
        assert work.attempts() == 2
        assert work.events("again")[0]["reason"] == "The prediction ended with exit code 11."


def test_a_failed_study_is_done_again_when_it_is_asked_for(tmp_path: Path) -> None:
    """By another process than the node's, while that works; what was predicted is only sent again."""
    archive = Archive(answers=[0xC001] * OBJECTS)
    with archive.open(), working(tmp_path, archive) as work:
        refused = work.give()
        assert "answered with status 0xc001" in work.ends(refused, FAILED).reason
        unusable = work.give("unusable")
        work.ends(unusable, FAILED)
        assert retried(work.settings, refused) == "1 of 1 failed studies will be done again."
        assert work.ends(refused, SENT).reason == ""
        assert work.attempts() == 2  # one for each study
        assert sorted(archive.stored.values()) == [1] * OBJECTS
        assert retried(work.settings, "all") == "1 of 1 failed studies will be done again."
        wait_until(lambda: work.attempts() == 3, 30, "the unusable one is tried again")
        assert work.ends(unusable, FAILED).reason == "It is unusable."
        assert work.intake.queue.forgot_files(work.line(unusable))
        assert retried(work.settings, "all").startswith("0 of 1 failed studies will be done again. Of the others the")
        for wanted in (refused, "f" * 16):
            with pytest.raises(InputError, match="has failed"):
                retried(work.settings, wanted)


def test_a_pacs_that_is_away_is_waited_for(tmp_path: Path) -> None:
    archive = Archive(answers=[0xA700])
    with working(tmp_path, archive, retry=Retry(2, 100, 0.1, 0.3)) as work:
        key = work.give()
        wait_until(lambda: work.intake.figures.get("sending_failures_total") >= 2, 30, "it has tried")
        assert work.line(key).reason == "The PACS does not answer, or refuses the node's AE title."
        with archive.open():
            work.ends(key, SENT)
        assert sorted(archive.stored.values()) == [1, 2, 2]  # one was refused at first, and all are sent again
        assert work.attempts() == 1  # but not predicted again
        waits = [event["wait"] for event in work.events("again")]
        assert waits[:3] == [0.1, 0.2, 0.3]


def test_objects_that_the_pacs_never_takes_are_said(tmp_path: Path) -> None:
    archive = Archive()
    with archive.open(takes=MRImageStorage), working(tmp_path, archive) as work:
        reason = work.ends(work.give(), FAILED).reason
        assert f"The PACS does not take Secondary Capture Image Storage: {OBJECTS} objects." in reason
        assert "pacs.leave_out" in reason
    pacs = Pacs("PACS", port=archive.port, leave_out=(SecondaryCaptureImageStorage,))
    with archive.open(), working(tmp_path / "b", archive, pacs=pacs) as work:
        assert "no DICOM object to send" in work.ends(work.give(), FAILED).reason
    archive.answers = [0xC001] * OBJECTS
    with archive.open(), working(tmp_path / "c", archive) as work:
        assert "answered with status 0xc001" in work.ends(work.give(), FAILED).reason


def test_an_image_that_comes_late_is_predicted_with_the_others(tmp_path: Path) -> None:
    archive = Archive()
    with archive.open(), working(tmp_path, archive) as work:
        study = str(image().StudyInstanceUID)
        key = work.give("1.5", study=study)
        work.ends(key, "complete")
        time.sleep(0.3)  # it is being predicted
        work.give("1.5", study=study)
        line = work.ends(key, SENT)
        assert (line.objects, line.version) == (2, 2)
        assert [event["objects"] for event in work.events("complete")] == [1, 2]
        assert work.attempts() == 2
        assert len(archive.stored) == OBJECTS


def test_what_was_sent_is_deleted_and_known_when_it_comes_again(tmp_path: Path) -> None:
    archive = Archive()
    keep = Keep(received_days=0, results_days=0)
    made = image()
    with archive.open(), working(tmp_path, archive, keep=keep) as work:
        work.take(made)
        key = digest_of(str(made.StudyInstanceUID))
        work.ends(key, SENT)
        wait_until(lambda: not work.line(key).kept, 15, "its images are deleted")
        assert work.intake.files.objects(key) == []
        wait_until(lambda: not list((work.settings.folder / "results").iterdir()), 15, "its results are deleted")
        work.take(made)
        wait_until(lambda: bool(work.events("known")), 15, "it is known")
        assert work.line(key).state == SENT
        assert work.attempts() == 1
        assert set(archive.stored.values()) == {1}
        made.PatientName = "Corrected^Name"  # another content: predicted again, and the same objects
        work.take(made)
        wait_until(lambda: set(archive.stored.values()) == {2}, 30, "it is sent again")
        assert len(archive.stored) == OBJECTS


def test_commitment_is_waited_for_before_a_study_counts_as_sent(tmp_path: Path) -> None:
    archive = Archive()
    pacs = Pacs("PACS", port=archive.port, commitment=True)
    with archive.open(), working(tmp_path, archive, pacs=pacs) as work:
        key = work.give()
        work.ends(key, "stored")
        wait_until(lambda: len(archive.commits) == 1, 10, "it was asked")
        asked = archive.commits[0]
        named = {item.ReferencedSOPInstanceUID for item in asked.ReferencedSOPSequence}
        assert named == set(archive.stored)
        work.node.committed("1.2.3", 0)  # of nobody
        assert work.line(key).state == "stored"
        work.node.committed(str(asked.TransactionUID), 1)  # one was lost there: all are sent again
        wait_until(lambda: len(archive.commits) == 2, 10, "it was asked again")
        work.node.committed(str(asked.TransactionUID), 0)  # an answer that is out of date
        assert work.line(key).state == "stored"
        work.node.committed(str(archive.commits[1].TransactionUID), 0)
        assert work.ends(key, SENT).kept
        assert set(archive.stored.values()) == {2}


def test_images_that_the_queue_has_forgotten_are_taken_up(tmp_path: Path) -> None:
    """As after a loss of power, which may take back the last lines of the queue, and never an image."""
    archive = Archive()
    with archive.open():
        study = str(image().StudyInstanceUID)
        with working(tmp_path, archive) as work:
            key = work.give(study=study)
            work.ends(key, SENT)
            extra = image(StudyInstanceUID=study)
            work.intake.files.write(key, str(extra.SOPInstanceUID), b"another")
        with working(tmp_path, archive) as work:
            wait_until(lambda: work.line(key).objects == 2, 10, "it is counted")
            assert work.line(key).version == 2


@needs_openssl
def test_results_go_out_encrypted_to_who_shows_the_right_certificate(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    own = (str(made / "node.pem"), str(made / "node.key"))
    archive, tls = Archive(), Tls(made / "sender.pem", made / "sender.key", made / "authority.pem", receive=False)
    with working(tmp_path / "a", archive, tls=tls, retry=Retry(1, 1000, 0.1, 0.3)) as work:
        key = work.give()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(made / "stranger.pem"), str(made / "stranger.key"))
        for wrong in (context, None):  # another's certificate; none at all
            with archive.open(tls=wrong):
                before = work.intake.figures.get("sending_failures_total")
                wait_until(lambda: work.intake.figures.get("sending_failures_total") > before + 1, 30, "tried")  # noqa: B023
        assert archive.stored == Counter()
        with archive.open(tls=server_context(*own, str(made / "authority.pem"))):
            work.ends(key, SENT)
    assert len(archive.stored) == OBJECTS


def test_two_nodes_do_not_work_in_one_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = node_file(tmp_path)
    with FileLock(tmp_path / "queue" / ".age2hie-lock"):
        assert cli.main(["node", "--config", str(config)]) == 2
    assert "Another node works on 'queue'" in capfd.readouterr().err
    (tmp_path / "node.jsonl").unlink()
    (tmp_path / "node.jsonl").mkdir()
    assert cli.main(["node", "--config", str(config)]) == 2
    assert "The log 'node.jsonl' cannot be written: Is a directory" in capfd.readouterr().err


def test_a_result_that_is_gone_is_made_again(tmp_path: Path) -> None:
    archive = Archive()
    with working(tmp_path, archive, retry=Retry(2, 1000, 0.1, 0.1)) as work:
        key = work.give()
        work.ends(key, "predicted")
        for path in (work.settings.folder / "results").iterdir():
            shutil.rmtree(path)
        wait_until(lambda: work.attempts() == 2, 30, "it is predicted again")
        with archive.open():
            work.ends(key, SENT)


def test_a_node_that_stops_takes_up_its_work_again(tmp_path: Path) -> None:
    archive = Archive()
    with archive.open():
        with working(tmp_path, archive) as work:
            key = work.give("30")
            work.ends(key, "complete")
            wait_until(lambda: work.attempts() == 1, 20, "it is being predicted")
            began = time.monotonic()
        assert time.monotonic() - began < 8
        for path in (tmp_path / "queue").glob("queue.sqlite*"):
            path.unlink()  # the queue is lost as well
        with working(tmp_path, archive) as work:
            wait_until(lambda: work.attempts() == 2, 30, "it is predicted again")
            assert threading.active_count() > 3
