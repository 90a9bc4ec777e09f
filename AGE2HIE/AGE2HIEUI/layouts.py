"""Layouts of axial views in a grid, one for each number of maps, with views of their own."""

from __future__ import annotations

from typing import Any

import slicer

MOST_VIEWS = 7  # six maps and their agreement
_FIRST_LAYOUT = 52610  # a layout is known by its number; Slicer's own are below 1000, other extensions' are scattered
_VIEW = "AGE2HIE"
_GROUP = 2610  # views of one group are scrolled together, and the ordinary ones are in group 0
_ROWS = {1: (1,), 2: (2,), 3: (3,), 4: (2, 2), 5: (3, 2), 6: (3, 3), 7: (4, 3)}
_BEFORE = "AGE2HIE.layoutBefore"


def registerLayouts() -> None:
    """At Slicer's start, before a scene is opened that was saved while one of them was shown."""
    node = _layoutNode()
    for count in _ROWS:
        if node is not None and not node.IsLayoutDescription(_FIRST_LAYOUT + count):
            node.AddLayoutDescription(_FIRST_LAYOUT + count, _description(count))


def enterLayout(count: int) -> list[str]:
    """Show ``count`` views; their names."""
    registerLayouts()
    if not comparing():
        _layoutNode().SetAttribute(_BEFORE, str(_layoutNode().GetViewArrangement()))
    slicer.app.layoutManager().setLayout(_FIRST_LAYOUT + count)
    names = viewNames(count)
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if node.GetLayoutName() in names:
            node.SetViewGroup(_GROUP)
            node.SetOrientationToAxial()
    return names


def leaveLayout() -> None:
    """Back to what was shown before; nothing happens where the user has gone elsewhere since."""
    if not comparing():
        return
    before = int(_layoutNode().GetAttribute(_BEFORE) or 0)
    ordinary = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    usable = before > 0 and _layoutNode().IsLayoutDescription(before)
    slicer.app.layoutManager().setLayout(before if usable else ordinary)


def comparing() -> bool:
    """Whether one of these layouts is shown."""
    node = _layoutNode()
    return node is not None and 0 < node.GetViewArrangement() - _FIRST_LAYOUT <= MOST_VIEWS


def viewNames(count: int = MOST_VIEWS) -> list[str]:
    return [f"{_VIEW}{number + 1}" for number in range(count)]


def _layoutNode() -> Any:
    nodes = slicer.util.getNodesByClass("vtkMRMLLayoutNode")
    return nodes[0] if nodes else None


def _description(count: int) -> str:
    names = iter(viewNames(count))
    rows = "".join(f"<item>{_row([next(names) for _each in range(width)])}</item>" for width in _ROWS[count])
    return f'<layout type="vertical" split="true">{rows}</layout>'


def _row(names: list[str]) -> str:
    views = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        '<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{name.removeprefix(_VIEW)}</property>'
        '<property name="viewcolor" action="default">#7A7A7A</property></view></item>'
        for name in names
    )
    return f'<layout type="horizontal" split="true">{views}</layout>'
