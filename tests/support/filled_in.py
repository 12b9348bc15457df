"""Decision files as they come back: filled in by reviewers and saved by their spreadsheets."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl

from pipelines.files import xlsx_write as writer
from pipelines.review.columns import HEADERS

Rows = list[dict[str, str]]
SHEET = "xl/worksheets/sheet1.xml"


def decided(rows: Rows, decision: str = "keep", comment: str = "") -> Rows:
    """Return the rows with this decision and comment filled in."""
    return [row | {"decision": decision, "comment": comment} for row in rows]


def text(rows: Rows, headers: Iterable[str] = HEADERS, **dialect: Any) -> str:
    """Return the rows as CSV."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, [*headers], extrasaction="ignore", restval="", **dialect)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def sealed(key: bytes, *fields: str) -> str:
    """Return the seal of a row: campaign, item, account, entitlement, scope and reviewer.

    The seal is made with Python's own HMAC, while the product uses DuckDB.
    """
    framed = b"".join(b"%d:%s," % (len(raw), raw) for raw in (text.encode() for text in fields))
    return base64.b32encode(hmac.digest(key, framed, hashlib.sha256)[:15])[:20].decode()


def workbook(
    rows: Rows, change: Callable[[Any], None] = lambda _: None, headers: Iterable[str] = HEADERS
) -> bytes:
    """Return the rows as XLSX; `change` edits the sheet before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Access"
    headers = [*headers]
    sheet.append(headers)
    for row in rows:
        sheet.append([row.get(name, "") for name in headers])
    change(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def ours(rows: Rows) -> bytes:
    """Return the rows as XLSX with one table of shared strings, as Excel writes it."""
    file = io.BytesIO()
    book = writer.new_workbook(file)
    sheet = book.add_worksheet("Access")
    writer.write_row(sheet, 0, HEADERS)
    for number, row in enumerate(rows, 1):
        writer.write_row(sheet, number, (row.get(name, "") for name in HEADERS))
    book.close()
    return file.getvalue()


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Return a workbook with changed parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def came(home: Path, content: Rows | bytes, name: str = "kim.csv") -> str:
    """Write an incoming file, and return its path."""
    data = text(content).encode("utf-8-sig") if isinstance(content, list) else content
    (home / name).write_bytes(data)
    return str(home / name)
