"""``long(...)``: parameters for ``make test-long`` alone, where ``make test`` asks the same of another of the list."""

from __future__ import annotations

from typing import Any

import pytest


def long(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.long)
