"""The panel's comparison of saliency methods: chosen here, made by the worker, shown in views side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt

import slicer
from slicer.i18n import tr as _

from AGE2HIEUI import panel, texts
from AGE2HIEUI.codes import Code
from AGE2HIEUI.comparison import comparisonsOf
from AGE2HIEUI.comparisonDisplay import Look, applyLook, hideComparison, showComparison
from AGE2HIEUI.layouts import MOST_VIEWS, comparing, leaveLayout
from AGE2HIEUI.messageSection import MessageSection
from AGE2HIEUI.nodes import part, tableRows
from AGE2HIEUI.parameters import AGE2HIEParameterNode, SaliencyMethod
from AGE2HIEUI.protocol import Failure
from AGE2HIEUI.record import BadRecord, readExplanations
from AGE2HIEUI.regionTexts import evidenceTable
from AGE2HIEUI.run import Meters
from AGE2HIEUI.tables import fillTable

if TYPE_CHECKING:
    from AGE2HIELib.result.explanations import Explanations

MOST_MAPS = MOST_VIEWS - 1  # one view is that of their agreement


class CompareSection:
    """Shows the comparisons of the result that is on the screen, and of no other.

    Args:
        chosen: called with the methods, with commas between, when the user ticks one.
    """

    def __init__(self, ui: Any, chosen: Callable[[str], None]) -> None:
        self._ui, self._chosen = ui, chosen
        self.message = MessageSection(ui, "compare")
        self.meters = Meters(ui.compareProgressBar, ui.compareStatusLabel, ui.compareCancelButton)
        self.record = None  # of the comparison that is shown
        self._result = None
        self._found: Explanations | None = None
        self._look: Look | None = None
        self._listed: list[Any] = []
        self._fillMethods()
        ui.compareMethodsList.connect("itemChanged(QListWidgetItem*)", lambda _item: self._chosen(self._ticked()))
        ui.comparisonSelector.connect("currentIndexChanged(int)", self._onSelected)
        ui.compareShowButton.connect("clicked()", self.show)
        ui.compareBackButton.connect("clicked()", leaveLayout)
        self.meters.show(False)
        self.hide()

    def follow(self, result: Any, parameters: AGE2HIEParameterNode) -> None:
        """Called for every change: ``result`` is the record on the screen, or None."""
        self._tick(parameters.compareMethods)
        comparisons = comparisonsOf(result) if result is not None else []
        if result is not self._result or comparisons != self._listed:
            self._list(result, comparisons)
        look = Look(parameters.compareShare, parameters.compareOpacity)
        if self.record is not None and look != self._look:
            applyLook(self.record, self._found, look)
        self._look = look
        if self.record is not None and comparing() and not self._inViews():
            self.show()  # a scene was opened that had been saved while it was shown

    def show(self) -> None:
        """Side by side, in a layout of its own."""
        if self.record is not None:
            showComparison(self.record, self._found, self._result, self._look)

    def leave(self) -> None:
        """Back to the ordinary views."""
        leaveLayout()

    def hide(self) -> None:
        """Off the panel and out of the views."""
        leaveLayout()
        if self.record is not None and slicer.mrmlScene.IsNodePresent(self.record):
            hideComparison(self.record, self._found)
        self.record = self._found = self._result = None
        self._listed = []
        self._ui.comparisonFrame.setVisible(False)
        self._ui.evidenceTable.setRowCount(0)
        self._ui.comparisonLabel.setText("")
        panel.showExaminations(self._ui.compareExaminationLabel, [])

    def whatIsMissing(self, parameters: AGE2HIEParameterNode) -> str:
        """What keeps the user from comparing, in words; empty when nothing does."""
        if self._result is None:
            return _("Predict this scan first: a comparison belongs to a result.")
        count = len([name for name in parameters.compareMethods.split(",") if name])
        if not 2 <= count <= MOST_MAPS:
            return _("Choose two to {most} methods; {count} are chosen.").format(most=MOST_MAPS, count=count)
        return ""

    def _list(self, result: Any, comparisons: list[Any]) -> None:
        """The newest one is chosen."""
        shown = comparing() and result is self._result
        if not (comparing() and self._result is None and comparisons):  # a scene that was saved side by side stays so
            self.hide()
        self._result, self._listed = result, comparisons
        selector = self._ui.comparisonSelector
        selector.blockSignals(True)
        selector.clear()
        for record in comparisons:
            selector.addItem(record.GetName())
        selector.setCurrentIndex(len(comparisons) - 1)
        selector.blockSignals(False)
        selector.setEnabled(len(comparisons) > 1)
        if comparisons:
            self._select(comparisons[-1])
        if shown:
            self.show()

    def _onSelected(self, index: int) -> None:
        shown = comparing()
        if 0 <= index < len(self._listed):
            self._select(self._listed[index])
        if shown:
            self.show()

    def _select(self, record: Any) -> None:
        try:
            self._found = readExplanations(record.GetText())
        except BadRecord as error:  # of a scene that was edited by hand
            message = _("The comparison in the scene cannot be read: {error}").format(error=error)
            self.message.show(Failure(Code.BAD_COMPARISON, message, _("Compare again.")))
            return
        self.record = record
        titles = {each.method: each.title for each in self._found.maps}
        examined = [(titles[each.method], each) for each in self._found.examination]
        panel.showExaminations(self._ui.compareExaminationLabel, examined)
        self._ui.comparisonLabel.setText(texts.comparisonText(self._found))
        self._showEvidence(part(record, "evidence"), titles)
        self._ui.comparisonFrame.setVisible(True)
        if self._look is not None:
            applyLook(record, self._found, self._look)

    def _showEvidence(self, table: Any, titles: dict[str, str]) -> None:
        """An empty table where the scene's was deleted, or edited by hand until no row could be read."""
        try:
            columns, rows = evidenceTable(tableRows(table) if table is not None else [], titles)
        except KeyError:
            columns, rows = evidenceTable([], titles)
        fillTable(self._ui.evidenceTable, columns, rows)

    def _inViews(self) -> bool:
        """Whether one of its maps is in front somewhere."""
        maps = self._found.maps if self._found is not None else ()
        own = {node.GetID() for each in maps if (node := part(self.record, f"standing.{each.method}"))}
        composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        return any(composite.GetForegroundVolumeID() in own for composite in composites)

    def _fillMethods(self) -> None:
        for method in SaliencyMethod:
            item = qt.QListWidgetItem(method.label())
            item.setFlags(qt.Qt.ItemIsEnabled | qt.Qt.ItemIsUserCheckable)
            item.setCheckState(qt.Qt.Unchecked)
            self._ui.compareMethodsList.addItem(item)

    def _items(self) -> list[Any]:
        methods = list(SaliencyMethod)
        return [(method.value, self._ui.compareMethodsList.item(row)) for row, method in enumerate(methods)]

    def _ticked(self) -> str:
        return ",".join(name for name, item in self._items() if item.checkState() == qt.Qt.Checked)

    def _tick(self, methods: str) -> None:
        """Show what the parameters say, without telling anybody."""
        if methods == self._ticked():
            return
        chosen = methods.split(",")
        self._ui.compareMethodsList.blockSignals(True)
        for name, item in self._items():
            item.setCheckState(qt.Qt.Checked if name in chosen else qt.Qt.Unchecked)
        self._ui.compareMethodsList.blockSignals(False)
