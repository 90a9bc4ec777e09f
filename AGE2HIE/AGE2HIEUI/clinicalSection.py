"""What is known of the child beside the scan: typed here, kept in memory, given to the worker in a private file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from AGE2HIEUI.clinicalTexts import rangeText
from AGE2HIEUI.library import addLibraryToPath

if TYPE_CHECKING:
    from AGE2HIELib.clinical.variables import Variable

_FIELDS = {  # of the panel, by the names that ``--clinical`` has for them
    "sex": "sexComboBox",
    "apgar_1": "apgar1Edit",
    "apgar_5": "apgar5Edit",
    "apgar_10": "apgar10Edit",
    "cord_ph": "cordPhEdit",
    "base_deficit_mmol_l": "baseDeficitEdit",
    "sarnat_grade": "sarnatEdit",
    "seizures": "seizuresComboBox",
    "weight_g": "weightEdit",
    "head_cm": "headEdit",
}
FILE = "clinical.json"


class ClinicalSection:
    """Folded by default. No parameter of the scene is connected to its fields, and another scan empties them."""

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        choices = {
            "sex": (("", _("not known")), ("female", _("girl")), ("male", _("boy"))),
            "seizures": (("", _("not known")), ("yes", _("yes")), ("no", _("no"))),
        }
        self._values: dict[str, list[str]] = {}
        for name, entries in choices.items():
            self._values[name] = [value for value, _label in entries]
            for _value, label in entries:
                getattr(ui, _FIELDS[name]).addItem(label)
        for name, variable in _variables().items():
            if name in _FIELDS and name not in self._values:
                getattr(ui, _FIELDS[name]).placeholderText = rangeText(variable)

    @property
    def given(self) -> dict[str, str]:
        """What was typed, as it was typed: the library says what cannot be."""
        found = {name: self._text(name) for name in _FIELDS}
        return {name: text for name, text in found.items() if text}

    def clear(self) -> None:
        for name, field in _FIELDS.items():
            widget = getattr(self._ui, field)
            if name in self._values:
                widget.setCurrentIndex(0)
            else:
                widget.setText("")

    def _text(self, name: str) -> str:
        widget = getattr(self._ui, _FIELDS[name])
        if name in self._values:
            return self._values[name][max(int(widget.currentIndex), 0)]
        return str(widget.text).strip()


def _variables() -> Mapping[str, Variable]:
    addLibraryToPath()
    from AGE2HIELib.clinical.variables import BY_NAME

    return BY_NAME


def writeClinical(given: dict[str, str], folder: Path) -> Path:
    """A file in a folder that only this user may enter and that goes with the run."""
    path = folder / FILE
    path.write_text(json.dumps(given), encoding="utf-8")
    path.chmod(0o600)
    return path
