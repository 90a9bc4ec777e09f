"""Predicts one study in a process of its own: what crashes, hangs or grows there fails that study, and not the node."""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.files import StudyFiles
from AGE2HIELib.node.rules import choose, study_series
from AGE2HIELib.node.settings import NodeSettings, Rule
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.result.stored import RECORD
from AGE2HIELib.system.logs import quiet_libraries, write_traceback
from AGE2HIELib.system.parallel import begin_worker, one_thread_for_children

# how a prediction ends
PREDICTED, REFUSED, SKIPPED, UNUSABLE, DEFECT, DIED = "predicted", "refused", "skipped", "unusable", "defect", "died"
_LISTEN_S = 0.2
_LEAVE_S = 5.0


@dataclass(frozen=True)
class StudyTask:
    """What a process is told: everything that it needs of the node."""

    files: StudyFiles
    key: str
    digest: str
    rules: tuple[Rule, ...]
    request: Request

    @property
    def output(self) -> Path:
        return self.files.result(self.key, self.digest)


@dataclass(frozen=True)
class Ending:
    """``reason`` is a sentence without anything of the patient; of PREDICTED and REFUSED it says what was read."""

    kind: str
    reason: str = ""
    peak_mb: float = 0.0


def request_of(settings: NodeSettings) -> Request:
    """What ``[predict]`` asks of every study."""
    asked = settings.predict
    return Request(
        model=asked.model,
        atlas=asked.atlas,
        device=asked.device,
        align=asked.align,
        prevalence=asked.prevalence,
        dicom=True,
    )


def predict_study(task: StudyTask) -> Ending:
    """In a child: choose the series, and predict them into the study's folder of results."""
    from AGE2HIELib.pipeline.prediction import PREDICTED as CODE_PREDICTED
    from AGE2HIELib.pipeline.prediction import predict

    if (task.output / RECORD).is_file():
        return Ending(PREDICTED, "it had been predicted before")
    try:
        choice = choose(study_series(task.files.received(task.key)), task.rules)
    except InputError as error:
        return Ending(SKIPPED if "holds no MR images" in str(error) else UNUSABLE, str(error))
    if not choice.taken:
        return Ending(SKIPPED, "No series fulfils the rules.")
    left = {path for verdict in choice.verdicts if not verdict.taken for path in verdict.facts.series.paths}
    # with what cannot be read, which may be of the series that is wanted: predict says so
    paths = [path for path in task.files.objects(task.key) if path not in left]
    read = task.files.link(paths, task.key, task.digest)
    try:
        asked = Request(**{**vars(task.request), "input": read})
        outcome = predict(asked, task.output)
    except InputError as error:
        return Ending(UNUSABLE, _in_words_of_the_node(str(error).replace(read.name, "the study")))
    finally:
        task.files.forget_work(task.key, task.digest)
    which = f"series {', '.join(series.name for series in choice.taken)}" + (
        f" by {choice.rule}" if choice.rule else ""
    )
    return Ending(PREDICTED if outcome.code == CODE_PREDICTED else REFUSED, which)


Predict = Callable[[StudyTask], Ending]


def _in_words_of_the_node(message: str) -> str:
    """Where ``predict`` advises an option of its own, the node's file has rules."""
    if "--series" not in message:
        return message
    kept = [sentence for sentence in re.split(r"(?<=\.) ", message) if "--" not in sentence]
    return " ".join([*kept, "Say by [[rules]] which is read."])


def predict_apart(task: StudyTask, settings: NodeSettings, work: Predict, stopped: Callable[[], bool]) -> Ending | None:
    """``work(task)`` in a process; None where the node is stopped meanwhile.

    Args:
        work: importable by name.
        stopped: asked a few times a second.
    """
    one_thread_for_children()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, task, theirs), daemon=False)
    process.start()
    theirs.close()
    try:
        return _watched(process.pid or 0, ours, settings, stopped, lambda: process.exitcode)
    finally:
        _end(process)
        process.join(_LEAVE_S)
        ours.close()
        task.files.forget_work(task.key, task.digest)


def _watched(
    pid: int, ours: Connection, settings: NodeSettings, stopped: Callable[[], bool], exit_code: Callable[[], int | None]
) -> Ending | None:
    limits, began, peak_mb = settings.predict, time.monotonic(), 0.0
    while True:
        if ours.poll(_LISTEN_S):
            try:
                kind, reason = ours.recv()
            except EOFError:  # it has died: the pipe is closed from its side
                time.sleep(_LISTEN_S)
                return Ending(DIED, f"The prediction ended with {_death(exit_code())}.", peak_mb)
            return Ending(kind, reason, peak_mb)
        peak_mb = max(peak_mb, _memory_mb(pid))
        if peak_mb > limits.memory_mb:
            return Ending(DIED, f"The prediction took more than predict.memory_mb ({limits.memory_mb:g} MB).", peak_mb)
        if time.monotonic() - began > limits.seconds:
            return Ending(DIED, f"The prediction took more than predict.seconds ({limits.seconds:g} s).", peak_mb)
        if stopped():
            return None


def _child(work: Predict, task: StudyTask, theirs: Connection) -> None:
    begin_worker()
    quiet_libraries()
    with suppress(OSError):  # where the memory runs out, Linux is to end this process and not the node
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    try:
        ending = work(task)
    except MemoryError:
        os._exit(1)
    except Exception as error:  # the front door of the child: whatever is wrong, the node goes on
        log = write_traceback(task.files.folder / "defect")
        ending = Ending(
            DEFECT, f"Defect of age2hie ({type(error).__name__}). The traceback is in {log.name}: please report it."
        )
    theirs.send((ending.kind, ending.reason))
    theirs.close()


def _memory_mb(pid: int) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.Error:
        return 0.0


def _death(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    return f"signal {-code}"


def _end(process: multiprocessing.process.BaseProcess) -> None:
    """Also the programs that it has started (dcm2niix)."""
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    if process.is_alive():
        process.kill()
