"""The ctk and qMRML widgets that modules use most, with the properties, signals and methods that the real ones have."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import Property, QBuffer, Qt, Signal
from PySide6.QtUiTools import QUiLoader
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import slicer

NODE_EVENTS = (slicer.vtkMRMLScene.NodeAddedEvent, slicer.vtkMRMLScene.NodeRemovedEvent)
_STEPS = 1000


class ctkCollapsibleButton(QWidget):
    """A heading that hides what is below it."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)
        self._collapsed = False
        self._button = QToolButton(self)
        self._button.setToolButtonStyle(Qt.ToolButtonTextBesideIcon)
        self._button.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self._button.setArrowType(Qt.DownArrow)
        self._button.clicked.connect(lambda: self.setCollapsed(not self._collapsed))
        self.setContentsMargins(0, 28, 0, 0)

    def resizeEvent(self, event: Any) -> None:
        self._button.setGeometry(0, 0, self.width, 24)

    def setCollapsed(self, collapsed: Any) -> None:
        self._collapsed = bool(collapsed)
        self._button.setArrowType(Qt.RightArrow if self._collapsed else Qt.DownArrow)
        for child in self.children():
            if isinstance(child, QWidget) and child is not self._button:
                child.setHidden(self._collapsed)
        self.setMaximumHeight(26 if self._collapsed else 16777215)
        self.contentsCollapsed.emit(self._collapsed)

    def showEvent(self, event: Any) -> None:
        if self._collapsed:  # children that were added by the .ui loader after the property was set
            self.setCollapsed(True)

    def _setText(self, text: Any) -> None:
        self._button.setText(text)

    text = Property(str, lambda self: self._button.text, _setText)
    collapsed = Property(bool, lambda self: self._collapsed, setCollapsed)


class ctkSliderWidget(QWidget):
    """A slider with a spin box; emits ``valueChanged`` with the value."""

    valueChanged = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)
        self._spin = QDoubleSpinBox(self)
        self._slider = QSlider(Qt.Horizontal, self)
        self._slider.setRange(0, _STEPS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._spin)
        self._spin.valueChanged.connect(self._spinChanged)
        self._slider.valueChanged.connect(self._sliderChanged)

    def _spinChanged(self, value: Any) -> None:
        reach = max(self._spin.maximum - self._spin.minimum, 1e-12)
        self._slider.blockSignals(True)
        self._slider.setValue(round(_STEPS * (value - self._spin.minimum) / reach))
        self._slider.blockSignals(False)
        self.valueChanged.emit(value)

    def _sliderChanged(self, step: Any) -> None:
        self._spin.setValue(self._spin.minimum + step / _STEPS * (self._spin.maximum - self._spin.minimum))

    def setValue(self, value: Any) -> None:
        self._spin.setValue(value)


def _passOn(name: str, kind: type) -> Property:
    return Property(kind, lambda self: getattr(self._spin, name), lambda self, value: setattr(self._spin, name, value))


for _name, _kind in {
    "value": float,
    "minimum": float,
    "maximum": float,
    "singleStep": float,
    "decimals": int,
    "suffix": str,
}.items():
    setattr(ctkSliderWidget, _name, _passOn(_name, _kind))


class qMRMLWidget(QWidget):
    """Tells its children which scene is shown."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        QWidget.__init__(self, parent)
        self._scene = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        for child in self.findChildren(QWidget):
            if hasattr(child, "setMRMLScene") and child is not self:
                child.setMRMLScene(scene)
        self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(QComboBox):
    """The nodes of some classes, kept up to date with the scene."""

    currentNodeChanged = Signal(object)

    def __init__(self, parent: Any = None) -> None:
        QComboBox.__init__(self, parent)
        self._types: list[Any] = []
        self._hidden: list[Any] = []
        self._scene: Any = None
        self._nodes: list[Any] = []
        self._none = False
        self._current = None
        self._tags: list[Any] = []
        self.activated.connect(self._picked)

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene = scene

        def refresh(caller: Any, event: Any) -> None:
            self._refresh()

        self._tags = [scene.AddObserver(event, refresh) for event in NODE_EVENTS] if scene is not None else []
        self._refresh()

    def currentNode(self) -> Any:
        return self._current

    def setCurrentNode(self, node: Any) -> None:
        if node is self._current:
            return
        self._current = node
        self._refresh()
        self.currentNodeChanged.emit(node)

    def pick(self, node: Any) -> None:
        """As a user does: by clicking on an entry of the list. Raises ValueError where it is not offered."""
        self._picked(self._entries().index(node))

    def _picked(self, index: Any) -> None:
        self.setCurrentNode(self._entries()[index])

    def _entries(self) -> Any:
        return ([None] if self._none else []) + self._nodes

    def _refresh(self) -> None:
        if self._scene is None:
            return
        collection = self._scene.GetNodes()
        nodes = [collection.GetItemAsObject(index) for index in range(collection.GetNumberOfItems())]
        self._nodes = [node for node in nodes if self._offered(node)]
        self.blockSignals(True)
        self.clear()
        self.addItems(["None" if node is None else node.GetName() for node in self._entries()])
        gone = self._current is not None and self._current not in self._nodes
        if not gone and self._current in self._entries():
            self.setCurrentIndex(self._entries().index(self._current))
        self.blockSignals(False)
        if gone:
            self._current = None
            self.currentNodeChanged.emit(None)

    def _offered(self, node: Any) -> Any:
        wanted = any(node.IsA(name) for name in self._types) and not node.GetHideFromEditors()
        return wanted and not any(node.IsA(name) for name in self._hidden)

    def _setTypes(self, types: Any) -> None:
        self._types = list(types)
        self._refresh()

    def _setHidden(self, types: Any) -> None:
        self._hidden = list(types)
        self._refresh()

    def _setNone(self, enabled: Any) -> None:
        self._none = enabled
        self._refresh()

    noneEnabled = Property(bool, lambda self: self._none, _setNone)
    nodeTypes = Property("QStringList", lambda self: self._types, _setTypes)
    hideChildNodeTypes = Property("QStringList", lambda self: self._hidden, _setHidden)


class moduleParent(qMRMLWidget):
    """What Slicer gives a module's widget as its parent."""

    def __init__(self) -> None:
        qMRMLWidget.__init__(self)
        self.setLayout(QVBoxLayout())
        self.isEntered = False


CTK = (ctkCollapsibleButton, ctkSliderWidget)
QMRML = (qMRMLWidget, qMRMLNodeComboBox)


class Loader(QUiLoader):
    """Makes the widgets above from a .ui file; a widget class that the host does not know is an error."""

    def load(self, device: Any, parent: Any = None) -> Any:
        """The file's signal connections are made in Python (``qMRMLWidget.setMRMLScene``): C++ knows no such signal."""
        text = re.sub(rb"<connections>.*</connections>", b"", device.readAll().data(), flags=re.DOTALL)
        buffer = QBuffer()
        buffer.setData(text)
        buffer.open(QBuffer.ReadOnly)
        return QUiLoader.load(self, buffer, parent)

    def createWidget(self, className: Any, parent: Any = None, name: Any = "") -> Any:
        for kind in (*CTK, *QMRML):
            if kind.__name__ == className:
                widget = kind(parent)
                widget.setObjectName(name)
                return widget
        if className.startswith(("ctk", "qMRML", "qSlicer")):
            raise NotImplementedError(f"the host has no {className}: add it to widgets.py")
        return QUiLoader.createWidget(self, className, parent, name)
