"""How programs read a CSV: where a cell begins, and whether they would run it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

SIGNS = "=+-@＝＋－＠"
SEPARATORS = ",;|\t\r\n"


def is_unseen(mark: str) -> bool:
    return mark.isspace() or unicodedata.category(mark) in ("Cc", "Cf", "Zs", "Zl", "Zp")


def runs(cell: str) -> bool:
    """Return whether a program runs this cell as a formula. Programs skip invisible characters."""
    seen = next((mark for mark in cell if not is_unseen(mark)), "")
    return seen != "" and seen in SIGNS


def restored(cell: str) -> str:
    """Return the warehouse's value of a cell, without the quotes that the export added."""

    def begins_formula(text: str) -> bool:
        hidden = (mark for mark in text if mark in SEPARATORS or not is_unseen(mark))
        sign = next((mark for mark in hidden if mark not in "'\""), "")
        return sign != "" and sign in SIGNS

    if cell[:1] == "'" and re.match(r"'*[\t\r\n]", cell):
        cell = cell[1:]
    found = [
        mark
        for place, mark in enumerate(cell)
        if mark != "'"
        or not (place == 0 or cell[place - 1] in SEPARATORS)
        or not begins_formula(cell[place:])
    ]
    return "".join(found)


def run_cells(text: str) -> list[str]:
    """Return the cells that a program runs, for every separator, with and without quoting."""
    found = re.split(f"[{SEPARATORS}]", text)
    for delimiter in ",;|\t":
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        found += [cell for row in rows for cell in row]
        found += re.split(rf'[{delimiter}\r\n]+"*', text)
    return [cell for cell in found if runs(cell)]
