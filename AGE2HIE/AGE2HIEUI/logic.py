"""What the module does without its panel: from a choice of parameters to a run, and from its folder to nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from AGE2HIEUI import scene
from AGE2HIEUI.command import EXPLAIN, PREDICT, WorkerCall
from AGE2HIEUI.comparison import TARGET, comparisonsOf, loadComparison, removeComparison
from AGE2HIEUI.explanations import Explanations, readExplanations
from AGE2HIEUI.inputs import DiskInput, fingerprint, geometryText, writeMask, writeScan, writeVolume
from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.nodes import UnreadableResult
from AGE2HIEUI.parameters import (
    GESTATION_UNKNOWN,
    PREVALENCE_OF_MODEL,
    AGE2HIEParameterNode,
    Cooled,
    EarlierResults,
)
from AGE2HIEUI.process import ChildProcess, Process
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.record import BadRecord, Result, readRecord
from AGE2HIEUI.run import WorkerRun

_SAME_NUMBER = 0.005  # devices round differently


@dataclass(frozen=True)
class InputKey:
    """What is predicted: a node of the scene with the hash of its voxels and place, or a path and, of a DICOM folder
    with several, the series; ``title`` names it.
    """

    node: object | None
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


class ResultRejected(Exception):
    """An output folder that must not be shown; carries the message for the user."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Logic(ScriptedLoadableModuleLogic):
    """``newProcess`` makes the worker's process; tests put theirs in its place. ``disk``: a scan that is not in the
    scene; it counts before the scene's where it is not empty.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.newProcess: Callable[[], Process] = ChildProcess
        self.disk = DiskInput()
        self._fingerprints: dict[str, tuple[tuple[int, str], str]] = {}

    def getParameterNode(self) -> AGE2HIEParameterNode:
        node = super().getParameterNode()
        scene.forgetPaths(node)
        return AGE2HIEParameterNode(node)

    def prepare(
        self, parameters: AGE2HIEParameterNode, ageDays: float | None, override: tuple[str, ...] = ()
    ) -> tuple[WorkerRun, WorkerCall]:
        """A run and its input as files. Raises UnusableNode or OSError, and leaves nothing behind then."""
        prevalence = parameters.prevalence
        own: dict[str, Any] = {
            "saliency": parameters.saliencyMethod.value,
            "examine": parameters.examine,
            "prevalence": prevalence if prevalence > PREVALENCE_OF_MODEL else None,
            "override": override,
        }
        return self._prepare(PREDICT, parameters, {**own, "age_days": ageDays})

    def prepareComparison(
        self, parameters: AGE2HIEParameterNode, ageDays: float | None, result: Any
    ) -> tuple[WorkerRun, WorkerCall]:
        """As ``prepare``, of the input of ``result``, for several maps; what that overrode is overridden again, and the
        number is wanted for the same prevalence: the maps do not depend on it, and belong to the number shown.
        """
        shown = readRecord(result.GetText())
        own: dict[str, Any] = {
            "methods": tuple(parameters.compareMethods.split(",")),
            "target": parameters.compareTarget.value,
            "prevalence": shown.prevalence.given,
            "override": shown.overridden,
        }
        return self._prepare(EXPLAIN, parameters, {**own, "age_days": ageDays})

    def load(
        self, folder: Path, parameters: AGE2HIEParameterNode, key: InputKey, *, refused: bool
    ) -> tuple[Result, object]:
        """An output folder into the scene: its record, and the record's node or None for a refused scan.

        Earlier results go only when the new one is complete. Raises ResultRejected, also where the record says the
        contrary of the worker's exit code (``refused``); the scene is then as it was.
        """
        try:
            result = readRecord((folder / "result.json").read_text(encoding="utf-8"))
            if (result.probability is None) != refused:
                raise BadRecord(_("the record and the worker's exit code contradict each other"))
            if refused:
                return result, None
            earlier = scene.results() if parameters.earlierResults == EarlierResults.REPLACE else []
            record = scene.loadResult(folder, result, key.title, key.node)
        except (BadRecord, UnreadableResult, OSError, ValueError) as error:
            message = _("The result cannot be read: {error}").format(error=error)
            raise ResultRejected(Failure(message, _("Try again; if it happens again, report it."))) from error
        record.SetAttribute(scene.FINGERPRINT, key.fingerprint)
        record.SetAttribute(scene.SOURCE, key.source)
        for old in earlier:
            scene.removeResult(old)
        return result, record

    def loadComparison(self, folder: Path, parameters: AGE2HIEParameterNode, result: Any) -> object:
        """Several maps into the scene, below the result that they belong to; the record's node.

        An earlier comparison of the same result and target goes where earlier results do. Raises ResultRejected, also
        where the maps are of another number than the result's; the scene is then as it was.
        """
        try:
            found = readExplanations((folder / "explanations.json").read_text(encoding="utf-8"))
            _checkSameNumber(found, readRecord(result.GetText()))
            replaced = parameters.earlierResults == EarlierResults.REPLACE
            earlier = [old for old in comparisonsOf(result) if old.GetAttribute(TARGET) == found.target and replaced]
            record = loadComparison(folder, found, result)
        except (BadRecord, UnreadableResult, OSError, ValueError) as error:
            message = _("The comparison cannot be read: {error}").format(error=error)
            raise ResultRejected(Failure(message, _("Predict again, then compare; or report it."))) from error
        for old in earlier:
            removeComparison(old, result)
        return record

    def inputKey(self, parameters: AGE2HIEParameterNode) -> InputKey:
        """What the input is now: compared before and after a run, and with the results in the scene."""
        if self.disk.path:
            return InputKey(None, self.disk.path, "", self.disk.title, self.disk.series)
        return self.keyOf(parameters.inputVolume)

    def checkUnchanged(self, key: InputKey) -> None:
        """What was made of a scan is not shown beside another one. Raises ResultRejected."""
        if not key.inScene:
            raise ResultRejected(Failure(_("The scan was removed while it was predicted."), _("Choose another one.")))
        if key.node is not None and key != self.keyOf(key.node):
            raise ResultRejected(Failure(_("The scan was changed while it was predicted."), _("Predict it again.")))

    def keyOf(self, node: Any) -> InputKey:
        """Of a node as it is now; an empty key where there is no image."""
        if node is None or node.GetImageData() is None:
            return InputKey(None, "", "", "")
        return InputKey(node, "", self._fingerprint(node), node.GetName())

    def resultOf(self, key: InputKey) -> Any:
        """The newest result of exactly this input; None where there is none, or where the input was changed since."""
        for record in reversed(scene.results()):
            node = record.GetNodeReference(scene.INPUT)
            same = record.GetAttribute(scene.SOURCE) == key.source if key.path else key.node is not None
            if same and node == key.node and (record.GetAttribute(scene.FINGERPRINT) or "") == key.fingerprint:
                return record
        return None

    def _prepare(
        self, subcommand: str, parameters: AGE2HIEParameterNode, own: dict[str, Any]
    ) -> tuple[WorkerRun, WorkerCall]:
        """A run and its call: ``own`` is what the subcommand asks beside what all of them have in common."""
        addLibraryToPath()
        from AGE2HIELib.pipeline.request import Request

        run = WorkerRun(self.newProcess())
        try:
            folder = run.folder / "input"
            folder.mkdir()
            request = Request(**self._reading(parameters, folder), **own)
            return run, WorkerCall(subcommand, request, run.output)
        except BaseException:
            run.close()
            raise

    def _reading(self, parameters: AGE2HIEParameterNode, folder: Path) -> dict[str, Any]:
        """How the scan is to be read: parts of a request."""
        if self.disk.path:
            scan, reference = Path(self.disk.path), None
        else:
            reference = parameters.inputVolume
            scan = writeScan(reference, folder)
        z, mask = parameters.zAdcVolume, parameters.maskNode
        weeks = parameters.gestationWeeks
        return {
            "input": scan,
            "series": (self.disk.path and self.disk.series) or None,
            "z_adc": writeVolume(z, folder / "z_adc.nrrd") if z is not None else None,
            "mask": writeMask(mask, reference, folder / "mask.nrrd") if mask is not None else None,
            "model": Path(parameters.model) if parameters.model else None,
            "atlas": Path(parameters.atlasFolder) if parameters.atlasFolder else None,
            "device": parameters.device.value,
            "align": parameters.align.value,
            "gestation_weeks": weeks if weeks > GESTATION_UNKNOWN else None,
            "cooled": {Cooled.UNKNOWN: None, Cooled.YES: True, Cooled.NO: False}[parameters.cooled],
        }

    def _fingerprint(self, node: Any) -> str:
        """Computed again only where the voxels or the geometry were touched."""
        state = (node.GetImageData().GetMTime(), geometryText(node))
        before = self._fingerprints.get(node.GetID())
        if before is None or before[0] != state:
            self._fingerprints[node.GetID()] = (state, fingerprint(node))
        return self._fingerprints[node.GetID()][1]


def whatIsMissing(key: InputKey, *, running: str, modelUsable: bool) -> str:
    """What keeps the user from predicting, in words; empty when nothing does.

    Args:
        running: the subcommand of the worker that is under way; empty where none is.
    """
    if running:
        return runningText(running)
    if key.empty:
        return _("Choose a scan, or a DICOM folder or file.")
    if key.path and not Path(key.path).exists():
        return _("The folder or file does not exist: {path}").format(path=key.path)
    return "" if modelUsable else _("The model cannot be used: choose or install another one.")


def runningText(subcommand: str) -> str:
    return {"predict": _("A prediction is running."), "explain": _("A comparison is running.")}[subcommand]


def _checkSameNumber(found: Explanations, result: Result) -> None:
    """Maps of another network, or of the same one on another input, explain another number than the one shown."""
    same = found.result.modelSha256 == result.modelSha256
    there, here = found.result.probability, result.probability
    if not same or there is None or here is None or abs(there - here) > _SAME_NUMBER:
        raise BadRecord(_("the maps explain another number than the result's, since the settings were changed"))
