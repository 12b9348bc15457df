"""Reads the cells of a workbook that comes back from others: values as text, row by row.

openpyxl takes several times as long for the same cells, so expat reads them here, and ends at any
DTD: no entity can grow. Whatever is too large, or could act on whoever opens it (macros, links to
elsewhere, embedded things), is refused by the list of the archive's parts, before one of them is
unpacked. No part gives more bytes than that list says: zipfile sees to it.
"""

from __future__ import annotations

import codecs
import io
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import unescape

from pipelines.failures import Refused

PARTS = 1_000  # in an archive; a workbook of three sheets has a dozen
UNPACKED = 1 << 30  # bytes of all parts
STRINGS = 1 << 27  # bytes of the table of texts, which is held whole
RATIO = 200  # unpacked to packed: sheets have 10 to 60, a bomb 1,000
COLUMNS = 1_000
ROWS = 1 << 20
CHUNK = 1 << 16
UNWANTED = (
    ("macros", re.compile(r"vbaproject|macrosheets|dialogsheets", re.I)),
    ("links to other files or data",
     re.compile(r"xl/(externallinks|connections|querytables|webextensions)", re.I)),
    ("embedded objects", re.compile(r"xl/(embeddings|activex|ctrlprops)", re.I)),
)  # fmt: skip
# Excel's "Strict Open XML" has other namespaces for the same, and any prefix will do
SPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
IDS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
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
FOREIGN = re.compile(rb"<\?xml[^>]*encoding\s*=\s*+(?![\"']utf-8[\"'])", re.I)
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how Excel writes what XML has no way to write
SAVE_AS = "save it as an Excel workbook (.xlsx) or as CSV"
AS_SENT = "take the file that was sent out, and fill that in"
DIGITS = "0123456789"

Attributes = dict[str, str]


@dataclass
class Line:
    """One row of a sheet: its number, its texts by column, and which columns hold a formula."""

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    formulas: set[int] = field(default_factory=set)


