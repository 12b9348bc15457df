"""Write a reviewer's items as a workbook, to be filled in with Excel or LibreOffice.

Decisions are chosen from a list, and all other columns are locked. The protection has no password,
because it only prevents accidents; the seal detects intended changes. No cell is calculated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.files.xlsx_write import (
    LINE_POINTS,
    insert_rows,
    new_workbook,
    row_height,
    write_cell,
    write_row,
)
from pipelines.review.columns import (
    ANSWER_COLUMNS,
    DECISION_COLUMNS,
    HEADERS,
    HIDDEN_COLUMNS,
    REASON_COLUMNS,
    SHOWN_COLUMNS,
    SUBJECT_COLUMNS,
)
from pipelines.warehouse.review_tables import DECISIONS

ALLOWED = {
    **dict.fromkeys(("autofilter", "sort", "format_columns", "format_rows"), True),
    **dict.fromkeys(("select_locked_cells", "select_unlocked_cells"), True),
}
WIDTHS = {column.header: column.width for column in SHOWN_COLUMNS}
WIDTHS |= {"decision": 10, "comment": 28, "decided_by": 16, "decided_at": 12}
WRAPPED = {column.header for column in SHOWN_COLUMNS if column.is_wrapped} | {"comment"}
REASONS = {column.header for column in REASON_COLUMNS}
MEANING = {
    "keep": "the person needs it",
    "revoke": "the access has to be removed; a comment is required",
    "modify": "the person needs less access, or other access; write in the comment which",
    "not_mine": "somebody else has to decide; write in the comment who, if you know",
    "unsure": "you cannot decide; write in the comment what you would need to know",
}
# The columns that stay in view: they are the first ones in every campaign
DECISION, COMMENT = (HEADERS.index(name) for name in ANSWER_COLUMNS)
TEXT_WIDTH = 90  # of the sheets with explanations, in characters
FROZEN = len(SUBJECT_COLUMNS) + len(ANSWER_COLUMNS)
A4 = 9  # the paper, as spreadsheets number it
MAX_FOOTER_CHARACTERS = 100  # of a title; a footer has at most 255

# Placeholders in a template, which are replaced by the values of a reviewer.
LAST_ROW = 1_048_575  # a number of rows that no sheet of ours has
MAIL, TOTAL, COUNT = "\ue000mail\ue000", "\ue000total\ue000", "\ue000{}\ue000"
PLAIN_MAIL = re.compile(r"(?!.*_x)[A-Za-z0-9@._+'-]+")  # a mail address that XML holds unchanged


class WorkbookTemplates:
    """Workbooks without rows. Reviewers of the same systems share one such template."""

    def __init__(
        self, about: dict[str, Any], headers: Sequence[str], titles: Mapping[str, str]
    ) -> None:
        """`titles` has the name of each system that people read."""
        self._about = about
        self._titles = titles
        self._headers = headers
        self._templates: dict[tuple[str, ...], dict[str, bytes]] = {}

    @contextmanager
    def open_sheet(self, path: Path, mail: str, systems: Counter[str]) -> Iterator[IO[bytes]]:
        """Write the workbook of a reviewer; the block writes the rows of its first sheet as XML.

        `systems` has the number of items in each system.
        """
        shown = MAIL if PLAIN_MAIL.fullmatch(mail) else mail
        kind = (shown, *sorted(systems))
        if kind not in self._templates:
            titles = {name: self._titles[name] for name in sorted(systems)}
            self._templates[kind] = _make_template(self._about, self._headers, shown, titles)
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


def _make_template(
    about: dict[str, Any], headers: Sequence[str], mail: str, systems: Mapping[str, str]
) -> dict[str, bytes]:
    """Return the parts of a workbook without rows, with placeholders where reviewers differ."""
    file = BytesIO()
    with closing(new_workbook(file, in_memory=True)) as book:
        _add_access_sheet(book, headers, LAST_ROW - 1, about["title"])
        heading = book.add_format({"bold": True, "font_size": 14})
        strong = book.add_format({"bold": True, "valign": "top"})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        for name, rows in (
            ("Instructions", _instruction_rows(about, mail)),
            ("Progress", _progress_rows(about, mail, systems)),
        ):
            sheet = book.add_worksheet(name)
            sheet.set_column(0, 0, 24, strong)
            sheet.set_column(1, 1, TEXT_WIDTH, text)
            write_cell(sheet, 0, 0, about["title"], heading)
            for number, row in enumerate(rows, 2):
                sheet.set_row(number, row_height((row[1], TEXT_WIDTH)))
                write_row(sheet, number, row)
            sheet.protect("", ALLOWED)
            sheet.set_paper(A4)
            sheet.fit_to_pages(1, 0)
    with ZipFile(file) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def read_column_styles(headers: Sequence[str]) -> list[int]:
    """Return the number of each column's cell style, which is the same in every workbook.

    XlsxWriter has no public way to ask for this number.
    """
    return [style._get_xf_index() for style in _add_styles(new_workbook(BytesIO()), headers)]


def _add_styles(book: Workbook, headers: Sequence[str]) -> list[Format]:
    """Add the cell style of each column; only the decision columns are not locked."""
    text = {"num_format": "@", "valign": "top", "bottom": 1, "bottom_color": "#DDDDDD"}
    typed = text | {"locked": False, "bg_color": "#FFF9E5", "border": 1, "border_color": "#B7AD8F"}
    kinds = [(name in DECISION_COLUMNS, name in WRAPPED) for name in headers]
    styles = {
        (is_typed, is_wrapped): book.add_format(
            (typed if is_typed else text) | {"text_wrap": is_wrapped}
        )
        for is_typed, is_wrapped in dict.fromkeys(kinds)
    }
    return [styles[kind] for kind in kinds]


def _add_access_sheet(book: Workbook, headers: Sequence[str], last: int, title: str) -> None:
    """Add the sheet that is filled in; its last row is `last`, counted from 0."""
    sheet = book.add_worksheet("Access")
    for number, (name, style) in enumerate(zip(headers, _add_styles(book, headers), strict=True)):
        style._get_xf_index()  # assigns the next number, as in read_column_styles
        hidden = {"hidden": name in HIDDEN_COLUMNS}
        sheet.set_column(number, number, WIDTHS.get(name, 10), style, hidden)
    header = book.add_format(
        {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE6EE", "bottom": 1}
    )
    sheet.set_row(0, 2 * LINE_POINTS)
    write_row(sheet, 0, headers, header)
    sheet.freeze_panes(1, FROZEN)
    sheet.autofilter(0, 0, last, len(headers) - 1)
    _add_validation(book, sheet, last)
    _add_colours(book, sheet, headers, last)
    sheet.protect("", ALLOWED)
    _set_printing(sheet, headers, last, title)


def _add_colours(book: Workbook, sheet: Worksheet, headers: Sequence[str], last: int) -> None:
    """Let a recommendation to revoke or to look stand out."""
    place = headers.index("Recommendation")
    for word, colour in (("revoke", "#9C0006"), ("look", "#7F6000")):
        style = book.add_format({"font_color": colour, "bold": True})
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": style}
        sheet.conditional_format(1, place, last, place, rule)


def _set_printing(sheet: Worksheet, headers: Sequence[str], last: int, title: str) -> None:
    """Print the decision and what speaks for it, on pages of one width with the header on each."""
    printed = FROZEN + sum(name in REASONS for name in headers)
    sheet.print_area(0, 0, last, printed - 1)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    title = title[:MAX_FOOTER_CHARACTERS].replace("&", "&&")  # `&` begins a code there
    sheet.set_footer(f"&L{title}&RPage &P of &N")


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
        "Recommendation",
        "is computed from what is known, and the column Why says how. It decides nothing: you do."
        " Rows that need most attention come first.",
    )
    yield (
        "Filter and sort",
        "Use the arrows in the header to filter. To sort, first remove the sheet's protection"
        " (it has no password). You can send the rows back in any order.",
    )
    yield (
        "All other columns",
        "show the data of the day on which the review was opened. Please do not change them:"
        " a row that was changed there is rejected. The hidden columns at the end say which access"
        " a row is about; please do not remove them.",
    )
    yield (
        "When you are done",
        "Save the file as .xlsx or CSV and send it back. You can send some decisions now"
        " and the others later.",
    )


def _progress_rows(
    about: dict[str, Any], mail: str, systems: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    yield "When this file was written", f"with the data of {about['data_as_of']}"
    yield "Reviewer", mail
    yield "Items to decide", TOTAL
    for name, title in systems.items():
        yield f"of these in {title}", COUNT.format(name)
    yield "Decided", "0"
    yield "", ""
    yield (
        "Still to decide",
        "A cell with a decision is green on the sheet Access. To see the rows that you still have"
        " to decide, filter the column decision by empty cells.",
    )
