"""Read text files: in which encoding they are, what separates their columns, and their last line.

DuckDB parses the rows, strictly. Here is only what it would guess.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import shutil
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from pipelines.failures import Misconfigured, Refused, Unreadable
from pipelines.files.csv_read import HINT, find_encoding
from pipelines.sources.declared.files.copies import CHUNK_BYTES, EXPORT_AGAIN
from pipelines.sources.declared.files.entries import FileTable

DELIMITERS = ",;\t|"
SAMPLE_CHARACTERS = 1 << 20
SAMPLE_ROWS = 100
TAIL_BYTES = 1 << 16
MAX_COLUMNS = 1_000


@dataclass(frozen=True)
class Layout:
    """How the columns of a text file are separated, and what they are called."""

    delimiter: str
    columns: list[str]


def to_utf8(path: Path, what: str, place: str, table: FileTable) -> None:
    """Rewrite a copy in UTF-8, without a mark at its begin.

    Raises Refused unless the file is Unicode or the declaration names its code page, because a
    wrong guess would change names silently.
    """
    named = table.encoding
    with path.open("rb") as file:
        if not (head := file.read(3)):
            raise Refused(what, "it is empty", EXPORT_AGAIN)
        found = find_encoding(file, what)
    is_plain = found == "utf-8-sig" and _is_ascii(path)  # and so the same in most code pages
    if not (found or named):
        raise Refused(
            what,
            "it is not in Unicode, and nothing says in which code page it is",
            f'export it as UTF-8, or name the code page in {place}: encoding = "cp1252"',
        )
    if named and found and not is_plain and _name_family(named) != _name_family(found):
        why = f"it is in {found.removesuffix('-sig')}, not in {named}"
        raise Refused(what, why, f"correct `encoding` in {place}, or remove it")
    encoding = named if named and (is_plain or not found) else found
    if encoding != "utf-8-sig" or head == codecs.BOM_UTF8:
        _rewrite(path, encoding, what)
    _refuse_damage(path, what)


def find_layout(path: Path, what: str, place: str, table: FileTable) -> Layout:
    """Return how a CSV or TSV file is laid out, and cut off the lines above its header.

    Raises Refused or Misconfigured where the layout cannot be known.
    """
    above, hint = 0, ""
    with path.open(encoding="utf-8", newline="") as file:
        for number in count(1):
            line = file.readline(SAMPLE_CHARACTERS)
            is_hint = bool(HINT.fullmatch(line))
            hint = line[len("sep=")] if is_hint else hint
            is_above = number < table.header_row if table.header_row else not line.strip()
            if not line or not (is_above or is_hint):
                break
            above += len(line.encode())
        sample = line + file.read(SAMPLE_CHARACTERS - len(line))
    if above:
        _cut_head(path, above)
    named = table.delimiter or hint or ("\t" if table.kind == "tsv" else "")
    delimiter = named or _find_delimiter(sample, what, place)
    header = next(iter(_read_rows(sample, delimiter)), [])
    return Layout(delimiter, name_columns(header, what))


def name_columns(header: list[str], what: str) -> list[str]:
    """Return the names of the columns. Raises Refused for a name that two of them have."""
    names = [
        text.strip().strip("\ufeff") or f"column{place}" for place, text in enumerate(header, 1)
    ]
    folded = [name.casefold() for name in names]  # SQL has one name for Role and role
    for name in names:
        if folded.count(name.casefold()) > 1:
            raise Refused(what, f"it has two columns named {name}", "give each its own name")
    if len(names) > MAX_COLUMNS:
        raise Refused(what, f"it has {len(names):,} columns", "export what `columns` names")
    return names


def take_trailer(path: Path, what: str, pattern: str) -> int:
    """Cut the last line off a copy, and return the number of rows that the line tells.

    Raises Unreadable for another last line: then the end of the file is missing.
    """
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        line = tail.rstrip().rpartition(b"\n")[2]
        told = re.search(pattern, line.decode("utf-8", "replace").strip())
        digits = re.sub(r"[\s.,'_]", "", told[1] or "") if told else ""
        if not digits.isdecimal():
            raise Unreadable(
                what,
                "its last line is not the one that tells the number of rows",
                f"{EXPORT_AGAIN}, or correct `trailer`",
            )
        file.truncate(size - len(tail) + len(tail.rstrip()) - len(line))
    return int(digits)


def explain_csv_error(text: str) -> str:
    """Return in words why DuckDB did not read a file, without any value of it."""
    line = re.search(r"Line: (\d+)", text)
    where = f"line {line[1]}" if line else "a line"
    if columns := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return f"{where} has {columns[2]} columns instead of {columns[1]}"
    if "quote" in text.partition("Possible")[0]:
        return f"{where} has a quote that is not closed, or ends in another way than the others"
    if "line size" in text.lower():
        return f"{where} is longer than any row: a quote is not closed"
    if "invalid state" in text:
        return "its lines end in different ways, as in two files put together"
    return f"{where} is not valid CSV"


def find_bad_line(path: Path) -> int:
    """Return the number of the first line that is no JSON object, as DuckDB does not tell it."""

    def is_object(line: str) -> bool:
        try:
            return isinstance(json.loads(line), dict)
        except ValueError:
            return False

    with path.open(encoding="utf-8") as file:
        lines = enumerate(file, 1)
        return next((n for n, line in lines if line.strip() and not is_object(line)), 1)


def _is_ascii(path: Path) -> bool:
    with path.open("rb") as file:
        return all(chunk.isascii() for chunk in iter(lambda: file.read(CHUNK_BYTES), b""))


def _name_family(encoding: str) -> str:
    """Return the name of an encoding without the order of its bytes."""
    return "-".join(codecs.lookup(encoding).name.split("-")[:2])


def _rewrite(path: Path, encoding: str, what: str) -> None:
    new = path.with_suffix(".utf8")
    try:
        with (
            path.open(encoding=encoding, newline="") as file,
            new.open("w", encoding="utf-8", newline="") as to,
        ):
            while text := file.read(CHUNK_BYTES):
                to.write(text)
    except UnicodeError as error:
        why = f"it is not in {encoding} ({str(error).partition(':')[0]})"
        raise Refused(what, why, "correct `encoding`, or export it as UTF-8") from None
    new.replace(path)


def _cut_head(path: Path, size: int) -> None:
    """Remove the first bytes. With `skip`, DuckDB reads no row where line ends differ."""
    new = path.with_suffix(".cut")
    with path.open("rb") as file, new.open("wb") as to:
        file.seek(size)
        shutil.copyfileobj(file, to, CHUNK_BYTES)
    new.replace(path)


def _refuse_damage(path: Path, what: str) -> None:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if b"\0" in chunk:
                why = "it has NUL characters, as a file has that was not written to its end"
                raise Unreadable(what, why, EXPORT_AGAIN)


def _find_delimiter(sample: str, what: str, place: str) -> str:
    """Return the character by which the header has columns, and every other row as many."""
    found = {one: _read_rows(sample, one) for one in DELIMITERS}
    likely = {one: rows for one, rows in found.items() if rows and len(rows[0]) > 1}
    if len(likely) > 1:
        even = [one for one, rows in likely.items() if len({*map(len, filter(any, rows))}) == 1]
        if len(even) != 1:
            names = " or ".join(repr(one) for one in likely)
            why = f"its columns may be separated by {names}"
            raise Misconfigured(what, why, f'name it in {place}: delimiter = ";"')
        return even[0]
    return next(iter(likely), ",")


def _read_rows(sample: str, delimiter: str) -> list[list[str]]:
    """Return the first rows of a sample, up to a row that is malformed."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in islice(reader, SAMPLE_ROWS):
            rows.append(row)
    except csv.Error:
        pass
    return rows[:-1] if len(sample) == SAMPLE_CHARACTERS and len(rows) < SAMPLE_ROWS else rows
