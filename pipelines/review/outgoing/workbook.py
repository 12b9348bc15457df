"""A reviewer's items as a workbook: filled in with Excel or LibreOffice, and sent back.

The decision is chosen from a list, and what a decision is bound to is locked. The protection has no
password: it is against accidents, the seal is against intent. Nothing in it is calculated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.files.xlsx_write import insert_rows, new_workbook, write_cell, write_row
from pipelines.review.columns import DECISION_COLUMNS, HEADERS, SHOWN_COLUMNS
from pipelines.warehouse.review_tables import DECISIONS

ALLOWED = {
    **dict.fromkeys(("autofilter", "sort", "format_columns", "format_rows"), True),
    **dict.fromkeys(("select_locked_cells", "select_unlocked_cells"), True),
}
WIDTHS = dict(
    zip(HEADERS, (18, *(column.width for column in SHOWN_COLUMNS), 12, 30, 16, 12), strict=False)
)
MEANING = {
    "keep": "the person needs it",
    "revoke": "it has to go; a comment is required",
    "modify": "something less, or something else; say in the comment what",
    "not_mine": "somebody else has to decide: say in the comment who, if you know",
    "unsure": "you cannot tell: say in the comment what you would need to know",
}
DECISION, COMMENT = (HEADERS.index(name) for name in ("decision", "comment"))

# What stands in the workbook that all are made from, until it is known
LAST = 1_048_575  # a row that no sheet of ours ends with
MAIL, TOTAL, COUNT = "\ue000mail\ue000", "\ue000total\ue000", "\ue000{}\ue000"
ORDINARY = re.compile(r"(?!.*_x)[A-Za-z0-9@._+'-]+")  # a mail address that is the same in XML


class Books:
    """The workbooks of a campaign's reviewers. What most of them share is made once."""

    def __init__(self, about: dict[str, Any]) -> None:
        self._about = about
        self._frames: dict[tuple[str, ...], dict[str, bytes]] = {}

    @contextmanager
    def sheet(self, path: Path, mail: str, systems: Counter[str]) -> Iterator[IO[bytes]]:
        """The workbook of one reviewer, who has that many items in each system; the block writes
        their rows."""
        shown = MAIL if ORDINARY.fullmatch(mail) else mail
        kind = (shown, *sorted(systems))
        if kind not in self._frames:
            self._frames[kind] = _frame(self._about, *kind)
        texts = {
            LAST: f"{systems.total() + 1}",
            MAIL: mail,
            TOTAL: f"{systems.total()}",
            **{COUNT.format(name): f"{count}" for name, count in systems.items()},
        }
        parts = {}
        for name, part in self._frames[kind].items():
            for mark, text in texts.items():
                part = part.replace(f"{mark}".encode(), text.encode())
            parts[name] = part
        with insert_rows(path, parts, systems.total() + 1) as rows:
            yield rows


