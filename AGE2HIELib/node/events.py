"""What a node says of its work: JSON lines for a log, and figures for Prometheus. Neither can hold an identifier.

A line is made of words that are known here, of numbers, and of digests. Its ``reason`` is a sentence of ours
(``InputError``), which never quotes a header.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from AGE2HIELib.errors import InputError

_LONGEST_REASON = 500
_UID = re.compile(r"\b[0-2](?:\.\d+){4,}\b")


class EventLog:
    """JSON lines, one an event, appended to a file or to a stream."""

    def __init__(self, path: Path | None, stream: TextIO) -> None:
        self._path, self._stream, self._lock = path, stream, threading.Lock()

    def check(self) -> None:
        """InputError where the file cannot be written."""
        try:
            if self._path is not None:
                self._path.open("a", encoding="utf-8").close()
        except OSError as error:
            raise InputError(
                f"The log '{self._path and self._path.name}' cannot be written: {error.strerror}. Choose another place."
            ) from error

    def __call__(self, event: str, **facts: str | int | float | bool) -> None:
        """The file is opened for every line, so that it may be moved away at any time; a full disk stops no work."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": moment, "event": event, **{name: _said(value) for name, value in facts.items()}})
        with self._lock:
            try:
                if self._path is None:
                    self._stream.write(line + "\n")
                    self._stream.flush()
                else:
                    with self._path.open("a", encoding="utf-8") as file:
                        file.write(line + "\n")
            except (OSError, ValueError):
                return


def _said(value: str | int | float | bool) -> str | int | float | bool:
    if isinstance(value, float):
        return round(value, 3)
    return plain_reason(value) if isinstance(value, str) else value


def plain_reason(text: str) -> str:
    """One line, without UIDs, and not endless."""
    return _UID.sub("(a UID)", " ".join(text.split()))[:_LONGEST_REASON]


class Figures:
    """Counters since the start of the process, by name and one label; and gauges that are asked for when read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], float] = defaultdict(float)
        self.started = time.time()

    def add(self, name: str, label: str = "", amount: float = 1.0) -> None:
        """``name`` is one of ``HELP``."""
        assert name in HELP, name
        with self._lock:
            self._counts[name, label] += amount

    def get(self, name: str, label: str = "") -> float:
        with self._lock:
            return self._counts.get((name, label), 0.0)

    def text(self, states: dict[str, int], gauges: dict[str, float]) -> str:
        """In Prometheus' text format, version 0.0.4.

        Args:
            states: studies by their state.
            gauges: others of ``HELP``, as they are now.
        """
        with self._lock:
            counts = dict(self._counts)
        lines: list[str] = []
        for name, (kind, label, text) in HELP.items():
            lines += [f"# HELP age2hie_{name} {text}", f"# TYPE age2hie_{name} {kind}"]
            if name == "studies":
                lines += [f'age2hie_studies{{state="{state}"}} {count}' for state, count in states.items()]
            elif name in gauges:
                lines.append(f"age2hie_{name} {gauges[name]:.10g}")
            elif label:
                found = sorted(one for one in counts if one[0] == name)
                lines += [f'age2hie_{name}{{{label}="{one[1]}"}} {counts[one]:.10g}' for one in found]
            else:
                lines.append(f"age2hie_{name} {counts.get((name, ''), 0.0):.10g}")
        return "\n".join(lines) + "\n"


HELP = {
    "studies": ("gauge", "state", "Studies in the queue by state."),
    "oldest_waiting_seconds": (
        "gauge",
        "",
        "How long the oldest study waits that is neither sent, skipped nor failed.",
    ),
    "disk_free_bytes": ("gauge", "", "Free space where the queue lies."),
    "associations": ("gauge", "", "DICOM connections that are open to the node."),
    "start_time_seconds": ("gauge", "", "When the node was started, in seconds since 1970."),
    "objects_received_total": ("counter", "result", "Objects by what became of them: new, again, dropped or refused."),
    "bytes_received_total": ("counter", "", "Bytes of new objects."),
    "refused_total": ("counter", "reason", "What was refused, by reason."),
    "predictions_total": ("counter", "result", "Predictions by how they ended."),
    "prediction_seconds_total": ("counter", "", "Seconds spent on predictions."),
    "objects_sent_total": ("counter", "result", "Objects sent to the PACS, by its answer."),
    "sending_failures_total": ("counter", "", "Attempts at sending that did not bring all objects over."),
    "watch_failures_total": ("counter", "", "Questions to the DICOMweb server that were not answered."),
}
