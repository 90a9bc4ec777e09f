"""Every picture of the pages has the command that makes it beside it."""

from __future__ import annotations

import re

import pytest
from page_commands import PROGRAMS, ROOT, pictures

SCRIPT = "benchmark/screenshots.py"
_CALL = re.compile(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+)`")


@pytest.mark.parametrize(("page", "file", "beside"), pictures(), ids=lambda text: text[:24])
def test_the_command_that_makes_a_picture_stands_beside_it(page: str, file: str, beside: str) -> None:
    calls = _CALL.findall(beside)
    if page == "slicer.md":  # one sentence for all pictures of the page
        calls = _CALL.findall((ROOT / "docs" / page).read_text(encoding="utf-8").split("\n\n**")[0])
    assert calls, f"{page} does not say how {file} is made"
    if SCRIPT in calls[0]:
        assert file in (ROOT / SCRIPT).read_text(encoding="utf-8")


def test_every_picture_that_is_kept_is_shown() -> None:
    kept = {path.name for path in (ROOT / "Resources" / "Screenshots").glob("*.png")}
    assert kept == {file for _, file, _ in pictures()}
