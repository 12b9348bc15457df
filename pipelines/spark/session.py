"""What a session of Spark needs before the first model: settings, and what DuckDB alone knows.

`pg_timezone_names()` is DuckDB's list of time zones. `nfc_normalize()` has no counterpart in Spark,
so a variable has the texts of this build that are not in normal form, each with what DuckDB makes
of it. So no engine needs Unicode's tables, and no vendor's text is changed.
"""

from __future__ import annotations

import duckdb

from pipelines.spark.rules.texts import NORMAL_FORMS
from pipelines.spark.types import Shapes, name_view
from pipelines.sql import quote_table

TIME_ZONES = ("duckdb", "time_zones")
SHAPES: Shapes = {".".join(TIME_ZONES): [["name", "VARCHAR"]]}
SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # without, the size of no list is -1, and casts never fail
    "spark.sql.caseSensitive": "false",
    "spark.sql.json.enablePartialResults": "true",  # one wrong field empties no row
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.session.timeZone": "UTC",
}
BLANKS = r"\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"
# A run of characters beyond ASCII with the one before it. No blank, because blanks are trimmed
RUN = rf"[\x00-\x7F]?[^\x00-\x7F{BLANKS}]+"
# The longest come first: a shorter run may be a part of it
RUNS_SQL = """
with runs as (
    select distinct unnest(regexp_extract_all(value, ?)) as run from ({values})
    where regexp_matches(value, '[^\\x00-\\x7F]')
),
spelled as (select run from runs union select lower(run) from runs)
select run, nfc_normalize(run) from spelled where nfc_normalize(run) <> run
order by length(run) desc, run
"""


def prepare_session(connection: duckdb.DuckDBPyConnection, inputs: Shapes) -> list[str]:
    """Return the statements for Spark that come before the first model. `inputs` are the tables of
    the warehouse that models read, and that no model makes."""
    zones = connection.execute("select distinct name from pg_timezone_names() order by all")
    rows = ", ".join(f"({_quote(name)})" for (name,) in zones.fetchall())
    return [
        *(f"set {name} = {value}" for name, value in SETTINGS.items()),
        f"create or replace temporary view {name_view(*TIME_ZONES)} as"
        f" select * from values {rows} as zones (name)",
        f"declare or replace variable {NORMAL_FORMS} array<struct<old: string, new: string>>"
        f" default array({_list_pairs(find_forms(connection, inputs))})",
    ]


def find_forms(connection: duckdb.DuckDBPyConnection, inputs: Shapes) -> list[tuple[str, str]]:
    """Return what is not in normal form in the texts of tables, and its normal form."""
    values = [
        f"select {_as_text(name, type_)} as value from {quote_table(table)}"
        for table, columns in inputs.items()
        for name, type_ in columns
        if "VARCHAR" in type_ or type_ == "JSON"
    ]
    if not values:
        return []
    sql = RUNS_SQL.format(values=" union all ".join(values))
    return connection.execute(sql, [RUN]).fetchall()


def _as_text(name: str, type_: str) -> str:
    """JSON is written anew, so that no accent is hidden in an escape."""
    return f'json("{name}")::varchar' if type_ == "JSON" else f'"{name}"::varchar'


def _list_pairs(forms: list[tuple[str, str]]) -> str:
    return ", ".join(
        f"named_struct('old', {_quote(old)}, 'new', {_quote(new)})" for old, new in forms
    )


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
