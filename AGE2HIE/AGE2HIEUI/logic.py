"""What the module does without its panel: from a choice of parameters to a run, and from its folder to nodes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from AGE2HIEUI import scene
from AGE2HIEUI.chosenInput import ChosenInput, InputKey
from AGE2HIEUI.clinicalSection import writeClinical
from AGE2HIEUI.codes import Code
from AGE2HIEUI.command import CHECK, EXPLAIN, PREDICT, WorkerCall
from AGE2HIEUI.comparison import TARGET, comparisonsOf, loadComparison, removeComparison
from AGE2HIEUI.elsewhere import Elsewhere
from AGE2HIEUI.inputs import writeMask, writeScan, writeVolume
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
from AGE2HIEUI.protocol import Failure, ResultRejected
from AGE2HIEUI.record import BadRecord, readExplanations, readRecord
from AGE2HIEUI.settings import restoreChoices

if TYPE_CHECKING:
    from AGE2HIELib.result.explanations import Explanations
    from AGE2HIELib.result.record import Result

_OF_THE_NETWORK = ("z_adc", "t1", "t2", "model", "device")  # what the quality gate alone does not ask for
_SAME_NUMBER = 0.005  # devices round differently


class Logic(ScriptedLoadableModuleLogic):
    """``newProcess`` makes the worker's process; tests put theirs in its place. ``chosen``: the scan to read,
    ``elsewhere``: where the networks run.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.newProcess: Callable[[], Process] = ChildProcess
        self.chosen = ChosenInput()
        self.elsewhere = Elsewhere()

    def runElsewhere(self, chosen: Elsewhere) -> None:
        """Where the networks run from now on."""
        self.elsewhere = chosen

    def getParameterNode(self) -> AGE2HIEParameterNode:
        node = super().getParameterNode()
        scene.forgetPaths(node)
        restoreChoices(node)
        return AGE2HIEParameterNode(node)

    def startScene(self) -> None:
        """The scene was closed: the next one begins with the user's choices."""
        restoreChoices(super().getParameterNode(), newScene=True)

    def prepare(
        self,
        parameters: AGE2HIEParameterNode,
        ageDays: float | None,
        override: tuple[str, ...] = (),
        clinical: dict[str, str] | None = None,
    ) -> WorkerCall:
        """A call of the worker, with its input as files. Raises UnusableNode or OSError and leaves nothing then.

        Args:
            clinical: what is known of the child beside the scan, by the names of ``--clinical``.
        """
        prevalence = parameters.prevalence
        own: dict[str, Any] = {
            "saliency": parameters.saliencyMethod.value,
            "examine": parameters.examine,
            "prevalence": prevalence if prevalence > PREVALENCE_OF_MODEL else None,
            "override": override,
        }
        return self._prepare(PREDICT, parameters, {**own, "age_days": ageDays}, clinical or {})

    def prepareCheck(self, parameters: AGE2HIEParameterNode, ageDays: float | None) -> WorkerCall:
        """As ``prepare``, for the quality gate alone, which reads no z-map, T1, T2 or model."""
        return self._prepare(CHECK, parameters, {"age_days": ageDays})

    def prepareComparison(self, parameters: AGE2HIEParameterNode, ageDays: float | None, result: Any) -> WorkerCall:
        """As ``prepare``, of the input of ``result``, for several maps; what that overrode is overridden again, and the
        number is wanted for the same prevalence: the maps do not depend on it, and belong to the number shown.
        """
        shown = readRecord(result.GetText())
        own: dict[str, Any] = {
            "methods": tuple(parameters.compareMethods.split(",")),
            "target": parameters.compareTarget.value,
            "prevalence": shown.settings.prevalence if shown.settings else None,
            "override": shown.quality.overridden,
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
            if (result.probability_adverse is None) != refused:
                raise BadRecord(_("the record and the worker's exit code contradict each other"))
            if refused:
                return result, None
            earlier = scene.results() if parameters.earlierResults == EarlierResults.REPLACE else []
            record = scene.loadResult(folder, result, key.title, key.node)
        except (BadRecord, UnreadableResult, OSError, ValueError) as error:
            message = _("The result cannot be read: {error}").format(error=error)
            raise ResultRejected(
                Failure(Code.BAD_RESULT, message, _("Try again; if it happens again, report it."))
            ) from error
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
            raise ResultRejected(
                Failure(Code.BAD_COMPARISON, message, _("Predict again, then compare; or report it."))
            ) from error
        for old in earlier:
            removeComparison(old, result)
        return record

    def _prepare(
        self,
        subcommand: str,
        parameters: AGE2HIEParameterNode,
        own: dict[str, Any],
        clinical: dict[str, str] | None = None,
    ) -> WorkerCall:
        """``own`` is what the subcommand asks beside what all of them have in common."""
        addLibraryToPath()
        from AGE2HIELib.pipeline.request import Request

        folder = Path(tempfile.mkdtemp(prefix="age2hie-"))  # only this user may enter it
        try:
            inputs = folder / "input"
            inputs.mkdir()
            reading = self._reading(parameters, inputs)
            if subcommand == CHECK:
                reading = {name: value for name, value in reading.items() if name not in _OF_THE_NETWORK}
            else:
                reading |= self.elsewhere.request
            known: dict[str, Any] = {"clinical": writeClinical(clinical, inputs)} if clinical else {}
            return WorkerCall(subcommand, Request(**reading, **own, **known), folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _reading(self, parameters: AGE2HIEParameterNode, folder: Path) -> dict[str, Any]:
        """How the scan is to be read: parts of a request."""
        disk = self.chosen.disk
        if disk.path:
            scan, reference = Path(disk.path), None
        else:
            reference = parameters.inputVolume
            scan = writeScan(reference, folder)
        z, mask = parameters.zAdcVolume, parameters.maskNode
        weeks = parameters.gestationWeeks
        return {
            "input": scan,
            "series": (disk.path and disk.series) or None,
            "z_adc": writeVolume(z, folder / "z_adc.nrrd") if z is not None else None,
            "mask": writeMask(mask, reference, folder / "mask.nrrd") if mask is not None else None,
            **{
                name: writeVolume(node, folder / f"{name}.nrrd") if node is not None else None
                for name, node in (("t1", parameters.t1Volume), ("t2", parameters.t2Volume))
            },
            "model": Path(parameters.model) if parameters.model else None,
            "atlas": Path(parameters.atlasFolder) if parameters.atlasFolder else None,
            "device": parameters.device.value,
            "align": parameters.align.value,
            "gestation_weeks": weeks if weeks > GESTATION_UNKNOWN else None,
            "cooled": {Cooled.UNKNOWN: None, Cooled.YES: True, Cooled.NO: False}[parameters.cooled],
        }


def _checkSameNumber(found: Explanations, result: Result) -> None:
    """Maps of another network, or of the same one on another input, explain another number than the one shown."""
    same = found.result.model.sha256 == result.model.sha256
    there, here = found.result.probability_adverse, result.probability_adverse
    if not same or there is None or here is None or abs(there - here) > _SAME_NUMBER:
        raise BadRecord(_("the maps explain another number than the result's, since the settings were changed"))
