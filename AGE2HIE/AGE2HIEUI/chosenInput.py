"""Which scan the user has chosen, and whether it is still the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI.codes import Code
from AGE2HIEUI.inputs import DiskInput, fingerprint, geometryText
from AGE2HIEUI.parameters import AGE2HIEParameterNode
from AGE2HIEUI.protocol import Failure, ResultRejected


@dataclass(frozen=True)
class InputKey:
    """What is predicted: a node of the scene with the hash of its voxels and place, or a path and, of a DICOM folder
    with several, the series; ``title`` names it.
    """

    node: Any
    path: str
    fingerprint: str
    title: str = field(compare=False)  # a scan that is renamed stays the same scan
    series: str = ""

    @property
    def source(self) -> str:
        """Of a path: what a result in the scene remembers of it."""
        return DiskInput(self.path, self.series).source

    @property
    def empty(self) -> bool:
        return self.node is None and not self.path

    @property
    def inScene(self) -> bool:
        """A path is always there; a node may have been deleted since."""
        return self.node is None or slicer.mrmlScene.IsNodePresent(self.node) != 0


class ChosenInput:
    """``disk``: a scan that is not in the scene; it counts before the scene's where it is not empty."""

    def __init__(self) -> None:
        self.disk = DiskInput()
        self._fingerprints: dict[str, tuple[tuple[int, str], str]] = {}

    def key(self, parameters: AGE2HIEParameterNode) -> InputKey:
        """What the input is now: compared before and after a run, and with the results in the scene."""
        if self.disk.path:
            return InputKey(None, self.disk.path, "", self.disk.title, self.disk.series)
        return self._keyOf(parameters.inputVolume)

    def checkUnchanged(self, key: InputKey) -> None:
        """What was made of a scan is not shown beside another one. Raises ResultRejected."""
        if not key.inScene:
            raise ResultRejected(
                Failure(Code.CHANGED, _("The scan was removed while it was predicted."), _("Choose another one."))
            )
        if key.node is not None and key != self._keyOf(key.node):
            raise ResultRejected(
                Failure(Code.CHANGED, _("The scan was changed while it was predicted."), _("Predict it again."))
            )

    def _keyOf(self, node: Any) -> InputKey:
        """Of a node as it is now; an empty key where there is no image."""
        if node is None or node.GetImageData() is None:
            return InputKey(None, "", "", "")
        return InputKey(node, "", self._fingerprint(node), node.GetName())

    def _fingerprint(self, node: Any) -> str:
        """Computed again only where the voxels or the geometry were touched."""
        state = (node.GetImageData().GetMTime(), geometryText(node))
        before = self._fingerprints.get(node.GetID())
        if before is None or before[0] != state:
            self._fingerprints[node.GetID()] = (state, fingerprint(node))
        return self._fingerprints[node.GetID()][1]
