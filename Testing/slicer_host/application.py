"""``slicer.app``, ``slicer.modules``, the layout and the DICOM database."""

from __future__ import annotations

import vtk
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

import slicer

_VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}


class ModuleManager(QObject):
    """Only its signal is of use."""

    moduleAboutToBeUnloaded = Signal(str)


class LayoutManager:
    """Three slice views, drawn by MRML's own slice logics."""

    def __init__(self, applicationLogic):
        self._logics = vtk.vtkCollection()
        self.layout = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
        for name, orientation in _VIEWS.items():
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(applicationLogic)
            logic.SetMRMLScene(slicer.mrmlScene)
            logic.AddSliceNode(name)
            logic.GetSliceNode().SetOrientation(orientation)
            logic.GetSliceNode().SetDimensions(400, 400, 1)
            self._logics.AddItem(logic)
        applicationLogic.SetSliceLogics(self._logics)

    def mrmlSliceLogics(self):
        return self._logics

    def sliceViewNames(self):
        return tuple(_VIEWS)

    def sliceLogic(self, name):
        """Of one view; not part of Slicer's class."""
        logics = [self._logics.GetItemAsObject(index) for index in range(self._logics.GetNumberOfItems())]
        return next(logic for logic in logics if logic.GetSliceNode().GetLayoutName() == name)

    def setLayout(self, layout):
        self.layout = layout


class Application(QObject):
    """The parts of ``slicer.app`` that scripted modules use."""

    startupCompleted = Signal()

    def __init__(self, temporary: str):
        QObject.__init__(self)
        self._application = QApplication.instance() or QApplication(["Slicer"])
        self._manager = ModuleManager()
        self.testing = False
        self.applicationName, self.applicationVersion = "Slicer", "5.12.0"
        self.temporaryPath = self.cachePath = temporary
        self._layout = None

    def applicationLogic(self):
        return self._logic

    def makeLayout(self, applicationLogic):
        """Called by the host, and again after the scene was replaced."""
        self._logic = applicationLogic
        self._layout = LayoutManager(applicationLogic)

    def layoutManager(self):
        return self._layout

    def moduleManager(self):
        return self._manager

    def processEvents(self):
        self._application.processEvents()

    def testingEnabled(self):
        return self.testing

    def translate(self, context, text):
        return text


class Modules:
    """``slicer.modules``: what was loaded, by lower-case name, and the logics of a few core modules."""

    def __init__(self):
        self.plots = CoreModule(_PlotsLogic())


class CoreModule:
    """A C++ module, as far as its logic goes."""

    def __init__(self, logic):
        self._logic = logic

    def logic(self):
        return self._logic


class _PlotsLogic:
    def __init__(self):
        self.shown = None

    def ShowChartInLayout(self, chart):
        self.shown = chart


class DicomDatabase:
    """``slicer.dicomDatabase``: a test fills ``files`` (instance UID to path) and ``values`` (path, tag to text)."""

    def __init__(self):
        self.files: dict[str, str] = {}
        self.values: dict[tuple[str, str], str] = {}

    def fileForInstance(self, uid):
        return self.files.get(uid, "")

    def fileValue(self, path, tag):
        return self.values.get((path, tag), "")
