"""A model bundle out of a .zip or .tar.gz: nothing leaves the folder it is unpacked into, and nothing in it is run."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from AGE2HIELib.bundle.reading import MANIFEST, Bundle, read_bundle
from AGE2HIELib.bundle.weights import check_weights
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.outputs import place_folder, put_back_aside
from AGE2HIELib.system.progress import Progress, Stages
from AGE2HIELib.system.stray_files import is_system_file, owner_mark, remove_stale_files

# Ten members of the widest network in the settings take 1.4 GB as float16; an archive that unpacks to more is no model.
LARGEST_BYTES = 4_000_000_000
MOST_FILES = 1000
_CHUNK = 1 << 16
STAGES = ("unpack", "load", "place")
_SCRATCH = ".install-"  # begins the names of folders in which archives are unpacked
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_LARGEST_READ = _CHUNK  # tarfile keeps the names of up to 2000 members
_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"1AY&SY": bz2.BZ2File,  # after "BZh" and a digit, with which a name in a plain tar may begin
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_DO_NOT_USE = "Do not use this archive; ask its maker for another one."


@dataclass(frozen=True)
class _Entry:
    name: str  # with slashes: zips of some Windows programs hold backslashes
    size: int
    plain: bool  # an ordinary file: no link, no device
    source: zipfile.ZipInfo | tarfile.TarInfo


def install_archive(archive: Path, home: Path, *, overwrite: bool = False, progress: Progress | None = None) -> Bundle:
    """Unpack, check every byte against the manifest, load the weights once, and move into ``home``.

    The folder is named after the model and its version. On any error nothing is left behind, and an earlier
    installation stays.

    Args:
        progress: hears of the stages ``STAGES``.

    Raises:
        ModelError: no archive, unsafe names, links, too large, not a whole bundle, or installed already.
    """
    if not archive.is_file():
        raise ModelError(f"There is no archive '{archive.name}'. Name a .zip or .tar.gz file.")
    try:
        home.mkdir(parents=True, exist_ok=True)
        remove_stale_files(home, _SCRATCH)
        with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{owner_mark()}-", dir=home) as scratch:
            stages = Stages(STAGES, progress)
            with stages("unpack"):
                bundle = _unpacked(archive, Path(scratch))
            with stages("load"):
                check_weights(bundle)
            with stages("place"):
                return read_bundle(_moved(bundle, home, overwrite=overwrite))
    except OSError as error:
        full = error.errno in _DISK_FULL
        raise ModelError(
            f"The model cannot be installed into {home}: {error.strerror or error}. "
            f"{'Free some space, or name' if full else 'Name'} another folder with AGE2HIE_MODELS."
        ) from error


def _unpacked(archive: Path, scratch: Path) -> Bundle:
    folder = scratch / "bundle"
    try:
        _extract_all(archive, folder)
    except OSError as error:
        if error.errno is not None:  # of the disk; what unpacks gzip and bzip2 gives none
            raise
        raise _damaged(archive, error) from error
    except _DAMAGE as error:
        raise _damaged(archive, error) from error
    roots = [path.parent for path in folder.rglob(MANIFEST)]
    if len(roots) != 1:
        raise ModelError(
            f"'{archive.name}' holds {len(roots)} files named {MANIFEST}; a model's archive holds one. "
            "Name the archive of one model bundle."
        )
    return read_bundle(roots[0])


def _damaged(archive: Path, error: Exception) -> ModelError:
    return ModelError(f"'{archive.name}' is damaged or encrypted ({error}). Get it again.")


def _extract_all(archive: Path, folder: Path) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            _extract(archive, folder, _zip_entries(opened), opened)
        return
    with _unpacked_stream(archive) as stream:
        try:
            opened_tar = tarfile.TarFile(fileobj=_SmallReads(stream, archive.name))  # type: ignore[arg-type]
        except (*_DAMAGE, gzip.BadGzipFile) as error:
            raise ModelError(
                f"'{archive.name}' is neither a .zip nor a .tar archive. Name the archive of a model bundle."
            ) from error
        with opened_tar:
            _extract(archive, folder, _tar_entries(opened_tar, archive), opened_tar)


def _unpacked_stream(archive: Path) -> IO[bytes]:
    with archive.open("rb") as file:
        start = file.read(10)
    for mark, opened in _PACKED.items():
        if start.startswith(mark) or (start.startswith(b"BZh") and start.endswith(mark)):
            unpacked: IO[bytes] = opened(archive)
            return unpacked
    return archive.open("rb")


class _SmallReads:
    """A tar stream that is read in pieces: tarfile takes a long name's header whole, however long it says it is."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise ModelError(f"'{self._name}' states a header of {size} bytes. {_DO_NOT_USE}")
        return self._stream.read(size)


