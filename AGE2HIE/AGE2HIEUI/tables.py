"""Tables of the panel: headings that explain themselves, cells that are never cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import qt

_WIDEST = 150  # pixels of a column of words
AMBER, RED = "#ffe0b2", "#ffcdd2"  # behind a warning, behind a refusal


@dataclass(frozen=True)
class Column:
    """``number``: its cells stand on the right."""

    title: str
    tip: str = ""
    number: bool = False


@dataclass(frozen=True)
class Row:
    """``colour``: behind its cells; empty for the table's own."""

    cells: tuple[str, ...]
    colour: str = ""


def fillTable(table: Any, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Put rows into a table widget that is read only, and make it as wide as they ask for."""
    table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    table.verticalHeader().setVisible(False)
    table.setColumnCount(len(columns))
    table.setRowCount(len(rows))
    for number, column in enumerate(columns):
        heading = qt.QTableWidgetItem(column.title)
        heading.setToolTip(column.tip or column.title)
        table.setHorizontalHeaderItem(number, heading)
    for row, content in enumerate(rows):
        for number, text in enumerate(content.cells):
            table.setItem(row, number, _item(text, content.colour, number=columns[number].number))
    table.setWordWrap(True)
    table.resizeColumnsToContents()
    for number, column in enumerate(columns):
        if not column.number and table.columnWidth(number) > _WIDEST:  # a long text goes on in the next line
            table.setColumnWidth(number, _WIDEST)
    table.resizeRowsToContents()
    table.horizontalHeader().setStretchLastSection(True)


def _item(text: str, colour: str, *, number: bool) -> Any:
    item = qt.QTableWidgetItem(text)
    item.setToolTip(text)
    if number:
        item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
    if colour:
        item.setBackground(qt.QBrush(qt.QColor(colour)))
        item.setForeground(qt.QBrush(qt.QColor(0, 0, 0)))
    return item
