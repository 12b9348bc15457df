"""The cells of a sheet as its XML comes by: expat reads it, and ends at any DTD.

Most rows are of the form that spreadsheets write; the cells of such a row are read at once, since
expat would call us six times for each.
"""

from __future__ import annotations

import codecs
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import unescape

COLUMNS = 1_000
ROWS = 1 << 20

# Excel's "Strict Open XML" has other namespaces for the same, and any prefix will do
SPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
ROW, CELL, FORMULA, ALOUD, ITEM, SHEET = (
    frozenset(f"{space} {name}" for space in SPACES)
    for name in ("row", "c", "f", "rPh", "si", "sheet")
)
TEXT = frozenset(f"{space} {name}" for space in SPACES for name in ("v", "t"))
# A cell of the plainest form that is empty, or in none of these columns, and behind it one that
# says where it is
UNWANTED_CELL = (
    rb'<c r="(?:[A-Z]{1,2}[0-9]+"[^<>&]*/>|(?!(?:%s)[0-9])[A-Z]{1,2}[0-9]+"[^<>&]*'
    rb">(?:<is><t[^<>&]*>[^<&]*</t></is>|<v>[^<&]*</v>)</c>)"
    rb'(?=<c r="|</row>)'
)
# Any other one, of the form that spreadsheets write: column, kind, text
PLAIN_TEXT = r"[^<>&\x00-\x1f]*+(?:&(?:amp|lt|gt|quot|apos);[^<>&\x00-\x1f]*+)*+"
PLAIN_CELL = (
    r'<c r="([A-Z]{1,2})[0-9]+"(?: s="[0-9]+")?(?: t="(inlineStr|str|s|b|n)")?>'
    rf'(?:<is><t(?: xml:space="preserve")?>({PLAIN_TEXT})</t></is>|<v>({PLAIN_TEXT})</v>)</c>'
)
CELLS = re.compile(PLAIN_CELL)
PLAIN_ROW = re.compile(
    rb"(<row [^<>&]*[^<>&/])>((?:%s)*+)</row>" % re.sub(r"\((?!\?)", "(?:", PLAIN_CELL).encode()
)
NAMED = {"&quot;": '"', "&apos;": "'"}
# Of a sheet in another encoding than the texts that are read at once
FOREIGN = re.compile(rb"<\?xml[^>]*encoding\s*=\s*+(?![\"']utf-8[\"'])", re.I)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how Excel writes what XML has no way to write
DIGITS = "0123456789"

Attributes = dict[str, str]


@dataclass
class Line:
    """One row of a sheet: its number, its texts by column, and which columns hold a formula."""

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    formulas: set[int] = field(default_factory=set)


class Text:
    """Gathers the text of a cell: its value, or all its pieces but how they are read aloud."""

    def __init__(self) -> None:
        self.parser = new_parser()
        self.pieces: list[str] = []
        self.is_aloud = False

    def start(self, name: str, _: Attributes) -> None:
        if name in TEXT:
            if not self.is_aloud:
                self.parser.CharacterDataHandler = self.pieces.append
        elif name in ALOUD:
            self.is_aloud = True

    def end(self, name: str) -> None:
        if name in TEXT:
            self.parser.CharacterDataHandler = None
        elif name in ALOUD:
            self.is_aloud = False

    def text(self) -> str:
        text = "".join(self.pieces)
        self.pieces.clear()
        return text


