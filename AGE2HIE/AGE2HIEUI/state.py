"""What the panel shows, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vtk

import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from AGE2HIEUI import scene
from AGE2HIEUI.chosenInput import ChosenInput, InputKey
from AGE2HIEUI.parameters import AGE2HIEParameterNode

if TYPE_CHECKING:
    from AGE2HIELib.result.record import Result
    from AGE2HIELib.result.verdicts import Quality


@dataclass(frozen=True)
class Verdict:
    """A run of an input that gave no result: refused with these checks, only checked, or, without either, failed."""

    key: InputKey
    refusal: Result | None = None
    check: Quality | None = None


@dataclass(frozen=True)
class View:
    """What belongs on the panel for the scan that is chosen.

    Attributes:
        key: of the scan.
        newScan: whether another scan was chosen since the last look.
        replaced: whether it took the place of a scan that was chosen before it.
        lapsed: whether the message of a run without result no longer belongs to the scan.
        verdict: of the latest run, where it gave no result; it comes before ``record``.
        record: the scene's result of the scan; None where there is none.
    """

    key: InputKey
    newScan: bool
    replaced: bool
    lapsed: bool
    verdict: Verdict | None
    record: Any


_NO_SCAN = (None, "")


class PanelState(VTKObservationMixin):
    """Follows the parameters and the chosen scan while the panel is open, and remembers runs that gave no result.

    Args:
        changed: called for every change of a parameter, and of the chosen scan's voxels or place.
    """

    def __init__(self, chosen: ChosenInput, changed: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._chosen, self._changed = chosen, changed
        self._parameters: AGE2HIEParameterNode | None = None
        self._observedInput: Any = None
        self._latest: tuple[Any, str] | None = None  # node and path of the scan at the last look
        self._verdict: Verdict | None = None

    @property
    def open(self) -> bool:
        return self._parameters is not None

    @property
    def parameters(self) -> AGE2HIEParameterNode:
        """Of an open panel."""
        assert self._parameters is not None
        return self._parameters

    @property
    def key(self) -> InputKey:
        """Of the scan that is chosen now."""
        return self._chosen.key(self.parameters)

    @property
    def refusal(self) -> Result | None:
        """Of the latest run, where the quality gate let no number pass."""
        return self._verdict.refusal if self._verdict is not None else None

    def follow(self, parameters: AGE2HIEParameterNode | None) -> None:
        """None: the panel is closed."""
        if self._parameters is not None:
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._onModified)
            self._observe(None)
        self._parameters = parameters
        if parameters is not None:
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._onModified)

    def remember(self, verdict: Verdict | None) -> None:
        """It stands while its scan is chosen and unchanged; None: a new run has begun."""
        self._verdict = verdict

    def look(self, *, predicting: bool) -> View:
        """``predicting``: whether a result of the scan is being made anew; an earlier one is not shown meanwhile."""
        key = self.key
        if key.node is not self._observedInput:
            self._observe(key.node)
        newScan = (key.node, key.path) != self._latest
        replaced = newScan and self._latest not in (None, _NO_SCAN)
        self._latest = key.node, key.path
        lapsed = self._verdict is not None and self._verdict.key != key
        if lapsed:
            self._verdict = None
        record = None if predicting or self._verdict is not None else scene.resultOf(key)
        return View(key, newScan, replaced, lapsed, self._verdict, record)

    def _observe(self, node: Any) -> None:
        """Watch the scan's voxels: a result of other voxels is not shown."""
        events = (slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, vtk.vtkCommand.ModifiedEvent)
        for event in events if self._observedInput is not None else ():
            self.removeObserver(self._observedInput, event, self._onModified)
        self._observedInput = node
        for event in events if node is not None else ():
            self.addObserver(node, event, self._onModified)

    def _onModified(self, caller: Any, event: Any) -> None:
        self._changed()


def whatIsMissing(key: InputKey, *, running: str, modelUsable: bool) -> str:
    """What keeps the user from predicting, in words; empty when nothing does.

    Args:
        running: the subcommand of the worker that is under way; empty where none is.
    """
    if running:
        names = {
            "predict": _("A prediction is running."),
            "check": _("A check is running."),
            "explain": _("A comparison is running."),
        }
        return names.get(running, _("The lesion is measured."))
    if key.empty:
        return _("Choose a scan, or a DICOM folder or file.")
    if key.path and not Path(key.path).exists():
        return _("The folder or file does not exist: {path}").format(path=key.path)
    return "" if modelUsable else _("The model cannot be used: choose or install another one.")
