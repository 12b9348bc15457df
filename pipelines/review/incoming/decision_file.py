"""Read a decision file that came back: XLSX or CSV, as any spreadsheet program may have saved it.

Whatever has only one meaning is accepted: any order of rows and columns, removed columns, `,` `;`
or tab, Unicode or a code page that known texts prove. Anything ambiguous is refused. Rows have the
numbers that a spreadsheet shows. A file that is too large or not harmless is refused before it is
in memory as a whole.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import re
import stat
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pipelines.failures import Misconfigured, Refused
from pipelines.files import csv_read, xlsx_cells, xlsx_read
from pipelines.review.columns import IDENTITY_COLUMNS

REQUIRED = ("item_id", "decision", *IDENTITY_COLUMNS, "seal")
LABELS = ("Person", "Account", "Access", "Where")  # texts by which a reviewer recognises the row
OPTIONAL = ("comment", "decided_by", "decided_at", "seconds", "how")
COLUMNS = (*REQUIRED, *OPTIONAL, *LABELS)

MAX_BYTES = 1 << 27
MAX_ROWS = 1_000_000
MAX_CHARACTERS = 1 << 27  # of all rows; a million cells of a workbook can share one text
MAX_HEADER_CHARACTERS = 100
MAX_HEADER_ROW = 10  # a title may be above the header
OLD_OR_LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")
BLANKS = " \t\r\n\v\f\xa0\u2007\u202f\u3000\u200b\u200e\u200f\ufeff"
ASCII_BLANKS = " \t\r\n\v\f"
DELIMITERS = ",;\t"
SERIAL_DAY = re.compile(r"\d{5}(?:\.\d+)?")
BETWEEN_CALENDARS = 1_462  # days from the first day of Excel's calendar to that of old Macs


class Row(NamedTuple):
    """One row below the header. `texts` are in the order of COLUMNS, None for a missing column.
    `wrong` says why the row cannot be accepted (empty if it can), `remedy` what was expected."""

    number: int
    texts: tuple[str | None, ...]
    wrong: str = ""
    remedy: str = "plain values in the columns that were sent out"


@dataclass(frozen=True)
class DecisionFile:
    """A file that could be read.

    If `is_csv`, the texts may have the quotes of `safe_csv`. `encoding` is empty for a code page
    that is not known yet; then the texts have one character for each byte.
    """

    name: str
    sha256: str
    rows: list[Row]
    is_csv: bool
    encoding: str = "utf-8"

    @property
    def is_unicode(self) -> bool:
        return self.encoding.startswith("utf")


def read_decision_file(path: Path) -> DecisionFile:
    """Read a file. Raises Misconfigured if it does not exist, Refused if it has no decisions."""
    what = path.name
    if what.startswith(("~$", ".~lock.")):
        raise Refused(
            what,
            "it is no list: a spreadsheet program keeps it while the workbook is open there",
            "close the workbook, or leave this file out",
        )
    try:
        with _open(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = _read_file(file, path, digest)
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise Refused(what, "it was changed while it was read", "import it again")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Misconfigured(str(path), why, "name the files that came back") from None
    return found


def _open(path: Path) -> BinaryIO:
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise Misconfigured(str(path), "it is not a file", "name the files that came back")
    if about.st_size > MAX_BYTES:
        raise Refused(
            path.name,
            f"it has {about.st_size >> 20} MiB, more than any list of decisions",
            xlsx_read.AS_SENT,
        )
    return path.open("rb")


def _read_file(file: BinaryIO, path: Path, digest: str) -> DecisionFile:
    what = path.name
    file.seek(0)
    head = file.read(len(OLD_OR_LOCKED))
    if path.suffix.lower() in (".xlsm", ".xltm", ".xlam", ".xlsb"):
        raise Refused(what, "it may contain macros", xlsx_read.SAVE_AS)
    if head == OLD_OR_LOCKED:
        raise Refused(
            what, "it is protected by a password, or in Excel's old format", xlsx_read.SAVE_AS
        )
    if head.startswith(b"PK\x03\x04"):
        file.seek(0)
        return DecisionFile(what, digest, _read_workbook(file.read(), what), False)
    encoding = csv_read.find_encoding(file, what)
    rows = _keep_filled_rows(_read_csv(file, encoding, what), what)
    return DecisionFile(what, digest, rows, True, encoding)


def normalize_words(text: str) -> str:
    """Return a text in the form in which headers and labels are compared: letters and digits."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _keep_filled_rows(rows: Iterator[Row], what: str) -> list[Row]:
    """Return the rows that have text in one of our columns. Raises Refused beyond a limit."""
    found, characters = [], 0
    for row in rows:
        characters += sum([len(text) for text in row.texts if text])
        if any(row.texts):
            found.append(row)
        if len(found) > MAX_ROWS:
            raise Refused(what, f"it has more than {MAX_ROWS:,} rows", xlsx_read.AS_SENT)
        if characters > MAX_CHARACTERS:
            why = f"it has more than {MAX_CHARACTERS:,} characters, more than any list of decisions"
            raise Refused(what, why, xlsx_read.AS_SENT)
    return found


# ---- headers

HEADERS = {normalize_words(name): name for name in COLUMNS}


