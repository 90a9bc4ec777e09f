"""Model bundles: MONAI's folder layout, a manifest over it, and weights that are only ever read as numbers.

``configs/inference.json`` is there for MONAI's tools (``monai_config``). Nothing of it is ever evaluated here: the
network is built from the allow-list in ``networks.registry``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from AGE2HIELib.bundle.age_facts import AGE, AGE_WEIGHTS, AgeFacts, read_age
from AGE2HIELib.bundle.manifest import identity, read_verified, verify_manifest
from AGE2HIELib.bundle.metadata import METADATA, read_metadata
from AGE2HIELib.bundle.model_facts import ModelFacts
from AGE2HIELib.bundle.monai_config import INFERENCE, check_inference
from AGE2HIELib.bundle.training_cases import CASES, read_cases
from AGE2HIELib.errors import ModelError

CARD = "docs/README.md"
LICENCE = "LICENSE"
SEEN = "configs/seen.json"
SCHEMA = "configs/schema.json"
_DOCUMENTS = "docs/"


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
    facts, members = read_metadata(read_verified(folder, METADATA, files))
    for name in members:
        if name not in files:
            raise ModelError(f"The model bundle {folder.name!r} lacks its member {name}. Export the model again.")
    check_inference(read_verified(folder, INFERENCE, files), facts, members)
    _check_names(folder, files, members)
    if CASES in files:
        cases = read_cases(read_verified(folder, CASES, files), len(members), tuple(facts.readings))
        facts = replace(facts, cases=cases)
    for one, other in ((AGE, AGE_WEIGHTS), (AGE_WEIGHTS, AGE)):
        if one in files and other not in files:
            raise ModelError(f"The model bundle {folder.name!r} has {one} but lacks {other}. Export the model again.")
    if AGE in files:
        facts = replace(facts, age=read_age(read_verified(folder, AGE, files)))
    return Bundle(**_values(facts), folder=folder, sha256=identity(files), members=members, files=files)


def _check_names(folder: Path, files: Mapping[str, str], members: tuple[str, ...]) -> None:
    """Raises ModelError for files that are neither written by the export nor documents.

    MONAI reads some unasked, such as ``configs/logging.conf``, and Python imports modules that lie where it is started.
    """
    weights = {name for name in members if name.startswith("models/") and name.endswith(".pt")}
    known = {METADATA, INFERENCE, CARD, LICENCE, SEEN, SCHEMA, CASES, AGE, AGE_WEIGHTS, *weights}
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
    return tuple(map(str, json.loads(read_verified(bundle.folder, SEEN, bundle.files))))


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
