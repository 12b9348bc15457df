"""Kind `files`: what is read of an export, whatever its format, encoding and separator are."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256

import duckdb
import pytest

from tests.support.exports import ROWS

ADA = {"User": "1", "Name": "Ada", "Role": "Approver"}
BOB = {"User": "2", "Name": "Bob", "Role": "Submitter"}
LINES = f"{json.dumps(ADA)}\n{json.dumps(BOB | {'User': 2})}\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("users.csv", ROWS),
        ("users.csv", ROWS.rstrip("\n")),
        ("users.csv", ROWS.replace("\n", "\r\n")),
        ("users.csv", "\ufeff" + ROWS),
        ("users.csv", "\n\n" + ROWS + "\n\n"),
        ("users.csv", ROWS + ",,\n"),
        ("users.csv", ROWS.replace(",", ";")),
        ("users.csv", "sep=;\r\n" + ROWS.replace(",", ";")),
        ("users.csv", ROWS.replace(",", "|")),
        ("users.csv", '"User" ,"Name","Role"\n"1","Ada","Approver"\n"2","Bob","Submitter"\n'),
        ("users.csv", ROWS.encode("utf-16")),
        ("users.tsv", ROWS.replace(",", "\t")),
        ("users.csv.gz", gzip.compress(ROWS.encode(), mtime=0)),
        ("users.jsonl", LINES),
        ("users.ndjson.gz", gzip.compress(LINES.encode("utf-8-sig"), mtime=0)),
    ],
)
def test_an_export_is_read_as_it_was_written(exports, name, data):
    """Line ends, marks, quotes, separators and compression make no difference."""
    exports.declare(f'path = "{name}"')
    exports.write(name, data)

    assert [ADA, BOB] == exports.rows()


def test_a_parquet_file_keeps_its_types(exports):
    """A number stays a number, and its id has no fraction."""
    exports.declare('path = "users.parquet"')
    path = exports.write("users.parquet", b"")
    duckdb.execute(f"copy (select 7::double as User, 'A' as Role) to '{path}' (format parquet)")

    assert [{"User": 7.0, "Role": "A"}] == exports.rows()
    assert {("expenses:user:7", "expenses:role:A:assigned")} == exports.grants()


def test_texts_stay_texts(exports):
    """Zeros before a number, blanks, quotes and line breaks in a cell are kept."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv", 'User,Name,Role\r\n007,"A ""B"" C, D",1e5\r\n8,"a\nb",NULL\r\n')

    assert [
        {"User": "007", "Name": 'A "B" C, D', "Role": "1e5"},
        {"User": "8", "Name": "a\nb", "Role": "NULL"},
    ] == exports.rows()


def test_objects_may_leave_keys_out(exports):
    """A key that one line of JSON lines has is a column of all; what is nested stays JSON."""
    exports.declare('path = "users.jsonl"')
    exports.write("users.jsonl", '{"User":"1","a/b":{"c":[1]}}\n{"User":null,"Role":"A"}\n')

    assert [
        {"Role": "A", "User": None, "a/b": None},
        {"Role": None, "User": "1", "a/b": '{"c":[1]}'},
    ] == exports.rows()


def test_a_named_code_page_is_read(exports):
    """Letters of a code page are right if the declaration names it."""
    exports.declare('path = "users.csv"\nencoding = "cp1250"')
    exports.write("users.csv", ROWS.replace("Ada", "Łukasz Żak").encode("cp1250"))

    assert "Łukasz Żak" == exports.rows()[0]["Name"]


def test_a_title_may_stand_above_the_header(exports):
    """`header_row` says where the header is."""
    exports.declare('path = "users.csv"\nheader_row = 3')
    exports.write("users.csv", 'Users of "Expenses"\n\n' + ROWS)

    assert [ADA, BOB] == exports.rows()


def test_several_tables_are_several_files(exports):
    """Each table has its own file, and SQL joins them."""
    exports.declare(
        '[tables.users]\npath = "users.csv"\n[tables.roles]\npath = "roles.jsonl"\n[mapping]\n'
        'accounts = "select id as account_id from users"\n'
        'entitlements = "select distinct role as entitlement_id from roles"\n'
        "grants = 'select \"user\" as account_id, role as entitlement_id from roles'\n",
        mapping="\n",
    )
    exports.write("users.csv", "id\n1\n2\n")
    exports.write("roles.jsonl", '{"user": "2", "role": "A"}\n')

    assert {("expenses:user:2", "expenses:role:A:assigned")} == exports.grants()


def test_the_newest_file_is_taken(exports):
    """`take = "newest"` goes by the time of the files; unfinished and hidden ones are none."""
    exports.declare('path = "out/*-users.*"\ntake = "newest"\nformat = "csv"')
    exports.write("out/1-users.csv", ROWS, hours=2)
    exports.write("out/2-users.csv", "User,Name,Role\n9,Old,A\n", hours=3)
    for name in ("3-users.csv.part", "4-users.crdownload", "5-users.tmp", ".6-users.csv"):
        exports.write(f"out/{name}", "", hours=1)

    assert [ADA, BOB] == exports.rows()


def test_all_files_are_one_table(exports):
    """`take = "all"` reads every file; the columns may stand in another order."""
    exports.declare('path = "*/users.csv"\ntake = "all"')
    exports.write("a/users.csv", "User,Name,Role\n1,Ada,Approver\n", hours=2)
    exports.write("b/users.csv", "Role,User,Name\nSubmitter,2,Bob\n", hours=5)

    tables = exports.read()
    assert 2 == tables.counters.rows_read["rows"]
    assert [ADA, BOB] == exports.rows()
    assert 5 == round((tables.read_at - tables.as_of).total_seconds() / 3600)


@pytest.mark.parametrize("name", ["users[1].csv", "a link.csv", "ünïcode.csv", "a [b]/c%20d.csv"])
def test_names_of_files_are_taken_literally(exports, name):
    """Brackets, blanks and letters of a name mean nothing; a link leads to its file."""
    exports.declare(f'path = "{name}"')
    real = exports.write("real.csv")
    (exports.home / name).parent.mkdir(exist_ok=True)
    (exports.home / name).symlink_to(real) if "link" in name else real.rename(exports.home / name)

    assert [ADA, BOB] == exports.rows()


def test_the_trailer_is_no_row(exports):
    """A last line that tells the number of rows is compared and kept."""
    exports.declare("path = \"users.csv\"\ntrailer = '^TOTAL,([\\d.,]+)$'")
    exports.write("users.csv", ROWS + "TOTAL,2\n\n")

    tables = exports.read()
    assert 2 == tables.counters.rows_read["rows"]
    assert {"rows": 2} == tables.counters.reported


def test_the_file_is_evidence(exports):
    """A packet names the file behind a list, with its digest."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv")

    [(endpoint, parameters)] = exports.read().counters.calls["rows"]
    assert "users.csv" == endpoint
    assert sha256(ROWS.encode()).hexdigest() == json.loads(parameters)["sha256"]


def test_a_probe_says_what_would_be_read(exports):
    """`check` names the file, its age and its columns."""
    exports.declare('path = "*.csv"\ntake = "newest"')
    exports.write("users.csv", hours=3)

    assert ["users.csv: 3 hours old, 3 columns"] == exports.probe()