class Sheet(Text):
    """The rows of one sheet, as the parser comes by."""

    def __init__(self, texts: list[str], wanted: frozenset[int] | None) -> None:
        super().__init__()
        self.texts = texts
        self.wanted = range(COLUMNS) if wanted is None else wanted
        self.lines: list[Line] = []  # the last one is not complete yet
        self.column = -1
        self.kind = "n"
        self.is_reading = False  # a cell that is wanted
        self.parser.StartElementHandler = self.started
        self.unwanted = None
        self.said = f"x{secrets.token_hex(8)}"  # a name that no file can have
        self.aside: dict[str | None, list[tuple[str, ...]]] = {}  # cells of a row, by its mark
        if wanted is not None:
            names = "|".join(column_letters(column) for column in wanted).encode()
            self.unwanted = re.compile(UNWANTED_CELL % names)

    def shortened(self, piece: bytes) -> bytes:
        """A piece of the sheet without the cells that say nothing or that nobody wants. A row in
        which all others are plain is put aside and goes without them: expat would call us six times
        for each. From a comment, CDATA or instruction on, or in an encoding of its own, all stays:
        there may be something in it that only looks like one."""
        is_odd = b"<!" in piece or piece.rfind(b"<?") > len(codecs.BOM_UTF8) or piece[:1] in b"!?"
        if is_odd or FOREIGN.search(piece):
            self.unwanted = None
        if self.unwanted is None:
            return piece
        self.aside.clear()  # all that are ours are taken
        return PLAIN_ROW.sub(self.put_aside, self.unwanted.sub(b"", piece))

    def put_aside(self, row: re.Match[bytes]) -> bytes:
        place = f"{len(self.aside)}"
        self.aside[place] = CELLS.findall(row[2].decode())
        return b'%s %s="%s"/>' % (row[1], self.said.encode(), place.encode())

    def taken(self) -> list[Line]:
        """The rows that are complete."""
        done, self.lines = self.lines[:-1], self.lines[-1:]
        return done

    def ended(self) -> list[Line]:
        return self.lines

    def started(self, name: str, attributes: Attributes) -> None:
        if name in CELL:
            place = attributes.get("r")
            self.at(column_of(place.rstrip(DIGITS)) if place else self.column + 1)
            if self.column in self.wanted:
                self.kind = attributes.get("t", "n")
                self.is_reading = True
                self.parser.EndElementHandler = self.closed
        elif self.is_reading:
            if name in FORMULA:
                self.lines[-1].formulas.add(self.column)
            else:
                self.start(name, attributes)
        elif name in ROW:
            before = self.lines[-1].number if self.lines else 0
            number = int(attributes.get("r", before + 1))
            if not before < number <= ROWS:
                raise ValueError("its rows are out of order, or too many")
            self.lines.append(Line(number))
            self.column = -1
            for letters, kind, inside, value in self.aside.pop(attributes.get(self.said), ()):
                self.at(column_of(letters))
                if self.column in self.wanted:
                    self.kind, text = kind or "n", inside or value
                    self.put(unescape(text, NAMED) if "&" in text else text)

    def at(self, column: int) -> None:
        if not self.column < column < COLUMNS:
            raise ValueError("its columns are out of order, or too many")
        self.column = column

    def closed(self, name: str) -> None:
        self.end(name)
        if name in CELL:
            self.parser.EndElementHandler = None
            self.is_reading = False
            self.put(self.text())

    def put(self, text: str) -> None:
        """The text of a cell, by its kind."""
        if self.kind == "s":
            text = self.texts[int(text)] if text else ""
        elif self.kind == "b":
            text = "TRUE" if text.strip() == "1" else "FALSE"
        elif self.kind in ("inlineStr", "str"):
            text = unescape_cell(text)
        self.lines[-1].cells[self.column] = text


def unescape_cell(text: str) -> str:
    """`_x000D_` is a carriage return; half a character stays as it is written."""
    if "_x" not in text:
        return text
    return ESCAPED.sub(
        lambda found: found[0] if "D800" <= found[1].upper() <= "DFFF" else chr(int(found[1], 16)),
        text,
    )


_places: dict[str, int] = {}


def column_of(letters: str) -> int:
    """The column that a spreadsheet calls so, counted from 0."""
    found = _places.get(letters)
    if found is None:
        if not re.fullmatch("[A-Z]{1,3}", letters):
            raise ValueError(f"there is no column {letters[:9]!r}")
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - 64
        found = _places[letters] = place - 1
    return found


def column_letters(place: int) -> str:
    """The other way round."""
    letters = ""
    while place >= 0:
        letters = chr(65 + place % 26) + letters
        place = place // 26 - 1
    return letters


def new_parser() -> Any:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    return parser


def _no_doctype(*_: Any) -> None:
    raise ValueError("it has a DTD")
