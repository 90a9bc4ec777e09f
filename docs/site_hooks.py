"""What the site needs beside the pages: pictures that lie in Resources/, and links to sources, as addresses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PICTURES = "Resources/Screenshots"
SOURCES = "https://github.com/AGE2HIE/SlicerAGE2HIE/blob/main/"
_UP = re.compile(r"(\]\(|src=\")(?:\.\./)+((?:[A-Z][\w.]*|training|benchmark)[^)\"]*)")


def on_files(files: Files, config: Any) -> Files:
    """The screenshots, as ``pictures/NAME.png``."""
    for picture in sorted((ROOT / PICTURES).glob("*.png")):
        files.append(File.generated(config, f"pictures/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Paths that lead out of docs/ lead to a picture of the site, or to the source's address."""
    back = "../" * page.file.src_uri.count("/")

    def moved(found: re.Match[str]) -> str:
        before, target = found.groups()
        if target.startswith(f"{PICTURES}/"):
            return f"{before}{back}pictures/{target.removeprefix(f'{PICTURES}/')}"
        return f"{before}{SOURCES}{target}"

    return _UP.sub(moved, markdown)
