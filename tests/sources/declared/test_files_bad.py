"""Kind `files`: bad exports and bad declarations. Each is one sentence, and no read."""

from __future__ import annotations

import gzip
import json

import duckdb
import pytest

from pipelines.failures import Misconfigured
from pipelines.sources.declared.declaration import System
from tests.support.exports import NAME, ROWS

HALF = gzip.compress(ROWS.encode() * 100, mtime=0)[:-20]

BAD = {
    "empty": ("users.csv", "", 5, "it is empty"),
    "only blanks": ("users.csv", "\n\n \n", 5, "it is empty"),
    "header only": ("users.csv", "User,Name,Role\n", 5, "it has no row below its header"),
    "header and blanks": ("users.csv", "User,Name,Role\n\n,,\n", 5, "no row below"),
    "empty objects": ("users.jsonl", "", 5, "it is empty"),
    "half a row": ("users.csv", ROWS + "3,Cyd", 4, "line 4 has 2 columns instead of 3"),
    "too wide": ("users.csv", ROWS + "3,C,D,E\n", 4, "line 4 has 4 columns instead of 3"),
    "open quote": ("users.csv", ROWS + '3,"Cyd,A\n4,Dee,B\n', 4, "line 4 has a quote that is not"),
    "two line ends": ("users.csv", ROWS + ROWS.replace("\n", "\r\n"), 4, "end in different ways"),
    "half an object": ("users.jsonl", '{"User":"1"}\n{"User":', 4, "line 2 is no complete JSON"),
    "a list": ("users.jsonl", "[1]\n", 4, "line 1 is no complete JSON object"),
    "not in Unicode": ("users.csv", ROWS.replace("Ada", "Adé").encode("cp1252"), 5, "code page"),
    "zeros": ("users.csv", ROWS + "\0" * 10, 4, "it has NUL characters"),
    "a picture": (
        "users.csv",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff",
        5,
        "neither a workbook nor text",
    ),
    "same name": ("users.csv", "User,Role,role\n1,A,B\n", 5, "two columns named Role"),
    "same key": ("users.jsonl", '{"User":"1","user":"2"}\n', 5, "in two spellings"),
    "half a gzip": ("users.csv.gz", HALF, 4, "it is cut off in the middle"),
    "no gzip": ("users.csv.gz", ROWS, 4, "it is no gzip file"),
    "no parquet": ("users.parquet", ROWS, 4, "no complete Parquet file: its end is missing"),
    "a short parquet": ("users.parquet", "x", 4, "no complete Parquet file"),
    "half a workbook": ("users.xlsx", b"PK\x03\x04" + b"x" * 99, 5, "cannot be read as a workbook"),
    "one column": ("users.csv", "User:Role\n1:A\n", 2, "its header has one column only"),
    "two delimiters": ("users.csv", "User;Role,x\n1;A,y\n", 2, "may be separated by"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_sentence(exports, case):
    """What is wrong, and where, without the values of a row."""
    name, data, code, said = BAD[case]
    exports.declare(f'path = "{name}"')
    exports.write(name, data)

    found, text = exports.refusal()

    assert (code, True) == (found, said in text), text
    assert f"system expenses: {name}" in text and "Cyd" not in text and "work/" not in text


def test_half_a_parquet_file_is_refused(exports):
    """A Parquet file has its layout at its end."""
    exports.declare('path = "users.parquet"')
    path = exports.write("users.parquet", b"")
    duckdb.execute(f"copy (select range as User, 'A' as Role from range(9999)) to '{path}'")
    exports.write("users.parquet", path.read_bytes()[:-500])

    assert (4, True) == (exports.refusal()[0], "its end is missing" in exports.refusal()[1])


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("TOTAL,3\n", "it has 2 rows, and its last line tells of 3"),
        ("", "its last line is not the one that tells the number of rows"),
    ],
)
def test_rows_that_a_trailer_misses_are_noticed(exports, last, said):
    """A file that ends at the end of a row is cut off all the same."""
    exports.declare("path = \"users.csv\"\ntrailer = '^TOTAL,(\\d+)$'")
    exports.write("users.csv", ROWS + last)

    code, text = exports.refusal()
    assert (4, True) == (code, said in text), text


def test_too_few_rows_are_noticed(exports):
    """`expected_rows` is the least that the file has."""
    exports.declare('path = "users.csv"\nexpected_rows = 3')
    exports.write("users.csv")

    assert (4, True) == (
        exports.refusal()[0],
        "fewer than expected_rows (3)" in exports.refusal()[1],
    )


@pytest.mark.parametrize(
    ("named", "data", "said"),
    [
        ("cp1252", ROWS.replace("Ada", "Adé").encode(), "it is in utf-8, not in cp1252"),
        ("utf-8", ROWS.replace("Ada", "Adé").encode("cp1252"), "it is not in utf-8"),
        ("euc_jp", ROWS.encode() + b"3,\xff,A\n", "it is not in euc_jp"),
    ],
)
def test_another_encoding_is_refused(exports, named, data, said):
    """A wrong code page would change names without a word."""
    exports.declare(f'path = "users.csv"\nencoding = "{named}"')
    exports.write("users.csv", data)

    code, text = exports.refusal()
    assert (5, True) == (code, said in text), text