def _zip_entries(opened: zipfile.ZipFile) -> Iterator[_Entry]:
    for item in opened.infolist():
        name = _with_slashes(item.filename)
        if not name.endswith("/"):
            kind = (item.external_attr >> 16) & 0o170000  # of a Unix file mode; 0 where the zip holds none
            yield _Entry(name, item.file_size, kind in (0, 0o100000), item)


def _tar_entries(opened: tarfile.TarFile, archive: Path) -> Iterator[_Entry]:
    for number, item in enumerate(opened):
        if number == 2 * MOST_FILES:  # folders count as well: tarfile keeps them all in memory
            raise ModelError(f"'{archive.name}' holds more than {number} files and folders. {_DO_NOT_USE}")
        if not item.isdir():
            yield _Entry(_with_slashes(item.name), item.size, item.isfile(), item)


def _with_slashes(name: str) -> str:
    return name.replace("\\", "/")


def _extract(archive: Path, folder: Path, entries: Iterator[_Entry], opened: zipfile.ZipFile | tarfile.TarFile) -> None:
    left = LARGEST_BYTES
    for number, entry in enumerate(entries):
        if number == MOST_FILES:
            raise ModelError(f"'{archive.name}' holds more than {MOST_FILES} files. {_DO_NOT_USE}")
        name = _inside(entry, archive)
        if is_system_file(name):  # of the computer on which the archive was made
            continue
        with _open(opened, entry) as source, _new_file(folder / name, entry, archive) as file:
            left = _copy(source, file, left, archive)


def _new_file(target: Path, entry: _Entry, archive: Path) -> IO[bytes]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("xb")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise ModelError(
            f"'{archive.name}' holds {entry.name!r} twice, or as a file and a folder. {_DO_NOT_USE}"
        ) from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise ModelError(
            f"'{archive.name}' holds a name of {len(entry.name)} characters, longer than this disk takes. {_DO_NOT_USE}"
        ) from error


def _inside(entry: _Entry, archive: Path) -> PurePosixPath:
    name = PurePosixPath(entry.name.removeprefix("./"))
    odd = set(entry.name) & set(':*?"<>|') or not entry.name.isprintable()
    if odd or name.is_absolute() or ".." in name.parts or not name.parts:
        raise ModelError(f"'{archive.name}' holds {entry.name!r}, a path that leads elsewhere. {_DO_NOT_USE}")
    if not entry.plain:
        raise ModelError(f"'{archive.name}' holds {entry.name!r}, which is a link or no plain file. {_DO_NOT_USE}")
    return name


def _open(opened: zipfile.ZipFile | tarfile.TarFile, entry: _Entry) -> IO[bytes]:
    if isinstance(opened, zipfile.ZipFile):
        assert isinstance(entry.source, zipfile.ZipInfo)
        return opened.open(entry.source)
    assert isinstance(entry.source, tarfile.TarInfo)
    source = opened.extractfile(entry.source)
    assert source is not None  # only plain files come here
    return source


def _copy(source: IO[bytes], file: IO[bytes], left: int, archive: Path) -> int:
    """Counts what really comes out: the size that an archive states may be a lie."""
    while chunk := source.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise ModelError(f"'{archive.name}' unpacks to more than {LARGEST_BYTES} bytes. {_DO_NOT_USE}")
        file.write(chunk)
    return left


def _moved(bundle: Bundle, home: Path, *, overwrite: bool) -> Path:
    target = home / folder_name(bundle)
    put_back_aside(target)
    if target.exists() and not overwrite:
        raise ModelError(f"The model {target.name!r} is installed already. Add --overwrite to replace it.")
    place_folder(bundle.folder, target, overwrite=overwrite)
    return target


def folder_name(bundle: Bundle) -> str:
    """Letters, digits, dots, dashes and underscores only, whatever the model calls itself."""
    text = f"{bundle.name}-{bundle.version}"
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in text).lstrip(".")
