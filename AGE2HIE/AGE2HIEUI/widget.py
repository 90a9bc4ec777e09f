"""The panel: clicks to runs, ticks to progress, results to the screen."""

from __future__ import annotations

import sys
from pathlib import Path

import vtk

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from AGE2HIEUI import display, panel, texts
from AGE2HIEUI.background import Background
from AGE2HIEUI.calls import Calls
from AGE2HIEUI.choosing import chooseFile, chooseFolder
from AGE2HIEUI.doctorSection import DoctorSection
from AGE2HIEUI.inputs import UnusableNode, ageInDays
from AGE2HIEUI.install import NotInstalled, ensurePackages
from AGE2HIEUI.logic import InputKey, Logic, ResultRejected, whatIsMissing
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.modelSection import ModelSection
from AGE2HIEUI.parameters import AGE2HIEParameterNode
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.record import BadRecord, Result
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.run import Outcome, PredictionRun, Status

_AGE_UNKNOWN = -1.0


class Widget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The class that Slicer looks for is derived from it in ``AGE2HIE.py`` and makes the logic."""

    def __init__(self, parent=None) -> None:
        self.logic: Logic | None = None
        self._parameterNode: AGE2HIEParameterNode | None = None
        self._guiTag = None
        self._run: tuple[PredictionRun, InputKey] | None = None
        self._verdict: tuple[InputKey, Result | None] | None = None  # of a run without result: refused, or failed
        self._observedInput = None
        self._ageOf: tuple[object | None, str] | None = None
        VTKObservationMixin.__init__(self)
        ScriptedLoadableModuleWidget.__init__(self, parent)

    @property
    def running(self) -> bool:
        """Whether a prediction is under way."""
        return self._run is not None

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
        self.background = Background()
        self.calls = Calls(self.background, lambda: self.logic.newProcess())
        self.message = MessageSection(self.ui)
        self.results = ResultSection(self.ui, self.message)
        self.models = ModelSection(self.ui, self.calls, self.message, lambda folder: self._set("model", folder))
        self.doctor = DoctorSection(self.ui, self.calls)
        self.ui.noticeLabel.setText(texts.noticeText())
        panel.showRunning(self.ui, False)
        self._connect()
        for event, slot in (
            (slicer.mrmlScene.StartCloseEvent, self._onSceneStartClose),
            (slicer.mrmlScene.EndCloseEvent, self._onSceneReady),
            (slicer.mrmlScene.EndImportEvent, self._onSceneReady),
        ):
            self.addObserver(slicer.mrmlScene, event, slot)
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
        if self._parameterNode.inputVolume is None and not self._parameterNode.inputPath:
            volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            scans = [volume for volume in volumes if not volume.IsA("vtkMRMLLabelMapVolumeNode")]
            if scans:
                self._parameterNode.inputVolume = scans[0]

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

    def onPredict(self) -> None:
        """Install what is missing, write the input, start the worker."""
        self.message.hide()
        self._verdict = None
        key = self.logic.inputKey(self._parameterNode)
        try:
            ensurePackages(Path(self.resourcePath("requirements.txt")))
            run, request = self.logic.prepare(self._parameterNode, self._ageDays())
        except NotInstalled as error:
            self._fail(key, Failure(str(error), error.remedy))
            return
        except (UnusableNode, OSError) as error:
            self._fail(key, Failure(str(error), _("Choose another scan, or free some disk space.")))
            return
        self._run = run, key
        failure = run.start(request)
        if failure is not None:
            self._finish(Outcome(failure=failure))
            return
        panel.showRunning(self.ui, True)
        self.background.add(self._pollRun)
        self._onParameters()

    def onCancel(self) -> None:
        """The worker and all it has started end; the scene stays as it is."""
        if self._run is not None:
            self.ui.statusLabel.setText(_("cancelling"))
            self._run[0].cancel()

    def _connect(self) -> None:
        ui = self.ui
        clicks = {
            ui.predictButton: self.onPredict,
            ui.cancelButton: self.onCancel,
            ui.exportButton: self.results.chooseAndExport,
            ui.reportButton: self.results.openReport,
            ui.chartButton: self.results.showChart,
            ui.showButton: lambda: self.results.showOverlay(display.lookOf(self._parameterNode)),
            ui.sideBySideButton: lambda: self.results.showSideBySide(display.lookOf(self._parameterNode)),
            ui.inputFolderButton: lambda: self._choose("inputPath", chooseFolder(_("DICOM folder"))),
            ui.inputFileButton: lambda: self._choose("inputPath", chooseFile(_("Scan"))),
            ui.atlasFolderButton: lambda: self._choose("atlasFolder", chooseFolder(_("Atlas folder"))),
        }
        for button, slot in clicks.items():
            button.connect("clicked()", slot)
        ui.maskSelector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: self._set("maskNode", node))

    def _pollRun(self) -> bool:
        """True once the run is over; while another module is open its end waits."""
        if self._run is None:
            return True
        if self._parameterNode is None:
            return False
        news = self._run[0].poll()
        if isinstance(news, Status):
            self.ui.progressBar.setValue(int(1000 * news.fraction))
            if news.stage is not None and not self._run[0].cancelled:
                self.ui.statusLabel.setText(texts.stageText(news.stage.name, news.secondsLeft))
            return False
        self._finish(news)
        return True

    def _finish(self, outcome: Outcome) -> None:
        """A run ends in one of four ways: cancelled, failed, refused, predicted."""
        run, key = self._run
        try:
            if outcome.failure is not None:
                self._fail(key, outcome.failure)
            elif outcome.folder is not None:
                self._take(outcome, key)
        except ResultRejected as error:
            self._fail(self.logic.inputKey(self._parameterNode), error.failure)
        finally:
            run.close()
            self._run = None
            panel.showRunning(self.ui, False)
            self._onParameters()

    def _take(self, outcome: Outcome, key: InputKey) -> None:
        if not key.inScene:
            raise ResultRejected(Failure(_("The scan was removed while it was predicted."), _("Choose another one.")))
        if key.node is not None and key != self.logic.keyOf(key.node):
            raise ResultRejected(Failure(_("The scan was changed while it was predicted."), _("Predict it again.")))
        result, record = self.logic.load(outcome.folder, self._parameterNode, key, refused=outcome.refused)
        if record is None:
            self._verdict = key, result
        elif key == self.logic.inputKey(self._parameterNode):
            display.showResult(record, display.lookOf(self._parameterNode))

    def _onParameters(self, caller=None, event=None) -> None:
        """Anything was chosen: what is shown must still belong to it."""
        if self._parameterNode is None:
            return
        key = self.logic.inputKey(self._parameterNode)
        if key.node is not self._observedInput:
            self._observe(key.node)
        if (key.node, key.path) != self._ageOf:  # an age belongs to an infant
            self._ageOf = key.node, key.path
            age = ageInDays(key.node)
            self.ui.ageSpinBox.setValue(_AGE_UNKNOWN if age is None else age)
        self._showWhatBelongsTo(key)
        self.results.applyLook(display.lookOf(self._parameterNode))
        self.models.select(self._parameterNode.model)
        missing = whatIsMissing(key, running=self.running, modelUsable=self.models.usable)
        self.ui.predictButton.setEnabled(not missing)
        self.ui.predictButton.setToolTip(missing or _("Predict the outcome at two years. Research use only."))

    def _showWhatBelongsTo(self, key: InputKey) -> None:
        """A refusal or failure of the latest run stands while its input does; else the scene's result of the input."""
        if self._verdict is not None and self._verdict[0] != key:
            self._verdict = None
            self.message.hide()
        if self._verdict is not None:
            if self._verdict[1] is not None:
                self.results.showRefusal(self._verdict[1])
            return
        record = self.logic.resultOf(key) if self._run is None else None
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

    def _onSceneStartClose(self, caller, event) -> None:
        self._stopEverything()  # what runs was asked for a scan that is about to go
        self.setParameterNode(None)
        self.results.hide()
        self.message.hide()

    def _onSceneReady(self, caller, event) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def _stopEverything(self) -> None:
        self.background.clear()
        self.calls.close()
        self._verdict = None
        if self._run is not None:
            self._run[0].close()
            self._run = None
            panel.showRunning(self.ui, False)

    def _observe(self, node) -> None:
        """Watch the input's voxels: a result of other voxels is not shown."""
        events = (slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, vtk.vtkCommand.ModifiedEvent)
        for event in events if self._observedInput is not None else ():
            self.removeObserver(self._observedInput, event, self._onParameters)
        self._observedInput = node
        for event in events if node is not None else ():
            self.addObserver(node, event, self._onParameters)

    def _choose(self, parameter: str, value: str) -> None:
        if value:  # empty: the dialog was cancelled
            self._set(parameter, value)

    def _set(self, parameter: str, value) -> None:
        if self._parameterNode is not None:
            setattr(self._parameterNode, parameter, value)

    def _ageDays(self) -> float | None:
        value = self.ui.ageSpinBox.value
        return value if value > _AGE_UNKNOWN else None
