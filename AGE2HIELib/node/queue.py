"""The queue: one line a study, in SQLite with a write-ahead log, so that no moment of ``kill -9`` loses or doubles one.

    received --quiet--> complete --predict--> predicted --send--> (stored --committed-->) sent
                           |                      |
                           +-> skipped            +-> failed, with the reason (from complete, too)

A study goes back to ``received`` whenever an object comes that was not there. ``version`` counts these: who worked on
an older version cannot move the line, so that no half study is ever taken for done.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from AGE2HIELib.errors import InputError

RECEIVED, COMPLETE, PREDICTED, STORED, SENT, SKIPPED, FAILED = STATES = (
    "received", "complete", "predicted", "stored", "sent", "skipped", "failed"
)  # fmt: skip
FILE = "queue.sqlite"
OVERSIZE = "The study has more objects or bytes than [limits] allows."  # no image that comes again makes it smaller
_SCHEMA = """
CREATE TABLE IF NOT EXISTS studies (
    key TEXT PRIMARY KEY, state TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL DEFAULT '',
    objects INTEGER NOT NULL, bytes INTEGER NOT NULL, since REAL NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', kept INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS done (
    digest TEXT NOT NULL, makers TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (digest, makers)
);
CREATE TABLE IF NOT EXISTS commitments (key TEXT PRIMARY KEY, version INTEGER NOT NULL, transaction_uid TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS watched (key TEXT PRIMARY KEY, objects INTEGER NOT NULL, at REAL NOT NULL);
"""


@dataclass(frozen=True)
class StudyLine:
    """A study as the queue knows it; nothing in it tells whose it is.

    Attributes:
        since: when it came into its state; of a received one, when the last object came (seconds since 1970).
        due: not before this is it worked on.
        attempts: failed ones in this state.
        kept: whether its received objects are still on the disk.
    """

    key: str
    state: str
    version: int
    digest: str
    objects: int
    bytes: int
    since: float
    due: float
    attempts: int
    reason: str
    kept: bool


class Queue:
    """Used by the receiving, predicting and sending threads together; every call is one transaction."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(folder / FILE, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            # a loss of power may take back the last steps, which are then done again (service.Node.start)
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"The queue '{FILE}' cannot be read ({error}). Move it away: studies that lie in the folder are taken "
                "up again."
            ) from error

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def arrived(self, key: str, growth: int, *, objects: int) -> None:
        """An object of a study came that was not there before.

        Args:
            growth: bytes.
            objects: how many more there are: 1, or 0 where one was replaced.
        """
        now = time.time()
        with self._transaction() as database:
            database.execute(
                "INSERT INTO studies (key, state, version, objects, bytes, since, due) VALUES (?, ?, 1, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET state = excluded.state, version = version + 1, attempts = 0, "
                "reason = '', digest = '', since = excluded.since, due = excluded.due, "
                "objects = objects * kept + excluded.objects, bytes = bytes * kept + excluded.bytes, kept = 1",
                (key, RECEIVED, objects, growth, now, now),
            )

    def touched(self, key: str) -> None:
        """An object came again that was there: a study that is still arriving is waited for, a failed one is done
        again, and what has ended is kept until this ends as well.
        """
        with self._transaction() as database:
            database.execute(
                "UPDATE studies SET since = ? WHERE key = ? AND state IN (?, ?, ?)",
                (time.time(), key, RECEIVED, SENT, SKIPPED),
            )
            database.execute(
                "UPDATE studies SET state = ?, version = version + 1, attempts = 0, since = ?, due = 0, reason = '' "
                "WHERE key = ? AND state = ? AND reason != ?",
                (RECEIVED, time.time(), key, FAILED, OVERSIZE),
            )

    def retry(self, line: StudyLine) -> bool:
        """A failed study is done again, as when its images came again; False where its images are no longer here, or
        it has changed meanwhile.
        """
        with self._transaction() as database:
            done = database.execute(
                "UPDATE studies SET state = ?, version = version + 1, attempts = 0, since = ?, due = 0, reason = '' "
                "WHERE key = ? AND version = ? AND state = ? AND kept = 1 AND reason != ?",
                (RECEIVED, time.time(), line.key, line.version, FAILED, OVERSIZE),
            )
            return done.rowcount == 1

    def counted(self, key: str, objects: int, size: int) -> None:
        """What lies on the disk of a study; it gets a line where it has none, as when the queue was lost."""
        now = time.time()
        with self._transaction() as database:
            database.execute(
                "INSERT INTO studies (key, state, version, objects, bytes, since, due) VALUES (?, ?, 1, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET objects = excluded.objects, bytes = excluded.bytes",
                (key, RECEIVED, objects, size, now, now),
            )

    def line(self, key: str) -> StudyLine | None:
        return next(iter(self._lines("WHERE key = ?", (key,))), None)

    def in_state(self, state: str) -> list[StudyLine]:
        """The longest waiting first."""
        return self._lines("WHERE state = ? ORDER BY since", (state,))

    def due(self, state: str) -> list[StudyLine]:
        return self._lines("WHERE state = ? AND due <= ? ORDER BY since", (state, time.time()))

    def ended_and_kept(self) -> list[StudyLine]:
        """Nothing more is to be done with these, and their received objects are still on the disk."""
        return self._lines("WHERE kept = 1 AND state IN (?, ?, ?)", (SENT, SKIPPED, FAILED))

    def latest(self, most: int) -> list[StudyLine]:
        return self._lines("ORDER BY since DESC LIMIT ?", (most,))

    def counts(self) -> dict[str, int]:
        with self._lock, closing(self._database.cursor()) as cursor:
            found = dict(cursor.execute("SELECT state, count(*) FROM studies GROUP BY state").fetchall())
        return {state: int(found.get(state, 0)) for state in STATES}

    def kept_bytes(self) -> int:
        """Of all received objects on the disk."""
        with self._lock, closing(self._database.cursor()) as cursor:
            row = cursor.execute("SELECT coalesce(sum(bytes), 0) FROM studies WHERE kept = 1").fetchone()
        return int(row[0])

    def move(self, line: StudyLine, state: str, *, digest: str | None = None, reason: str = "") -> bool:
        """Into another state; False where the study has changed since ``line`` was read, and nothing was done."""
        now = time.time()
        with self._transaction() as database:
            done = database.execute(
                "UPDATE studies SET state = ?, digest = ?, reason = ?, since = ?, due = ?, attempts = 0 "
                "WHERE key = ? AND version = ? AND state = ?",
                (
                    state,
                    line.digest if digest is None else digest,
                    reason,
                    now,
                    now,
                    line.key,
                    line.version,
                    line.state,
                ),
            )
            return done.rowcount == 1

    def postpone(self, line: StudyLine, seconds: float, reason: str, *, failed: bool = True) -> None:
        """Not before ``seconds`` have passed again; ``failed``: that was one more failed attempt."""
        with self._transaction() as database:
            database.execute(
                "UPDATE studies SET attempts = attempts + ?, due = ?, reason = ? "
                "WHERE key = ? AND version = ? AND state = ?",
                (int(failed), time.time() + seconds, reason, line.key, line.version, line.state),
            )

    def remember_done(self, digest: str, makers: str) -> None:
        with self._transaction() as database:
            database.execute("INSERT OR REPLACE INTO done VALUES (?, ?, ?)", (digest, makers, time.time()))

    def was_done(self, digest: str, makers: str) -> bool:
        with self._lock, closing(self._database.cursor()) as cursor:
            return (
                cursor.execute("SELECT 1 FROM done WHERE digest = ? AND makers = ?", (digest, makers)).fetchone()
                is not None
            )

    def forgot_files(self, line: StudyLine) -> bool:
        """Say that its received objects are about to be deleted; False where it has changed meanwhile."""
        with self._transaction() as database:
            done = database.execute(
                "UPDATE studies SET kept = 0 WHERE key = ? AND version = ? AND state = ?",
                (line.key, line.version, line.state),
            )
            return done.rowcount == 1

    def forget(self, before: float) -> None:
        """Lines that ended before this moment, and whose files are gone."""
        with self._transaction() as database:
            database.execute(
                "DELETE FROM studies WHERE since < ? AND kept = 0 AND state IN (?, ?, ?)",
                (before, SENT, SKIPPED, FAILED),
            )
            database.execute("DELETE FROM done WHERE at < ?", (before,))
            database.execute("DELETE FROM watched WHERE at < ?", (before,))
            database.execute("DELETE FROM commitments WHERE key NOT IN (SELECT key FROM studies)")

    def begin_commitment(self, line: StudyLine, transaction_uid: str) -> None:
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO commitments VALUES (?, ?, ?)", (line.key, line.version, transaction_uid)
            )

    def commitment(self, transaction_uid: str) -> tuple[str, int] | None:
        """Key and version of the study that a transaction was begun for."""
        with self._lock, closing(self._database.cursor()) as cursor:
            row = cursor.execute(
                "SELECT key, version FROM commitments WHERE transaction_uid = ?", (transaction_uid,)
            ).fetchone()
        return None if row is None else (str(row[0]), int(row[1]))

    def watched(self, key: str) -> int:
        """How many objects of a study a DICOMweb server had when it was fetched; 0 for a new one."""
        with self._lock, closing(self._database.cursor()) as cursor:
            row = cursor.execute("SELECT objects FROM watched WHERE key = ?", (key,)).fetchone()
        return 0 if row is None else int(row[0])

    def remember_watched(self, key: str, objects: int) -> None:
        with self._transaction() as database:
            database.execute("INSERT OR REPLACE INTO watched VALUES (?, ?, ?)", (key, objects, time.time()))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")

    def _lines(self, where: str, values: Sequence[object]) -> list[StudyLine]:
        names = tuple(StudyLine.__dataclass_fields__)
        with self._lock, closing(self._database.cursor()) as cursor:
            rows = cursor.execute(f"SELECT {', '.join(names)} FROM studies {where}", tuple(values)).fetchall()
        return [StudyLine(**{**dict(zip(names, row, strict=True)), "kept": bool(row[-1])}) for row in rows]
