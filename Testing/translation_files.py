"""The translation files after a change of texts: ``make translations``.

    python Testing/translation_files.py [WORDS.json ...]

Every .ts file gets the texts that the module has now, as Slicer's update_translations.py finds them, keeps what was
translated, and forgets what is gone; Qt's lrelease makes the .qm file of it. WORDS.json, named after a language
(de.json), gives translations: {"English text": "deutscher Text"}. Prints how many texts each language has.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

MODULE = Path(__file__).resolve().parent.parent / "AGE2HIE"
FOLDER = MODULE / "Resources" / "Translations"
LANGUAGES = ("de", "fr", "es", "ja", "zh")
WHO = "machine translation, not read by a native speaker"
Key = tuple[str, str]


def source_strings() -> dict[Key, None]:
    """(context, text) as Slicer's ``tr`` asks for them, in the files' order: package and file, or the .ui's class."""
    found: dict[Key, None] = {}
    for path in [MODULE / "AGE2HIE.py", *sorted((MODULE / "AGE2HIEUI").glob("*.py"))]:
        context = path.stem if path.parent == MODULE else f"AGE2HIEUI.{path.stem}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                (argument,) = node.args
                if not isinstance(argument, ast.Constant):
                    raise SystemExit(f"{path.name}:{node.lineno}: only a whole text is found")
                found[context, str(argument.value)] = None
    root = ElementTree.parse(MODULE / "Resources" / "UI" / "AGE2HIE.ui").getroot()
    for text in (prop.find("string") for prop in root.iter("property")):
        if text is not None and text.get("notr") is None and text.text:
            found[str(root.findtext("class")), text.text] = None
    return found


def translations(path: Path) -> dict[Key, str]:
    """What a .ts file has so far."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.get("type") != "unfinished":
                found[str(context.findtext("name")), str(message.findtext("source"))] = translation.text or ""
    return found


def write(path: Path, language: str, words: dict[Key, str], sources: dict[Key, None]) -> int:
    """The .ts file; how many of the texts are translated."""
    root = ElementTree.Element("TS", version="2.1", language=language)
    contexts: dict[str, ElementTree.Element] = {}
    count = 0
    for name, source in sorted(sources, key=lambda key: key[0]):  # stable: the texts of a file in its own order
        if name not in contexts:
            contexts[name] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[name], "name").text = name
        message = ElementTree.SubElement(contexts[name], "message")
        ElementTree.SubElement(message, "source").text = source
        if (name, source) in words:
            count += 1
            ElementTree.SubElement(message, "extracomment").text = WHO
            ElementTree.SubElement(message, "translation").text = words[name, source]
        else:
            ElementTree.SubElement(message, "translation", type="unfinished")
    ElementTree.indent(root, " ")
    body = ElementTree.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")
    return count


def main() -> None:
    sources = source_strings()
    given = {Path(name).stem: json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]}
    if set(given) - set(LANGUAGES):
        raise SystemExit(f"{', '.join(sorted(set(given) - set(LANGUAGES)))}: no language of {', '.join(LANGUAGES)}")
    release = shutil.which("pyside6-lrelease", path=str(Path(sys.executable).parent)) or shutil.which("lrelease")
    if release is None:
        raise SystemExit("lrelease is missing. Install it: pip install PySide6-Essentials")
    for language in LANGUAGES:
        path = FOLDER / f"AGE2HIE_{language}.ts"
        before = translations(path)
        moved = {source: text for (_context, source), text in before.items()} | given.get(language, {})
        words = {key: before.get(key, moved.get(key[1], "")) for key in sources} | {
            key: given[language][key[1]] for key in sources if key[1] in given.get(language, {})
        }
        count = write(path, language, {key: text for key, text in words.items() if text}, sources)
        subprocess.run([release, "-silent", str(path), "-qm", str(path.with_suffix(".qm"))], check=True)
        print(f"{language}: {count} of {len(sources)} texts are translated, the others are shown in English")


if __name__ == "__main__":
    main()
