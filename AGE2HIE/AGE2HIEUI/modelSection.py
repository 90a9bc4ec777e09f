"""The choice of a model, with what it says of itself, and the installation of another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from AGE2HIEUI import texts
from AGE2HIEUI.choosing import chooseFile
from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.question import Answer, Question
from AGE2HIEUI.worker import Worker


class ModelSection:
    """Keeps the list that the selector shows; ``chosen`` is called with a model's folder when the user picks one."""

    def __init__(self, ui: Any, worker: Worker, message: MessageSection, chosen: Callable[[str], None]) -> None:
        self._ui, self._worker, self._message, self._chosen = ui, worker, message, chosen
        self._labels: list[Any] = []
        ui.modelSelector.connect("currentIndexChanged(int)", self._onIndex)
        ui.installModelButton.connect("clicked()", self._chooseArchive)
        self.refresh("")

    @property
    def usable(self) -> bool:
        return bool(self._labels) and not self._label().problem

    def refresh(self, folder: str) -> None:
        """Read the list again and select ``folder``; the bundled model where that is not installed."""
        self._labels = installedModels()
        self._ui.modelSelector.blockSignals(True)
        self._ui.modelSelector.clear()
        for label in self._labels:
            self._ui.modelSelector.addItem(label.title)
        self._ui.modelSelector.blockSignals(False)
        self.select(folder)

    def select(self, folder: str) -> None:
        """Show a model as chosen, without telling anybody."""
        folders = [str(label.folder) for label in self._labels]
        self._ui.modelSelector.blockSignals(True)
        self._ui.modelSelector.setCurrentIndex(folders.index(folder) if folder in folders else 0)
        self._ui.modelSelector.blockSignals(False)
        self._ui.modelLabel.setText(texts.modelText(self._label()) if self._labels else "")

    def install(self, archive: Path) -> None:
        """``age2hie model install``, which checks every byte."""
        self._message.hide()
        self._worker.start(Question(("model", "install", "--", str(archive)), self._installed))

    def _chooseArchive(self) -> None:
        name = chooseFile(_("Model archive"), _("Model archives (*.zip *.tar.gz *.tgz)"))
        if name:
            self.install(Path(name))

    def _installed(self, answer: Answer) -> None:
        if answer.code is None:
            self._message.show(Failure(answer.error, _("Install AGE2HIE again.")))
            return
        if answer.code != 0:
            self._message.show(Failure(_("The model was not installed."), answer.error))
        self.refresh(str(self._label().folder))

    def _label(self) -> Any:
        return self._labels[max(self._ui.modelSelector.currentIndex, 0)]

    def _onIndex(self, index: int) -> None:
        self._ui.modelLabel.setText(texts.modelText(self._label()))
        self._chosen("" if index <= 0 else str(self._labels[index].folder))


def installedModels() -> list[Any]:
    """Labels of the models that can be chosen, the bundled one first."""
    addLibraryToPath()
    from AGE2HIELib.system.places import installed_models, model_label

    return [model_label(folder) for folder in installed_models()]
