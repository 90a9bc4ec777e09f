"""Figures on the pages, taken from ``benchmark/results``: what a page cites, whether it is right, how it is renewed.

    python benchmark/quotes.py            writes the figures of the results into the pages, and the list of all results
                                          (part of ``make docs``)
    python benchmark/quotes.py --check    says where a page differs, and changes nothing

A page cites the numbers that stand before a comment, which a reader does not see:

    The area under the curve is 0.98, with our own z-maps 0.96<!-- real_cases: released/auc own/auc -->.

``real_cases`` is a file of ``benchmark/results``, the names are its figures, one for each of the last numbers before
the comment, back to an earlier one or to the start of the line or paragraph. ``NAME+`` stands for value, low and high;
``PART/*`` for all figures below a part, in the order of the file, and ``PART/*+`` with their intervals; ``-`` for a
number that is no figure. How many decimals are shown is the page's choice. ``model`` is the bundled model: its version,
and the figures on its card.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # whatever the folder that it is called from

from figures import FOLDER, MODEL, ROOT, Figure, bundled_version, read_results

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
LIST = ROOT / "docs" / "reference" / "results.md"
CITATION = re.compile(r"<!-- ([\w.+-]+): ([^>]+?) -->")
MINUS = "\u2212"
NUMBER = re.compile(rf"(?<![\w.,/^])(?:(?<![)\]])[-{MINUS}+])?(?:\d+\.\d+\.\d+|\d[\d,]*(?<!,)(?:\.\d+)?)[AB]?(?!\.?\w)")
_HIDDEN = re.compile(
    r"```.*?```|`[^`\n]+`|<[a-zA-Z/][^>\n]*>|\]\([^)\s]+\)|https?://\S+|doi:\S+|arXiv:?\S*|PMC\d+|<!--.*?-->", re.DOTALL
)
_CARD_ROW = re.compile(r"^([a-z][\w-]*) +(0\.\d+) \[(0\.\d+), (0\.\d+)\]", re.MULTILINE)
_CARD_DISTANCE = re.compile(
    r"farther than (?P<limit>[\d.]+) from the training cases: By (?P<infants>\d+) distances .*?"
    r"\(median (?P<median>[\d.]+), largest (?P<largest>[\d.]+)\)"
)
_AGE_ERROR = re.compile(r"mean absolute error is ([\d.]+) years")
_CARD_CASES = re.compile(r"^ +(\d+) cases, (\d+) adverse$", re.MULTILINE)


class QuoteError(ValueError):
    """A citation that cites nothing: an unknown file or figure, or more figures than numbers before it."""


@dataclass(frozen=True)
class Quoted:
    """A number of a page: where it stands in the text, what is there, and what the results say."""

    start: int
    end: int
    shown: str
    wanted: str
    source: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    checked = parser.parse_args().check
    different = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for one in quoted(text):
            if one.shown != one.wanted:
                different += 1
                print(f"{page.relative_to(ROOT)}: {one.shown} -> {one.wanted} ({one.source})")
        if not checked:
            page.write_text(renewed(text), encoding="utf-8", newline="\n")
    if not checked:
        LIST.write_text(results_page(), encoding="utf-8", newline="\n")
    sys.exit(1 if checked and different else 0)


def quoted(text: str) -> list[Quoted]:
    """Every number of a page that a citation covers, in the order of the text."""
    found, before = [], 0
    for citation in CITATION.finditer(text):
        start = max(before, _block_start(text, citation.start()))
        numbers = list(numbers_of(text, start, citation.start()))
        cited = list(_cited(citation[1], citation[2].split()))
        if len(cited) > len(numbers):
            line = text.count("\n", 0, citation.start()) + 1
            raise QuoteError(f"Line {line} cites {len(cited)} figures after {len(numbers)} numbers: {citation[0]}")
        for number, one in zip(numbers[len(numbers) - len(cited) :], cited, strict=True):
            if one is not None:
                name, value = one
                shown = number.group()
                found.append(Quoted(number.start(), number.end(), shown, as_shown(value, shown), name))
            else:
                found.append(Quoted(number.start(), number.end(), number.group(), number.group(), "-"))
        before = citation.end()
    return found


def renewed(text: str) -> str:
    """The page with the figures that the results have now."""
    for one in reversed(quoted(text)):
        text = text[: one.start] + one.wanted + text[one.end :]
    return text


def numbers_of(text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
    """Numbers that a reader sees: none of code, of addresses and of comments."""
    visible = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    yield from NUMBER.finditer(visible, start, len(text) if end is None else end)


def as_shown(value: float | str, shown: str) -> str:
    """The value in the form of the number that stands on the page: its decimals, its signs, its thousands."""
    if isinstance(value, str):
        return value
    decimals = len(shown.partition(".")[2])
    plain = f"{abs(value):{',' if ',' in shown else ''}.{decimals}f}"
    if value < 0:
        return f"{MINUS if MINUS in shown else '-'}{plain}"
    return f"+{plain}" if shown.startswith("+") else plain


def results_page() -> str:
    """Every file of ``benchmark/results``: by which command, when, on which commit, with how many cores."""
    lines = [
        _INTRODUCTION,
        "| file | command | date | commit | cores | model |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for file in sorted(FOLDER.glob("*.json")):
        kept = json.loads(file.read_text(encoding="utf-8"))
        commit = f"copied at {kept['commit']}" if kept.get("transcribed") else kept["commit"]
        note = f"; {kept['note']}" if "note" in kept else ""
        cells = (
            f"{_code(kept['command'])}{note}",
            kept["date"],
            commit,
            str(kept["cores"] or ""),
            kept.get("model", ""),
        )
        lines.append(f"| [{file.stem}](../../benchmark/results/{file.name}) | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _code(command: str) -> str:
    return command if command == "not kept" else f"`{command}`"


_INTRODUCTION = """# Results

