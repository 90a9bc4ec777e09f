"""Version numbers as far as the doctor compares them."""

from __future__ import annotations

import re


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers: 2.13.0+cpu is (2, 13, 0), unknown is ()."""
    return tuple(int(number) for number in re.findall(r"\d+", re.split(r"[+\-a-zA-Z]", text)[0]))
