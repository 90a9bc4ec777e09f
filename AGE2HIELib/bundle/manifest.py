"""What a bundle folder holds, file by file: a changed, missing or added file is found before anything is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from AGE2HIELib.errors import ModelError
from AGE2HIELib.system_files import is_system_file

MANIFEST = "manifest.json"
FORMAT = 1
# A manifest of ours takes about 1 kB; more than this is not one.
LARGEST_MANIFEST_BYTES = 1_000_000
_AGAIN = "Get the bundle again from where it came, or export it again."


def write_manifest(folder: Path) -> None:
    """Record the SHA-256 of every file that lies in ``folder``, but for what a file browser has left there."""
    names = sorted(_without_system_files(_names_in(folder) - {MANIFEST}))
    files = {name: _sha256((folder / name).read_bytes()) for name in names}
    text = json.dumps({"format": FORMAT, "files": files}, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def verify_manifest(folder: Path) -> dict[str, str]:
    """Check every file of a bundle against its manifest.

    Returns:
        The SHA-256 of each file, by its path inside the bundle.
    """
    files = _read_manifest(folder)
    found = _names_in(folder) - {MANIFEST}
    beyond = _without_system_files(found - files.keys())  # nothing opens what the manifest does not name
    for problem, names in (("lacks", files.keys() - found), ("holds, beyond its manifest,", beyond)):
        if names:
            raise ModelError(f"The model bundle {folder.name!r} {problem} {', '.join(sorted(names))}. {_AGAIN}")
    for name in files:
        read_verified(folder, name, files)
    return files


def read_verified(folder: Path, name: str, files: Mapping[str, str]) -> bytes:
    """The bytes of one file, which are those that the manifest was made of."""
    if name not in files:
        raise ModelError(f"The model bundle {folder.name!r} lacks {name}. {_AGAIN}")
    try:
        content = (folder / name).read_bytes()
    except OSError as problem:
        raise ModelError(
            f"{name} of the model bundle {folder.name!r} cannot be read ({problem}). {_AGAIN}"
        ) from problem
    if _sha256(content) != files[name]:
        raise ModelError(
            f"{name} of the model bundle {folder.name!r} was changed: its SHA-256 is {_sha256(content)[:16]}..., "
            f"the manifest says {files[name][:16]}.... {_AGAIN}"
        )
    return content


def identity(files: Mapping[str, str]) -> str:
    """SHA-256 over names and hashes in the form that ``sha256sum`` prints: the same for any copy of the bundle."""
    return _sha256("".join(f"{files[name]}  {name}\n" for name in sorted(files)).encode())


def _read_manifest(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    if not path.is_file() or path.is_symlink():
        raise ModelError(
            f"{folder.name!r} is not a model bundle: it holds no {MANIFEST}. Name the bundle's own folder."
        )
    if path.stat().st_size > LARGEST_MANIFEST_BYTES:
        raise ModelError(f"{MANIFEST} of {folder.name!r} takes {path.stat().st_size} bytes, too many. {_AGAIN}")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise ModelError(f"{MANIFEST} of {folder.name!r} is not JSON ({problem}). {_AGAIN}") from problem
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("files"), dict):
        raise ModelError(f"{MANIFEST} of {folder.name!r} is not a list of files in format {FORMAT}. {_AGAIN}")
    for name, digest in content["files"].items():
        _check_entry(name, digest)
    return dict(content["files"])


def _check_entry(name: str, digest: object) -> None:
    """A path that stays inside the bundle on every system, and a SHA-256."""
    plain = name.isprintable() and not set(name) & set('\\:*?"<>|')
    inside = PurePosixPath(name).as_posix() == name and not PurePosixPath(name).is_absolute()
    if not plain or not inside or ".." in PurePosixPath(name).parts or name in ("", "."):
        raise ModelError(f"The manifest names {name!r}, which is no path inside the bundle. Do not use this bundle.")
    if not isinstance(digest, str) or len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ModelError(f"The manifest gives {digest!r} for {name}, which is no SHA-256. {_AGAIN}")


def _names_in(folder: Path) -> set[str]:
    """Paths of all files below ``folder``; a link or a device, which could lead elsewhere, is refused."""
    names = set()
    for parent, subfolders, files in os.walk(folder):
        for name in [*subfolders, *files]:
            path = Path(parent, name)
            inside = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise ModelError(f"{inside} of the model bundle {folder.name!r} is a link or no plain file. {_AGAIN}")
            if path.is_file():
                names.add(inside)
    return names


def _without_system_files(names: set[str]) -> set[str]:
    return {name for name in names if not is_system_file(PurePosixPath(name))}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