class Book:
    """A workbook. Raises Refused for anything that is none, or is not harmless."""

    def __init__(self, data: bytes, what: str) -> None:
        self.what = what
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise self._broken(error) from None
        self._must_be_harmless(len(data))
        try:
            [book] = self._related("", "officeDocument").values()
            self.sheets = self._sheets(book)  # name -> part
            self.texts = [
                text
                for part in self._related(book, "sharedStrings").values()
                for text in self._texts(part)
            ]
        except (KeyError, ValueError) as error:
            raise self._broken(error) from None

    def lines(self, sheet: str, wanted: frozenset[int] | None = None) -> Iterator[Line]:
        """The rows that the sheet has, from the top; texts of the `wanted` columns only, if given.
        Raises Refused where the file is damaged."""
        reader = _Sheet(self.texts, wanted)
        try:
            for _ in self._parsed(self.sheets[sheet], reader.parser, reader.shortened):
                yield from reader.taken()
            yield from reader.ended()
        except (KeyError, ValueError, IndexError) as error:
            raise self._broken(error) from None

    def _must_be_harmless(self, packed: int) -> None:
        parts = self.archive.infolist()
        names = [part.filename.lower() for part in parts]
        most = min(UNPACKED, RATIO * packed + (1 << 20))
        if len(parts) > PARTS or sum(part.file_size for part in parts) > most:
            raise Refused(
                self.what, "unpacked it would be larger than any list of decisions", AS_SENT
            )
        if any(part.flag_bits & 1 for part in parts):
            raise Refused(self.what, "it is protected by a password", "save it without one")
        for unwanted, pattern in UNWANTED:
            if any(pattern.search(name) for name in names):
                raise Refused(
                    self.what, f"it has {unwanted}, which no list of decisions needs", AS_SENT
                )
        if "xl/workbook.bin" in names or "mimetype" in names:
            raise Refused(self.what, "it is a workbook of another format", SAVE_AS)
        if len({*names}) < len(names):
            raise self._broken("two parts have one name")

    def _related(self, part: str, kind: str) -> Attributes:
        """What a part says that it consists of: by its ids, the parts of a kind."""
        found = {}

        def start(name: str, attributes: Attributes) -> None:
            if attributes.get("Type", "").endswith(f"/{kind}"):
                target = join("/", dirname(part), attributes["Target"])
                found[attributes["Id"]] = normpath(target).lstrip("/")

        head, _, tail = part.rpartition("/")
        self._walked(join(head, "_rels", f"{tail}.rels"), start)
        return found

    def _sheets(self, book: str) -> Attributes:
        parts = self._related(book, "worksheet")
        found = {}

        def start(name: str, attributes: Attributes) -> None:
            if name in SHEET:
                [id_] = [attributes[name] for name in IDS if name in attributes]
                if id_ in parts:  # a chart may have a sheet, too
                    found[attributes["name"]] = parts[id_]

        self._walked(book, start)
        return found

    def _texts(self, part: str) -> list[str]:
        """The table of texts that cells refer to by their place in it."""
        if self.archive.getinfo(part).file_size > STRINGS:
            raise Refused(self.what, "it has more text than any list of decisions", AS_SENT)
        texts: list[str] = []
        reader = _Text()

        def end(name: str) -> None:
            reader.end(name)
            if name in ITEM:
                texts.append(unescaped(reader.text()))

        reader.parser.EndElementHandler = end
        self._walked(part, reader.start, reader.parser)
        return texts

    def _walked(
        self, part: str, start: Callable[[str, Attributes], None], parser: Any = None
    ) -> None:
        parser = parser or _parser()
        parser.StartElementHandler = start
        for _ in self._parsed(part, parser):
            pass

    def _parsed(
        self, part: str, parser: Any, shortened: Callable[[bytes], bytes] = bytes
    ) -> Iterator[None]:
        """Feed a part to the parser, piece by piece, each of them shortened."""
        try:
            with self.archive.open(part) as file:
                while piece := file.read(CHUNK):
                    parser.Parse(shortened(piece), False)
                    yield
                parser.Parse(b"", True)
        except (
            *(expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError),
            *(NotImplementedError, RuntimeError),
        ) as error:
            raise self._broken(error) from None

    def _broken(self, why: object) -> Refused:
        return Refused(self.what, f"it cannot be read as a workbook ({why})", SAVE_AS)


class _Text:
    """Gathers the text of a cell: its value, or all its pieces but how they are read aloud."""

    def __init__(self) -> None:
        self.parser = _parser()
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


class _Sheet(_Text):
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
            names = "|".join(letters_of(column) for column in wanted).encode()
            self.unwanted = re.compile(UNWANTED_CELL % names)

    def shortened(self, piece: bytes) -> bytes:
        """A piece of the sheet without the cells that say nothing or that nobody wants. A row in
        which all others are plain is put aside and goes without them: expat would call us six times
        for each. From a comment, CDATA or instruction on, or in an encoding of its own, all stays:
        there may be something in it that only looks like one."""
        if b"<!" in piece or piece.rfind(b"<?") > len(codecs.BOM_UTF8) or piece[:1] in b"!?":
            self.unwanted = None
        if self.unwanted is None or FOREIGN.search(piece):
            self.unwanted = None
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
            self.at(place_of(place.rstrip(DIGITS)) if place else self.column + 1)
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
                self.at(place_of(letters))
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
            text = unescaped(text)
        self.lines[-1].cells[self.column] = text


def unescaped(text: str) -> str:
    """`_x000D_` is a carriage return; half a character stays as it is written."""
    if "_x" not in text:
        return text
    return ESCAPED.sub(
        lambda found: found[0] if "D800" <= found[1].upper() <= "DFFF" else chr(int(found[1], 16)),
        text,
    )


_places: dict[str, int] = {}


def place_of(letters: str) -> int:
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


def letters_of(place: int) -> str:
    """The other way round."""
    letters = ""
    while place >= 0:
        letters = chr(65 + place % 26) + letters
        place = place // 26 - 1
    return letters


def _parser() -> Any:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    return parser


def _no_doctype(*_: Any) -> None:
    raise ValueError("it has a DTD")
