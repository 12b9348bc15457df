"""Turn the copies of one table into one query of DuckDB, which parses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from pipelines.failures import Refused, Unreadable, explain
from pipelines.redact import redact_text
from pipelines.sources.declared.files.copies import EXPORT_AGAIN, Copy
from pipelines.sources.declared.files.entries import TEXTS, FileTable
from pipelines.sources.declared.files.sheets import Sheet
from pipelines.sources.declared.files.text import (
    explain_csv_error,
    find_bad_line,
    find_layout,
    take_trailer,
    to_utf8,
)
from pipelines.sources.declared.read_tables import name
from pipelines.sql import quote

if TYPE_CHECKING:
    from pipelines.sources.declared.read_tables import ReadTables

# `new_line` stays open, because DuckDB reads no row at all where it is not the right one
CSV_SQL = """
select * from read_csv(
    ?, auto_detect = false, header = true, columns = {{{columns}}},
    delim = {delimiter}, quote = '"', escape = '"', strict_mode = true
) where coalesce({names}) is not null
"""
JSON_SQL = "read_json_objects(?, format = 'newline_delimited')"
PARQUET_SQL = "select * from read_parquet(?)"
TELLING_PATH = re.compile(r"[^\s\"']*/files/[^\s\"']*")  # of a copy


@dataclass
class Part:
    """The rows of one file: the query that parses a copy, and the columns that it has."""

    copy: Copy
    sql: str
    columns: list[str]
    told: int | None = None  # the number of rows by the file's own last line


class Parser:
    """Parses the copies of one table."""

    def __init__(self, into: ReadTables, table: FileTable) -> None:
        self.into, self.table = into, table
        self.place = str(into.system.path)
        self.parse = {
            **{"csv": self._parse_csv, "tsv": self._parse_csv, "jsonl": self._parse_json},
            **{"parquet": self._parse_parquet, "xlsx": self._parse_sheet},
        }[table.kind]

    def name(self, copy: Copy) -> str:
        return f"{self.into.what}: {copy.name}"

    def prepare(self, copy: Copy) -> Part:
        """Return the rows of one file. Raises Refused or Unreadable for a file that is wrong."""
        told = None
        if self.table.kind in TEXTS:
            to_utf8(copy.path, self.name(copy), self.place, self.table)
            if self.table.trailer:
                told = take_trailer(copy.path, self.name(copy), self.table.trailer)
        part = self.parse(copy)
        part.told = told
        if not part.columns:
            raise Refused(self.name(copy), "it is empty", EXPORT_AGAIN)
        return part

    def load(self, table: str, parts: list[Part]) -> int:
        """Fill a table of the read, and return the number of its rows."""
        sql = " union all by name ".join(f"({part.sql})" for part in parts)
        try:
            return self.into.add_select(table, sql, [str(part.copy.path) for part in parts])
        except duckdb.Error as error:
            raise self._explain(error, [part.copy for part in parts]) from None

    def _parse_csv(self, copy: Copy) -> Part:
        layout = find_layout(copy.path, self.name(copy), self.place, self.table)
        sql = CSV_SQL.format(
            columns=", ".join(f"{quote(one)}: 'varchar'" for one in layout.columns),
            delimiter=quote(layout.delimiter),
            names=", ".join(map(name, layout.columns)),
        )
        return Part(copy, sql, layout.columns)

    def _parse_json(self, copy: Copy) -> Part:
        """Read every key that an object of the file has as a column of texts."""
        keys = (
            "select distinct unnest(case json_type(json) when 'OBJECT' then json_keys(json)"
            f" else error('no object') end) as key from {JSON_SQL} order by key"
        )
        columns = [key for (key,) in self._query(keys, copy)]
        self._refuse_spellings(columns, copy)
        paths = ", ".join(quote("/" + one.replace("~", "~0").replace("/", "~1")) for one in columns)
        chosen = ", ".join(f"parts[{n}] as {name(one)}" for n, one in enumerate(columns, 1))
        parts = f"select json_extract_string(json, [{paths}]) as parts from {JSON_SQL}"
        return Part(copy, f"select {chosen} from ({parts})", columns)

    def _parse_parquet(self, copy: Copy) -> Part:
        rows = self._query(f"describe {PARQUET_SQL}", copy)
        return Part(copy, PARQUET_SQL, [row[0] for row in rows])

    def _parse_sheet(self, copy: Copy) -> Part:
        columns = self.into.system.declaration.columns
        matters = {one.casefold() for one in columns.values()} or None
        sheet = Sheet(copy.path, self.name(copy), self.place, self.table, matters)
        path = copy.path.with_suffix(".parquet")
        sheet.write(path)
        path.replace(copy.path)
        return Part(copy, PARQUET_SQL, sheet.columns)

    def _query(self, sql: str, copy: Copy) -> list[tuple[str, ...]]:
        try:
            return self.into.connection.execute(sql, [str(copy.path)]).fetchall()
        except duckdb.Error as error:
            raise self._explain(error, [copy]) from None

    def _refuse_spellings(self, columns: list[str], copy: Copy) -> None:
        folded = [one.casefold() for one in columns]
        for one in columns:
            if folded.count(one.casefold()) > 1:
                why = f"it has the key {one} in two spellings"
                raise Refused(self.name(copy), why, "give each key one spelling")

    def _explain(self, error: duckdb.Error, copies: list[Copy]) -> Exception:
        """Return why DuckDB did not read a copy, without any value that the copy has."""
        text = str(error)
        if explain(error) or isinstance(error, duckdb.OutOfMemoryException):
            return error  # the copy is not at fault
        copy = next((one for one in copies if str(one.path) in text), copies[0])
        why = redact_text(TELLING_PATH.sub("the file", text.splitlines()[0]))
        if self.table.kind in ("csv", "tsv"):
            why = explain_csv_error(text)
        elif self.table.kind == "jsonl":
            why = f"line {find_bad_line(copy.path)} is no complete JSON object"
        elif "magic bytes" in text or "too small" in text:
            why = "it is no complete Parquet file: its end is missing"
        return Unreadable(self.name(copy), why, EXPORT_AGAIN)
