"""Subjects that a network has learned from: kept as hashes, and refused in any test set.

After ClinicaDL (Thibeau-Sutre 2022, doi:10.1016/j.cmpb.2022.106818). Hashes, since a bundle travels and names must not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from AGE2HIELib.tables.problems import Problem

_DIGITS = 24


def subject_hash(subject: str) -> str:
    """The same for ``sub-MGHNICU001`` and ``MGHNICU_001``."""
    plain = re.sub(r"[^a-z0-9]", "", subject.lower().removeprefix("sub-"))
    return hashlib.sha256(f"subject:{plain}".encode()).hexdigest()[:_DIGITS]


def image_hash(sha256: str) -> str:
    return hashlib.sha256(f"image:{sha256}".encode()).hexdigest()[:_DIGITS]


def subject_hashes(table: pd.DataFrame) -> list[str]:
    """Hashes of the subjects, and of the images, of a prepared cohort's ``table``."""
    subjects = {subject_hash(str(subject)) for subject in table["subject"]}
    images = {image_hash(str(sha256)) for sha256 in table["image_sha256"]} if "image_sha256" in table else set()
    return sorted(subjects | images)


def leaked_subjects(subjects: Sequence[str], seen: Collection[str], images: Iterable[str] = ()) -> list[Problem]:
    """A problem for each subject (and each image, by its SHA-256) that pretraining has seen."""
    remedy = "was seen in pretraining and cannot be tested on. Take it out of one of the two"
    known = set(seen)
    problems = [Problem(subject, remedy) for subject in dict.fromkeys(subjects) if subject_hash(subject) in known]
    return problems + [Problem(f"image {sha[:12]}", remedy) for sha in images if image_hash(sha) in known]
