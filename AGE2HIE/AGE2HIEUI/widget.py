"""The panel: clicks to runs, ticks to progress, results to the screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from AGE2HIEUI import display, panel, resume
from AGE2HIEUI.archiveSection import ArchiveSection
from AGE2HIEUI.choosing import chooseFolder
from AGE2HIEUI.chosenInput import InputKey
from AGE2HIEUI.clinicalSection import ClinicalSection
from AGE2HIEUI.codes import Code
from AGE2HIEUI.command import CHECK, PREDICT
from AGE2HIEUI.compareSection import CompareSection
from AGE2HIEUI.correctionSection import CorrectionSection
from AGE2HIEUI.diskSection import DiskSection
from AGE2HIEUI.doctorSection import DoctorSection
from AGE2HIEUI.elsewhereSection import ElsewhereSection
from AGE2HIEUI.inputs import ageInDays
from AGE2HIEUI.logic import Logic
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.modelSection import ModelSection
from AGE2HIEUI.parameters import AGE2HIEParameterNode
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.record import BadRecord
from AGE2HIEUI.referenceSection import ReferenceSection
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.run import Meters, Run
from AGE2HIEUI.runs import Runs
from AGE2HIEUI.settings import rememberChoices
from AGE2HIEUI.state import PanelState, Verdict, View, whatIsMissing
from AGE2HIEUI.viewSection import ViewSection
from AGE2HIEUI.worker import Worker


class Widget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The class that Slicer looks for is derived from it in ``AGE2HIE.py`` and makes the logic."""

    def __init__(self, parent: Any = None) -> None:
        self.logic: Logic = None  # type: ignore[assignment]  # until ``setup``, as in every widget of Slicer's
        self._guiTag: str | None = None
        VTKObservationMixin.__init__(self)
        ScriptedLoadableModuleWidget.__init__(self, parent)

    @property
    def running(self) -> bool:
        """Whether a prediction or a comparison is under way."""
        return self.worker.job is not None

    def makeLogic(self) -> Logic:
        raise NotImplementedError

    def setup(self) -> None:
        """Called once, when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/AGE2HIE.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = self.makeLogic()
        self.state = PanelState(self.logic.chosen, self.refresh)
        self.worker = Worker(lambda: self.logic.newProcess(), lambda: self.state.open, self.refresh)
        self.questions = Worker(lambda: self.logic.newProcess())
        self.meters = Meters(self.ui.progressBar, self.ui.statusLabel, self.ui.cancelButton)
        self.message = MessageSection(self.ui)
        self.results = ResultSection(self.ui, self.message, lambda result: self.models.reference(result))
        self.views = ViewSection(
            self.ui, uiWidget, self.results, lambda: self.state.parameters if self.state.open else None
        )
        self.measuring = Worker(lambda: self.logic.newProcess())
        atlas = lambda: self.state.parameters.atlasFolder if self.state.open else ""  # noqa: E731
        self.correction = CorrectionSection(self.ui, self.measuring, self.results, self.message, atlas)
        self.reference = ReferenceSection(self.ui, self.results, self.message)
        writing = Worker(lambda: self.logic.newProcess(), changed=self.refresh)
        self.archive = ArchiveSection(self.ui, writing, self.results, self.message, lambda: self.state.key, atlas)
        self.models = ModelSection(self.ui, self.questions, self.message, lambda folder: self._set("model", folder))
        self.comparisons = CompareSection(self.ui, lambda methods: self._set("compareMethods", methods))
        self.doctor = DoctorSection(self.ui, self.questions)
        self.runs = Runs(self, Path(self.resourcePath("requirements.txt")), self._beforeInstalling)
        self.clinical = ClinicalSection(self.ui)
        self.disk = DiskSection(self.ui, self.logic.chosen, self.refresh)
        self.elsewhere = ElsewhereSection(self.ui, self.logic.runElsewhere)
        self.meters.show(False)
        self._connect()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self._onSceneReady)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes or the module is reloaded: nothing of ours stays."""
        self._stopEverything()
        self.setParameterNode(None)
        self.results.removeReport()
        self.removeObservers()

    def enter(self) -> None:
        """Called each time the user opens this module."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the user opens another one: a run goes on, and its result waits for the user's return."""
        self.setParameterNode(None)

    def onReload(self) -> None:
        """The parts of the panel are read anew, too."""
        for name in [name for name in sys.modules if name.split(".")[0] == "AGE2HIEUI"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def initializeParameterNode(self) -> None:
        """The scene's parameters, with the first volume as input where none was chosen."""
        self.setParameterNode(self.logic.getParameterNode())
        parameters = self.state.parameters
        if parameters.inputVolume is None and not self.logic.chosen.disk.path:
            nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            scans = (node for node in nodes if not node.IsA("vtkMRMLLabelMapVolumeNode"))
            parameters.inputVolume = next(scans, None)

    def setParameterNode(self, parameterNode: AGE2HIEParameterNode | None) -> None:
        """Show and follow a parameter node; None: neither."""
        if self.state.open:
            self.state.parameters.disconnectGui(self._guiTag)
            self.state.follow(None)
            self.views.enableKeys(False)
        if parameterNode is not None:
            self.ui.maskSelector.setCurrentNode(parameterNode.maskNode)
            self._guiTag = parameterNode.connectGui(self.ui)
            self.state.follow(parameterNode)
            self.views.enableKeys(True)
            self.refresh()

    def _connect(self) -> None:
        ui = self.ui
        clicks = {
            ui.predictButton: self.runs.predict,
            ui.checkButton: self.runs.check,
            ui.overrideButton: self.runs.override,
            ui.cancelButton: self.worker.cancel,
            ui.compareButton: self.runs.compare,
            ui.cardButton: self._showCard,
            ui.compareCancelButton: self.worker.cancel,
            ui.exportButton: self.results.chooseAndExport,
            ui.reportButton: self.results.openReport,
            ui.chartButton: self.results.showChart,
            ui.showButton: lambda: self._inOrdinaryViews(self.results.showOverlay),
            ui.sideBySideButton: lambda: self._inOrdinaryViews(self.results.showSideBySide),
            ui.atlasFolderButton: self._chooseAtlas,
        }
        for button, slot in clicks.items():
            button.connect("clicked()", slot)
        ui.maskSelector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: self._set("maskNode", node))

    def refresh(self) -> None:
        """Anything was chosen or has happened: what is shown must belong to it."""
        if not self.state.open:
            return
        running, parameters = self._runningSubcommand(), self.state.parameters
        view = self.state.look(predicting=running in (PREDICT, CHECK))
        if view.newScan:  # an age belongs to an infant, as does all that is known of one
            panel.showAge(self.ui, ageInDays(view.key.node))
            self.clinical.clear()
        if view.replaced:  # T1 and T2 were the other infant's
            parameters.t1Volume = parameters.t2Volume = None
        self._show(view)
        self.results.applyLook(display.lookOf(parameters))
        self.models.select(parameters.model)
        self.comparisons.follow(self.results.record, parameters)
        self.views.follow()
        self.correction.follow()
        self.reference.follow()
        self.archive.follow()
        rememberChoices(parameters.parameterNode)
        self.ui.checkButton.setEnabled(not whatIsMissing(view.key, running=running, modelUsable=True))
        missing = whatIsMissing(view.key, running=running, modelUsable=self.models.usable)
        self.ui.predictButton.setEnabled(not missing)
        self.ui.predictButton.setToolTip(missing or _("Predict the outcome at two years. Research use only."))
        missing = missing or self.comparisons.whatIsMissing(parameters)
        self.ui.compareButton.setEnabled(not missing)
        self.ui.compareButton.setToolTip(missing or _("Locate the evidence in several ways."))

    def _show(self, view: View) -> None:
        """A refusal or failure of the latest run stands while its input does; else the scene's result of the input."""
        if view.lapsed:
            self.message.hide()
        if view.verdict is not None:
            if view.verdict.refusal is not None:
                self.results.showRefusal(view.verdict.refusal)
            elif view.verdict.check is not None:
                self.results.showCheck(view.verdict.check)
            return
        if view.record is None:
            self.results.hide()
            return
        try:
            self.results.show(view.record)
        except BadRecord as error:  # of a scene that was edited by hand
            message = _("The result in the scene cannot be read: {error}").format(error=error)
            self.fail(view.key, Failure(Code.BAD_RESULT, message, _("Predict again.")))

    def _beforeInstalling(self) -> None:
        resume.remember(self.state.parameters.inputVolume, self.logic.chosen.disk)

    def _showCard(self) -> None:
        """Of the model that the shown number came from."""
        if self.results.result is not None:
            model = self.results.result.model
            self.models.showCard(model.name, model.version)

    def _runningSubcommand(self) -> str:
        """Empty while nothing runs."""
        job = self.worker.job
        return job.call.subcommand if isinstance(job, Run) else ""

    def fail(self, key: InputKey, failure: Failure) -> None:
        """Said in the panel; an earlier result of this input is not shown beside it."""
        self.state.remember(Verdict(key))
        self.results.hide()
        self.message.show(failure)

    def _onSceneStartClose(self, caller: Any, event: Any) -> None:
        self._stopEverything()  # what runs was asked for a scan that is about to go
        self.setParameterNode(None)
        self.disk.clear()  # it was chosen beside this scene, and would count before the next one's scan
        self.comparisons.hide()
        self.comparisons.message.hide()
        self.results.hide()
        self.message.hide()

    def _onSceneEndClose(self, caller: Any, event: Any) -> None:
        self.logic.startScene()
        self._onSceneReady(caller, event)

    def _onSceneReady(self, caller: Any, event: Any) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def _stopEverything(self) -> None:
        self.questions.close()
        self.correction.close()
        self.archive.close()
        self.worker.close()
        self.state.remember(None)

    def _inOrdinaryViews(self, show: Any) -> None:
        self.comparisons.leave()
        show(display.lookOf(self.state.parameters))

    def _chooseAtlas(self) -> None:
        self.state.parameters.atlasFolder = chooseFolder(_("Atlas folder")) or self.state.parameters.atlasFolder

    def _set(self, parameter: str, value: Any) -> None:
        if self.state.open:
            setattr(self.state.parameters, parameter, value)
