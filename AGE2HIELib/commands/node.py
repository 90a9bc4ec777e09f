"""``age2hie node``: studies come in from the PACS by C-STORE, and the objects that were made of them go back."""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from AGE2HIELib.bundle.reading import read_bundle
from AGE2HIELib.errors import InputError
from AGE2HIELib.node.config import loopback_only, read_config
from AGE2HIELib.node.events import EventLog, Figures
from AGE2HIELib.node.files import StudyFiles
from AGE2HIELib.node.monitor import MonitorServer
from AGE2HIELib.node.prediction import Predict, predict_study, request_of
from AGE2HIELib.node.queue import FAILED, FILE, Queue
from AGE2HIELib.node.rules import choose, explanation, study_series
from AGE2HIELib.node.settings import NodeSettings
from AGE2HIELib.preprocess.atlas import load_atlas
from AGE2HIELib.release import __version__
from AGE2HIELib.report.hospital.objects import check_possible
from AGE2HIELib.system.places import find_model
from AGE2HIELib.system.progress import Progress

STOPPED = 0
ALL = "all"
_LOCK = ".age2hie-lock"


def run(arguments: argparse.Namespace, progress: Progress) -> int:
    """Ends with 0 when it is told to stop, and 2 where it cannot start."""
    settings = read_config(arguments.config)
    if arguments.retry is not None:
        print(retried(settings, arguments.retry))
        return STOPPED
    if arguments.explain_rules is not None:
        print(explained(arguments.explain_rules, settings))
        return STOPPED
    serve(settings)
    return STOPPED


def explained(study: Path, settings: NodeSettings) -> str:
    """Why each series of a folder would or would not be read; InputError where several fulfil a rule that wants one."""
    if not study.exists():
        raise InputError(f"'{study.name}' does not exist. Name the folder of a study.")
    return explanation(choose(study_series(study), settings.rules), settings.rules)


def retried(settings: NodeSettings, wanted: str) -> str:
    """Failed studies go back into the queue, of a node that runs or will run; ``wanted``: the digest of one, or all.

    Raises:
        InputError: there is no such study, or it cannot be done again.
    """
    if not (settings.folder / FILE).is_file():
        raise InputError(f"There is no queue in '{settings.folder.name}'. Check 'folder' in the node's file.")
    queue = Queue(settings.folder)
    try:
        failed = queue.in_state(FAILED)
        lines = failed if wanted == ALL else [line for line in failed if line.key == wanted]
        if not lines and wanted != ALL:
            raise InputError(
                f"No study with the digest '{wanted:.64}' has failed ({len(failed)} have). Take the digest from the "
                "log or the page of the queue, or give 'all'."
            )
        again = [line for line in lines if queue.retry(line)]
    finally:
        queue.close()
    said = f"{len(again)} of {len(lines)} failed studies will be done again."
    if len(again) == len(lines):
        return said
    return f"{said} Of the others the images are no longer here, or are too many: send them again."


def serve(settings: NodeSettings, predict: Predict = predict_study) -> None:
    """Until SIGTERM or Ctrl-C; ``predict`` is what a child process does with a study."""
    from AGE2HIELib.node.dicomweb import Watcher
    from AGE2HIELib.node.intake import Intake
    from AGE2HIELib.node.receiver import Receiver
    from AGE2HIELib.node.sender import pacs_context
    from AGE2HIELib.node.service import Node

    makers = makers_of(settings)
    pacs_context(settings)
    files = StudyFiles(settings.folder)
    log, figures = EventLog(settings.log, sys.stderr), Figures()
    log.check()
    with ExitStack() as at_the_end:
        files.make()
        at_the_end.enter_context(_alone(settings.folder))
        files.prepare()
        quiet(log)
        queue = Queue(settings.folder)
        at_the_end.callback(queue.close)
        intake = Intake(settings, files, queue, log, figures)
        node = Node(settings, files, queue, log, figures, makers, intake.of_study, predict)
        receiver = Receiver(intake, node.committed)
        watcher = Watcher(settings.watch, intake) if settings.watch is not None else None
        monitor = None
        if settings.monitor.port:
            monitor = MonitorServer(settings.monitor.port, queue, figures, files, lambda: receiver.associations)
        node.start()
        at_the_end.callback(node.stop)
        receiver.start()
        at_the_end.callback(receiver.stop)
        if monitor is not None:
            monitor.start()
            at_the_end.callback(monitor.stop)
        if watcher is not None:
            watcher.start()
            at_the_end.callback(watcher.stop)
        log("started", version=__version__, port=settings.listen.port, **_openness(settings))
        try:
            node.wait()
        except KeyboardInterrupt:
            log("stopping")


def makers_of(settings: NodeSettings) -> str:
    """A digest of what decides about a result: model, atlas, settings, rules and version.

    Raises:
        InputError: one of them cannot be used, so that no study could be predicted.
    """
    request = request_of(settings)
    request.check()
    check_possible("dwi-dicom")
    if request.device not in ("auto", "cpu"):
        from AGE2HIELib.inference.device import choose_device  # torch, which the node itself does without

        choose_device(request.device)
    bundle = read_bundle(find_model(request.model))
    atlas = load_atlas(request.atlas) if request.atlas else load_atlas()
    rules = [asdict(rule) for rule in settings.rules]
    words = [bundle.sha256, atlas.sha256, request.align, request.prevalence, rules, __version__]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def quiet(log: EventLog) -> None:
    """pynetdicom logs AE titles and whole headers, and a thread that fails prints what it was sent: neither may be."""
    for name in [name for name in logging.Logger.manager.loggerDict if name.startswith(("pynetdicom", "pydicom"))]:
        logging.getLogger(name).disabled = True
    threading.excepthook = partial(_thread_failed, log)


def _thread_failed(log: EventLog, failure: threading.ExceptHookArgs) -> None:
    log("thread failed", kind=failure.exc_type.__name__)


def _openness(settings: NodeSettings) -> dict[str, bool]:
    """Whether others than this computer reach the port, and whether they must encrypt."""
    encrypted = settings.tls is not None and settings.tls.receive
    return {"loopback": loopback_only(settings.listen.address), "encrypted": encrypted}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two nodes on one folder would do everything twice."""
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(f"Another node works on '{folder.name}'. End it, or choose another folder.") from error
    try:
        yield
    finally:
        lock.release()
