"""The pieces that a page is made of, the same for Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.reporting.figures import Picture


@dataclass(frozen=True)
class Paragraph:
    text: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Points:
    items: tuple[str, ...]
    kind: str = "points"


@dataclass(frozen=True)
class Table:
    """Cells are text; the first column holds names, the others are set flush right when ``numbers``."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: bool = True
    kind: str = "table"


@dataclass(frozen=True)
class Image:
    picture: Picture
    kind: str = "image"


Block = Paragraph | Points | Table | Image


@dataclass(frozen=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]


def section(heading: str, blocks: Sequence[Block]) -> Section:
    return Section(heading, tuple(blocks))
