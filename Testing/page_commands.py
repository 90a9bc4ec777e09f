"""Commands as the pages of README and docs/ show them, in blocks and inside sentences."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = (
    "age2hie",
    "python",
    "make",
    "docker",
    "torchrun",
    "pip",
    "sudo",
    "/usr/bin/storescu",
    "echoscu",
    "monai-deploy",
)
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"")


@dataclass(frozen=True)
class Command:
    """``text`` as the page has it, in one line, without its comment."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        """Of a synopsis the call with every option: brackets are left out, and of alternatives the first is taken."""
        plain = re.sub(r"[\[\]]", " ", self.text) if re.search(r"\[(-|DIR|FILE)", self.text) else self.text
        words = shlex.split(plain.replace("\\|", "|").replace(" ...", ""))
        return [word.split("|")[0] if re.fullmatch(r"[\w|-]+", word) else word for word in words]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its lines."""

    page: str
    language: str
    text: str


def blocks(language: str, page: str | None = None) -> list[Block]:
    """Of one language, in the order of the pages; of one page where it is named."""
    found = []
    for path in PAGES:
        for fence in _FENCE.finditer(path.read_text(encoding="utf-8")):
            if fence[2] == language and page in (None, path.name):
                found.append(Block(path.name, fence[2], fence[3]))
    return found


def commands() -> list[Command]:
    """Every call of a program with an argument, each once a page."""
    found = [Command(path.name, text) for path in PAGES for text in _calls(path.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(found))


def pictures() -> list[tuple[str, str, str]]:
    """Page and file of every picture, and what stands beside it: the rest of its paragraph, and the next one."""
    found = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for one in _IMAGE.finditer(text):
            beside = "\n\n".join(text[one.end() :].split("\n\n")[:2])
            found.append((path.name, Path(one[1] or one[2]).name, beside))
    return found


def _calls(text: str) -> Iterator[str]:
    for fence in _FENCE.finditer(text):
        if fence[2] in ("", "sh"):
            for line in fence[3].replace("\\\n", " ").splitlines():
                yield from _call(line.split("  #")[0].split(" # ")[0])
    for span in _SPAN.finditer(_FENCE.sub("", text)):
        yield from _call(span[1])


def _call(line: str) -> Iterator[str]:
    text = " ".join(line.split())
    if text.startswith(tuple(f"{program} " for program in PROGRAMS)):
        yield text
