"""A model in words: what it says of itself, and what its files are."""

from __future__ import annotations

import html
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI.workerTexts import NOTICE_COLOUR

_MB = 1e6


def modelText(label: Any, details: Any) -> str:
    """A model's own description.

    Args:
        label: an ``AGE2HIELib.system.places.ModelLabel``.
        details: an ``AGE2HIELib.bundle.details.ModelDetails``; None where its files cannot be read.
    """
    if label.problem:
        return _("<b>{title}</b> cannot be used: {problem}").format(
            title=html.escape(label.title), problem=html.escape(label.problem)
        )
    lines = [f"<b>{html.escape(label.title)}</b>"]
    if label.demonstration:
        mark = _("SYNTHETIC: this model has seen no child.")
        lines.insert(0, f'<span style="color:{NOTICE_COLOUR}"><b>{mark}</b></span>')
    rows = {_("Trained on"): label.trained_on, _("Intended use"): label.intended_use}
    if details is not None:
        rows |= {
            _("Predicts"): details.task,
            _("Reads"): details.inputs,
            _("Licence"): details.licence or _("none given"),
            _("Size"): _("{size:.1f} MB, on this computer since {date}").format(
                size=details.size_bytes / _MB, date=details.installed.isoformat()
            ),
        }
    lines += [f"{name}: {html.escape(text)}" for name, text in rows.items() if text]
    return "<br>".join(lines)


def deletionText(label: Any) -> str:
    """What the user is asked before a model's files go."""
    return _("Delete the model {title} from this computer? Results that were made with it stay.").format(
        title=label.title
    )
