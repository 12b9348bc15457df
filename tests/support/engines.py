"""Expressions of the models on rows that are hard on purpose, for DuckDB and for Spark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

COLUMNS = {
    "n": "INTEGER",
    "s": "VARCHAR",
    "v": "VARCHAR",
    "j": "JSON",
    "d": "DATE",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "l": "VARCHAR[]",
    "b": "BOOLEAN",
}
SHAPES = {
    "main.t": [[name, type_] for name, type_ in COLUMNS.items()],
    "main.told": [["n", "INTEGER"], ["j", "JSON"]],
}
NEW_YEAR, LATE = "2026-01-01", "2026-10-25 00:30:00.000001+00"
ROWS: list[tuple[Any, ...]] = [
    (1, " Ada\u00a0", None, {"a": 1, "b": True, "k": "x"}, NEW_YEAR, LATE, ["a", None, "b"], True),
    (2, "İSTANBUL", "x", {"a": {"z": 1, "b": [2, 3.5]}, "b": "true"}, None, None, [], False),
    (
        3,
        "Cafe\u0301",
        "y",
        {"a": "12", "b": 1, "l": ["y", None, 3]},
        "2024-02-29",
        LATE,
        None,
        None,
    ),
    (4, "\tTab\x0b\x0c ", None, {"a": [1, "x"], "b": "nope"}, "0001-01-01", None, ["b", "b"], True),
    (
        5,
        "ß Straße ΟΔΟΣ",
        "z",
        {"a": None, "A": "other"},
        None,
        "1999-12-31 23:59:59+00",
        ["x"],
        True,
    ),
    (6, "𝔘nicode\nadmin", "", {"a": 12345678.25, "b": False}, NEW_YEAR, LATE, [None], False),
    (7, "a.b*c?[d]_%\\", None, {"a": 'q\u00e9\n"/', "b": "TRUE"}, None, None, ["a", "c"], None),
    (8, "\u3000full\u3000", "z", {"a": "", "b": 0, "o": {"p": "in"}}, NEW_YEAR, LATE, ["ß"], True),
    (
        9,
        "",
        "w",
        {"a": "x", "l": "no list", "o": "no object"},
        "2026-12-31",
        None,
        ["b", "a"],
        False,
    ),
    (10, None, "w", [{"a": "root"}], None, None, None, None),
    (11, "admin\n", "W", "text", NEW_YEAR, LATE, ["\u00e9", "e\u0301"], True),
    (12, "vice-admin 12.00", "10", None, NEW_YEAR, LATE, ["10", "9"], False),
    (13, "0.0", "9", {"a": 0.00025, "a.b": "dot", "o": {"p": {"q": 1}}}, None, LATE, ["w"], None),
    (14, "{0}", "ŉﬁᾳ", {"a": 123456789012, "b": -2, "l": []}, "9999-12-30", None, [""], True),
]
# As the vendors write times, and as nobody should
TIMES = [
    *("2026-01-02T03:04:05Z", "2026-01-02", "2026-01-02T03:04:05.123456+02:00", "2026-02-30"),
    *("yesterday", "1700", "1700000000", "2026-1-2", "2026-01-02T03:04", " 2026-01-02 ", ""),
    *(
        "2026-01-02T03:04:05.1234567Z",
        "2026-01-02T03:04:05+0200",
        "2026-01-02T03:04:05 UTC",
        "2026",
    ),
    *("2026-01-02T03:04:05 Europe/Berlin", "2026-01", "20260102", "2026-01-02T03", "T03:04:05"),
    *("2026/01/02", "+2026-01-02", "2026-01-02T03:04:05-05:30", "0001-01-01T00:00:00", "now"),
    *(
        "2026-01-02T03:04:05z",
        "2026-01-02 03:04:05 PM",
        "10000-01-01",
        1700000000,
        2026,
        True,
        None,
    ),
]
# Values for a yes or a no, and for a number
VALUES = [
    *(True, False, 1, 0, 2, -3, 1.5, 0.0, "true", "TRUE", "False", "1", "0", "yes", "no", "t", "f"),
    *("", " true ", "on", None, {}, [], "text", 12345678901, 2.5, 3.5, "7", "7.5", 1e3, 0.0005),
]
BLANKS = "\t\n\x0b\x0c\r \x85\u00a0\u2003\u3000"
FILE = Path(__file__).parents[1] / "spark" / "expressions.sql"


def read_expressions() -> dict[str, str]:
    """Return the queries of the file by their names. Each has the columns `n` and `x`."""
    found = {}
    for block in FILE.read_text(encoding="utf-8").split("\n\n"):
        name, *lines = block.strip().splitlines()
        if lines and not lines[0].startswith("--"):
            sql = " ".join(lines).replace("BLANKS", BLANKS)
            is_query = sql.startswith(("select ", "with "))
            found[name.removeprefix("-- ")] = (
                sql if is_query else f"select n, {sql} as x from main.t"
            )
    return found


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the rows, in UTC."""
    connection.execute("set TimeZone = 'UTC'")
    columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    connection.execute(f"create table main.t ({columns})")
    for number, s, v, document, *others in ROWS:
        row = [number, s, v, json.dumps(document), *others]
        connection.execute(f"insert into main.t values ({', '.join('?' * len(row))})", row)
    connection.execute("create table main.told (n integer, j json)")
    for number, value in enumerate([*TIMES, *VALUES]):
        connection.execute(
            "insert into main.told values (?, ?)", [number, json.dumps({"a": value})]
        )
