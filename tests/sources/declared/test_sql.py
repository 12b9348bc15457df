"""A system that is read from a database: SQLite, which needs no server."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from pipelines.failures import Misconfigured, Refused, Unreadable
from pipelines.redact import remove_secrets
from tests.support.declared_reads import Declared, rows

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (rollcall[sql])")

ONE = """
kind = "sql"
query = "select * from users"
columns = {account = "id", email = "email", role = "role"}
"""
TWO = """
kind = "sql"

[tables.people]
query = "select id, email from users"

[tables.roles]
query = "select distinct role from users where role is not null"

[mapping]
accounts = "select id as account_id, email from people"
entitlements = "select role as entitlement_id from roles"
grants = "select '007' as account_id, role as entitlement_id from roles"
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    with sqlite3.connect(tmp_path / "erp.db") as database:
        database.execute("create table users (id text, email text, role text, level)")
        database.executemany(
            "insert into users values (?, ?, ?, ?)",
            [("007", "ann@lanternfish.example", "admin", 1), ("8", None, None, "007")],
        )
    database.close()
    system = Declared(tmp_path, monkeypatch)
    system.declare(ONE, address="sqlite:///erp.db")
    return system


def test_a_query_becomes_accounts_and_grants(system):
    """One row per user and role needs no SQL; ids keep their zeros, and NULL stays null."""
    mapped = system.map()

    assert [("erp:user:007", "ann@lanternfish.example"), ("erp:user:8", None)] == rows(
        mapped, "select account_id, email from mapped_accounts order by all"
    )
    assert [("erp:user:007", "erp:role:admin:assigned")] == rows(
        mapped, "select account_id, entitlement_id from mapped_grants"
    )


def test_several_queries_are_several_tables(system):
    """Each query fills the table of its name, for the SQL of the mapping."""
    system.declare(TWO)
    mapped = system.map()

    assert {"people": 2, "roles": 1}.items() <= mapped.counters.rows_read.items()
    assert [(2, 1)] == rows(
        mapped, "select (select count(*) from people), (select count(*) from mapped_grants)"
    )
    [(endpoint, parameters)] = mapped.counters.calls["people"]
    assert "sqlite erp.db" == endpoint
    assert "select id, email from users" in parameters


def test_a_column_of_two_types_is_text(system):
    """SQLite has values of any type in one column; an id keeps its zeros."""
    read = system.read()

    assert [("1",), ("007",)] == rows(read, "select level from rows")


def test_more_rows_than_a_batch_all_arrive(system):
    """Every batch is read, in the order of the database."""
    numbers = "with recursive n as (select 1 as i union all select i + 1 from n where i < 25000)"
    system.declare(ONE.replace("select * from users", f"{numbers} select i as id from n"))

    assert [(25000, 25000)] == rows(system.read(), "select count(*), max(rowid) + 1 from rows")


