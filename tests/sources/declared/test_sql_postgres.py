"""A system that is read from PostgreSQL: its types, rights, time, and what breaks."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pipelines.failures import Denied, Misconfigured, Unreadable
from tests.support.declared_reads import Declared, rows
from tests.support.postgres import Postgres, serve_postgres

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (rollcall[sql])")

ONE = 'kind = "sql"\nquery = """{}"""\ncolumns = {{account = "id"}}\n'
READER = "reader-of-views-7"
SETUP = f"""
create type mood as enum ('calm');
create table users (
    id text, whole int, large bigint, exact numeric(10, 2), number numeric, share float8,
    key uuid, document jsonb, roles text[], seen timestamp, moment timestamptz, day date,
    mood mood, active boolean, picture bytea, network inet, nothing text
);
insert into users values (
    '0815', 1, 12345678901234567, 17.50, 12345678901234567890.5, 0.1,
    '6F9619FF-8B86-D011-B42D-00CF4FC964FF', '{{"k": [1, "ä"]}}', '{{a,b}}',
    '2026-01-02 03:04:05.5', '2026-01-02 03:04:05+02', '2026-01-02',
    'calm', true, '\\x00ff', '10.0.0.1', null
);
insert into users (id) values ('8');
create table people (id text, secret text);
insert into people values ('1', 'x');
create function fill() returns text language plpgsql as
    $$ begin insert into people (id) values ('9'); return 'x'; end $$;
create role reader login password '{READER}';
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with serve_postgres() as server:
        server.run(SETUP)
        yield server


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Postgres) -> Declared:
    system = Declared(tmp_path, monkeypatch)
    system.declare(ONE.format("select * from users"), address=postgres.address())
    return system


TYPES = {
    "id": "VARCHAR",
    "whole": "HUGEINT",
    "large": "HUGEINT",
    "exact": "DECIMAL(38,2)",
    "number": "DECIMAL(38,1)",
    "share": "DOUBLE",
    "key": "VARCHAR",
    "document": "JSON",
    "roles": "JSON",
    "seen": "TIMESTAMP",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "day": "DATE",
    "mood": "VARCHAR",
    "active": "BOOLEAN",
    "picture": "VARCHAR",
    "network": "VARCHAR",
    "nothing": "VARCHAR",
}
VALUES = """
select id = '0815' and whole = 1 and large = 12345678901234567 and exact = 17.5
    and number = 12345678901234567890.5 and share = 0.1
    and key = '6f9619ff-8b86-d011-b42d-00cf4fc964ff' and (document->>'$.k[1]') = 'ä'
    and from_json(roles, '["varchar"]') = ['a', 'b'] and seen = '2026-01-02 03:04:05.5'
    and moment = '2026-01-02 01:04:05+00' and day = '2026-01-02' and mood = 'calm' and active
    and picture = '00ff' and network = '10.0.0.1' and nothing is null
from rows
"""


def test_every_type_arrives_with_its_value(system):
    """Numbers, times, lists and documents keep their values, and NULL stays null."""
    read = system.read()

    assert TYPES == {row[0]: row[1] for row in rows(read, "describe rows")}
    assert [(True,), (False,)] == rows(read, VALUES)


def test_queries_see_one_state(system, postgres):
    """What is added between two queries of one read is in neither of them."""
    tables = {"first": "people", "second": "(select pg_sleep(1)) as pause", "third": "people"}
    text = "".join(
        f"tables.{name}.query = \"select '{name}' as n from {source}\"\n"
        for name, source in tables.items()
    )
    system.declare(f'kind = "sql"\n{text}[mapping]\naccounts="x"\nentitlements="x"\ngrants="x"\n')
    add = threading.Timer(0.5, postgres.run, ["insert into people values ('2', 'y')"])
    add.start()
    read = system.read()
    add.join()

    assert 2 == postgres.run("select count(*) from people")[0][0]
    assert [(1, 1)] == rows(read, "select (select count(*) from first), count(*) from third")


