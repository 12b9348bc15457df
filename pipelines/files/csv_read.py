"""Read the rows of a CSV file that others have saved, within bounds of time and memory.

The file is never in memory as a whole. A file that only looks like a list (a row of a hundred
million commas, a hundred million empty lines) is refused as soon as it passes a limit.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from pipelines.failures import Refused

MAX_COLUMNS = 1_000
MAX_ROWS = 1 << 20  # of a sheet, empty rows included
MAX_LINE_CHARACTERS = 1 << 20
CHUNK_BYTES = 1 << 20
SAVE_AS = "save it as an Excel workbook (.xlsx) or as CSV UTF-8"
AS_SENT = "fill in the file that was sent out, and import that"
HINT = re.compile(r"sep=.\r?\n", re.IGNORECASE)  # tells Excel the separator, is not shown


def find_encoding(file: BinaryIO, what: str) -> str:
    """Return the encoding of a Unicode file, or an empty string for text in a code page.

    Raises Refused for a file that is not text.
    """
    file.seek(0)
    head = file.read(100)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.count(0) >= max(1, len(head) // 3):
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    decoder, is_unicode, has_null = codecs.getincrementaldecoder("utf-8-sig")(), True, False
    file.seek(0)
    while True:
        chunk = file.read(CHUNK_BYTES)
        has_null = has_null or b"\0" in chunk
        try:
            if is_unicode:
                decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            is_unicode = False
        if not chunk:
            break
    if has_null and not is_unicode:
        raise Refused(
            what, "it is neither a workbook nor text in UTF-8, UTF-16 or a code page", SAVE_AS
        )
    return "utf-8-sig" if is_unicode else ""


def read_rows(file: BinaryIO, encoding: str, delimiter: str, what: str) -> Iterator[list[str]]:
    """Yield the cells of each row from the top, empty rows included.

    Raises Refused if a limit is exceeded, csv.Error or UnicodeDecodeError if the file is malformed.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        rows = csv.reader(_read_lines(text, what), delimiter=delimiter, strict=True)
        for number, cells in enumerate(rows, 1):
            if len(cells) > MAX_COLUMNS:
                raise Refused(f"{what} row {number}", f"it has {len(cells):,} columns", AS_SENT)
            if number > MAX_ROWS:
                raise Refused(what, f"it has more than {MAX_ROWS:,} rows", AS_SENT)
            yield cells
    finally:
        text.detach()


def _read_lines(text: io.TextIOWrapper, what: str) -> Iterator[str]:
    is_first = True
    while line := text.readline(MAX_LINE_CHARACTERS + 1):
        if len(line) > MAX_LINE_CHARACTERS:
            why = (
                f"a line has more than {MAX_LINE_CHARACTERS:,} characters, too many for its columns"
            )
            raise Refused(what, why, AS_SENT)
        if not (is_first and HINT.fullmatch(line)):
            yield line
        is_first = False