QUERIES = {
    "delete from users": "this is not one select",
    "select 1 as id; delete from users": "this is not one select",
    "pragma writable_schema = 1": "this is not one select",
    "with a as (select 1) insert into users (id) select 'x'": "this is not one select",
    "selec id from users": "it cannot be parsed",
    "select id from userz": "no such table: userz",
    "select idd from users": "no such column: idd",
    "select id, id from users": "column id comes twice",
    "select 'a' as id, 'b' as ID": "column id comes twice",
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_wrong_query_is_told_in_one_sentence(system, query):
    """A query that writes, or names what is not there, ends the read with what to correct."""
    system.declare(ONE.replace("select * from users", query))
    failure = system.fail()

    assert Misconfigured is type(failure)
    assert QUERIES[query] in failure.why
    assert failure.next


def test_nothing_can_be_written_if_the_check_is_fooled(system, monkeypatch):
    """The database itself refuses a write, whatever the check of the query says."""
    monkeypatch.setattr("pipelines.sources.declared.database.check_select", lambda *_: None)
    system.declare(ONE.replace("select * from users", "delete from users returning id"))
    failure = system.fail()

    assert (Misconfigured, True) == (type(failure), "it writes" in failure.why)
    assert [(2,)] == sqlite3.connect("erp.db").execute("select count(*) from users").fetchall()


ADDRESSES = {
    "secret-word": (Misconfigured, "its setting `address` is no address of a database"),
    "postgresql://o:secret-word@host:port/x": (Misconfigured, "is no address of a database"),
    "postgresql://o:secret-word@127.0.0.1": (Misconfigured, "names no database"),
    "sqlite://": (Misconfigured, "names no database"),
    "sqlite:///missing.db": (Unreadable, "there is no file missing.db"),
    "sqlite:///systems/erp.toml": (Unreadable, "the file is no SQLite database"),
    "mariadb+nodriver://o:secret-word@127.0.0.1/x": (Misconfigured, "no dialect that is installed"),
    "mysql+cymysql://o:secret-word@127.0.0.1/x": (Misconfigured, "its driver cymysql is not"),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_wrong_address_is_told_without_its_password(system, address):
    """What is wrong with an address is said; what it holds is not."""
    system.declare(ONE, address=address)
    failure = system.fail()

    assert (ADDRESSES[address][0], True) == (type(failure), ADDRESSES[address][1] in failure.why)
    assert "secret-word" not in f"{failure} {failure.next}"


def test_a_password_is_hidden_from_every_log(system):
    """The password is hidden by itself, as it is and as the address spells it."""
    system.declare(ONE, address="postgresql://o:pa%23ss-word@127.0.0.1:1/erp")
    system.fail()

    assert "<secret> <secret>" == remove_secrets("pa#ss-word pa%23ss-word")


def test_the_tenant_has_no_user_and_no_password(system):
    """The tenant is dialect, host, port and database; another user is the same tenant."""
    declaration = system.open().system.declaration
    addresses = {
        "postgresql://a:b-word@DB.example/erp": "postgresql db.example:5432/erp",
        "postgresql+psycopg://db.example:5432/erp": "postgresql db.example:5432/erp",
        "mssql+pyodbc://c@db.example:1444/erp": "mssql db.example:1444/erp",
    }

    assert addresses == {one: declaration.describe_tenant({"address": one}) for one in addresses}


def test_too_few_rows_are_no_removal(system):
    """`expected_rows` stops a read that lost most of its rows, for example to a new filter."""
    system.declare(ONE + "expected_rows = 3\n")
    failure = system.fail()

    assert Unreadable is type(failure)
    assert "2 rows came, and 3 are expected at least" in failure.why


def test_a_query_without_end_is_given_up(system):
    """The time of a run ends the query of a slow database, too."""
    endless = (
        "with recursive n as (select 1 as i union all select i + 1 from n) select max(i) from n"
    )
    system.declare(ONE.replace("select * from users", endless))

    assert "took too long" in system.fail(seconds=0.5).why


def test_changed_columns_are_refused(system):
    """A query whose result has other columns than last time waits until a person accepts them."""
    tables = system.open()
    tables.earlier.read_rows = lambda table: {"erp": {"layout": {"rows": ["id", "email", "role"]}}}
    with pytest.raises(Refused) as raised:
        tables.system.declaration.read_tables(tables)

    assert "+level" in raised.value.why


DECLARATIONS = {
    'kind = "sql"\ncolumns = {account = "id"}\n': "write either one `query` or [tables.<name>]",
    ONE + 'tables.people.query = "select 1"\n': "write either one `query` or [tables.<name>]",
    TWO.split("[mapping]")[0].replace(
        '"sql"', '"sql"\ncolumns = {account = "id"}'
    ): "`columns` is for one table; there are people, roles",
    TWO.replace("tables.people", "tables.People"): "a table is one word of at most 40",
    ONE + 'address = "sqlite:///erp.db"\n': "address: unknown name",
    ONE + 'address = "postgresql://o:secret@host/erp"\n': "a secret does not belong in this file",
}


@pytest.mark.parametrize("text", DECLARATIONS)
def test_a_wrong_file_is_told(system, text):
    """A file that says too much, too little, or a secret ends every command."""
    system.declare(text)
    with pytest.raises(Misconfigured) as raised:
        system.open()

    assert DECLARATIONS[text] in raised.value.why


def test_a_missing_library_is_named(system, monkeypatch):
    """Without the extra, the failure names it."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    failure = system.fail()

    remedy = f"run `{sys.executable} -m pip install 'rollcall[sql]'`"
    assert (Misconfigured, remedy) == (type(failure), failure.next)


def test_check_says_what_a_query_gives(system):
    """`check` connects, and runs each query without keeping a row."""
    assert {
        "connection": "sqlite erp.db, read-only",
        "query of rows": "its columns are id, email, role, level",
    } == system.probe()


@pytest.mark.long
def test_a_sync_publishes_the_rows_of_a_database(company, system):
    """A system that a database holds is published, and stays when the database is gone."""
    settings = {"SOURCES__ERP__ADDRESS": "sqlite:///erp.db"}
    company.rollcall.sync(**settings)

    wrong = company.rollcall.run("sync", SOURCES__ERP__ADDRESS="sqlite://")
    assert "system erp: its setting `address` names no database" in wrong.err
    held = "select account_id from grants where source_name = 'erp'"
    assert ["erp:user:007"] == company.rollcall.column(held)
    (company.home / "erp.db").rename(company.home / "gone.db")
    assert 4 == company.rollcall.run("sync", **settings).code
    assert ["erp:user:007"] == company.rollcall.column(held)
