"""The fields for a worker on another computer, and the notice that says where a scan goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI import texts, workerTexts
from AGE2HIEUI.choosing import chooseFile
from AGE2HIEUI.elsewhere import Elsewhere, storedElsewhere, storeElsewhere
from AGE2HIEUI.library import addLibraryToPath


class ElsewhereSection:
    """Folded, and empty until the user types; ``chosen`` is called with every change, and once at the start."""

    def __init__(self, ui: Any, chosen: Callable[[Elsewhere], None]) -> None:
        self._ui, self._chosen = ui, chosen
        self._edits = ui.workerAddressEdit, ui.workerCertificateEdit, ui.workerTokenEdit
        for edit, text in zip(self._edits, vars(storedElsewhere()).values(), strict=True):
            edit.setText(text)
            edit.connect("textChanged(QString)", self._onText)
        for button, edit, caption in (
            (ui.workerCertificateButton, ui.workerCertificateEdit, _("Certificate")),
            (ui.workerTokenButton, ui.workerTokenEdit, _("Token file")),
        ):
            button.connect("clicked()", lambda edit=edit, caption=caption: self._choose(edit, caption))
        self._follow()

    def _choose(self, edit: Any, caption: str) -> None:
        path = chooseFile(caption)
        if path:  # empty: the dialog was cancelled
            edit.setText(path)

    def _onText(self, _text: Any) -> None:
        storeElsewhere(self._typed())
        self._follow()

    def _typed(self) -> Elsewhere:
        return Elsewhere(*(edit.text.strip() for edit in self._edits))

    def _follow(self) -> None:
        """What is not complete is said at once, and again by the worker where it is used all the same."""
        addLibraryToPath()
        from AGE2HIELib.errors import InputError

        typed = self._typed()
        host, problem = typed.address, ""
        try:
            host = typed.host
        except InputError as error:
            problem = str(error)
        self._ui.workerLabel.setText(workerTexts.escaped(problem))
        self._ui.workerLabel.setVisible(bool(problem))
        self._ui.noticeLabel.setText(texts.noticeText(host))
        self._ui.deviceComboBox.setEnabled(not typed.named)
        self._chosen(typed)