def _find_columns(cells: Iterable[tuple[int, str]], what: str) -> dict[str, int] | None:
    """Return the position of each of our columns, or None if these cells are not the header.

    Raises Refused for a column that is missing, or is there twice.
    """
    found: dict[str, int] = {}
    twice = set()
    for place, text in cells:
        short = text[: MAX_HEADER_CHARACTERS + 1]
        name = HEADERS.get(normalize_words(short)) if len(short) <= MAX_HEADER_CHARACTERS else None
        if name in found:
            twice.add(name)
        elif name:
            found[name] = place
    if len(found.keys() & {*REQUIRED}) < 3:
        return None
    if twice:
        raise Refused(what, f"it has two columns `{min(twice)}`", "remove one of them")
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise Refused(
            what,
            f"it lacks the column `{'` and `'.join(missing)}`",
            "restore the column as it was in the file that was sent out",
        )
    return found


def _no_header(what: str) -> Refused:
    return Refused(
        what,
        f"none of its first {MAX_HEADER_ROW} rows is the header of a list of decisions"
        " (`item_id`, `decision`, …, `seal`)",
        xlsx_read.AS_SENT,
    )


# ---- workbooks


def _read_workbook(data: bytes, what: str) -> list[Row]:
    """Return the rows below the header, from the only sheet that has our header."""
    book = xlsx_read.Book(data, what)
    found = []
    for sheet in book.sheets:
        for row in itertools.islice(book.read_rows(sheet), MAX_HEADER_ROW):
            if places := _find_columns(row.cells.items(), what):
                found.append((sheet, row.number, places))
                break
    if not found:
        raise _no_header(what)
    if len(found) > 1:
        names = " and ".join(f"`{sheet}`" for sheet, *_ in found)
        raise Refused(what, f"the sheets {names} both have decisions", "remove one of them")
    [(sheet, header, places)] = found
    merged: list[xlsx_cells.Area] = []
    order = [places.get(name) for name in COLUMNS]
    lines = book.read_rows(sheet, frozenset(places.values()), merged)
    rows = _read_sheet((line for line in lines if line.number > header), order)
    if book.counts_from_1904:
        rows = map(_count_from_1900, rows)
    found = _keep_filled_rows(rows, what)
    _mark_hidden_values(found, order, merged, what)
    return found


def _read_sheet(lines: Iterable[xlsx_cells.SheetRow], order: list[int | None]) -> Iterator[Row]:
    for line in lines:
        cell = line.cells.get
        texts = tuple([None if place is None else cell(place, "").strip(BLANKS) for place in order])
        formulas = sorted(
            name
            for name, place in zip(COLUMNS, order, strict=True)
            if place is not None and place in line.formulas
        )
        yield Row(line.number, texts, f"{formulas[0]} is a formula" if formulas else "")


def _count_from_1900(row: Row) -> Row:
    texts = [*row.texts]
    place = COLUMNS.index("decided_at")
    if SERIAL_DAY.fullmatch(texts[place] or ""):
        texts[place] = f"{float(texts[place]) + BETWEEN_CALENDARS}"
    return row._replace(texts=tuple(texts))


def _mark_hidden_values(
    rows: list[Row], order: list[int | None], merged: list[xlsx_cells.Area], what: str
) -> None:
    """Mark each row as wrong that has a value which a merged cell hides."""
    looks = 0
    for area in merged:
        first = bisect_left(rows, area.top, key=lambda row: row.number)
        last = bisect_right(rows, area.bottom, key=lambda row: row.number)
        looks += last - first
        if looks > len(rows) * len(COLUMNS):
            raise Refused(what, "its merged cells overlap", xlsx_read.AS_SENT)
        for index in range(first, last):
            row = rows[index]
            for name, place, text in zip(COLUMNS, order, row.texts, strict=True):
                if text and place is not None and area.covers(place, row.number):
                    wrong = f"{name} is hidden under a merged cell"
                    rows[index] = row._replace(wrong=wrong, remedy="a table without merged cells")


# ---- CSV


def _read_csv(file: BinaryIO, encoding: str, what: str) -> Iterator[Row]:
    """Yield the rows below the header, with the numbers that a spreadsheet gives them."""
    blanks = BLANKS if encoding else ASCII_BLANKS
    encoding = encoding or "latin_1"
    delimiter, header, width, places = _find_csv_header(file, encoding, what)
    order = [places.get(name) for name in COLUMNS]
    number = 0
    try:
        rows = csv_read.read_rows(file, encoding, delimiter, what)
        for number, cells in enumerate(rows, 1):
            if number > header and any(cells):
                cells += [""] * (width - len(cells))
                more = any(cell.strip(blanks) for cell in cells[width:])
                texts = tuple(
                    [None if place is None else cells[place].strip(blanks) for place in order]
                )
                yield Row(number, texts, "it has more cells than the header" if more else "")
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(
            f"{what} row {number + 1}", f"it is not valid CSV ({error})", xlsx_read.SAVE_AS
        ) from None


def _find_csv_header(
    file: BinaryIO, encoding: str, what: str
) -> tuple[str, int, int, dict[str, int]]:
    """Return the delimiter, the header's row and length, and the position of each column."""
    for delimiter in DELIMITERS:
        with closing(csv_read.read_rows(file, encoding, delimiter, what)) as rows:
            try:
                for number, cells in enumerate(itertools.islice(rows, MAX_HEADER_ROW), 1):
                    if places := _find_columns(enumerate(cells), what):
                        return delimiter, number, len(cells), places
            except (csv.Error, UnicodeDecodeError):
                continue
    raise _no_header(what)
