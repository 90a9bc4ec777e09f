"""One report in Markdown and HTML, with a model card and a reporting checklist beside it; all of it opens offline."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.reporting.content import ReportContent, ReportSection
from training.reporting.figures import draw_figures
from training.reporting.model_card import evaluation_card
from training.reporting.sections import report_sections
from training.reporting.tripod import tripod

REPORT, CARD, CHECKLIST = "report", "model_card.md", "tripod_ai.md"
_FIGURES = "figures"
_FOOTER = (
    "Every out-of-fold prediction stands in predictions.tsv, every figure in summary.tsv and comparisons.tsv. Made by "
    "AGE2HIE, open-source software for research."
)


def write_report(folder: Path, content: ReportContent) -> None:
    """``report.md``, ``report.html`` (pictures embedded), ``figures/``, ``model_card.md`` and ``tripod_ai.md``."""
    pictures = {picture.name: picture for picture in draw_figures(content)}
    (folder / _FIGURES).mkdir(parents=True, exist_ok=True)
    for picture in pictures.values():
        (folder / _FIGURES / f"{picture.name}.png").write_bytes(picture.png)
    sections = list(report_sections(content, pictures))
    known = {"content": content, "sections": sections, "figures": _FIGURES}
    text = _environment(escape=False).get_template(f"{REPORT}.md.j2").render(known)
    (folder / f"{REPORT}.md").write_text(text, encoding="utf-8")
    (folder / f"{REPORT}.html").write_text(
        page_text(content.title, content.banner, sections, _FOOTER), encoding="utf-8"
    )
    (folder / CARD).write_text(evaluation_card(content), encoding="utf-8")
    (folder / CHECKLIST).write_text(tripod(content), encoding="utf-8")


def page_text(title: str, banner: str, sections: Sequence[ReportSection], footer: str) -> str:
    """A page that opens offline: its pictures are embedded."""
    known = {"title": title, "banner": banner, "sections": sections, "footer": footer}
    return _environment(escape=True).get_template(f"{REPORT}.html.j2").render(known)


def unbroken_interval(text: str) -> Markup:
    """A line may end before an interval, never in it."""
    value, bracket, interval = text.partition(" [")
    return Markup('{} <span class="i">[{}</span>').format(value, interval) if bracket else Markup("{}").format(text)


def _environment(*, escape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    environment.filters["whole"] = unbroken_interval
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    return environment