def _frame(about: dict[str, Any], mail: str, *systems: str) -> dict[str, bytes]:
    """The parts of a workbook without rows, with marks where reviewers differ."""
    file = BytesIO()
    with closing(new_workbook(file, in_memory=True)) as book:
        _access(book, LAST - 1)
        heading = book.add_format({"bold": True, "font_size": 14})
        strong = book.add_format({"bold": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        for name, told in (
            ("Instructions", _instructions(about, mail)),
            ("Progress", _progress(about, mail, systems)),
        ):
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 0, 24, strong)
            sheet.set_column(1, 1, 90, text)
            write_cell(sheet, 0, 0, about["title"], heading)
            for number, row in enumerate(told, 2):
                write_row(sheet, number, row)
            sheet.protect("", ALLOWED)
    with ZipFile(file) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def styles() -> list[int]:
    """The number that the shape of each column has in every such workbook."""
    return [shape._get_xf_index() for shape in _shapes(new_workbook(BytesIO()))]


def _shapes(book: Workbook) -> list[Format]:
    """How each column looks, and whether something can be typed there."""
    text = book.add_format({"num_format": "@", "valign": "top"})
    typed = book.add_format(
        {"num_format": "@", "valign": "top", "locked": False, "bg_color": "#FFF9E5", "border": 1}
    )
    faint = book.add_format({"num_format": "@", "valign": "top", "font_color": "#808080"})
    return [
        typed if name in DECISION_COLUMNS else text if 0 < number < DECISION else faint
        for number, name in enumerate(HEADERS)
    ]


def _access(book: Workbook, last: int) -> None:
    """The sheet that is filled in, down to this row, counted from 0."""
    sheet = book.add_worksheet("Access")
    for number, (name, shape) in enumerate(zip(HEADERS, _shapes(book), strict=True)):
        shape._get_xf_index()  # it has the number that `styles` says
        sheet.set_column(number, number, WIDTHS.get(name, 10), shape)
    header = book.add_format(
        {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE6EE", "bottom": 1}
    )
    write_row(sheet, 0, HEADERS, header)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last, len(HEADERS) - 1)
    _guide(book, sheet, last)
    sheet.protect("", ALLOWED)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _guide(book: Workbook, sheet: Worksheet, last: int) -> None:
    """What a spreadsheet says while somebody types: the list, and the comment that is missing."""
    sheet.data_validation(
        1,
        DECISION,
        last,
        DECISION,
        {
            "validate": "list",
            "source": [*DECISIONS],
            "error_title": "Decision",
            "error_message": f"One of: {', '.join(DECISIONS)}.",
        },
    )
    decision, comment = (f"${xl_col_to_name(column)}2" for column in (DECISION, COMMENT))
    lacking = f'AND(OR({decision}="revoke",{decision}="modify"),LEN(TRIM({comment}))=0)'
    sheet.data_validation(
        1,
        COMMENT,
        last,
        COMMENT,
        {
            "validate": "custom",
            "value": f"=NOT({lacking})",
            "ignore_blank": False,
            "error_title": "Comment",
            "error_message": "Say what is to be done, and why.",
        },
    )
    for column, condition, colour in (
        (COMMENT, lacking, "#F4B6B6"),
        (DECISION, f"LEN({decision})>0", "#D9EAD3"),
    ):
        sheet.conditional_format(
            1,
            column,
            last,
            column,
            {
                "type": "formula",
                "criteria": f"={condition}",
                "format": book.add_format({"bg_color": colour}),
            },
        )


def _instructions(about: dict[str, Any], mail: str) -> Iterator[tuple[str, str]]:
    contact = about["definition"]["contact"] or about["definition"]["fallback"]
    yield "What", f"You are asked who should keep the access on the sheet Access: {TOTAL} rows."
    yield "Who", f"This list is for {mail}. Please do not pass it on; it is about people."
    yield "Until", f"{about['due_on']}. A row without a decision is undecided, never approved."
    yield "Questions", f"to {contact}"
    yield "", ""
    for name in DECISIONS:
        yield name, MEANING[name]
    yield "", ""
    yield (
        "Columns to fill in",
        "decision (choose from the list) and comment. A red comment is"
        " missing. decided_by and decided_at may stay empty.",
    )
    yield (
        "Filter and sort",
        "The arrows in the header filter. To sort, take the protection off"
        " first (it has no password). Order does not matter when the file comes back.",
    )
    yield (
        "All other columns",
        "are as they were on the day of the opening. What is changed in"
        " them is found when the file comes back, and that row is not taken.",
    )
    yield (
        "When you are done",
        "Save the file as it is (.xlsx or CSV) and send it back. You may"
        " send a part first and the rest later.",
    )


def _progress(
    about: dict[str, Any], mail: str, systems: Iterable[str]
) -> Iterator[tuple[str, str]]:
    yield "As this file was written", f"with the data of {about['data_as_of']}"
    yield "Reviewer", mail
    yield "Items to decide", TOTAL
    for name in systems:
        yield f"of these in {name}", COUNT.format(name)
    yield "Decided", "0"
    yield "", ""
    yield (
        "What is left",
        "A decision that is given is green on the sheet Access. Filter the"
        " column decision by empty cells: what is shown is left to decide.",
    )
