"""The choice of a model, with what it says of itself; installation and removal of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import modelTexts
from AGE2HIEUI.card import Card
from AGE2HIEUI.choosing import chooseFile
from AGE2HIEUI.codes import Code
from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.question import Answer, Question
from AGE2HIEUI.worker import Worker

if TYPE_CHECKING:
    from AGE2HIELib.bundle.details import ReferenceScores
    from AGE2HIELib.result.record import Result


class ModelSection:
    """Keeps the list that the selector shows; ``chosen`` is called with a model's folder when the user picks one."""

    def __init__(self, ui: Any, worker: Worker, message: MessageSection, chosen: Callable[[str], None]) -> None:
        self._ui, self._worker, self._message, self._chosen = ui, worker, message, chosen
        self._labels: list[Any] = []
        self.card = Card()
        ui.modelSelector.connect("currentIndexChanged(int)", self._onIndex)
        clicks = {
            ui.installModelButton: self._chooseArchive,
            ui.modelCancelButton: worker.cancel,
            ui.modelFolderButton: self._openFolder,
            ui.deleteModelButton: self._delete,
            ui.modelCardButton: lambda: self.card.show(self._label().title, self._label().folder),
        }
        for button, slot in clicks.items():
            button.connect("clicked()", slot)
        self._showInstalling(False)
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
        self._describe()

    def install(self, archive: Path) -> None:
        """``age2hie model install``, which checks every byte; what is unfinished goes when it is cancelled."""
        self._message.hide()
        arguments = ("model", "install", "--progress=jsonl", "--", str(archive))
        self._showInstalling(True)
        self._worker.start(Question(arguments, self._installed, stage=self._showStage))

    def showCard(self, name: str, version: str) -> None:
        """Of the model that gave a number, which may lie in a scene that came from elsewhere."""
        title = f"{name} {version}"
        label = self._titled(title)
        if label is not None:
            self.card.show(label.title, label.folder)
        else:
            slicer.util.infoDisplay(_("The model {title} is not installed here.").format(title=title))

    def reference(self, result: Result) -> ReferenceScores | None:
        """Scores of other infants by the model of a result, for the prevalence of its calibration and no other."""
        from AGE2HIELib.bundle.details import reference_scores

        label = self._titled(f"{result.model.name} {result.model.version}")
        settings = result.settings
        if label is None or (settings is not None and settings.prevalence is not None):
            return None
        released = settings is not None and settings.z_adc_sha256 is not None
        kind = result.model.reading or ("released" if released else "atlas")  # earlier results do not say it
        return reference_scores(label.folder, kind)

    def _titled(self, title: str) -> Any:
        return next((label for label in self._labels if label.title == title), None)

    def _showStage(self, index: int, of: int) -> None:
        self._ui.modelProgressBar.setValue(round(100 * (index - 1) / of))

    def _showInstalling(self, running: bool) -> None:
        for widget in (self._ui.modelProgressBar, self._ui.modelCancelButton):
            widget.setVisible(running)
        self._ui.modelProgressBar.setValue(0)
        self._ui.installModelButton.setEnabled(not running)

    def _chooseArchive(self) -> None:
        name = chooseFile(_("Model archive"), _("Model archives (*.zip *.tar.gz *.tgz)"))
        if name:
            self.install(Path(name))

    def _installed(self, answer: Answer) -> None:
        self._showInstalling(False)
        if answer.code is None:
            self._message.show(Failure(Code.NOT_STARTED, answer.error, _("Install AGE2HIE again.")))
            return
        if answer.code != 0 and not answer.cancelled:
            self._message.show(Failure(Code.NOT_INSTALLED, _("The model was not installed."), answer.error))
        self.refresh(str(self._label().folder))

    def _openFolder(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._label().folder)))

    def _delete(self) -> None:
        """After a question; the bundled model is chosen then."""
        addLibraryToPath()
        from AGE2HIELib.bundle.details import delete_model
        from AGE2HIELib.errors import ModelError

        label = self._label()
        if not slicer.util.confirmYesNoDisplay(modelTexts.deletionText(label)):
            return
        try:
            delete_model(label.folder)
        except ModelError as error:
            self._message.show(Failure(Code.NOT_DELETED, _("The model was not deleted."), str(error)))
        self.refresh("")
        self._chosen("")

    def _label(self) -> Any:
        return self._labels[max(self._ui.modelSelector.currentIndex, 0)]

    def _describe(self) -> None:
        if not self._labels:
            self._ui.modelLabel.setText("")
            return
        label = self._label()
        self._ui.modelLabel.setText(modelTexts.modelText(label, _details(label)))
        self._ui.deleteModelButton.setEnabled(label is not self._labels[0])
        self._ui.modelCardButton.setEnabled(not label.problem)

    def _onIndex(self, index: int) -> None:
        self._describe()
        self._chosen("" if index <= 0 else str(self._labels[index].folder))


def installedModels() -> list[Any]:
    """Labels of the models that can be chosen, the bundled one first."""
    addLibraryToPath()
    from AGE2HIELib.system.places import installed_models, model_label

    return [model_label(folder) for folder in installed_models()]


def _details(label: Any) -> Any:
    """None where the folder cannot be read: the label says why."""
    from AGE2HIELib.bundle.details import model_details
    from AGE2HIELib.errors import ModelError

    try:
        return model_details(label.folder)
    except ModelError:
        return None
