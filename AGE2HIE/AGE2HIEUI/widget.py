"""The panel: clicks to runs, ticks to progress, results to the screen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import vtk

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from AGE2HIEUI import display, panel, texts
from AGE2HIEUI.background import Background
from AGE2HIEUI.calls import Calls
from AGE2HIEUI.choosing import chooseFolder
from AGE2HIEUI.command import PREDICT
from AGE2HIEUI.compareSection import CompareSection
from AGE2HIEUI.diskSection import DiskSection
from AGE2HIEUI.doctorSection import DoctorSection
from AGE2HIEUI.inputs import ageInDays
from AGE2HIEUI.logic import InputKey, Logic, ResultRejected, whatIsMissing
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.modelSection import ModelSection
from AGE2HIEUI.parameters import AGE2HIEParameterNode
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.ready import NotReady, ready
from AGE2HIEUI.record import BadRecord, Result
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.run import Outcome
from AGE2HIEUI.runner import Meters, Runner


class Widget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The class that Slicer looks for is derived from it in ``AGE2HIE.py`` and makes the logic."""

    def __init__(self, parent: Any = None) -> None:
        self.logic: Logic = None  # type: ignore[assignment]  # until ``setup``, as in every widget of Slicer's
        self._parameterNode: AGE2HIEParameterNode | None = None
        self._guiTag: str | None = None
        self._verdict: tuple[InputKey, Result | None] | None = None  # of a run without result: refused, or failed
        self._observedInput: Any = None
        self._ageOf: tuple[object | None, str] | None = None
        VTKObservationMixin.__init__(self)
        ScriptedLoadableModuleWidget.__init__(self, parent)

    @property
    def running(self) -> bool:
        """Whether a prediction or a comparison is under way."""
        return bool(self.runner.subcommand)

    @property
    def _parameters(self) -> AGE2HIEParameterNode:
        assert self._parameterNode is not None  # while the panel is open
        return self._parameterNode

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
        self._requirements = Path(self.resourcePath("requirements.txt"))
        self.background = Background()
        self.calls = Calls(self.background, lambda: self.logic.newProcess())
        self.runner = Runner(self.background, lambda: self._parameterNode is not None, self._onParameters)
        self.meters = Meters(self.ui.progressBar, self.ui.statusLabel, self.ui.cancelButton)
        self.message = MessageSection(self.ui.messageFrame, self.ui.messageLabel, self.ui.detailsButton)
        self.results = ResultSection(self.ui, self.message)
        self.models = ModelSection(self.ui, self.calls, self.message, lambda folder: self._set("model", folder))
        self.comparisons = CompareSection(self.ui, lambda methods: self._set("compareMethods", methods))
        self.doctor = DoctorSection(self.ui, self.calls)
        self.disk = DiskSection(self.ui, self.logic, self._onParameters)
        self.ui.noticeLabel.setText(texts.noticeText())
        self.meters.show(False)
        self._connect()
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self._onSceneReady)
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
        if self._parameters.inputVolume is None and not self.logic.disk.path:
            nodes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            scans = (node for node in nodes if not node.IsA("vtkMRMLLabelMapVolumeNode"))
            self._parameters.inputVolume = next(scans, None)

    def setParameterNode(self, parameterNode: AGE2HIEParameterNode | None) -> None:
        """Show and observe a parameter node; None: neither."""
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameters)
            self._observe(None)
        self._parameterNode, self._guiTag = parameterNode, None
        if parameterNode is not None:
            self.ui.maskSelector.setCurrentNode(parameterNode.maskNode)
            self._guiTag = parameterNode.connectGui(self.ui)
            self.addObserver(parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParameters)
            self._onParameters()

    def onPredict(self, override: tuple[str, ...] = ()) -> None:
        """Install what is missing, write the input, start the worker."""
        self.message.hide()
        self._verdict, key = None, self.logic.inputKey(self._parameters)
        given = (self._parameters, panel.ageDays(self.ui), override)
        try:
            run, call = ready(self._requirements, lambda: self.logic.prepare(*given))
        except NotReady as error:
            self._fail(key, error.failure)
            return
        self.runner.start(run, call, self.meters, lambda outcome: self._predicted(outcome, key))

    def onOverride(self) -> None:
        """The number that a warning has kept back, if the user says so once more."""
        result = self._verdict[1] if self._verdict is not None else None
        if result is not None and slicer.util.confirmYesNoDisplay(texts.overrideText(result.checks)):
            self.onPredict((*result.overridden, *result.withheldFor))

    def onCompare(self) -> None:
        """As a prediction, of the same input; its result stays on the screen."""
        self.comparisons.message.hide()
        key, result = self.logic.inputKey(self._parameters), self.results.record
        given = (self._parameters, panel.ageDays(self.ui), result)
        try:
            run, call = ready(self._requirements, lambda: self.logic.prepareComparison(*given))
        except NotReady as error:
            self.comparisons.message.show(error.failure)
            return
        meters = self.comparisons.meters
        self.runner.start(run, call, meters, lambda outcome: self._compared(outcome, key, result))

    def _connect(self) -> None:
        ui = self.ui
        clicks = {
            ui.predictButton: self.onPredict,
            ui.overrideButton: self.onOverride,
            ui.cancelButton: self.runner.cancel,
            ui.compareButton: self.onCompare,
            ui.compareCancelButton: self.runner.cancel,
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

    def _predicted(self, outcome: Outcome, key: InputKey) -> None:
        """A run ends in one of four ways: cancelled, failed, refused, predicted."""
        try:
            if outcome.failure is not None:
                self._fail(key, outcome.failure)
            elif outcome.folder is not None:
                self._take(outcome.folder, key, refused=outcome.refused)
        except ResultRejected as error:
            self._fail(self.logic.inputKey(self._parameters), error.failure)

    def _compared(self, outcome: Outcome, key: InputKey, result: Any) -> None:
        """Whatever happens to a comparison, the result that it was asked for stays as it is."""
        try:
            if outcome.failure is not None:
                self.comparisons.message.show(outcome.failure)
            elif outcome.folder is not None:
                self.logic.checkUnchanged(key)
                if not slicer.mrmlScene.IsNodePresent(result):
                    raise ResultRejected(Failure(_("The result was removed meanwhile."), _("Predict again.")))
                self.logic.loadComparison(outcome.folder, self._parameters, result)
                self._onParameters()
                if self.results.record is result:
                    self.comparisons.show()
        except ResultRejected as error:
            self.comparisons.message.show(error.failure)

    def _take(self, folder: Path, key: InputKey, *, refused: bool) -> None:
        self.logic.checkUnchanged(key)
        result, record = self.logic.load(folder, self._parameters, key, refused=refused)
        if record is None:
            self._verdict = key, result
        elif key == self.logic.inputKey(self._parameters):
            display.showResult(record, display.lookOf(self._parameters))

    def _onParameters(self, caller: Any = None, event: Any = None) -> None:
        """Anything was chosen: what is shown must still belong to it."""
        if self._parameterNode is None:
            return
        key = self.logic.inputKey(self._parameters)
        if key.node is not self._observedInput:
            self._observe(key.node)
        if (key.node, key.path) != self._ageOf:  # an age belongs to an infant
            self._ageOf = key.node, key.path
            panel.showAge(self.ui, ageInDays(key.node))
        self._showWhatBelongsTo(key)
        self.results.applyLook(display.lookOf(self._parameters))
        self.models.select(self._parameters.model)
        self.comparisons.follow(self.results.record, self._parameters)
        missing = whatIsMissing(key, running=self.runner.subcommand, modelUsable=self.models.usable)
        self.ui.predictButton.setEnabled(not missing)
        self.ui.predictButton.setToolTip(missing or _("Predict the outcome at two years. Research use only."))
        missing = missing or self.comparisons.whatIsMissing(self._parameterNode)
        self.ui.compareButton.setEnabled(not missing)
        self.ui.compareButton.setToolTip(missing or _("Locate the evidence in several ways."))

    def _showWhatBelongsTo(self, key: InputKey) -> None:
        """A refusal or failure of the latest run stands while its input does; else the scene's result of the input."""
        if self._verdict is not None and self._verdict[0] != key:
            self._verdict = None
            self.message.hide()
        if self._verdict is not None:
            if self._verdict[1] is not None:
                self.results.showRefusal(self._verdict[1])
            return
        record = self.logic.resultOf(key) if self.runner.subcommand != PREDICT else None
        if record is None:
            self.results.hide()
            return
        try:
            self.results.show(record)
        except BadRecord as error:  # of a scene that was edited by hand
            message = _("The result in the scene cannot be read: {error}").format(error=error)
            self._fail(key, Failure(message, _("Predict again.")))

    def _fail(self, key: InputKey, failure: Failure) -> None:
        """Said in the panel; an earlier result of this input is not shown beside it."""
        self._verdict = key, None
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

    def _onSceneReady(self, caller: Any, event: Any) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def _stopEverything(self) -> None:
        self.background.clear()
        self.calls.close()
        self._verdict = None
        self.runner.close()

    def _observe(self, node: Any) -> None:
        """Watch the input's voxels: a result of other voxels is not shown."""
        events = (slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, vtk.vtkCommand.ModifiedEvent)
        for event in events if self._observedInput is not None else ():
            self.removeObserver(self._observedInput, event, self._onParameters)
        self._observedInput = node
        for event in events if node is not None else ():
            self.addObserver(node, event, self._onParameters)

    def _inOrdinaryViews(self, show: Any) -> None:
        self.comparisons.leave()
        show(display.lookOf(self._parameters))

    def _chooseAtlas(self) -> None:
        self._parameters.atlasFolder = chooseFolder(_("Atlas folder")) or self._parameters.atlasFolder

    def _set(self, parameter: str, value: Any) -> None:
        if self._parameterNode is not None:
            setattr(self._parameterNode, parameter, value)
