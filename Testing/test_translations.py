"""The module's texts in other languages: every source string is there, with its places for figures."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import translation_files

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "AGE2HIE"
FOLDER = MODULE / "Resources" / "Translations"
LANGUAGES = ("de", "fr", "es", "ja", "zh")


def messages(language: str) -> dict[tuple[str, str], ElementTree.Element]:
    root = ElementTree.parse(FOLDER / f"AGE2HIE_{language}.ts").getroot()
    assert root.get("language") == language
    return {
        (str(context.findtext("name")), str(message.findtext("source"))): message
        for context in root.iter("context")
        for message in context.iter("message")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_module_is_in_every_file(language: str) -> None:
    ours, theirs = set(translation_files.source_strings()), set(messages(language))
    assert ours == theirs, f"run make translations: {sorted(ours ^ theirs)[:5]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_places_for_figures_and_says_who_made_it(language: str) -> None:
    translated = 0
    for (_context, source), message in messages(language).items():
        translation = message.find("translation")
        assert translation is not None
        if translation.get("type") == "unfinished":
            continue
        translated += 1
        places = r"\{[^}]*\}"
        assert sorted(re.findall(places, source)) == sorted(re.findall(places, translation.text or "")), source
        assert re.findall(r"</?\w+>", source) == re.findall(r"</?\w+>", translation.text or ""), source
        assert "machine translation" in (message.findtext("extracomment") or "")
    assert translated >= 330  # the words that are seen most; the others are shown in English


def test_names_of_parameters_are_not_translated() -> None:
    root = ElementTree.parse(MODULE / "Resources" / "UI" / "AGE2HIE.ui").getroot()
    named = [prop.find("string") for prop in root.iter("property") if prop.get("name") == "SlicerParameterName"]
    assert all(text is not None and text.get("notr") == "true" for text in named)


@pytest.mark.host
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_qt_reads_is_what_was_written(language: str) -> None:
    """The .qm file was made of this .ts file."""
    from PySide6.QtCore import QTranslator

    translator = QTranslator()
    assert translator.load(str(FOLDER / f"AGE2HIE_{language}.qm"))
    for (context, source), message in messages(language).items():
        translation = message.find("translation")
        if translation is not None and translation.get("type") != "unfinished" and translation.text != source:
            assert translator.translate(context, source) == translation.text, source


def test_the_languages_are_those_of_the_module() -> None:
    sys.path.insert(0, str(MODULE))
    assert translation_files.LANGUAGES == LANGUAGES
    text = (MODULE / "AGE2HIEUI" / "translations.py").read_text(encoding="utf-8")
    assert f"LANGUAGES = {LANGUAGES!r}".replace("'", '"') in text
    assert sorted(path.stem for path in FOLDER.glob("*.qm")) == sorted(f"AGE2HIE_{name}" for name in LANGUAGES)
