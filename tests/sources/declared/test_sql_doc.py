"""The PostgreSQL view of docs/systems.md, tested literally: its SQL, its file, and its commands."""

from __future__ import annotations

import pytest

from tests.support.page_of_systems import read_blocks, run_commands
from tests.support.postgres import Postgres, serve_postgres

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (rollcall[sql])")

HEADING = "A PostgreSQL view"
HOST = "db.lanternfish.example:5432"
APP = """
create schema app;
create table app.users (
    user_id text primary key, full_name text, email text, closed_on date, last_seen_at timestamptz
);
create table app.user_roles (user_id text, role_name text);
insert into app.users values
    ('0001', 'Ada Lovelace', 'ada@lanternfish.example', null, '2026-11-20 08:00+00'),
    ('0002', 'Bob Noyce', 'bob@lanternfish.example', '2026-10-31', null);
insert into app.user_roles values ('0001', 'Buyer'), ('0001', 'Approver');
"""


@pytest.mark.long
def test_the_view_of_the_page_is_read_as_it_says(company):
    """An administrator's SQL, the file, and the commands lead to published grants."""
    blocks = read_blocks(HEADING)
    with serve_postgres() as postgres:
        postgres.run(APP + blocks["sql"])
        company.declare("erp", blocks["toml"])
        commands = blocks["sh"].replace(HOST, f"127.0.0.1:{postgres.port}")
        ran = run_commands(company.rollcall, commands)

        assert "its columns are user_id, full_name" in ran[0].out
        assert "Approver" in ran[1].out
        assert [
            ("erp:user:0001", "erp:role:Approver:assigned"),
            ("erp:user:0001", "erp:role:Buyer:assigned"),
        ] == [
            (row["account_id"], row["entitlement_id"])
            for row in company.rollcall.rows("from grants order by entitlement_id")
        ]
        assert ["enabled", "disabled"] == company.rollcall.column(
            "select status from accounts order by account_id"
        )
        assert_reader_reads_nothing_else(postgres)


def assert_reader_reads_nothing_else(postgres: Postgres) -> None:
    import psycopg

    with psycopg.connect(postgres.address("rollcall", "CHANGE-ME")) as connection:
        for sql in ("select * from app.users", "create table review.mine (id text)"):
            with pytest.raises(psycopg.Error):
                connection.execute(sql)
            connection.rollback()
