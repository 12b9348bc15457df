"""Read a decision file that came back: XLSX or CSV, as any spreadsheet program may have saved it.

Whatever has only one meaning is accepted: any order of rows and columns, removed columns, `,` `;`
or tab, UTF-8, UTF-16 or cp1252. Anything ambiguous is refused. Rows have the numbers that a
spreadsheet shows. A file that is too large or not harmless is refused before it is parsed.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import itertools
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pipelines.failures import Misconfigured, Refused
from pipelines.files import xlsx_cells, xlsx_read
from pipelines.review.columns import IDENTITY_COLUMNS

REQUIRED = ("item_id", "decision", *IDENTITY_COLUMNS, "seal")
LABELS = ("Person", "Account", "Access", "Where")  # by which the reviewer recognised the row
COLUMNS = (*REQUIRED, "comment", "decided_by", "decided_at", *LABELS)

MAX_BYTES = 1 << 27
MAX_ROWS = 1_000_000
MAX_HEADER_ROW = 10  # a title may be above the header
OLD_OR_LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")
BLANKS = " \t\r\n\v\f\xa0\u2007\u202f\u3000\u200b\u200e\u200f\ufeff"
DELIMITERS = ",;\t"


class Row(NamedTuple):
    """One row below the header: its texts in the order of COLUMNS (None for a column that the file
    lacks), and why the row cannot be accepted (empty if it can)."""

    number: int
    texts: tuple[str | None, ...]
    wrong: str = ""


@dataclass(frozen=True)
class DecisionFile:
    """A file that could be read.

    `is_csv`: its texts may have the quotes of `safe_csv`. `is_lossy`: its encoding lacks letters.
    """

    name: str
    sha256: str
    rows: list[Row]
    is_csv: bool
    is_lossy: bool

    @cached_property
    def reviewer(self) -> str:
        """The reviewer of most rows. Every file that goes out is for one reviewer."""
        place = COLUMNS.index("reviewer")
        [(reviewer, _)] = Counter(row.texts[place] for row in self.rows).most_common(1) or [("", 0)]
        return reviewer or ""


def read_decision_file(path: Path) -> DecisionFile:
    """Read a file. Raises Misconfigured if it does not exist, Refused if it has no decisions."""
    data = _read_bytes(path)
    digest, what = hashlib.sha256(data).hexdigest(), path.name
    if path.suffix.lower() in (".xlsm", ".xltm", ".xlam", ".xlsb"):
        raise Refused(what, "it may contain macros", xlsx_read.SAVE_AS)
    if data.startswith(OLD_OR_LOCKED):
        raise Refused(
            what, "it is protected by a password, or in Excel's old format", xlsx_read.SAVE_AS
        )
    if data.startswith(b"PK\x03\x04"):
        rows = _drop_empty_rows(_read_workbook(data, what), what)
        return DecisionFile(what, digest, rows, False, False)
    text, is_lossy = _decode(data, what)
    return DecisionFile(what, digest, _drop_empty_rows(_read_csv(text, what), what), True, is_lossy)


def normalize_words(text: str) -> str:
    """Return a text in the form in which headers and labels are compared: letters and digits."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _read_bytes(path: Path) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Misconfigured(str(path), "it is not a file", "name the files that came back")
        if about.st_size > MAX_BYTES:
            raise Refused(
                path.name,
                f"it has {about.st_size >> 20} MiB, more than any list of decisions",
                xlsx_read.AS_SENT,
            )
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Misconfigured(str(path), why, "name the files that came back") from None


def _drop_empty_rows(rows: Iterator[Row], what: str) -> list[Row]:
    """Return the rows that have text in one of our columns. Raises Refused above MAX_ROWS."""
    found = list(itertools.islice((row for row in rows if any(row.texts)), MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        raise Refused(what, f"it has more than {MAX_ROWS:,} rows", xlsx_read.AS_SENT)
    return found


# ---- headers

HEADERS = {normalize_words(name): name for name in COLUMNS}


def _find_columns(cells: Iterable[tuple[int, str]], what: str) -> dict[str, int] | None:
    """Return the place of each of our columns, or None if these cells are not the header.

    Raises Refused for a column that is missing, or is there twice.
    """
    found: dict[str, int] = {}
    twice = set()
    for place, text in cells:
        name = HEADERS.get(normalize_words(text))
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


def _read_workbook(data: bytes, what: str) -> Iterator[Row]:
    """Yield the rows below the header, from the only sheet that has our header."""
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
    names = {place: name for name, place in places.items()}
    order = [places.get(name) for name in COLUMNS]
    for row in book.read_rows(sheet, frozenset(names)):
        if row.number > header:
            cell = row.cells.get
            texts = tuple(
                [None if place is None else cell(place, "").strip(BLANKS) for place in order]
            )
            formulas = sorted(names[place] for place in row.formulas if place in names)
            wrong = f"{formulas[0]} is a formula" if formulas else ""
            yield Row(row.number, texts, wrong)


# ---- CSV


def _decode(data: bytes, what: str) -> tuple[str, bool]:
    """Return the text, and whether it is in cp1252, which lacks most letters."""
    encodings = ["utf-8", "cp1252"]
    if data.startswith(codecs.BOM_UTF8):
        encodings = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif data[:100].count(0) >= len(data[:100]) // 3:
        encodings = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding == "cp1252"
    raise Refused(
        what,
        "it is neither a workbook nor text in UTF-8, UTF-16 or Windows-1252",
        xlsx_read.SAVE_AS,
    )


def _read_csv(text: str, what: str) -> Iterator[Row]:
    """Yield the rows below the header, with the numbers that a spreadsheet gives them."""
    if hint := re.match(r"sep=.\r?\n", text, re.IGNORECASE):  # for Excel, which does not show it
        text = text[hint.end() :]
    delimiter, header, width, places = _find_csv_header(text, what)
    order = [places.get(name) for name in COLUMNS]
    reader, number = _parse_csv(text, delimiter), 0
    try:
        for number, cells in enumerate(reader, 1):
            if number > header:
                cells += [""] * (width - len(cells))
                more = any(cell.strip(BLANKS) for cell in cells[width:])
                texts = tuple(
                    [None if place is None else cells[place].strip(BLANKS) for place in order]
                )
                yield Row(number, texts, "it has more cells than the header" if more else "")
    except csv.Error as error:
        raise Refused(
            f"{what} row {number + 1}", f"it is not valid CSV ({error})", xlsx_read.SAVE_AS
        ) from None


def _find_csv_header(text: str, what: str) -> tuple[str, int, int, dict[str, int]]:
    """Return the delimiter, the header's row and number of cells, and the place of each column."""
    for delimiter in DELIMITERS:
        rows = itertools.islice(_parse_csv(text, delimiter), MAX_HEADER_ROW)
        try:
            for number, cells in enumerate(rows, 1):
                if len(cells) > xlsx_cells.MAX_COLUMNS:
                    raise Refused(what, f"it has {len(cells):,} columns", xlsx_read.AS_SENT)
                if places := _find_columns(enumerate(cells), what):
                    return delimiter, number, len(cells), places
        except csv.Error:
            continue
    raise _no_header(what)


def _parse_csv(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
