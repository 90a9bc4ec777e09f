"""``slicer.ScriptedLoadableModule`` and the small modules around it."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import subprocess
import sys
import unittest
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

import slicer


class ScriptedLoadableModule:
    """Sets what every module has, and registers its self-test."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.moduleName = type(self).__name__
        parent.title, parent.categories, parent.dependencies, parent.contributors = "", [], [], []
        parent.helpText = parent.acknowledgementText = ""
        slicer.selfTests = {**getattr(slicer, "selfTests", {}), self.moduleName: self.runTest}

    def resourcePath(self, filename: Any) -> Any:
        return os.path.join(os.path.dirname(self.parent.path), "Resources", filename)

    def runTest(self, msec: Any = 100, **options: Any) -> None:
        testCase = getattr(importlib.import_module(self.__module__), self.moduleName + "Test")()
        testCase.messageDelay = msec
        testCase.runTest(**options)


class ScriptedLoadableModuleWidget:
    """Derived by a module's widget; ``parent`` is given by Slicer."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        self.layout = parent.layout()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def resourcePath(self, filename: Any) -> Any:
        return os.path.join(os.path.dirname(slicer.util.modulePath(self.moduleName)), "Resources", filename)

    def setup(self) -> None:
        pass

    def cleanup(self) -> None:
        pass

    def onReload(self) -> None:
        slicer.util.reloadScriptedModule(self.moduleName)

    def _onModuleAboutToBeUnloaded(self, name: Any) -> None:
        if name == self.moduleName:
            self.cleanup()


class ScriptedLoadableModuleLogic:
    """Owns the scene's one parameter node of the module."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self) -> Any:
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
            node.SetSingletonTag(self.moduleName)
            node.SetModuleName(self.moduleName)
            node = slicer.mrmlScene.AddNode(node)
        if node.GetAttribute("ModuleName") != self.moduleName:
            node.SetAttribute("ModuleName", self.moduleName)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A self-test; messages are not shown."""

    def runTest(self) -> None:
        """Overridden by the module."""

    def delayDisplay(self, message: Any, requestedDelay: Any = None, msec: Any = None) -> None:
        slicer.app.processEvents()


def standIns(recorder: Any) -> None:
    """``slicer.i18n`` and its like; ``recorder`` keeps what a module asked to be translated or installed."""
    i18n = _module("slicer.i18n", tr=recorder.translate, translate=lambda context, text: recorder.translate(text))
    packaging = _module(
        "slicer.packaging",
        load_requirements=_loadRequirements,
        pip_check=recorder.pipCheck,
        pip_ensure=recorder.pipEnsure,
    )
    scripted = _module(
        "slicer.ScriptedLoadableModule",
        **{
            kind.__name__: kind
            for kind in (
                ScriptedLoadableModule,
                ScriptedLoadableModuleWidget,
                ScriptedLoadableModuleLogic,
                ScriptedLoadableModuleTest,
            )
        },
    )
    scripted.__all__ = [name for name in vars(scripted) if name.startswith("Scripted")]
    from slicer_host import parameters

    wrapper = _module(
        "slicer.parameterNodeWrapper",
        parameterNodeWrapper=parameters.parameterNodeWrapper,
        WithinRange=parameters.WithinRange,
    )
    for module in (i18n, packaging, scripted, wrapper):
        sys.modules[module.__name__] = module
        setattr(slicer, module.__name__.split(".")[1], module)


def sampleData() -> None:
    """``SampleData``, which is a module of Slicer's and none of its package."""
    sys.modules["SampleData"] = _module("SampleData", SampleDataLogic=SampleDataLogic, downloadSample=downloadSample)


class SampleDataLogic:
    """``SampleData``: files by URL, checked against their SHA-256; only ``file:`` is fetched here."""

    categories: ClassVar[dict[str, str]] = {}
    sources: ClassVar[dict[str, dict[str, Any]]] = {}

    @classmethod
    def registerCustomSampleDataCategory(cls, category: Any, title: Any) -> None:
        cls.categories[category] = title

    @classmethod
    def registerCustomSampleDataSource(cls, *, sampleName: Any, category: Any, **source: Any) -> None:
        if category not in cls.categories:
            raise ValueError(f"category {category} is not registered")
        cls.sources[sampleName] = source


def downloadSample(name: Any) -> Any:
    source = SampleDataLogic.sources[name]
    if urlsplit(source["uris"]).scheme != "file":
        raise OSError("the host has no network")
    path = Path(url2pathname(urlsplit(source["uris"]).path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if source["checksums"] != f"SHA256:{digest}":
        raise ValueError(f"{path.name} has SHA-256 {digest}, not {source['checksums']}")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", source["nodeNames"])
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    storage.ReadData(node)
    node.SetName(source["nodeNames"])
    node.CreateDefaultDisplayNodes()
    return node


class Recorder:
    """Plays pip for modules: nothing is installed; ``missing`` names what is not there, ``refuse`` plays the user."""

    def __init__(self) -> None:
        self.translated: set[str] = set()
        self.installed: list[tuple[list[str], str]] = []
        self.missing: set[str] = set()
        self.refuse = False
        self.pipFails = False

    def translate(self, text: Any) -> Any:
        self.translated.add(text)
        return text

    def pipCheck(self, requirement: Any) -> Any:
        wanted = re.match(r"([\w.-]+)(?:>=([\d.]+))?", str(requirement))
        assert wanted is not None
        name, least = wanted.groups()
        if name in self.missing:
            return False
        try:
            return _numbers(version(name)) >= _numbers(least or "0")
        except PackageNotFoundError:
            return False

    def pipEnsure(self, requirements: Any, constraints: Any = None, requester: Any = None, **options: Any) -> None:
        missing = [item for item in requirements if not self.pipCheck(item)]
        if not missing or slicer.app.testingEnabled():
            return
        if self.refuse:
            raise RuntimeError("User declined package installation")
        if self.pipFails:
            raise subprocess.CalledProcessError(1, ["pip"])
        self.install(missing, constraints)

    def install(self, packages: list[str], constraints: Any) -> None:
        self.installed.append((packages, Path(constraints).read_text(encoding="utf-8") if constraints else ""))
        self.missing.clear()


def _loadRequirements(path: Any) -> Any:
    lines = (line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def _numbers(text: Any) -> Any:
    return tuple(int(number) for number in re.findall(r"\d+", text.split("+")[0])[:3])


def _module(name: Any, **content: Any) -> Any:
    module = ModuleType(name)
    vars(module).update(content)
    return module
