"""Starts the stand-in, loads modules into it and looks at its views."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


class LoadedModule:
    """A module as Slicer would hold it: ``module`` (its description), ``widget`` and the parent of the widget."""

    widget: Any

    def __init__(self, host: Host, path: Path) -> None:
        self._host, self.path, self.name = host, path, path.stem
        self._load()

    def enter(self) -> None:
        self.parent.isEntered = True
        self.widget.enter()

    def leave(self) -> None:
        """The user opens another module."""
        self.parent.isEntered = False
        self.widget.exit()

    def reload(self) -> None:
        """The developer's Reload button."""
        self.widget.onReload()
        self.widget = getattr(self._host.slicer.modules, f"{self.name}Widget")

    def close(self) -> None:
        """The application ends."""
        self._host.slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(self.name)
        self.parent.setMRMLScene(None)
        self.parent.hide()
        self.parent.deleteLater()

    def _load(self) -> None:
        from slicer_host.widgets import moduleParent

        slicer = self._host.slicer
        folder = str(self.path.parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        source = self._source()
        description = SimpleNamespace(path=str(self.path), title="", icon=None)
        self.module = getattr(source, self.name)(description)
        self.parent = moduleParent()
        self.parent.setMRMLScene(slicer.mrmlScene)
        self.parent.reload = self._makeWidget
        setattr(slicer.modules, self.name.lower(), self)
        self._makeWidget()

    def widgetRepresentation(self) -> Any:
        return self.parent

    def _source(self) -> Any:
        import importlib

        return importlib.import_module(self.name)

    def _makeWidget(self) -> None:
        self.widget = getattr(self._source(), f"{self.name}Widget")(self.parent)
        setattr(self._host.slicer.modules, f"{self.name}Widget", self.widget)
        self.widget.setup()


class Host:
    """One for a process, since Qt allows one application and ``slicer`` is one module."""

    _only: Host | None = None

    @classmethod
    def start(cls) -> Host:
        """The host with an empty scene; starts it at the first call."""
        if cls._only is None:
            cls._only = cls()
        else:
            cls._only.closeScene()
        return cls._only

    def __init__(self) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        import vtk

        import slicer

        from slicer_host import pythonqt

        qt, ctk = pythonqt.install()
        import slicer.util

        slicer.mrmlScene = slicer.vtkMRMLScene()
        from slicer_host import scripted, slicers_own, web, widgets
        from slicer_host.application import Application, DicomDatabase, Modules

        self.slicer, self.recorder = slicer, scripted.Recorder()
        scripted.sampleData()
        for kind in widgets.CTK:
            setattr(ctk, kind.__name__, kind)
        for kind in widgets.QMRML:
            setattr(slicer, kind.__name__, kind)
        slicer.qSlicerWebWidget = web.qSlicerWebWidget
        vars(qt)["QUiLoader"] = widgets.Loader
        logic = slicer.vtkSlicerApplicationLogic()
        logic.SetMRMLScene(slicer.mrmlScene)
        logic.SetSliceLogics(vtk.vtkCollection())
        logic.SetViewLogics(vtk.vtkCollection())
        slicer.app, slicer.modules = Application(tempfile.mkdtemp(prefix="slicer-host-")), Modules()
        slicer.dicomDatabase = DicomDatabase()
        package = slicers_own.slicersFolder()
        if package is not None:
            slicers_own.useSlicersOwn(package, self.recorder, ctk)
        else:
            scripted.standIns(self.recorder)
        slicer.util.getModuleWidget = lambda name: getattr(slicer.modules, f"{name}Widget")
        slicer.util.modulePath = lambda name: str(getattr(slicer.modules, name.lower()).path)
        self._registerLogics(logic)
        slicer.app.makeLayout(logic)
        self._addHierarchy()

    def load(self, path: Path) -> LoadedModule:
        """A scripted module by its .py file, with its widget set up and entered."""
        module = LoadedModule(self, path.resolve())
        module.enter()
        return module

    def closeScene(self) -> None:
        """File, Close Scene; the slice views stay, as in Slicer."""
        self.slicer.mrmlScene.Clear()
        self._addHierarchy()
        self.process()

    def saveScene(self, path: Path) -> None:
        """As an .mrb. Raises OSError."""
        if not self.slicer.mrmlScene.WriteToMRB(str(path), None):
            raise OSError(f"{path} was not written")

    def loadScene(self, path: Path) -> None:
        """An .mrb in place of the scene. Raises OSError."""
        if not self.slicer.mrmlScene.ReadFromMRB(str(path), True):
            raise OSError(f"{path} was not read")
        self.slicer.app.layoutManager().addMissingLogics()
        self.process()

    def process(self) -> None:
        """Let Qt deliver what is due."""
        self.slicer.app.processEvents()

    def wait(self, condition: Any, seconds: float = 60.0) -> None:
        """Run the event loop until ``condition()`` holds. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError("the condition did not come true")
            self.process()
            time.sleep(0.005)

    def sliceImage(self, view: str) -> np.ndarray:
        """What a slice view shows, ``(rows, columns, RGB)`` uint8, the first row on top; drawn without OpenGL."""
        from vtk.util.numpy_support import vtk_to_numpy

        logic = self.slicer.app.layoutManager().sliceLogic(view)
        logic.GetBlend()
        connection = logic.GetImageDataConnection()
        if connection is None:
            return np.zeros((400, 400, 3), np.uint8)
        producer = connection.GetProducer()
        producer.Update()
        image = producer.GetOutputDataObject(connection.GetIndex())
        columns, rows, _ = image.GetDimensions()
        values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
        return np.asarray(values[::-1, :, :3].copy())

    def pixelOf(self, view: str, ras: Any) -> tuple[int, int]:
        """Row and column of ``sliceImage`` at which a point of the scene lies."""
        node = self.slicer.app.layoutManager().sliceLogic(view).GetSliceNode()
        matrix = self.slicer.util.arrayFromVTKMatrix(node.GetXYToRAS())
        x, y, _, _ = np.linalg.inv(matrix) @ (*ras, 1.0)
        return node.GetDimensions()[1] - 1 - round(y), round(x)

    def screenshot(self, widget: Any, path: Path, width: int = 480) -> None:
        """A widget as a PNG."""
        widget.resize(width, widget.sizeHint().height())
        widget.show()
        for _ in range(3):
            self.process()
        widget.resize(width, widget.sizeHint().height())
        self.process()
        widget.grab().save(str(path))

    def _addHierarchy(self) -> None:
        """In the application a scene has one from the start."""
        self.slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self.slicer.mrmlScene)

    def _registerLogics(self, applicationLogic: Any) -> None:
        from slicer_host.application import CoreModule

        slicer = self.slicer
        self._remote = slicer.vtkMRMLRemoteIOLogic()  # reading an .mrb asks it for a folder
        self._remote.GetCacheManager().SetRemoteCacheDirectory(slicer.app.cachePath)
        self._remote.SetMRMLScene(slicer.mrmlScene)
        self._remote.AddDataIOToScene()
        self._logics = []
        applicationLogic.SetHomeDirectory(slicer.app.temporaryPath)  # where colour files would be, had we any
        applicationLogic.SetShareDirectory("share")
        for name, kind in (("Colors", slicer.vtkSlicerColorLogic), ("Volumes", slicer.vtkSlicerVolumesLogic)):
            logic = kind()
            logic.SetMRMLApplicationLogic(applicationLogic)
            logic.SetMRMLScene(slicer.mrmlScene)
            applicationLogic.SetModuleLogic(name, logic)
            self._logics.append(logic)
            setattr(slicer.modules, name.lower(), CoreModule(logic))
