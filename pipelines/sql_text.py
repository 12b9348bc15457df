"""Check SQL that the company writes itself: one expression or one query, with a lasting answer.

The database that answers it is locked down, so that it reads nothing outside of its own file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text
from pipelines.sql import quote

# In UTC, because days would otherwise depend on the time zone of the machine
LOCK_DOWN = """
set TimeZone = 'UTC';
set enable_external_access = false;
set lock_configuration = true
"""
# What DuckDB does not mark as volatile: keywords that it parses as columns, and other names
CLOCK_WORDS = {
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
    *("current_localtime", "current_localtimestamp"),
}
CHANCE_WORDS = {"reservoir_quantile"}
VOLATILE_SQL = """
select distinct function_name from duckdb_functions()
where stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')
or regexp_matches(macro_definition, '\\b(now|today|random|uuid|current_(date|time|timestamp))\\b')
"""


def check_expression(what: str, text: str, instead: str) -> None:
    """Raise Misconfigured unless the text is one expression, both alone and in brackets: such a
    text holds neither another statement nor a clause. Raise too where its answer is not fixed;
    `instead` is then the remedy."""
    alone, bracketed = (_parse(what, query) for query in (f"select {text}\n", f"select ({text}\n)"))
    for statements in (alone, bracketed):
        if len(statements) != 1 or len(statements[0]["node"].get("select_list", ())) != 1:
            raise Misconfigured(what, "this is more than one expression", "write one expression")
    _must_last(what, alone, instead)


def check_query(what: str, text: str, instead: str) -> None:
    """Raise Misconfigured unless the text is one query whose answer does not change by itself."""
    statements = _parse(what, text)
    if len(statements) != 1:
        raise Misconfigured(what, "this is not one query", "write one `select`")
    _parse(what, f"select * from ({text}\n)")
    _must_last(what, statements, instead)


def write_plainly(text: str) -> str:
    """Return an expression or a query as DuckDB itself writes it: blanks and case of keywords make
    no difference. A text that is neither stays as it is."""
    for query in (text, f"select {text}\n"):
        [(parsed,)] = _parser().execute("select json_serialize_sql(?)", [query]).fetchall()
        if not json.loads(parsed)["error"]:
            written = _parser().execute("select json_deserialize_sql(?)", [parsed]).fetchall()
            return str(written[0][0])
    return text.strip()


def find_keys(query: str, column: str) -> set[str]:
    """Return the keys by which a query reads a column of JSON objects: `column->>'key'`.

    An empty key stands for a use of the column that names none, as in `column->'key' = 'value'`,
    which DuckDB parses as `column->('key' = 'value')`.
    """
    nodes = [*_walk(_parse("", query))]
    keys = [key for node in nodes if (key := _read_key(node, column)) is not None]
    if sum(_is_column(node, column) for node in nodes) > len(keys):
        keys.append("")
    return {key.removeprefix("$.").strip('"') for key in keys}


def _read_key(node: dict[str, Any], column: str) -> str | None:
    """Return the constant by which a node takes a value out of a column; None if it takes none."""
    # DuckDB parses `table.column->'key'` as a lambda function
    parts = node.get("children") or [node.get("lhs"), node.get("expr")]
    if len(parts) != 2 or not _is_column(parts[0], column) or not isinstance(parts[1], dict):
        return None
    value = parts[1].get("value")
    key = value.get("value") if isinstance(value, dict) else None
    return key if isinstance(key, str) else None


def _is_column(node: Any, column: str) -> bool:
    names = node.get("column_names") if isinstance(node, dict) else None
    return bool(names) and names[-1].casefold() == column


def check_answer(
    connection: duckdb.DuckDBPyConnection, what: str, query: str, is_condition: bool = False
) -> None:
    """Raise Misconfigured unless a query has two columns. The second is the result of the company's
    SQL, and is true or false if that SQL is a condition."""
    columns = connection.execute(f"describe {query}").fetchall()
    if len(columns) != 2:
        raise Misconfigured(what, "its answer is not one column", "write one expression")
    kind = columns[1][1]
    if is_condition and kind != "BOOLEAN":
        raise Misconfigured(what, f"this is {kind.lower()}, not true or false", "write a condition")


@contextmanager
def name_mistakes(what: str) -> Iterator[None]:
    """Raise Misconfigured where DuckDB cannot answer the company's SQL."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        # These errors quote the SQL; all others may quote people's data.
        why = redact_text(str(error).splitlines()[0])
        raise Misconfigured(what, why, "correct it") from None
    except duckdb.Error as error:
        why = f"it cannot be answered ({type(error).__name__})"
        raise Misconfigured(what, why, "correct it") from None


def _parse(what: str, query: str) -> list[Any]:
    """Return the parsed statements of a text of SQL. Raises Misconfigured for any other text."""
    if "\0" in query:
        raise Misconfigured(what, "it has a character NUL, which ends every query", "correct it")
    # A literal, because DuckDB spends more time on a parameter than on parsing
    [(parsed,)] = _parser().execute(f"select json_serialize_sql({quote(query)})").fetchall()
    tree = json.loads(parsed)
    if tree["error"]:
        why = redact_text(tree["error_message"].splitlines()[0])
        if "Only SELECT" in why:
            raise Misconfigured(what, "it holds a statement that is no `select`", "remove it")
        raise Misconfigured(what, why, "correct it")
    return tree["statements"]


def _must_last(what: str, tree: list[Any], instead: str) -> None:
    for name in _find_volatile(tree):
        why = f"it asks for `{name}`, whose answer changes with time or chance"
        raise Misconfigured(what, why, instead)


@cache
def _volatile_functions() -> frozenset[str]:
    return frozenset(name for (name,) in _parser().execute(VOLATILE_SQL).fetchall())


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """Return a database in memory, opened once because opening costs more than parsing."""
    return duckdb.connect()


def _find_volatile(tree: Any) -> Iterator[str]:
    """Yield what a parsed query asks for that changes with time or chance."""
    for node in _walk(tree):
        name = str(node.get("function_name") or "").casefold()
        counts_from_today = name == "age" and len(node["children"]) == 1
        if name in _volatile_functions() | CHANCE_WORDS or counts_from_today:
            yield name
        columns = [column.casefold() for column in node.get("column_names") or ()]
        if len(columns) == 1 and columns[0] in CLOCK_WORDS:
            yield columns[0]
        if node.get("sample"):
            yield "tablesample"


def _walk(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a parsed query."""
    if isinstance(tree, dict):
        yield tree
    if isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _walk(part)
