"""A system that a connector of ConductorOne's has read into a .c1z."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.failures import Misconfigured, Refused, Unreadable
from tests.support.c1z import C1zFile, encode, encode_user, pack, unpack
from tests.support.declared_reads import Declared, rows
from tests.support.page_of_systems import read_blocks, run_commands

KIND = 'kind = "baton"\npath = "git.c1z"\n'
GRANTS = """
select account_id, entitlement_id, inherited_through from mapped_grants order by all
"""


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    system = Declared(tmp_path, monkeypatch, name="git")
    system.declare(KIND)
    return system


def make_file(is_newer: bool = True) -> C1zFile:
    """Return a file with two users, a group in a group, and a repository."""
    file = C1zFile(is_newer=is_newer)
    profile = encode((1, encode((1, "team"), (2, encode((3, "Ops"))))))
    file.add("user:0042", "Ada", encode_user("ada@lanternfish.example", "ada", profile=profile))
    file.add("user:7", "Bob", encode_user("bob@lanternfish.example", "bob", 2, 2))
    file.add("group:ops", "Operations", parent="org:1")
    file.add("group:all", "Everybody")
    file.add("repo:api", "api", parent="group:ops")
    file.entitlements += [("group:ops:member", "Ops Member"), ("group:all:member", "All Member")]
    file.entitlements += [("repo:api:admin", "api Admin"), ("repo:api:pull", "api Pull")]
    file.grant("user:0042", "group:ops:member")
    file.grant("group:ops", "group:all:member", expands=["group:ops:member"])
    file.grant("group:all", "repo:api:pull", expands=["group:all:member"])
    file.grant("user:0042", "group:all:member", "group:ops:member")  # the expanded grants
    file.grant("user:0042", "repo:api:pull", "group:all:member")
    file.grant("user:7", "repo:api:admin", "repo:api:admin", "group:ops:member")
    return file


@pytest.mark.parametrize("is_newer", [False, True])
def test_a_c1z_becomes_accounts_entitlements_and_grants(system, is_newer):
    """Users, what they hold, and what follows from groups arrive from old and new files."""
    make_file(is_newer).write(Path("git.c1z"))
    mapped = system.map()

    assert [
        ("git:user:0042", "human", "Ada", "ada", "ada@lanternfish.example", "E-1", "enabled", True),
        ("git:user:7", "service", "Bob", "bob", "bob@lanternfish.example", "E-1", "disabled", True),
    ] == rows(
        mapped,
        "select account_id, account_type, display_name, username, email, employee_number, status,"
        " mfa_enabled from mapped_accounts order by all",
    )
    assert [
        ("git:group:all:member", "git:group:all", "All Member", None),
        ("git:group:ops:member", "git:group:ops", "Ops Member", None),
        (
            "git:role:repo:api:admin:assigned",
            "git:role:repo:api:admin",
            "api Admin",
            "git:group:ops",
        ),
        ("git:role:repo:api:pull:assigned", "git:role:repo:api:pull", "api Pull", "git:group:ops"),
    ] == rows(
        mapped,
        "select entitlement_id, resource_id, display_name, parent_resource_id"
        " from mapped_entitlements order by all",
    )
    assert [
        ("git:user:0042", "git:group:all:member", "git:group:ops:member"),
        ("git:user:0042", "git:group:ops:member", None),
        ("git:user:0042", "git:role:repo:api:pull:assigned", "git:group:all:member"),
        ("git:user:7", "git:role:repo:api:admin:assigned", "git:group:ops:member"),
        ("git:user:7", "git:role:repo:api:admin:assigned", None),
    ] == rows(mapped, GRANTS)
    assert [
        ("git:group:all:member", "git:role:repo:api:pull:assigned"),
        ("git:group:ops:member", "git:group:all:member"),
    ] == rows(
        mapped,
        "select entitlement_id, implied_entitlement_id from mapped_implications order by all",
    )
    assert [('{"team": "Ops"}', "2025-11-24T16:00:00+00:00")] == rows(
        mapped, "select profile, last_login_at from users where account_id = '0042'"
    )


def test_what_some_holders_inherit_is_no_implication(system):
    """A shallow expansion is for direct members, and one of some types for users of these."""
    file = make_file()
    file.add("bot:1", "Robot", encode_user("bot@lanternfish.example", "bot", 1, 3))
    file.entitlements += [("repo:api:push", "Push"), ("repo:api:read", "Read")]
    file.grant("bot:1", "group:all:member")
    file.grant("group:all", "repo:api:push", expands=["group:all:member"], shallow=True)
    file.grant("group:all", "repo:api:read", expands=["group:all:member"], types=("user", "group"))
    file.write(Path("git.c1z"))
    mapped = system.map()

    assert [
        ("git:user:0042", "git:role:repo:api:read:assigned"),
        ("git:user:bot:1", "git:role:repo:api:push:assigned"),
    ] == [
        row[:2]
        for row in rows(mapped, GRANTS)
        if row[1] in ("git:role:repo:api:push:assigned", "git:role:repo:api:read:assigned")
    ]
    assert 2 == len(rows(mapped, "from mapped_implications"))


def test_what_is_no_user_and_holds_something_is_shown(system):
    """A grant of a group that nobody inherits is not lost: the group is an account."""
    file = make_file()
    file.grant("group:ops", "repo:api:admin")
    file.write(Path("git.c1z"))
    mapped = system.map()

    assert ("git:user:group:ops", "git:role:repo:api:admin:assigned", None) in rows(mapped, GRANTS)
    assert [("unknown", "Operations")] == rows(
        mapped,
        "select account_type, display_name from mapped_accounts"
        " where account_id = 'git:user:group:ops'",
    )


def test_a_grant_of_somebody_unknown_is_refused(system):
    """A holder whom the file does not have refuses the whole file."""
    file = make_file()
    file.grant("user:99", "repo:api:admin")
    file.write(Path("git.c1z"))
    with pytest.raises(Refused) as raised:
        system.map()

    assert "user:99" in raised.value.why


def test_only_the_last_finished_sync_counts(system):
    """Syncs before it, after it, and of a part are passed over; the data is as old as it."""
    path = make_file().write(Path("git.c1z"), "2026-11-28 20:00:00")
    fewer = make_file()
    fewer.grants.pop()
    fewer.write(path, "2026-11-28 21:00:00", earlier=path)
    C1zFile().write(path, "2026-11-28 22:00:00", kind="partial", earlier=path)
    C1zFile().write(path, None, earlier=path)
    read = system.read()

    assert [(5,)] == rows(read, "select count(*) from grants")
    assert datetime(2026, 11, 28, 21, 0, tzinfo=UTC) == read.as_of
    assert "its last sync is not finished" in read.counters.warnings[0]


def test_a_file_without_a_finished_sync_is_refused(system):
    """An unfinished sync, and one of resources only, say nothing about who has access."""
    for ended, kind in ((None, "full"), ("2026-11-28 20:00:00", "resources_only")):
        make_file().write(Path("git.c1z"), ended, kind)
        failure = system.fail()
        assert (Unreadable, "no sync in it is finished and complete") == (
            type(failure),
            failure.why,
        )


def test_a_broken_file_is_told(system):
    """Half a file, another file, a newer kind and a damaged database are a sentence each."""
    path = make_file().write(Path("git.c1z"))
    whole, database = path.read_bytes(), unpack(path)
    for data, why in (
        (b"", "it is no .c1z"),
        (b"PK\x03\x04 a zip", "it is no .c1z"),
        (b"C1Z3\x00 a newer file", "it is of the newer kind"),
        (whole[:5], "it is empty"),
        (whole[: len(whole) // 2], "it is damaged, or not written to its end"),
        (whole[:-4], "it is damaged, or not written to its end"),
        (whole[:60] + b"####" + whole[64:], "it is damaged"),
        (whole[:5] + pack(b"no database" * 1000), "the database in it cannot be read"),
        (whole[:5] + pack(database[:8192] + bytes(len(database) - 8192)), "the database in it"),
        (whole[:5] + pack(database.replace(b"v1_grants", b"v9_grants")), "no such table"),
    ):
        path.write_bytes(data)
        failure = system.fail()
        assert Unreadable is type(failure), why
        assert why in failure.why
    path.unlink()
    assert "there is no such file" == system.fail().why


def test_a_page_that_lost_a_row_is_noticed(system):
    """A damaged page that SQLite reads without an error would look like a removal."""
    path = make_file().write(Path("git.c1z"))
    database = bytearray(unpack(path))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(bytes(database))
        [(page, size)] = connection.execute(
            "select rootpage, page_size from sqlite_master, pragma_page_size"
            " where name = 'v1_grants'"
        ).fetchall()
    cells = (page - 1) * size + 4  # the low byte of the number of rows in the page
    database[cells] -= 1
    path.write_bytes(path.read_bytes()[:5] + pack(bytes(database)))
    failure = system.fail()

    assert (Unreadable, "the database in it is damaged") == (type(failure), failure.why)


def test_the_time_of_the_data_is_that_of_the_sync(system):
    """A connector writes its own local time, so `time_zone` names its zone."""
    path = make_file().write(Path("git.c1z"), "2026-11-28 22:00:00.123456789")
    assert datetime(2026, 11, 28, 22, 0, 0, 123456, UTC) == system.read().as_of

    os.utime(path, (1_795_900_000, 1_795_900_000))  # 2026-11-28 21:06:40 UTC
    failure = system.fail()
    assert (Misconfigured, True) == (type(failure), "time_zone" in failure.next)

    system.declare(KIND + 'time_zone = "Europe/Berlin"\n')
    assert datetime(2026, 11, 28, 21, 0, 0, 123456, UTC) == system.read().as_of


def test_check_says_how_old_the_data_is(system):
    """`check` opens the file and names the time of its last finished sync."""
    make_file().write(Path("git.c1z"), "2026-11-28 22:00:00")

    assert {"file": "its data is of 2026-11-28 22:00 UTC"} == system.probe()


@pytest.mark.long
def test_a_sync_publishes_what_a_connector_read(company, system):
    """The path of inherited access is shown, and a file that is half written leaves it there."""
    path = make_file().write(company.home / "git.c1z")
    company.rollcall.sync()

    [grant] = company.rollcall.rows(
        "from grants where entitlement_id = 'git:role:repo:api:pull:assigned'"
    )
    assert (False, True) == (grant["is_direct"], grant["is_inherited"])
    assert "Ops Member > All Member > api Pull" in grant["access_path"]

    path.write_bytes(path.read_bytes()[:-100])
    assert 4 == company.rollcall.run("sync").code
    assert 4 == len(company.rollcall.rows("from grants"))


@pytest.mark.long
def test_the_file_of_the_page_is_read_as_it_says(company):
    """The file and the commands of docs/systems.md lead to published grants."""
    blocks = read_blocks("What a connector of ConductorOne's has read")
    company.declare("git", blocks["toml"])
    (company.home / "exports").mkdir()
    make_file().write(company.home / "exports" / "git.c1z")
    checked, tried, _ = run_commands(company.rollcall, blocks["sh"])

    assert "its data is of 2026-11-29 22:00 UTC" in checked.out
    assert "api Pull" in tried.out
    assert 4 == len(company.rollcall.rows("from grants"))


@pytest.mark.long
def test_a_file_may_not_be_older_than_it_may_be(company):
    """`max_age_hours` refuses an old file, and an older copy of a file that was read is refused."""
    path = company.home / "git.c1z"
    company.declare("git", KIND)
    make_file().write(path, ended_at="2026-11-29 22:00:00")
    company.rollcall.sync()
    make_file().write(path, ended_at="2026-11-28 22:00:00")

    result = company.rollcall.run("sync")
    assert (5, True) == (result.code, "the last complete read had newer" in result.err)

    company.declare("git", KIND + "max_age_hours = 0.001\n")
    code, text = company.refusal("git")
    assert (4, True) == (code, "more than max_age_hours (0.001)" in text)
