"""The worker's sentences in the panel's language: what it says is known by its phrase, arguments and all."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.host
ROOT = Path(__file__).resolve().parent.parent
ANY = "\0"  # in place of what a sentence is filled with
# Sentences that a phrase need not know: of commands that the panel does not call.
NOT_OF_THE_PANEL = ("normative", "node", "bids", "batch", "visits", "phantom", "t1")


def text_of(node: ast.expr) -> str:
    """A literal, with ``ANY`` in place of its arguments."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ANY
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else ANY for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return ANY


def literals() -> Iterator[str]:
    for path in sorted((ROOT / "AGE2HIELib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
                yield text_of(node)


def phrases() -> list[tuple[Any, str]]:
    from AGE2HIEUI.checkPhrases import CHECKS
    from AGE2HIEUI.workerPhrases import MESSAGES

    return [(table, phrase) for table in (CHECKS, MESSAGES) for phrase in table.phrases]


def test_every_phrase_is_one_of_the_librarys(panel: Any) -> None:
    """A sentence that the library no longer says would be translated for nobody, and its heir shown in English."""
    from AGE2HIEUI.phrases import pattern

    said = "\n".join(literals())
    strange = []
    for _table, phrase in phrases():
        fitting = pattern(phrase).pattern.replace(".+?", "[^\\n]+?")
        if not re.search(fitting, said):
            strange.append(phrase)
    put_together = {"{low} to {high} ml", "{low} to {high} 1e-6 mm2/s"}
    put_together |= {f"{when} day {{day}}; {{treatment}}" for when in ("before", "not before")}
    put_together |= {phrase for phrase in strange if phrase.endswith("pip install {names}.")}
    assert set(strange) <= put_together


def test_every_check_of_the_gate_has_its_name_and_remedy(panel: Any) -> None:
    """As literals of the gate's own files stand: the first argument, or ``name=``, and ``remedy=``."""
    from AGE2HIEUI.checkPhrases import CHECKS

    unknown = []
    for path in sorted((ROOT / "AGE2HIELib" / "quality").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in ("Check", "at_most", "at_least", "between"):
                continue
            texts = [node.args[0]] if node.args else []
            texts += [each.value for each in node.keywords if each.arg in ("name", "remedy")]
            for text in map(text_of, texts):
                if text != ANY and CHECKS.translated(text.replace(ANY, "x")) == text and text not in CHECKS.phrases:
                    unknown.append(text)
    from AGE2HIELib.quality.check import OVERRIDABLE

    unknown += [name for name in OVERRIDABLE if name not in CHECKS.phrases]
    assert not unknown


@pytest.fixture
def german(panel: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What Slicer in German would give, from the file that Qt reads."""
    from AGE2HIEUI import phrases as module

    root = ElementTree.parse(ROOT / "AGE2HIE" / "Resources" / "Translations" / "AGE2HIE_de.ts").getroot()
    words = {
        (str(context.findtext("name")), str(message.findtext("source"))): message.findtext("translation")
        for context in root.iter("context")
        for message in context.iter("message")
    }
    monkeypatch.setattr(module, "translate", lambda context, text: words.get((context, text)) or text)
    return panel


def test_a_message_is_translated_with_its_arguments(german: Any) -> None:
    from AGE2HIEUI.workerTexts import escaped

    told = escaped("'Zoë.nii.gz' is empty (0 bytes). Copy or export it again.")
    assert told == "&#x27;Zoë.nii.gz&#x27; ist leer (0 Bytes). Kopieren oder exportieren Sie sie noch einmal."
    assert escaped("The brain mask is empty.") == "Die Hirnmaske ist leer."
    assert "Hirnmaske an mit &#x27;Brain mask&#x27;" in escaped("Give a brain mask with --mask.")
    assert escaped("Nobody has ever said so. Take 5.") == "Nobody has ever said so. Take 5."


def test_a_check_is_translated_with_its_figures(german: Any) -> None:
    from AGE2HIELib.result.verdicts import Check
    from AGE2HIEUI import checkTexts

    remedy = "Look at the brain mask over the scan; placement in my-atlas failed or the brain is not whole."
    row = checkTexts.checkRow(Check("stretch of the placement", 1.7, "at most 1.5", False, remedy))
    assert row.cells[0] == "Dehnung bei der Einpassung"
    assert row.cells[3].startswith("höchstens 1.5. Sehen Sie die Hirnmaske über der Aufnahme an; die Einpassung in my-")
    age = Check("postnatal age", "not before day 11; not cooled", "before day 11", False, "", "", "warn")
    assert checkTexts.valueText(age) == "nicht vor Tag 11; nicht gekühlt"


def test_a_translation_that_lost_an_argument_is_not_shown(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from AGE2HIEUI import phrases as module

    monkeypatch.setattr(module, "translate", lambda _context, _text: "{andere} fehlt")
    table = module.Phrases("x", ("{name} is missing",))
    assert table.translated("this is missing") == "this is missing"


def test_the_errors_of_a_scan_are_counted(panel: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """How many messages that a run in the panel can end in are translated: the rest is shown in English."""
    of = known = 0
    for path in sorted((ROOT / "AGE2HIELib").rglob("*.py")):
        if set(path.relative_to(ROOT / "AGE2HIELib").parts) & set(NOT_OF_THE_PANEL):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
            if named and node.func.id in ("InputError", "ModelError"):  # type: ignore[attr-defined]
                of += 1
                known += known_message(text_of(node.args[0]).replace(ANY, "x"))  # type: ignore[attr-defined]
    with capsys.disabled():
        print(f"\n{known} of {of} messages of the worker have phrases")
    assert known >= 25


def known_message(message: str) -> bool:
    """Whether it fits a phrase, whole or but for its last sentence."""
    from AGE2HIEUI.phrases import pattern
    from AGE2HIEUI.workerPhrases import MESSAGES

    parts = (message, message.rsplit(". ", 1)[0] + ".")
    return any(pattern(phrase).fullmatch(part) for phrase in MESSAGES.phrases for part in parts)
