"""Expressions of the models on rows that are hard on purpose, for DuckDB and for Spark."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
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
    (
        2,
        "İSTANBUL",
        "x",
        {"a": {"z": 1, "b": [2, 3.5], "𝔘": "𝔘"}, "b": "true"},
        None,
        None,
        [],
        False,
    ),
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
    *(
        f"2026-01-02{time}{offset}{end}"
        for time in ("", "T03:04", "T03:04:05", "T03:04:05.", " 03:04:05.25")
        for offset in ("", "Z", "z", "+02", " UTC", " utc", " Z", "UTC")
        for end in ("", " ", "\t", "\n", " \n ", "\t ", "\x1c", "\u00a0")
    ),
]
# Values for a yes or a no, and for a number
VALUES = [
    *(True, False, 1, 0, 2, -3, 1.5, 0.0, "true", "TRUE", "False", "1", "0", "yes", "no", "t", "f"),
    *("", " true ", "on", None, {}, [], "text", 12345678901, 2.5, 3.5, "7", "7.5", 1e3, 0.0005),
    *(
        f"{value}{end}"
        for value in ("1", "12", "1.5E12", "true")
        for end in ("\n", "\t", " ", "\u00a0")
    ),
]
BLANKS = "\t\n\x0b\x0c\r \x85\u00a0\u2003\u3000"
FILE = Path(__file__).parents[1] / "spark" / "expressions.sql"


PIECES = [
    *(
        "a",
        "b",
        "Ada",
        "admin",
        "ADMIN",
        "vice-",
        "z",
        "x",
        "W",
        "0",
        ".0",
        "12",
        "-",
        "{",
        "}",
        ":",
    ),
    *(
        "İ",
        "ı",
        "ß",
        "ẞ",
        "Σ",
        "ς",
        "ﬁ",
        "ǅ",
        "ŉ",
        "e\u0301",
        "a\u0323\u0301",
        "\u0301",
        "Å",
        "\u212b",
    ),
    *("\u00a0", "\u3000", "\t", "\x0b", "\n", "\r", "\u2028", " ", "𝔘", "é", "_", "%", "\\", "'"),
    *('"', "*", "?", "/", "[", "]", "(", "$", "^", "null", "true"),
]


def make_rows(chance: Random, count: int) -> list[tuple[Any, ...]]:
    """Return rows of random texts, documents, days, lists and truths."""

    def text() -> str | None:
        return (
            "".join(chance.choices(PIECES, k=chance.randrange(6)))
            if chance.random() > 0.1
            else None
        )

    def value(depth: int = 2) -> Any:
        kind = chance.randrange(9 if depth else 6)
        if kind > 7:
            return [value(depth - 1) for _ in range(chance.randrange(3))]
        if kind > 5:
            names = chance.sample(["p", "q", "a.b", "É", "k"], chance.randrange(3))
            return {name: value(depth - 1) for name in names}
        number = chance.randrange(-10, 10**6)
        return [text(), text(), None, chance.random() > 0.5, number, number / 4][kind]

    def document() -> Any:
        names = [name for name in "ablo" if chance.random() > 0.2]
        return {name: value() for name in names} if chance.random() > 0.1 else value()

    def day() -> str | None:
        return f"{chance.randrange(1970, 2100)}-03-{chance.randrange(1, 32):02}"

    return [
        (
            *(number, text(), text(), document(), chance.choice([None, day()])),
            f"{day()} {chance.randrange(24):02}:30:00.{chance.randrange(10**6):06}+00",
            None if chance.random() < 0.2 else [text() for _ in range(chance.randrange(4))],
            chance.choice([None, True, False]),
        )
        for number in range(1, count + 1)
    ]


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


def is_of_one_row(sql: str) -> bool:
    """Return whether an expression looks at one row only, so that no tie is left to chance."""
    return (
        sql.startswith("select n, ")
        and sql.endswith(" as x from main.t")
        and not re.search(r" over |unnest| as y", sql)
    )


def fill(connection: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> None:
    """Make the tables of the rows, in UTC."""
    connection.execute("set TimeZone = 'UTC'")
    columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    connection.execute(f"create or replace table main.t ({columns})")
    for number, s, v, document, *others in rows:
        row = [number, s, v, json.dumps(document), *others]
        connection.execute(f"insert into main.t values ({', '.join('?' * len(row))})", row)
    connection.execute("create or replace table main.told (n integer, j json)")
    for number, value in enumerate([*TIMES, *VALUES]):
        connection.execute(
            "insert into main.told values (?, ?)", [number, json.dumps({"a": value})]
        )