def test_files_of_one_table_have_the_same_columns(exports):
    """A file with other columns among those that are read together is refused."""
    exports.declare('path = "*.csv"\ntake = "all"')
    exports.write("a.csv")
    exports.write("b.csv", "User,Title,Role\n3,x,A\n")

    code, text = exports.refusal()
    assert (5, True) == (code, "its columns are not those of a.csv: -Name, +Title" in text), text


def test_a_header_that_changed_is_refused_until_accepted(exports):
    """The change has to be named; then it is the new header."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv", hours=2)
    exports.remember(exports.read())
    exports.write("users.csv", ROWS.replace("Name", "Full name"))

    code, text = exports.refusal()
    assert 5 == code and "--accept 'expenses.columns:rows:-Name,+Full name'" in text
    exports.remember(exports.read("expenses.columns:rows:-Name,+Full name"))
    exports.read()


def test_a_file_that_is_missing_is_named(exports):
    """Neither a folder nor an unfinished file is an export."""
    exports.declare('path = "users.csv"')
    (exports.home / "users.csv").mkdir()
    assert (4, True) == (exports.refusal()[0], "there is no such file" in exports.refusal()[1])

    exports.declare('path = "out/*.csv"\ntake = "all"')
    exports.write("out/.hidden.csv")
    exports.write("out/~$x.csv")
    assert (4, True) == (exports.refusal()[0], "no file matches it" in exports.refusal()[1])


WRONG = {
    'path = "*.csv"': 'add take = "newest"',
    'path = "users.csv"\ntake = "all"': "take is for a path with a wildcard",
    "": "needs either `path` or [tables.NAME]",
    'path = "users"': 'add format = "csv"',
    'path = "ftp://host/users.csv"': "unknown scheme",
    'path = "users.csv"\nencoding = "cp9999"': "unknown encoding cp9999",
    'path = "users.csv"\nencoding = "base64"': "unknown encoding base64",
    'path = "users.csv"\ntrailer = "TOTAL"': "one group in brackets",
    'path = "users.csv"\ntrailer = "("': "no regular expression",
    'path = "users.csv"\nsheet = "A"': "sheet is for xlsx, and this is csv",
    'path = "users.xlsx"\ndelimiter = ";"': "delimiter is for csv, and this is xlsx",
    'path = "users.parquet.gz"': "parquet has its own compression",
    'path = "users.csv"\ndelimiter = ";;"': "delimiter",
    'path = "users.csv"\nendpoint_url = "https://x.example"': "is for s3:// and gs://",
    'path = "s3://b/users.csv"\nendpoint_url = "http://x.example"': "must be an https:// address",
    'path = "az://b/users.csv"': "az:// needs account_name",
    'path = "sftp://u@h/users.csv"': "sftp:// needs host_key",
    'path = "sftp://h/users.csv"\nhost_key = "SHA256:x"': "it names no user",
    'path = "sftp://u:geheim@h/users.csv"': "a secret does not belong in this file",
    'path = "s3://b/users.csv"\nsecret_access_key = "geheim"': "a secret does not belong",
    'take = "all"\n[tables.a]\npath = "a.csv"': "take belongs to one of the tables",
    '[tables.a]\npath = "a.csv"\n[tables.b]\npath = "b.csv"': "`columns` is for one table",
    '[tables.mapped_a]\npath = "a.csv"': "mapped_a is a table of Rollcall's own",
    '[tables."a b"]\npath = "a.csv"': "a table is one word of at most 40",
    'path = "users.csv"\ntrailr = "x"': "did you mean trailer",
    '[tables.a]\npath = "*.csv"\ntak = "all"': "did you mean take",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_entry_is_told_before_anything_is_read(exports, text):
    """An entry that is ignored would hide access."""
    exports.declare(text)

    with pytest.raises(Misconfigured) as raised:
        System(NAME)

    told = f"{raised.value}; {raised.value.next}"
    assert WRONG[text] in told and "geheim" not in told, told


def test_a_probe_names_a_column_that_is_missing(exports):
    """`check` compares the header with what the declaration names."""
    exports.declare('path = "users.csv"')
    exports.write("users.csv", ROWS.replace("Role", "Rolle"))

    with pytest.raises(Misconfigured) as raised:
        exports.probe()
    assert ("rows has no column Role", "did you mean Rolle?") == (
        raised.value.why,
        raised.value.next,
    )


def test_a_column_may_have_a_name_that_sql_would_misread(exports):
    """A header is a name and never SQL."""
    names = ['a"); drop table rows; --', "'", "select", "{}", "?"]
    exports.declare('path = "users.csv"', mapping=f"\ncolumns.account = {json.dumps(names[0])}\n")
    exports.write(
        "users.csv", ",".join('"' + n.replace('"', '""') + '"' for n in names) + "\n1,2,3,4,5\n"
    )

    assert [dict(zip(names, "12345", strict=True))] == exports.rows()