QUERIES = {
    "select fill() as id": (Misconfigured, "it writes, and nothing may be written"),
    "with gone as (delete from users returning id) select id from gone": (
        Misconfigured,
        "it has a part that is no reading (delete)",
    ),
    "select id into copy from users": (Misconfigured, "it has a part that is no reading (into)"),
    "select id from users for update": (Misconfigured, "it has a part that is no reading (lock)"),
    "select id from userz": (Misconfigured, 'relation "userz" does not exist'),
    "select idd as id from users": (Misconfigured, 'column "idd" does not exist'),
    "select id::int::text as id, id::date from users": (Unreadable, "it cannot be answered"),
    "select pg_terminate_backend(pg_backend_pid())::text as id": (
        Unreadable,
        "the connection was lost",
    ),
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_fails_is_told_without_data(system, query):
    """Each failure is one sentence; a value of the database is in none."""
    system.declare(ONE.format(query))
    failure = system.fail()

    assert (QUERIES[query][0], True) == (type(failure), QUERIES[query][1] in failure.why)
    assert "0815" not in f"{failure}{failure.next}"


def test_a_colon_and_a_percent_sign_mean_themselves(system):
    """What SQLAlchemy or the driver would take for a parameter is sent as it is written."""
    system.declare(ONE.format("select id, ':x %s %(y)s' as mark from users where id not like '%a'"))

    assert [(":x %s %(y)s",)] == rows(system.read(), "select distinct mark from rows")


def test_a_slow_query_ends_with_the_run(system):
    """The database itself gives up a query that takes longer than the run may take."""
    system.declare(ONE.format("select pg_sleep(30)::text as id"))
    begun = time.monotonic()

    assert "took too long" in system.fail(seconds=1.5).why
    assert time.monotonic() - begun < 10


def test_a_wrong_password_and_a_missing_right_are_denied(system, postgres):
    """Who may not connect, and who may not read the table, is told which of both it is."""
    system.declare(ONE.format("select id from people"), address=postgres.address("reader", READER))
    lacks = system.fail()
    system.declare(ONE.format("select 1"), address=postgres.address("reader", "wrong-word-3"))
    wrong = system.fail()

    assert [Denied, Denied] == [type(lacks), type(wrong)]
    assert "permission denied for table people" in lacks.why
    assert "the database refused the user or the password" == wrong.why
    assert "wrong-word-3" not in str(wrong)


def test_an_address_that_leads_nowhere_is_told(system, postgres):
    """A host without a name, a closed port and an unknown database are three sentences."""
    addresses = {
        postgres.address(database="nix"): (Misconfigured, "no database of that name"),
        "postgresql://o:secret-word@127.0.0.1:1/erp": (Unreadable, "nothing answers at the host"),
        "postgresql://o:secret-word@db.invalid/erp": (Unreadable, "the host of the address"),
    }
    for address, (kind, why) in addresses.items():
        system.declare(ONE.format("select 1 as id"), address=address)
        failure = system.fail()
        assert (kind, True) == (type(failure), why in failure.why), failure
        assert "secret-word" not in str(failure)


@contextmanager
def cut_after(size: int, port: int) -> Iterator[int]:
    """Pass on a connection to a port, and cut it after as many bytes of the answer."""
    server = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, sink: socket.socket, left: float) -> None:
        with suppress(OSError):
            while left > 0 and (data := source.recv(1 << 16)):
                sink.sendall(data)
                left -= len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                behind = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, behind, float("inf")), (behind, client, size)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def test_a_connection_cut_in_the_middle_is_no_short_table(system, postgres, caplog):
    """A read that lost its connection raises; what had come is not taken for all."""
    query = ONE.format("select i::text as id from generate_series(1, 200000) as i")
    with cut_after(500_000, postgres.port) as port:
        address = Postgres(port).address() + "?sslmode=disable"
        system.declare(query, address=address)
        failure = system.fail()

    assert (Unreadable, True) == (type(failure), "the connection was lost" in failure.why)
    assert [] == caplog.records

    system.declare(query, address=postgres.address())
    assert [(200_000,)] == rows(system.read(), "select count(*) from rows")


def test_check_reads_one_batch_at_most(system, postgres):
    """`check` says where it connects and which columns a query has, however many rows it has."""
    system.declare(ONE.format("select generate_series(1, 100000000)::text as id"))
    begun = time.monotonic()

    assert {
        "connection": f"postgresql 127.0.0.1:{postgres.port}/erp, read-only",
        "query of rows": "its columns are id",
    } == system.probe()
    assert time.monotonic() - begun < 10
