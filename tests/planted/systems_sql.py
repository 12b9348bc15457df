"""Bugs in the kind of declared system that reads a database."""

from __future__ import annotations

from tests.planted.bug import Bug

FOLDER = "pipelines/sources/declared/database"
SQLITE = "tests/sources/declared/test_sql.py"
POSTGRES = "tests/sources/declared/test_sql_postgres.py"

BUGS = [
    Bug(
        "a query of a declared system may change the database",
        f"{FOLDER}/session.py",
        "isolation_level=SNAPSHOTS[0], postgresql_readonly=True",
        "isolation_level=SNAPSHOTS[0]",
        f"{POSTGRES} -k told_without_data",
    ),
    Bug(
        "the tables of a database are of different moments",
        f"{FOLDER}/session.py",
        "isolation_level=SNAPSHOTS[0], postgresql_readonly=True",
        'isolation_level="READ COMMITTED", postgresql_readonly=True',
        f"{POSTGRES} -k one_state",
    ),
    Bug(
        "a SQLite file is opened for writing",
        f"{FOLDER}/session.py",
        "?mode=ro",
        "?mode=rw",
        f"{SQLITE} -k fooled",
    ),
    Bug(
        "a select may hold a write",
        f"{FOLDER}/query.py",
        "        if isinstance(node, WRITES):\n",
        "        if False:\n",
        f"{POSTGRES} -k told_without_data",
    ),
    Bug(
        "a query is sent with parameters that nobody wrote",
        f"{FOLDER}/session.py",
        '{"no_parameters": True, ',
        "{",
        f"{POSTGRES} -k percent_sign",
    ),
    Bug(
        "a query of a database may take for ever",
        f"{FOLDER}/session.py",
        "set local statement_timeout = {milliseconds}",
        "set local statement_timeout = 0",
        f"{POSTGRES} -k slow_query",
    ),
    Bug(
        "a driver fetches all rows of a query at once",
        f"{FOLDER}/session.py",
        '"stream_results": True',
        '"stream_results": False',
        f"{POSTGRES} -k one_batch",
    ),
    Bug(
        "a password of a database stays in the log",
        f"{FOLDER}/address.py",
        "    hide(*(text",
        "    (*(text",
        f"{SQLITE} -k hidden_from_every_log",
    ),
    Bug(
        "a column that is text for some rows loses their values",
        f"{FOLDER}/columns.py",
        'return next(iter(types)) if len(types) == 1 else "varchar"',
        'return min(types, default="varchar")',
        f"{SQLITE} -k two_types",
    ),
    Bug(
        "a database may lose most of its rows",
        f"{FOLDER}/__init__.py",
        "if rows < (query.expected_rows or 0):",
        "if False:",
        f"{SQLITE} -k too_few_rows",
    ),
    Bug(
        "a connection that breaks is told as a mistake of DuckDB",
        "pipelines/sources/declared/read_tables.py",
        "            if raised:\n",
        "            if False:\n",
        f"{POSTGRES} -k cut_in_the_middle",
    ),
]
