"""``qt`` and ``ctk`` as PythonQt offers them, over PySide6.

PySide6's classes are patched in place: Qt properties become attributes, ``connect`` takes a signal's signature. Getters
that C++ calls back (virtual ones) stay methods: a property of that name would be taken for an override.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

_VIRTUAL = {"sizeHint", "minimumSizeHint", "hasHeightForWidth", "heightForWidth", "event", "layout", "parent"}
_property = QtCore.QObject.property
_setProperty = QtCore.QObject.setProperty
_slots: dict[tuple[int, str, Any], Any] = {}


def install() -> tuple[ModuleType, ModuleType]:
    """Make ``import qt`` and ``import ctk`` work; the second call gives the same modules."""
    if "qt" in sys.modules:
        return sys.modules["qt"], sys.modules["ctk"]
    qt, ctk = ModuleType("qt"), ModuleType("ctk")
    for source in (QtCore, QtGui, QtWidgets, QtUiTools):
        for name in dir(source):
            if not name.startswith("_"):
                setattr(qt, name, getattr(source, name))
    for name in dir(qt):
        kind = getattr(qt, name)
        if isinstance(kind, type) and issubclass(kind, QtCore.QObject):
            _properties(kind)
            _methods(kind)
    QtCore.QObject.name = property(
        lambda self: _property(self, "objectName"), lambda self, value: _setProperty(self, "objectName", value)
    )
    QtCore.QObject.className = lambda self: self.metaObject().className()
    sys.modules["qt"], sys.modules["ctk"] = qt, ctk
    return qt, ctk


def _properties(kind: Any) -> None:
    meta = kind.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if name in _VIRTUAL or hasattr(QtCore.QObject, name):
            continue
        setattr(kind, name, _attribute(name))


def _methods(kind: Any) -> None:
    """``connect`` and ``disconnect`` are looked up in C, before any attribute of the class.

    PySide's signals look them up as well, and call them with other arguments: those calls go where they were meant to.
    """
    original = kind.__getattribute__
    ours: dict[str, Callable[..., None]] = {"connect": _connect, "disconnect": _disconnect}

    def lookUp(self: Any, name: Any) -> Any:
        found = original(self, name)
        if name not in ours:
            return found

        def choose(*arguments: Any) -> Any:
            pythonQt = len(arguments) == 2 and isinstance(arguments[0], str) and callable(arguments[1])
            return ours[name](self, *arguments) if pythonQt else found(*arguments)

        return choose

    kind.__getattribute__ = lookUp


def _attribute(name: str) -> property:
    return property(lambda self: _property(self, name), lambda self, value: _setProperty(self, name, value))


def _connect(self: Any, signature: str, slot: Any) -> None:
    """``slot`` gets as many of the signal's values as the signature names."""
    name, arguments = signature.rstrip(")").split("(")
    count = len([part for part in arguments.split(",") if part.strip()])

    @functools.wraps(slot)
    def call(*values: Any) -> Any:
        return slot(*values[:count])

    signal = getattr(self, name)
    _slots[(id(self), signature, slot)] = call
    signal.connect(call)


def _disconnect(self: Any, signature: str, slot: Any) -> None:
    getattr(self, signature.split("(")[0]).disconnect(_slots.pop((id(self), signature, slot)))
