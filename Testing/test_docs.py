"""Links between the pages lead somewhere, and the commands on them exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from AGE2HIELib import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    targets = [first or second for first, second in LINK.findall(page.read_text(encoding="utf-8"))]
    for target in targets:
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), target
        assert not anchor or anchor in anchors(aim), target


def test_every_page_can_be_reached_from_the_first() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = [first for first, _ in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in first]
        pages = {(page.parent / target.partition("#")[0]).resolve() for target in targets}
        waiting += [aim for aim in pages if aim.suffix == ".md" and aim.is_file() and aim not in reached]
    assert set(PAGES) <= reached


def test_the_site_is_built_without_a_warning_and_has_every_page_and_picture(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = {page.relative_to(tmp_path).with_suffix("").as_posix() for page in tmp_path.rglob("*.html")}
    assert {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in PAGES[1:]} <= pages
    first = (tmp_path / "index.html").read_text(encoding="utf-8")
    for page in pages - {"404", "index"}:
        assert f'href="{page}.html"' in first, page  # of the navigation
    sources = [source for html in tmp_path.rglob("*.html") for source in _pictures(html)]
    assert sources
    assert all(source.is_file() for source in sources)


def _pictures(html: Path) -> list[Path]:
    found = re.findall(r'<img [^>]*src="([^"]+)"', html.read_text(encoding="utf-8"))
    return [(html.parent / source).resolve() for source in found if "://" not in source]


def test_the_commands_on_the_pages_exist() -> None:
    named = {name for page in PAGES for name in re.findall(r"age2hie ([a-z]+)\b", page.read_text(encoding="utf-8"))}
    assert {"predict", "explain", "batch", "reproduce"} <= named
    for name in named:
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])
        assert ended.value.code == 0, name
