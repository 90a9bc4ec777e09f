"""``slicer.app``, ``slicer.modules``, the layout and the DICOM database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import vtk
from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QApplication

import slicer

_VIEWS = ("Red", "Green", "Yellow")
_PIXELS = 400


class ModuleManager(QObject):
    """Only its signal is of use."""

    moduleAboutToBeUnloaded = Signal(str)


class LayoutManager:
    """MRML's own layout logic makes the nodes of the views, its slice logics draw them; there are no widgets."""

    def __init__(self, applicationLogic: Any) -> None:
        self._applicationLogic = applicationLogic
        self._logics = vtk.vtkCollection()
        applicationLogic.SetSliceLogics(self._logics)
        self._layoutLogic = slicer.vtkMRMLLayoutLogic()
        self._layoutLogic.SetMRMLScene(slicer.mrmlScene)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def mrmlSliceLogics(self) -> Any:
        return self._logics

    def sliceViewNames(self) -> Any:
        return tuple(logic.GetSliceNode().GetLayoutName() for logic in self._all())

    def sliceLogic(self, name: Any) -> Any:
        """Of one view; not part of Slicer's class."""
        return next(logic for logic in self._all() if logic.GetSliceNode().GetLayoutName() == name)

    def layoutLogic(self) -> Any:
        return self._layoutLogic

    @property
    def layout(self) -> Any:
        return self._layoutLogic.GetLayoutNode().GetViewArrangement()

    def setLayout(self, layout: Any) -> None:
        self._layoutLogic.GetLayoutNode().SetViewArrangement(layout)
        self.addMissingLogics()

    def addMissingLogics(self) -> None:
        """For views that a layout or a scene has brought; Slicer's three are first."""
        nodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
        known = set(self.sliceViewNames())
        for node in sorted(nodes, key=lambda node: node.GetLayoutName() not in _VIEWS):
            if node.GetLayoutName() in known:
                continue
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(self._applicationLogic)
            logic.SetMRMLScene(slicer.mrmlScene)
            logic.SetSliceNode(node)
            node.SetDimensions(_PIXELS, _PIXELS, 1)
            self._logics.AddItem(logic)

    def _all(self) -> Any:
        return [self._logics.GetItemAsObject(index) for index in range(self._logics.GetNumberOfItems())]


class Application(QObject):
    """The parts of ``slicer.app`` that scripted modules use."""

    startupCompleted = Signal()

    def __init__(self, temporary: str) -> None:
        QObject.__init__(self)
        self._application = QApplication.instance() or QApplication(["Slicer"])
        self._manager = ModuleManager()
        self.testing = False
        self.applicationName, self.applicationVersion = "Slicer", "5.12.0"
        self.temporaryPath = self.cachePath = temporary
        self._layout: LayoutManager | None = None
        self._settings = QSettings(str(Path(temporary) / "Slicer.ini"), QSettings.Format.IniFormat)

    def applicationLogic(self) -> Any:
        return self._logic

    def makeLayout(self, applicationLogic: Any) -> None:
        """Called by the host, and again after the scene was replaced."""
        self._logic = applicationLogic
        self._layout = LayoutManager(applicationLogic)

    def layoutManager(self) -> Any:
        return self._layout

    def moduleManager(self) -> Any:
        return self._manager

    def topLevelWidgets(self) -> Any:
        """There is no main window among them."""
        return self._application.topLevelWidgets()

    def processEvents(self) -> None:
        self._application.processEvents()

    def testingEnabled(self) -> Any:
        return self.testing

    def userSettings(self) -> Any:
        """A file in the temporary folder: it lasts as long as the process."""
        return self._settings

    def clipboard(self) -> Any:
        return self._application.clipboard()

    def translate(self, context: Any, text: Any) -> Any:
        return text


class Modules:
    """``slicer.modules``: what was loaded, by lower-case name, and the logics of a few core modules."""

    def __init__(self) -> None:
        self.plots = CoreModule(_PlotsLogic())


class CoreModule:
    """A C++ module, as far as its logic goes."""

    def __init__(self, logic: Any) -> None:
        self._logic = logic

    def logic(self) -> Any:
        return self._logic


class _PlotsLogic:
    def __init__(self) -> None:
        self.shown = None

    def ShowChartInLayout(self, chart: Any) -> None:
        self.shown = chart


class DicomDatabase:
    """``slicer.dicomDatabase``: a test fills ``files`` (instance UID to path) and ``values`` (path, tag to text)."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.values: dict[tuple[str, str], str] = {}

    def fileForInstance(self, uid: Any) -> Any:
        return self.files.get(uid, "")

    def fileValue(self, path: Any, tag: Any) -> Any:
        return self.values.get((path, tag), "")
