"""Write a reviewer's items as a workbook, to be filled in with Excel or LibreOffice.

Decisions are chosen from a list, and all other columns are locked. The protection has no password,
because it only prevents accidents; the seal detects intended changes. No cell is calculated.
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
    "revoke": "the access has to be removed; a comment is required",
    "modify": "the person needs less access, or other access; write in the comment which",
    "not_mine": "somebody else has to decide; write in the comment who, if you know",
    "unsure": "you cannot decide; write in the comment what you would need to know",
}
DECISION, COMMENT = (HEADERS.index(name) for name in ("decision", "comment"))

# Placeholders in a template, which are replaced by the values of a reviewer.
LAST_ROW = 1_048_575  # a number of rows that no sheet of ours has
MAIL, TOTAL, COUNT = "\ue000mail\ue000", "\ue000total\ue000", "\ue000{}\ue000"
PLAIN_MAIL = re.compile(r"(?!.*_x)[A-Za-z0-9@._+'-]+")  # a mail address that XML holds unchanged


class WorkbookTemplates:
    """Workbooks without rows. Reviewers of the same systems share one such template."""

    def __init__(self, about: dict[str, Any]) -> None:
        self._about = about
        self._templates: dict[tuple[str, ...], dict[str, bytes]] = {}

    @contextmanager
    def open_sheet(self, path: Path, mail: str, systems: Counter[str]) -> Iterator[IO[bytes]]:
        """Write the workbook of a reviewer; the block writes the rows of its first sheet as XML.

        `systems` has the number of items in each system.
        """
        shown = MAIL if PLAIN_MAIL.fullmatch(mail) else mail
        kind = (shown, *sorted(systems))
        if kind not in self._templates:
            self._templates[kind] = _make_template(self._about, *kind)
        texts = {
            LAST_ROW: f"{systems.total() + 1}",
            MAIL: mail,
            TOTAL: f"{systems.total()}",
            **{COUNT.format(name): f"{count}" for name, count in systems.items()},
        }
        parts = {}
        for name, part in self._templates[kind].items():
            for mark, text in texts.items():
                part = part.replace(f"{mark}".encode(), text.encode())
            parts[name] = part
        with insert_rows(path, parts, systems.total() + 1) as rows:
            yield rows


def _make_template(about: dict[str, Any], mail: str, *systems: str) -> dict[str, bytes]:
    """Return the parts of a workbook without rows, with placeholders where reviewers differ."""
    file = BytesIO()
    with closing(new_workbook(file, in_memory=True)) as book:
        _add_access_sheet(book, LAST_ROW - 1)
        heading = book.add_format({"bold": True, "font_size": 14})
        strong = book.add_format({"bold": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        for name, rows in (
            ("Instructions", _instruction_rows(about, mail)),
            ("Progress", _progress_rows(about, mail, systems)),
        ):
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 0, 24, strong)
            sheet.set_column(1, 1, 90, text)
            write_cell(sheet, 0, 0, about["title"], heading)
            for number, row in enumerate(rows, 2):
                write_row(sheet, number, row)
            sheet.protect("", ALLOWED)
    with ZipFile(file) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def read_column_styles() -> list[int]:
    """Return the number of each column's cell style, which is the same in every workbook.

    XlsxWriter has no public way to ask for this number.
    """
    return [style._get_xf_index() for style in _add_styles(new_workbook(BytesIO()))]


def _add_styles(book: Workbook) -> list[Format]:
    """Add the cell style of each column; only the decision columns are not locked."""
    text = book.add_format({"num_format": "@", "valign": "top"})
    typed = book.add_format(
        {"num_format": "@", "valign": "top", "locked": False, "bg_color": "#FFF9E5", "border": 1}
    )
    faint = book.add_format({"num_format": "@", "valign": "top", "font_color": "#808080"})
    return [
        typed if name in DECISION_COLUMNS else text if 0 < number < DECISION else faint
        for number, name in enumerate(HEADERS)
    ]


def _add_access_sheet(book: Workbook, last: int) -> None:
    """Add the sheet that is filled in; its last row is `last`, counted from 0."""
    sheet = book.add_worksheet("Access")
    for number, (name, style) in enumerate(zip(HEADERS, _add_styles(book), strict=True)):
        style._get_xf_index()  # assigns the next number, as in read_column_styles
        sheet.set_column(number, number, WIDTHS.get(name, 10), style)
    header = book.add_format(
        {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE6EE", "bottom": 1}
    )
    write_row(sheet, 0, HEADERS, header)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last, len(HEADERS) - 1)
    _add_validation(book, sheet, last)
    sheet.protect("", ALLOWED)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _add_validation(book: Workbook, sheet: Worksheet, last: int) -> None:
    """Add the list of decisions, and the warning about a missing comment."""
    decisions, comments = ((1, column, last, column) for column in (DECISION, COMMENT))
    rule = {"validate": "list", "source": [*DECISIONS], "error_title": "Decision"}
    sheet.data_validation(*decisions, rule | {"error_message": f"One of: {', '.join(DECISIONS)}."})
    decision, comment = (f"${xl_col_to_name(column)}2" for column in (DECISION, COMMENT))
    lacking = f'AND(OR({decision}="revoke",{decision}="modify"),LEN(TRIM({comment}))=0)'
    rule = {"validate": "custom", "value": f"=NOT({lacking})", "ignore_blank": False}
    error = {"error_title": "Comment", "error_message": "Write what has to be done, and why."}
    sheet.data_validation(*comments, rule | error)
    for place, condition, colour in (
        (comments, lacking, "#F4B6B6"),
        (decisions, f"LEN({decision})>0", "#D9EAD3"),
    ):
        style = book.add_format({"bg_color": colour})
        sheet.conditional_format(
            *place, {"type": "formula", "criteria": f"={condition}", "format": style}
        )


def _instruction_rows(about: dict[str, Any], mail: str) -> Iterator[tuple[str, str]]:
    contact = about["definition"]["contact"] or about["definition"]["fallback"]
    yield (
        "What",
        f"Please decide who should keep the access listed on the sheet Access: {TOTAL} rows.",
    )
    yield "Who", f"This list is for {mail}. Please do not forward it: it contains personal data."
    yield "Until", f"{about['due_on']}. A row without a decision counts as undecided, not approved."
    yield "Questions", f"Please ask {contact}."
    yield "", ""
    for name in DECISIONS:
        yield name, MEANING[name]
    yield "", ""
    yield (
        "Columns to fill in",
        "decision (choose from the list) and comment. A red cell needs a comment."
        " You can leave decided_by and decided_at empty.",
    )
    yield (
        "Filter and sort",
        "Use the arrows in the header to filter. To sort, first remove the sheet's protection"
        " (it has no password). You can send the rows back in any order.",
    )
    yield (
        "All other columns",
        "show the data of the day on which the review was opened. Please do not change them:"
        " a row that was changed there is rejected.",
    )
    yield (
        "When you are done",
        "Save the file as .xlsx or CSV and send it back. You can send some decisions now"
        " and the others later.",
    )


def _progress_rows(
    about: dict[str, Any], mail: str, systems: Iterable[str]
) -> Iterator[tuple[str, str]]:
    yield "When this file was written", f"with the data of {about['data_as_of']}"
    yield "Reviewer", mail
    yield "Items to decide", TOTAL
    for name in systems:
        yield f"of these in {name}", COUNT.format(name)
    yield "Decided", "0"
    yield "", ""
    yield (
        "Still to decide",
        "A cell with a decision is green on the sheet Access. To see the rows that you still have"
        " to decide, filter the column decision by empty cells.",
    )
