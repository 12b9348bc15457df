"""A decision file as it comes back: XLSX or CSV, in whatever way a spreadsheet has saved it again.

Whatever can be meant in one way only is understood: any order of rows and columns, dropped columns,
`,` `;` or tab, UTF-8, UTF-16 or cp1252. What cannot be is refused. A row has the number that a
spreadsheet shows beside it. What is too large or not harmless is refused before it is parsed.
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

NEEDED = ("item_id", "decision", *IDENTITY_COLUMNS, "seal")
LABELS = ("Person", "Account", "Access", "Where")  # what the reviewer saw the row as
COLUMNS = (*NEEDED, "comment", "decided_by", "decided_at", *LABELS)

MAX_BYTES = 1 << 27
MAX_ROWS = 1_000_000
HEADER_WITHIN = 10  # rows: somebody may have put a title above it
OLD_OR_LOCKED = bytes.fromhex("d0cf11e0a1b11ae1")
BLANKS = " \t\r\n\v\f\xa0\u2007\u202f\u3000\u200b\u200e\u200f\ufeff"
DELIMITERS = ",;\t"


class Row(NamedTuple):
    """One row below the header: its texts in the order of COLUMNS, None where the file has not that
    column, and why it cannot be taken as it stands (empty if it can)."""

    number: int
    texts: tuple[str | None, ...]
    wrong: str = ""


@dataclass(frozen=True)
class DecisionFile:
    """A file that could be read. `is_csv` tells that text may have been made inert in it, and
    `is_lossy` that its encoding has no room for every letter."""

    name: str
    sha256: str
    rows: list[Row]
    is_csv: bool
    is_lossy: bool

    @cached_property
    def reviewer(self) -> str:
        """Whose file it is: nobody is sent the rows of two."""
        place = COLUMNS.index("reviewer")
        [(reviewer, _)] = Counter(row.texts[place] for row in self.rows).most_common(1) or [("", 0)]
        return reviewer or ""


def read_decision_file(path: Path) -> DecisionFile:
    """Raises Misconfigured where there is no such file, Refused for one that is no list of
    decisions."""
    data = _bytes(path)
    digest, what = hashlib.sha256(data).hexdigest(), path.name
    if path.suffix.lower() in (".xlsm", ".xltm", ".xlam", ".xlsb"):
        raise Refused(what, "it may hold macros", xlsx_read.SAVE_AS)
    if data.startswith(OLD_OR_LOCKED):
        raise Refused(
            what, "it is protected by a password, or of Excel's old format", xlsx_read.SAVE_AS
        )
    if data.startswith(b"PK\x03\x04"):
        return DecisionFile(what, digest, _few(_of_workbook(data, what), what), False, False)
    text, is_lossy = _decoded(data, what)
    return DecisionFile(what, digest, _few(_of_text(text, what), what), True, is_lossy)


def _bytes(path: Path) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Misconfigured(str(path), "it is not a file", "name the files that came back")
        if about.st_size > MAX_BYTES:
            raise Refused(
                path.name,
                f"it has {about.st_size >> 20} MiB, more than any list of decisions",
                "take the file that was sent out, and fill that in",
            )
        return path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Misconfigured(str(path), why, "name the files that came back") from None


def _few(rows: Iterator[Row], what: str) -> list[Row]:
    """All rows, without those in which nothing of ours stands."""
    found = list(itertools.islice((row for row in rows if any(row.texts)), MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        raise Refused(what, f"it has more than {MAX_ROWS:,} rows", xlsx_read.AS_SENT)
    return found


# ---- headers


def _known(text: str) -> str:
    """A header as it is compared: in any case, with or without blanks and underscores."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


KNOWN = {_known(name): name for name in COLUMNS}


def _places(cells: Iterable[tuple[int, str]], what: str) -> dict[str, int] | None:
    """Where each of our columns is, None if this is not the header. Raises Refused for a column
    that is missing or is there twice."""
    found: dict[str, int] = {}
    twice = set()
    for place, text in cells:
        name = KNOWN.get(_known(text))
        if name in found:
            twice.add(name)
        elif name:
            found[name] = place
    if len(found.keys() & {*NEEDED}) < 3:
        return None
    if twice:
        raise Refused(what, f"it has two columns `{min(twice)}`", "remove one of them")
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise Refused(
            what,
            f"it lacks the column `{'` and `'.join(missing)}`",
            "put it back as it was in the file that was sent out",
        )
    return found


def _headless(what: str) -> Refused:
    return Refused(
        what,
        f"none of its first {HEADER_WITHIN} rows is the header of a list of decisions"
        " (`item_id`, `decision`, …, `seal`)",
        xlsx_read.AS_SENT,
    )


# ---- workbooks


def _of_workbook(data: bytes, what: str) -> Iterator[Row]:
    """The rows below the header, of the one sheet that has such a header."""
    book = xlsx_read.Book(data, what)
    found = []
    for sheet in book.sheets:
        for line in itertools.islice(book.lines(sheet), HEADER_WITHIN):
            if places := _places(line.cells.items(), what):
                found.append((sheet, line.number, places))
                break
    if not found:
        raise _headless(what)
    if len(found) > 1:
        names = " and ".join(f"`{sheet}`" for sheet, *_ in found)
        raise Refused(what, f"the sheets {names} both have decisions", "remove one of them")
    [(sheet, header, places)] = found
    names = {place: name for name, place in places.items()}
    order = [places.get(name) for name in COLUMNS]
    for line in book.lines(sheet, frozenset(names)):
        if line.number > header:
            cell = line.cells.get
            texts = tuple(
                [None if place is None else cell(place, "").strip(BLANKS) for place in order]
            )
            formulas = sorted(names[place] for place in line.formulas if place in names)
            wrong = f"{formulas[0]} is a formula" if formulas else ""
            yield Row(line.number, texts, wrong)


# ---- CSV


def _decoded(data: bytes, what: str) -> tuple[str, bool]:
    """The text, and whether its encoding has few letters only."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            encodings = [encoding]
            break
    else:
        nulls = data[:100].count(0)
        encodings = ["utf-8", "cp1252"]
        if nulls >= len(data[:100]) // 3:
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


def _of_text(text: str, what: str) -> Iterator[Row]:
    """The rows below the header, counted as a spreadsheet does that opens the file."""
    if hint := re.match(r"sep=.\r?\n", text, re.IGNORECASE):  # Excel's own, which it never shows
        text = text[hint.end() :]
    delimiter, header, width, places = _start(text, what)
    order = [places.get(name) for name in COLUMNS]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if number > header:
                cells += [""] * (width - len(cells))
                more = any(cell.strip(BLANKS) for cell in cells[width:])
                yield Row(
                    number,
                    tuple(
                        [None if place is None else cells[place].strip(BLANKS) for place in order]
                    ),
                    "it has more cells than the header" if more else "",
                )
    except csv.Error as error:
        raise Refused(
            f"{what} row {number + 1}", f"it is not CSV from there on ({error})", xlsx_read.SAVE_AS
        ) from None


def _start(text: str, what: str) -> tuple[str, int, int, dict[str, int]]:
    """The delimiter with which there is a header, its row, how many cells that has, and where each
    of our columns is."""
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            for number, cells in enumerate(itertools.islice(reader, HEADER_WITHIN), 1):
                if len(cells) > xlsx_cells.COLUMNS:
                    raise Refused(what, f"it has {len(cells):,} columns", xlsx_read.AS_SENT)
                if places := _places(enumerate(cells), what):
                    return delimiter, number, len(cells), places
        except csv.Error:
            continue
    raise _headless(what)
