"""A code for every way in which the panel can fail: it says the same in every language, and is found in the docs."""

from __future__ import annotations

from enum import Enum


class Code(Enum):
    """P: packages and program. W: the worker. S: the scan. R: results. M: models. docs/panel.md lists them."""

    PACKAGES = "P1"  # a package is missing and was not installed
    NOT_STARTED = "P2"  # the worker cannot be started
    IMPORT = "P3"  # the worker lacks a package
    SIGNAL = "W1"  # ended by a signal: mostly out of memory
    DEFECT = "W2"  # ended with an exit code of its own defects
    BABBLE = "W3"  # said what cannot be read
    NO_RESULT = "W4"  # ended well, without a result
    SILENT = "W5"  # said nothing for too long
    STOPPED = "W6"  # cancelled from outside
    UNUSABLE = "S1"  # the worker cannot use the scan, or a call cannot be
    NOT_WRITTEN = "S2"  # the scan cannot be written for the worker
    CHANGED = "S3"  # the scan was changed or removed meanwhile
    BAD_RESULT = "R1"  # a result cannot be read
    BAD_COMPARISON = "R2"  # a comparison cannot be read
    GONE = "R3"  # the result was removed meanwhile
    NOT_EXPORTED = "R4"  # files cannot be written
    LESION = "R5"  # a corrected lesion cannot be measured
    REFERENCE = "R6"  # a reference cannot be compared
    NOT_INSTALLED = "M1"  # a model was not installed
    NOT_DELETED = "M2"  # a model was not deleted
