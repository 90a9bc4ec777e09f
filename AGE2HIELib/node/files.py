"""What lies on the disk for each study: the objects that were received, and what was made of them.

    FOLDER/received/KEY/OBJECT.dcm      one file an object, whole or not there
    FOLDER/results/KEY-DIGEST/          as ``predict`` writes it, whole or not there
    FOLDER/work/KEY-DIGEST/             links to the files that are read, while they are

KEY, OBJECT and DIGEST are the beginnings of SHA-256 digests, of the study's UID, the object's and the content: no name
of a file tells whose it is. Folders are 0700.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from AGE2HIELib.errors import InputError
from AGE2HIELib.system.outputs import PART
from AGE2HIELib.system.stray_files import remove_stale_files

KEY_SIGNS = 16
RECEIVED, RESULTS, WORK, INCOMING = "received", "results", "work", "incoming"
_CHUNK = 1 << 20
_PRIVATE = 0o700


def digest_of(text: str) -> str:
    """As ``printf %s UID | sha256sum | cut -c1-16`` in a shell: so a study is found in the log by who knows its UID."""
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_SIGNS]


@dataclass(frozen=True)
class StudyFiles:
    """The folder of a node."""

    folder: Path

    def make(self) -> None:
        """Make the folders.

        Raises:
            InputError: they cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(_PRIVATE)
            for name in (RECEIVED, RESULTS, WORK, INCOMING):
                (self.folder / name).mkdir(mode=_PRIVATE, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The node's folder '{self.folder.name}' cannot be used: {error.strerror}. Choose a place that can be "
                "written."
            ) from error

    def prepare(self) -> None:
        """Remove what a killed node left half written; asked by the only node that works here."""
        for name in (WORK, INCOMING):
            for path in (self.folder / name).iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
        remove_stale_files(self.folder / RESULTS, PART)

    def received(self, key: str) -> Path:
        return self.folder / RECEIVED / key

    def result(self, key: str, digest: str) -> Path:
        return self.folder / RESULTS / f"{key}-{digest}"

    def studies(self) -> list[str]:
        return sorted(path.name for path in (self.folder / RECEIVED).iterdir() if path.is_dir())

    def objects(self, key: str) -> list[Path]:
        """By name; empty where nothing is kept."""
        try:
            return sorted(path for path in self.received(key).iterdir() if path.suffix == ".dcm")
        except FileNotFoundError:
            return []

    def holds(self, key: str, instance: str, content: bytes) -> bool:
        """Whether this very object is there already."""
        path = self.received(key) / _name(instance)
        try:
            return path.stat().st_size == len(content) and path.read_bytes() == content
        except OSError:
            return False

    def has(self, key: str, instance: str) -> bool:
        return (self.received(key) / _name(instance)).exists()

    def write(self, key: str, instance: str, content: bytes) -> None:
        """Write an object so that it is there, whole and on the disk, when this returns."""
        folder = self.received(key)
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        path, part = folder / _name(instance), self.folder / INCOMING / uuid4().hex
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _sync(folder)

    def digest(self, key: str) -> str:
        """Of what the study's objects hold, whatever the order in which they came."""
        digests = []
        for path in self.objects(key):
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
            digests.append(digest.hexdigest())
        return digest_of("".join(sorted(digests)))

    def link(self, paths: Sequence[Path], key: str, digest: str) -> Path:
        """A folder that holds these files alone, for ``predict`` to read."""
        work = self.folder / WORK / f"{key}-{digest}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=_PRIVATE)
        for path in paths:
            os.link(path, work / path.name)
        return work

    def forget_work(self, key: str, digest: str) -> None:
        shutil.rmtree(self.folder / WORK / f"{key}-{digest}", ignore_errors=True)

    def set_aside(self, key: str) -> Path:
        """In one step: from now on the study has no received objects, and new ones make a new folder."""
        aside = self.folder / INCOMING / uuid4().hex
        self.received(key).rename(aside)
        return aside

    def results(self) -> list[tuple[str, float]]:
        """Key and time of every folder of results."""
        folders = (self.folder / RESULTS).iterdir()
        return [(path.name.split("-")[0], path.stat().st_mtime) for path in folders if not path.name.startswith(".")]

    def forget_results(self, key: str) -> None:
        """Tracebacks that lie beside them, too."""
        for path in (self.folder / RESULTS).glob(f"{key}-*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def free_gb(self) -> float:
        return shutil.disk_usage(self.folder).free / 1e9


def _name(instance: str) -> str:
    return f"{digest_of(instance)}.dcm"


def _sync(folder: Path) -> None:
    """A rename is on the disk when its folder is; Windows knows no such thing."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
