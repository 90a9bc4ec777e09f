"""The node at work: what is done with each study, and when. Several threads share the queue.

Connections fill it (``receiver``), ``predict.jobs`` threads predict, one sends, one asks for commitment, and one looks
for studies that are complete and for what may be deleted. Each step reads a line of the queue, does its work and moves
the line; a kill at any moment leaves a line whose step is simply done again.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from AGE2HIELib.node.events import EventLog, Figures, plain_reason
from AGE2HIELib.node.files import StudyFiles, digest_of
from AGE2HIELib.node.prediction import (
    DIED,
    PREDICTED,
    REFUSED,
    SKIPPED,
    Ending,
    Predict,
    StudyTask,
    predict_apart,
    predict_study,
    request_of,
)
from AGE2HIELib.node.queue import COMPLETE, FAILED, RECEIVED, SENT, STORED, Queue, StudyLine
from AGE2HIELib.node.queue import PREDICTED as PREDICTED_STATE
from AGE2HIELib.node.queue import SKIPPED as SKIPPED_STATE
from AGE2HIELib.node.sender import ObjectName, new_transaction, objects_of, request_commitment, send
from AGE2HIELib.node.settings import NodeSettings
from AGE2HIELib.report.hospital.objects import FOLDER

_LOOK_S = 0.25
_DAY_S = 86_400.0
_KEEP_EVERY_S = 5.0
_COMMITMENT_S = 600.0  # that the PACS may take for its answer, before it is asked again
_QUIET_TIMES = 2.0  # a study that has ended keeps its files for so many quiet times: it may be arriving again


@dataclass
class Node:
    """A node on a prepared folder. ``makers`` names the model, the atlas, the rules and the version: a study that comes
    again unchanged is not predicted again by the same makers.
    """

    settings: NodeSettings
    files: StudyFiles
    queue: Queue
    log: EventLog
    figures: Figures
    makers: str
    study_lock: Callable[[str], threading.Lock]
    predict: Predict = predict_study
    _stop: threading.Event = field(default_factory=threading.Event)
    _busy: set[str] = field(default_factory=set)
    _busy_lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Take up what an earlier process has left, and begin."""
        for key in self.files.studies():
            self._take_up(key)
        for number in range(self.settings.predict.jobs):
            self._thread(f"predicting {number}", COMPLETE, self._predict_line)
        self._thread("sending", PREDICTED_STATE, self._send_line)
        self._thread("committing", STORED, self._commit_line)
        keeping = threading.Thread(target=self._keep, name="keeping", daemon=True)
        self._threads.append(keeping)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Predictions are ended, and begun anew at the next start."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self) -> None:
        """Until the node is stopped, in a way that signals are heard."""
        while not self._stop.wait(1.0):
            pass

    def committed(self, transaction: str, failed: int) -> None:
        """The PACS's answer to a request for storage commitment."""
        found = self.queue.commitment(transaction)
        line = None if found is None else self.queue.line(found[0])
        if found is None or line is None or (line.version, line.state) != (found[1], STORED):
            return
        if failed:
            self.queue.move(line, PREDICTED_STATE, reason=f"The PACS does not commit to {failed} objects.")
            self.log("not committed", study=line.key, objects=failed)
        else:
            self._sent(line)

    def _thread(self, name: str, state: str, work: Callable[[StudyLine], None]) -> None:
        def loop() -> None:
            while not self._stop.is_set():
                try:
                    line = self._take(state)
                except sqlite3.Error as error:  # the disk may be full or gone for a while
                    self.log("defect", kind=type(error).__name__)
                    self._stop.wait(_KEEP_EVERY_S)
                    continue
                if line is None:
                    self._stop.wait(_LOOK_S)
                    continue
                try:
                    work(line)
                except Exception as error:  # a front door: one study must not end the node
                    self._defect(line, error)
                finally:
                    with self._busy_lock:
                        self._busy.discard(line.key)

        self._threads.append(threading.Thread(target=loop, name=name, daemon=True))

    def _defect(self, line: StudyLine, error: Exception) -> None:
        reason = f"Defect of age2hie ({type(error).__name__})."
        try:
            self._failed_attempt(line, reason, self.settings.retry.predictions)
        except sqlite3.Error:
            self.log("defect", kind=type(error).__name__)
            self._stop.wait(_KEEP_EVERY_S)

    def _take(self, state: str) -> StudyLine | None:
        """The longest waiting study of a state that nobody works on."""
        with self._busy_lock:
            line = next((one for one in self.queue.due(state) if one.key not in self._busy), None)
            if line is not None:
                self._busy.add(line.key)
            return line

    def _predict_line(self, line: StudyLine) -> None:
        if self.files.free_gb() < self.settings.limits.free_gb:
            self.queue.postpone(line, self.settings.retry.first_s, "The disk is nearly full.", failed=False)
            return
        if self.queue.was_done(line.digest, self.makers):
            if self.queue.move(line, SENT, reason="It had been done before."):
                self.log("known", study=line.key)
            return
        began = time.monotonic()
        task = StudyTask(self.files, line.key, self._run(line), self.settings.rules, request_of(self.settings))
        ending = predict_apart(task, self.settings, self.predict, self._stop.is_set)
        if ending is None:
            return
        seconds = time.monotonic() - began
        self.figures.add("predictions_total", ending.kind)
        self.figures.add("prediction_seconds_total", amount=seconds)
        peak_mb = round(ending.peak_mb)
        self.log(
            "prediction", study=line.key, result=ending.kind, seconds=seconds, peak_mb=peak_mb, reason=ending.reason
        )
        self._after_prediction(line, ending)

    def _after_prediction(self, line: StudyLine, ending: Ending) -> None:
        reason = plain_reason(ending.reason)
        if ending.kind in (PREDICTED, REFUSED):
            self.queue.move(
                line, PREDICTED_STATE, reason="" if ending.kind == PREDICTED else "Refused by the quality gate."
            )
        elif ending.kind == SKIPPED:
            self.queue.move(line, SKIPPED_STATE, reason=reason)
        elif ending.kind == DIED:
            self._failed_attempt(line, reason, self.settings.retry.predictions)
        else:
            self._failed(line, reason)

    def _send_line(self, line: StudyLine) -> None:
        if not self.files.result(line.key, self._run(line)).is_dir():  # deleted by hand, or made with another model
            self.queue.move(line, COMPLETE)
            return
        objects = self._objects(line)
        if not objects:
            self._failed(line, "There is no DICOM object to send, or pacs.leave_out names all of them.")
            return
        sent = send(objects, self.settings)
        self.figures.add("objects_sent_total", "stored", sent.stored)
        self.figures.add("objects_sent_total", "refused", sum(sent.refused.values()))
        self.log("sending", study=line.key, stored=sent.stored, of=len(objects), reason=sent.reason)
        if not sent.complete:
            self.figures.add("sending_failures_total")
        if sent.failure:
            self._failed_attempt(line, sent.failure, self.settings.retry.sendings)
        elif sent.refused:
            self._failed(line, f"{sent.reason} Let it take them, or name their class in pacs.leave_out.")
        elif self.settings.pacs.commitment:
            self.queue.move(line, STORED)
        else:
            self._sent(line)

    def _commit_line(self, line: StudyLine) -> None:
        """Ask, and wait for the answer, which comes in a connection of its own; without one ask again."""
        if line.attempts >= self.settings.retry.sendings:
            self._failed(line, f"The PACS did not commit to what it has stored. Attempts: {line.attempts}.")
            return
        objects = self._objects(line)
        if not objects:  # deleted by hand, or made with another model
            self.queue.move(line, PREDICTED_STATE)
            return
        transaction = new_transaction()
        self.queue.begin_commitment(line, transaction)
        taken = request_commitment(transaction, objects, self.settings)
        reason = "" if taken else "The PACS does not take a request for commitment."
        self.queue.postpone(line, _COMMITMENT_S, reason)

    def _objects(self, line: StudyLine) -> list[ObjectName]:
        return objects_of(self.files.result(line.key, self._run(line)) / FOLDER, self.settings.pacs.leave_out)

    def _run(self, line: StudyLine) -> str:
        """Names the folder of a result: another model's result of the same study is another."""
        return digest_of(f"{line.digest} {self.makers}")

    def _sent(self, line: StudyLine) -> None:
        """What was done is remembered first: a kill between the two sends once more."""
        self.queue.remember_done(line.digest, self.makers)
        if self.queue.move(line, SENT, reason=line.reason):
            self.log("sent", study=line.key, waited=time.time() - line.since)

    def _failed_attempt(self, line: StudyLine, reason: str, most: int) -> None:
        if line.attempts + 1 >= most:
            self._failed(line, f"{reason} Attempts: {line.attempts + 1}.")
            return
        retry = self.settings.retry
        seconds = min(retry.most_s, retry.first_s * 2.0 ** min(line.attempts, 60))
        self.queue.postpone(line, seconds, reason)
        self.log("again", study=line.key, attempt=line.attempts + 1, wait=seconds, reason=reason)

    def _failed(self, line: StudyLine, reason: str) -> None:
        if self.queue.move(line, FAILED, reason=reason):
            self.log("failed", study=line.key, reason=reason)

    def _keep(self) -> None:
        """Complete studies, and what may be deleted."""
        next_deletion = 0.0
        while not self._stop.wait(_LOOK_S):
            try:
                for line in self.queue.in_state(RECEIVED):
                    # a clock that was set back must not hold a study up
                    if not 0 <= time.time() - line.since < self.settings.quiet_s:
                        with suppress(OSError):  # of this study's files; the others go on
                            self._complete(line)
                if time.monotonic() >= next_deletion:
                    next_deletion = time.monotonic() + _KEEP_EVERY_S
                    self._delete()
            except Exception as error:  # a front door: the disk may be gone for a while
                self.log("defect", kind=type(error).__name__)
                self._stop.wait(_KEEP_EVERY_S)

    def _take_up(self, key: str) -> None:
        """Where more lies on the disk than the queue knows of, it has forgotten images that came before a power cut."""
        objects = self.files.objects(key)
        line = self.queue.line(key)
        if objects and line is not None and (not line.kept or len(objects) != line.objects):
            self.queue.arrived(key, 0, objects=0)
        self._count(key)

    def _complete(self, line: StudyLine) -> None:
        self._count(line.key)
        if not self.files.objects(line.key):
            self.queue.move(line, SKIPPED_STATE, reason="No object of it could be kept.")
        elif self.queue.move(line, COMPLETE, digest=self.files.digest(line.key)):
            self.log("complete", study=line.key, objects=len(self.files.objects(line.key)))

    def _count(self, key: str) -> None:
        objects = self.files.objects(key)
        if objects:
            self.queue.counted(key, len(objects), sum(path.stat().st_size for path in objects))

    def _delete(self) -> None:
        keep, now = self.settings.keep, time.time()
        least = _QUIET_TIMES * self.settings.quiet_s
        for line in self.queue.ended_and_kept():
            days = keep.failed_days if line.state == FAILED else keep.received_days
            if now - line.since > max(days * _DAY_S, least):
                self._delete_received(line)
        for key, made in self.files.results():
            found = self.queue.line(key)
            if found is not None and found.state not in (SENT, SKIPPED_STATE, FAILED):
                continue
            since, failed = (made, False) if found is None else (found.since, found.state == FAILED)
            if now - since > max((keep.failed_days if failed else keep.results_days) * _DAY_S, least):
                self.files.forget_results(key)
        self.queue.forget(now - keep.history_days * _DAY_S)

    def _delete_received(self, line: StudyLine) -> None:
        with self.study_lock(line.key):
            if not self.queue.forgot_files(line):
                return
            with suppress(FileNotFoundError):
                aside = self.files.set_aside(line.key)
                shutil.rmtree(aside, ignore_errors=True)
        self.log("deleted", study=line.key)
