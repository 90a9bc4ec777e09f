"""Model bundles: MONAI's folder layout, with a manifest by which a changed, missing or added file is found before use.

Weights are only ever read as numbers. ``configs/inference.json`` is there for MONAI's tools (``metadata``); nothing of
it is ever evaluated here: the network is built from the allow-list in ``networks.registry``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from AGE2HIELib.bundle.age_facts import AGE, AGE_WEIGHTS, AgeFacts, read_age
from AGE2HIELib.bundle.clinical_facts import CLINICAL, read_clinical_facts
from AGE2HIELib.bundle.metadata import INFERENCE, METADATA, check_inference, read_metadata
from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.bundle.training_cases import CASES, read_cases
from AGE2HIELib.errors import ModelError
from AGE2HIELib.system.stray_files import is_system_file

MANIFEST = "manifest.json"
FORMAT = 1
# A manifest of ours takes about 1 kB; more than this is not one.
LARGEST_MANIFEST_BYTES = 1_000_000
_AGAIN = "Get the bundle again from where it came, or export it again."
CARD = "docs/README.md"
LICENCE = "LICENSE"
SEEN = "configs/seen.json"
SCHEMA = "configs/schema.json"
_DOCUMENTS = "docs/"


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
        read_verified_file(folder, name, files)
    return files


def read_verified_file(folder: Path, name: str, files: Mapping[str, str]) -> bytes:
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


@dataclass(frozen=True, kw_only=True)
class Bundle(ModelFacts):
    """A bundle that was found unchanged.

    Attributes:
        sha256: over the manifest: what the model is, wherever it lies.
        members: paths of the weights inside the bundle.
        files: SHA-256 of each file, by its path inside the bundle.
    """

    folder: Path
    sha256: str
    members: tuple[str, ...]
    files: Mapping[str, str]


def read_bundle(folder: Path) -> Bundle:
    """Check every file of a bundle and read its metadata; torch is not needed for that."""
    if not folder.is_dir():
        raise ModelError(f"There is no model folder {folder.name!r}. Name the folder that holds manifest.json.")
    files = verify_manifest(folder)
    for name in (METADATA, INFERENCE, CARD, LICENCE):
        if name not in files:
            raise ModelError(f"The model bundle {folder.name!r} lacks {name}. Export the model again.")
    facts, members = read_metadata(read_verified_file(folder, METADATA, files))
    for name in members:
        if name not in files:
            raise ModelError(f"The model bundle {folder.name!r} lacks its member {name}. Export the model again.")
    check_inference(read_verified_file(folder, INFERENCE, files), facts, members)
    _check_names(folder, files, members)
    if CASES in files:
        cases = read_cases(read_verified_file(folder, CASES, files), len(members), tuple(facts.readings))
        facts = replace(facts, cases=cases)
    for one, other in ((AGE, AGE_WEIGHTS), (AGE_WEIGHTS, AGE)):
        if one in files and other not in files:
            raise ModelError(f"The model bundle {folder.name!r} has {one} but lacks {other}. Export the model again.")
    if AGE in files:
        facts = replace(facts, age=read_age(read_verified_file(folder, AGE, files)))
    if CLINICAL in files:
        clinical = read_clinical_facts(read_verified_file(folder, CLINICAL, files), tuple(facts.readings))
        facts = replace(facts, clinical=clinical)
    return Bundle(**_values(facts), folder=folder, sha256=identity(files), members=members, files=files)


def _check_names(folder: Path, files: Mapping[str, str], members: tuple[str, ...]) -> None:
    """Raises ModelError for files that are neither written by the export nor documents.

    MONAI reads some unasked, such as ``configs/logging.conf``, and Python imports modules that lie where it is started.
    """
    weights = {name for name in members if name.startswith("models/") and name.endswith(".pt")}
    known = {METADATA, INFERENCE, CARD, LICENCE, SEEN, SCHEMA, CASES, AGE, AGE_WEIGHTS, CLINICAL, *weights}
    others = sorted(name for name in files.keys() - known if not name.startswith(_DOCUMENTS))
    if others:
        raise ModelError(
            f"The model bundle {folder.name!r} holds {', '.join(others[:4])}, which no export writes and MONAI or "
            "Python may run. Do not run this bundle; export the model again."
        )


def known_subjects(bundle: Bundle) -> tuple[str, ...]:
    """Hashes of the subjects and images that the model has learned from; empty where the bundle does not say."""
    if SEEN not in bundle.files:
        return ()
    return tuple(map(str, json.loads(read_verified_file(bundle.folder, SEEN, bundle.files))))


def require_age_facts(bundle: Bundle) -> AgeFacts:
    """Those of a bundle that carries such a network; ModelError for one that does not."""
    if bundle.age is None:
        raise ModelError(
            f"The model {bundle.name} {bundle.version} carries no brain-age network, so there is no age to explain. "
            "Name a bundle that does with --model ('age2hie model info' says so), or explain an outcome."
        )
    return bundle.age


def _values(facts: ModelFacts) -> dict[str, Any]:
    return {item.name: getattr(facts, item.name) for item in fields(facts)}