Figures on these pages are taken from files of `benchmark/results`, which benchmarks have written: value, interval and
unit. A plus behind a commit: sources differed from it. "Copied": the figures were printed by a run that is too long to
be made again with every change; they were copied from a page, and the commit is the one that brought them there. Where
the command says so, the script was not kept. Cores are given where they are known, the version of the bundled model
where one was asked. This page is made by `make docs`.

The affine step of the placement became another one in 9b1280e. Figures of placed scans that are older belong to the one
before; the scores of 28 real newborns moved by 0.001 (median) and by 0.04 at most. Model 0.7.2 has the networks of
0.7.1: what is said of ranks and maps holds for both, probabilities differ. Those of 0.8.0 and of 0.9.0 are others:
placement does not depend on the model, a score belongs to its own, and seconds were not measured again.
"""


def _block_start(text: str, end: int) -> int:
    """Of a table the row, of other text the paragraph."""
    line = text.rfind("\n", 0, end) + 1
    if text.startswith("|", line):
        return line
    return max(text.rfind("\n\n", 0, end), text.rfind("|\n", 0, end), 0)


def _cited(source: str, names: list[str]) -> Iterator[tuple[str, float | str] | None]:
    figures = results(source)
    for asked in (one for name in names for one in spelled_out(name)):
        if asked == "-":
            yield None
            continue
        name = asked.removesuffix("+")
        if name not in figures:
            raise QuoteError(f"{source} has no figure {name}")
        found = figures[name]
        yield f"{source}: {name}", found.value
        if asked.endswith("+"):
            if found.interval is None:
                raise QuoteError(f"{source}: {name} has no interval")
            yield f"{source}: {name}, low", found.interval[0]
            yield f"{source}: {name}, high", found.interval[1]


def spelled_out(name: str) -> list[str]:
    """``a/{b,c}/d`` is ``a/b/d`` and ``a/c/d``."""
    braces = re.search(r"{([^{}]*)}", name)
    if not braces:
        return [name]
    return [one for part in braces[1].split(",") for one in spelled_out(name.replace(braces[0], part, 1))]


@cache
def results(source: str) -> Mapping[str, Figure]:
    """The figures of a file of ``benchmark/results``, or of the bundled model."""
    if source == "model":
        return model_figures()
    file = FOLDER / f"{source}.json"
    if not file.is_file():
        raise QuoteError(f"There is no {file.relative_to(ROOT).as_posix()}")
    return read_results(file)


def model_figures() -> dict[str, Figure]:
    """Version, cases, and what stands on the card: areas under the ROC curve, distances, the error of the age."""
    cards = MODEL.parent.parent / "docs"
    card = (cards / "README.md").read_text(encoding="utf-8")
    found = {"version": Figure(bundled_version())}
    for cases in _CARD_CASES.finditer(card):
        found |= {"cases": Figure(int(cases[1])), "adverse": Figure(int(cases[2]))}
    for row in _CARD_ROW.finditer(card):
        found[f"{row[1]}/auc"] = Figure(float(row[2]), "", (float(row[3]), float(row[4])))
    for distance in _CARD_DISTANCE.finditer(card):
        found |= {f"distance/{name}": Figure(float(value)) for name, value in distance.groupdict().items()}
    for error in _AGE_ERROR.finditer((cards / "age.md").read_text(encoding="utf-8")):
        found["age/error"] = Figure(float(error[1]), "years")
    limits = json.loads(MODEL.read_text(encoding="utf-8"))["age2hie"]["readings"]
    return found | {f"{kind}/threshold": Figure(one["threshold"]) for kind, one in limits.items()}


if __name__ == "__main__":
    main()
