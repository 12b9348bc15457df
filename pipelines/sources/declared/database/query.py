"""Check that a query is one select, before anything of it is sent to a database.

The check is the first of two guards: the transaction that runs the query cannot write either.
"""

from __future__ import annotations

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from pipelines.failures import Misconfigured
from pipelines.redact import redact_text

# SQLAlchemy's name of a dialect -> sqlglot's, where they differ
DIALECTS = {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql"}
KNOWN = {
    *("bigquery", "clickhouse", "databricks", "duckdb", "hive", "mysql", "oracle", "postgres"),
    *("presto", "redshift", "snowflake", "sqlite", "teradata", "trino", "tsql"),
}
WRITES = (
    *(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.Copy),
    *(exp.TruncateTable, exp.Into, exp.Lock, exp.Set, exp.Command),
)
VIEW = "put it into a view of the database, and select from the view"


def check_select(what: str, query: str, dialect: str) -> None:
    """Raise Misconfigured unless a text is one select in SQLAlchemy's dialect of this name."""
    name = DIALECTS.get(dialect, dialect)
    try:
        statements = parse(query, read=name if name in KNOWN else None)
    except SqlglotError as error:
        why = f"it cannot be parsed ({redact_text(_find_mistake(error))})"
        raise Misconfigured(what, why, f"correct it, or {VIEW}") from None
    found = [one for one in statements if one is not None and not isinstance(one, exp.Semicolon)]
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise Misconfigured(what, "this is not one select", "write one `select`")
    for node in found[0].walk():
        if isinstance(node, WRITES):
            why = f"it has a part that is no reading ({node.key.lower()})"
            raise Misconfigured(what, why, "write a `select` that only reads")


def _find_mistake(error: SqlglotError) -> str:
    """Return what is wrong, without the SQL around it that sqlglot underlines for a terminal."""
    for mistake in getattr(error, "errors", ()):
        return f"{mistake['description']} line {mistake['line']}, column {mistake['col']}"
    return str(error).splitlines()[0]
