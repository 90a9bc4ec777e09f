"""For researchers: the lesion on the screen against a reference that somebody has drawn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import lesion
from AGE2HIEUI.codes import Code
from AGE2HIEUI.inputs import UnusableNode, writeMask, writeSegments
from AGE2HIEUI.library import addLibraryToPath
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.nodes import gridOf, part, removeWithDisplay, volumeNode
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.regionTexts import figure, millilitres, percent
from AGE2HIEUI.resultSection import ResultSection
from AGE2HIEUI.tables import Column, Row, fillTable

if TYPE_CHECKING:
    import numpy as np

    from AGE2HIELib.lesion.agreement import MaskAgreement

_MASK = "vtkMRMLLabelMapVolumeNode"


class ReferenceSection:
    """Folded by default; its table goes when another result comes on the screen."""

    def __init__(self, ui: Any, results: ResultSection, message: MessageSection) -> None:
        self._ui, self._results, self._message = ui, results, message
        self._record: Any = None
        ui.evaluateButton.connect("clicked()", self.evaluate)
        ui.referenceSelector.connect("currentNodeChanged(vtkMRMLNode*)", lambda _node: self.follow())
        self.follow()

    def follow(self) -> None:
        """Called after every change of the panel."""
        record = self._results.record
        if record is not self._record:
            self._record = record
            self._ui.referenceTable.setRowCount(0)
        has = record is not None and part(record, lesion.LESION) is not None
        self._ui.referenceCollapsibleButton.setVisible(has)
        self._ui.evaluateButton.setEnabled(has and self._ui.referenceSelector.currentNode() is not None)

    def evaluate(self) -> None:
        """The lesion as it is drawn now, corrected or not."""
        addLibraryToPath()
        from AGE2HIELib.errors import InputError
        from AGE2HIELib.lesion.agreement import mask_agreement

        self._message.hide()
        adc, saliency, brain = (part(self._record, role) for role in ("adc", "saliency", "brain_mask"))
        try:
            found = mask_agreement(
                self._drawn(adc),
                self._reference(self._ui.referenceSelector.currentNode(), adc),
                adc.GetSpacing()[::-1],
                saliency=slicer.util.arrayFromVolume(saliency) if saliency is not None else None,
                brain=slicer.util.arrayFromVolume(brain) > 0 if brain is not None else None,
            )
        except (InputError, UnusableNode) as error:
            self._message.show(Failure(Code.REFERENCE, str(error), _("Choose another reference.")))
            return
        fillTable(self._ui.referenceTable, agreementColumns(), agreementRows(found))

    def _drawn(self, adc: Any) -> np.ndarray:
        import numpy as np

        with tempfile.TemporaryDirectory(prefix="age2hie-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "lesion.nrrd"
            written = writeSegments(part(self._record, lesion.LESION), adc, path)
            return _read(path, adc) if written else np.zeros(slicer.util.arrayFromVolume(adc).shape, bool)

    def _reference(self, node: Any, adc: Any) -> np.ndarray:
        """Raises UnusableNode for a volume on another grid; a segmentation is brought to the scan's."""
        if not node.IsA("vtkMRMLSegmentationNode"):
            if node.GetImageData() is None or gridOf(node) != gridOf(adc):
                raise UnusableNode(
                    _("'{name}' does not lie on the scan's grid. Resample it.").format(name=node.GetName())
                )
            return _above(node)
        with tempfile.TemporaryDirectory(prefix="age2hie-", ignore_cleanup_errors=True) as folder:
            return _read(writeMask(node, adc, Path(folder) / "reference.nrrd"), adc)


def agreementColumns() -> list[Column]:
    return [Column(_("Measure")), Column(_("Value"), number=True)]


def agreementRows(found: MaskAgreement) -> list[Row]:
    """With units; a dash where a distance needs a lesion in both."""
    distances = {
        _("mean distance of the surfaces"): found.surface_mm,
        _("95th percentile of it"): found.hausdorff95_mm,
        _("largest distance (Hausdorff)"): found.hausdorff_mm,
    }
    rows = {
        _("Dice"): figure(found.dice, 2),
        _("lesion"): _("{ml} ml").format(ml=millilitres(found.volume_ml)),
        _("reference"): _("{ml} ml").format(ml=millilitres(found.reference_ml)),
        **{
            name: figure(None, 1) if mm is None else _("{mm} mm").format(mm=figure(mm, 1))
            for name, mm in distances.items()
        },
        _("evidence inside the reference"): percent(found.evidence_share),
        _("by chance"): percent(found.chance_share),
    }
    return [Row(each) for each in rows.items()]


def _read(path: Path, adc: Any) -> np.ndarray:
    """A mask that was written on the grid of the ADC."""
    made: list[Any] = []
    try:
        node = volumeNode(path, path.stem, _MASK, made)
        if gridOf(node) != gridOf(adc):
            raise UnusableNode(_("The mask does not lie on the scan's grid."))
        return _above(node)
    finally:
        for node in reversed(made):
            removeWithDisplay(node)


def _above(node: Any) -> np.ndarray:
    """A copy, which outlives the node."""
    values: np.ndarray = slicer.util.arrayFromVolume(node) > 0
    return values
