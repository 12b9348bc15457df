"""Give each column of the contract its type, and refuse a value that is none of that type.

A file has texts only, so a day, a truth value or a status comes in many spellings. A spelling that
could mean two things is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.failures import Misconfigured, Refused
from pipelines.settings import refuse_name
from pipelines.sources.declared import contract
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sql import quote

FRACTIONS = ("DOUBLE", "FLOAT")
YES, NO = ("true", "yes", "y", "1", "x"), ("false", "no", "n", "0")
TEXT_SQL = "nullif(trim({0}::varchar), '')"


def convert(tables: ReadTables, table: str, given: dict[str, str]) -> None:
    """Make the table `converted_<table>` of `given_<table>`: all columns, with their types.

    Raises Misconfigured for a column of a wrong type, and Refused for a wrong value.
    """
    sources = {}
    for column, kind in contract.TABLES[table].items():
        if column not in given:
            sources[column] = f"null::{kind}"
        elif column in contract.WORDS:
            sources[column] = _explain_words(tables, column)
        elif kind == contract.TEXT:
            sources[column] = to_text(column, given[column])
        elif kind == contract.BOOLEAN:
            sources[column] = _to_truth(tables, column, given[column])
        else:
            sources[column] = _to_time(tables, table, column, given[column])
    if "status" in given:
        said = TEXT_SQL.format("status")
        sources["source_status"] = f"coalesce({sources['source_status']}, {said})"
    selected = ", ".join(f"{sql} as {column}" for column, sql in sources.items())
    tables.connection.execute(
        f"create temp table converted_{table} as select {selected} from given_{table}"
    )
    _warn_of_statuses(tables, table, given)
    for column, rows, value in _find_lost_values(tables, table, given):
        raise Refused(
            f"{tables.what}: {table}.{column}",
            f"{rows} values are no {_name_kind(table, column)}, such as {value[:40]!r}",
            _choose_remedy(tables, table, column),
        )


def check_words(tables: ReadTables) -> None:
    """Raise Misconfigured for a column of `values` or `formats` that cannot have one."""
    declaration, path = tables.system.declaration, tables.system.path
    kinds = {name: kind for columns in contract.TABLES.values() for name, kind in columns.items()}
    truths = [name for name, kind in kinds.items() if kind == contract.BOOLEAN]
    times = [name for name, kind in kinds.items() if kind == contract.TIME]
    for column in declaration.formats:
        if column not in times:
            refuse_name(f"{path} formats.{column}", column, times, "column of a time")
    for column, words in declaration.values.items():
        if column not in (*contract.WORDS, *truths):
            known = (*contract.WORDS, *truths)
            refuse_name(f"{path} values.{column}", column, known, "column of words")
        allowed = contract.WORDS.get(column, ("yes", "no"))
        for word, meaning in words.items():
            if meaning not in allowed:
                refuse_name(f"{path} values.{column}.{word}", meaning, allowed, "meaning")


def _warn_of_statuses(tables: ReadTables, table: str, given: dict[str, str]) -> None:
    if "status" not in given:
        return
    known = ", ".join(map(quote, contract.STATUSES))
    found = tables.connection.execute(
        f"select string_agg(distinct status::varchar, ', ' order by status::varchar)"
        f" from given_{table} where {_replace_words(tables, 'status')} not in ({known})"
    ).fetchone()
    if found[0]:
        text = f"{tables.system.name}: values.status does not explain {found[0][:200]}: unknown"
        tables.counters.warn(text)


def _explain_words(tables: ReadTables, column: str) -> str:
    """Return the SQL of one of the contract's words; a status of other words is unknown."""
    text = _replace_words(tables, column)
    known = ", ".join(map(quote, contract.WORDS[column]))
    other = "'unknown'" if column == "status" else "null"
    return f"case when {text} in ({known}) then {text} when {text} is not null then {other} end"


def _replace_words(tables: ReadTables, column: str) -> str:
    """Return the SQL of a text in small letters, with the system's words replaced by `values`."""
    text = f"lower({TEXT_SQL.format(column)})"
    words = tables.system.declaration.values.get(column, {})
    cases = " ".join(
        f"when {quote(word.strip().lower())} then {quote(meaning)}"
        for word, meaning in words.items()
    )
    return f"case {text} {cases} else {text} end" if words else text


def to_text(column: str, kind: str) -> str:
    """Return the SQL of a column as text, null where it is empty."""
    if kind in FRACTIONS:  # a spreadsheet's 17 is 17.0
        return (
            f"case when {column} = trunc({column}) then {column}::hugeint::varchar"
            f" else {column}::varchar end"
        )
    return TEXT_SQL.format(column)


def _to_truth(tables: ReadTables, column: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return column
    text = _replace_words(tables, column)
    yes, no = (", ".join(map(quote, words)) for words in (YES, NO))
    return f"case when {text} in ({yes}) then true when {text} in ({no}) then false end"


def _to_time(tables: ReadTables, table: str, column: str, kind: str) -> str:
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"{column}::timestamptz"
    if kind not in ("VARCHAR", '"NULL"', "JSON"):
        raise Misconfigured(
            f"{tables.what}: {table}.{column}",
            f"it is a number ({kind.lower()}), which says no day by itself",
            "write it as a date in the system, or convert it in the mapping",
        )
    text = TEXT_SQL.format(column)
    if form := tables.system.declaration.formats.get(column):
        return f"try_strptime({text}, {quote(form)})::timestamptz"
    # DuckDB also reads `infinity` and `epoch`
    return (
        f"case when regexp_matches({text}, '^\\d{{4}}-\\d\\d-\\d\\d')"
        f" then try_cast({text} as timestamptz) end"
    )


def _find_lost_values(
    tables: ReadTables, table: str, given: dict[str, str]
) -> Iterator[tuple[str, int, str]]:
    """Yield each column that has values that its type or its words do not know."""
    for column, kind in contract.TABLES[table].items():
        if column not in given:
            continue
        words = contract.WORDS.get(column) if column != "status" else None
        if kind == contract.TEXT and not words:
            continue
        [(rows, value)] = tables.connection.execute(
            f"select count(*), any_value(given.{column}::varchar) from given_{table} as given"
            f" positional join converted_{table} as converted"
            f" where {TEXT_SQL.format(f'given.{column}')} is not null"
            f" and converted.{column} is null"
        ).fetchall()
        if rows:
            yield column, rows, value


def _name_kind(table: str, column: str) -> str:
    if words := contract.WORDS.get(column):
        return f"{column} ({', '.join(words)})"
    return "yes or no" if contract.TABLES[table][column] == contract.BOOLEAN else "date or time"


def _choose_remedy(tables: ReadTables, table: str, column: str) -> str:
    if contract.TABLES[table][column] == contract.TIME:
        return (
            f'write dates as 2026-11-29, or add `formats = {{{column} = "%d/%m/%Y"}}` to the file'
        )
    return "correct the mapping or the system"
