"""``slicer.parameterNodeWrapper``: typed access to a vtkMRMLScriptedModuleNode and its connection to widgets.

Follows the real one where a module can notice: values are kept as the same texts and node references, caching and
callbacks happen in the same order, and a widget or type that the real one refuses is refused here.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import vtk
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QWidget

import slicer

from slicer_host.widgets import ctkSliderWidget, qMRMLNodeComboBox


@dataclass(frozen=True)
class WithinRange:
    """Bounds of a number, inclusive."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within [{self.minimum}, {self.maximum}], {value} was given")


_RESERVED = ("default", "isCached", "dataType", "getValue", "setValue", "connectGui", "disconnectGui", "allParameters")


class _Parameter:
    def __init__(self, name: Any, annotation: Any, default: Any) -> None:
        self.name = name
        annotated = get_origin(annotation) is Annotated
        self.kind = get_args(annotation)[0] if annotated else annotation
        self.ranges = [item for item in get_args(annotation)[1:] if isinstance(item, WithinRange)] if annotated else []
        if not isinstance(self.kind, type):
            raise TypeError(f"{name}: the host knows no serializer for {annotation}")
        self.isNode = issubclass(self.kind, slicer.vtkMRMLNode)
        if not (self.isNode or issubclass(self.kind, enum.Enum | str | bool | int | float)):
            raise TypeError(f"{name}: the host knows no serializer for {annotation}")
        self._also = (type(None),) if self.isNode else (int,) if self.kind is float else ()
        self.default = self._empty() if default is _Parameter else default

    def _empty(self) -> Any:
        if self.isNode:
            return None
        return next(iter(self.kind)) if issubclass(self.kind, enum.Enum) else self.kind()

    def read(self, node: Any) -> Any:
        if self.isNode:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if issubclass(self.kind, enum.Enum):
            return self.kind[text]
        return text == "True" if self.kind is bool else self.kind(text)

    def write(self, node: Any, value: Any) -> None:
        accepted = (*self._also, self.kind)
        if not isinstance(value, accepted):
            raise TypeError(f"{self.name} must be {self.kind.__name__}, {value!r} was given")
        for item in self.ranges:
            item.validate(value)
        if self.isNode:
            node.SetParameter(self.name, "")
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
        else:
            node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))


def parameterNodeWrapper(kind: Any) -> Any:
    """The decorator."""
    for name in _RESERVED:
        if hasattr(kind, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
    hints = get_type_hints(kind, include_extras=True)
    parameters = {name: _Parameter(name, hint, getattr(kind, name, _Parameter)) for name, hint in hints.items()}
    for name, parameter in parameters.items():
        setattr(kind, name, _access(parameter))
    kind.allParameters = parameters
    for function in (_init, connectGui, disconnectGui, AddObserver, RemoveObserver, Modified):
        setattr(kind, "__init__" if function is _init else function.__name__, function)
    return kind


def _access(parameter: Any) -> Any:
    def write(self: Any, value: Any) -> None:
        with slicer.util.NodeModify(self.parameterNode):
            parameter.write(self.parameterNode, value)

    return property(lambda self: parameter.read(self.parameterNode), write)


def _init(self: Any, parameterNode: Any) -> None:
    self.parameterNode = parameterNode
    self._guis, self._tags, self._updating = {}, {}, False
    for parameter in self.allParameters.values():
        if not parameterNode.HasParameter(parameter.name):
            parameter.write(parameterNode, parameter.default)


def AddObserver(self: Any, event: Any, callback: Any, priority: Any = 0.0) -> Any:
    return self.parameterNode.AddObserver(event, callback, priority)


def RemoveObserver(self: Any, tag: Any) -> None:
    self.parameterNode.RemoveObserver(tag)


def Modified(self: Any) -> None:
    self.parameterNode.Modified()


def connectGui(self: Any, gui: Any) -> Any:
    """``gui``: what ``slicer.util.childWidgetVariables`` gives."""
    connectors = []
    for widget in vars(gui).values():
        name = widget.property("SlicerParameterName") if isinstance(widget, QWidget) else None
        if name:
            if name not in self.allParameters:
                raise ValueError(f"Cannot find a param with the given name: {name}")
            connectors.append(_Connector(self, self.allParameters[name], widget))
    tag = len(self._tags)
    for connector in connectors:
        connector.write()
        connector.connect()
    self._guis[tag] = connectors
    self._tags[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: _updateGui(self))
    return tag


def disconnectGui(self: Any, tag: Any) -> None:
    for connector in self._guis.pop(tag, ()):
        connector.disconnect()
    if tag in self._tags:
        self.RemoveObserver(self._tags.pop(tag))


def _updateGui(self: Any) -> None:
    if self._updating:
        return
    self._updating = True
    try:
        with slicer.util.NodeModify(self.parameterNode):
            for connectors in self._guis.values():
                for connector in connectors:
                    connector.write()
    finally:
        self._updating = False


class _Connector:
    """One widget and its parameter; exact widget types, as in Slicer."""

    def __init__(self, wrapper: Any, parameter: Any, widget: Any) -> None:
        self._wrapper, self._parameter, self._widget = wrapper, parameter, widget
        self._get: Callable[[], Any]
        kind = type(widget)
        numeric = parameter.kind in (int, float)
        if numeric and kind in (QDoubleSpinBox, ctkSliderWidget):
            self._signal, self._get, self._set = widget.valueChanged, lambda: widget.value, self._setNumber
            self._bound()
        elif parameter.kind is bool and kind is QCheckBox:
            self._signal, self._get = widget.stateChanged, lambda: widget.checked
            self._set = widget.setChecked
        elif parameter.kind is str and kind is QLineEdit:
            self._signal, self._get, self._set = widget.textChanged, lambda: widget.text, self._setText
        elif issubclass(parameter.kind, enum.Enum) and kind is QComboBox:
            self._enum()
        elif parameter.isNode and kind is qMRMLNodeComboBox:
            widget.nodeTypes = [parameter.kind.__name__]
            self._signal, self._get, self._set = widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode
        else:
            raise RuntimeError(f"Unable to connect {kind.__name__} to {parameter.kind.__name__} {parameter.name}")

    def connect(self) -> None:
        self._signal.connect(self._changed)

    def disconnect(self) -> None:
        self._signal.disconnect(self._changed)

    def write(self) -> None:
        self._set(self._parameter.read(self._wrapper.parameterNode))

    def _changed(self, *values: Any) -> None:
        if not self._wrapper._updating:
            setattr(self._wrapper, self._parameter.name, self._get())

    def _bound(self) -> None:
        if type(self._widget) is ctkSliderWidget and not self._parameter.ranges:
            raise RuntimeError("Cannot have a connection to ctkSliderWidget where the float types is unbounded.")
        for item in self._parameter.ranges:
            self._widget.minimum, self._widget.maximum = item.minimum, item.maximum

    def _enum(self) -> None:
        members = list(self._parameter.kind)
        label = getattr(self._parameter.kind, "label", lambda member: member.name)
        self._widget.clear()
        for member in members:
            self._widget.addItem(label(member))
        self._signal = self._widget.currentIndexChanged
        self._get = lambda: members[self._widget.currentIndex]
        self._set = lambda value: self._widget.setCurrentIndex(members.index(value))

    def _setNumber(self, value: Any) -> None:
        self._widget.value = value

    def _setText(self, value: Any) -> None:
        if self._widget.text != value:
            self._widget.text = value
