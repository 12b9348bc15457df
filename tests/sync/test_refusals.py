"""Each loss that the guard refuses, and how a person accepts one.

The losses that a broken read leads to are told with real reads in `test_guard`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.failures import Refused
from pipelines.sync.guard import THIS_RUN, check_shrinkage
from tests.sync.test_guard import accounts, arguments, kept, refused
from tests.sync.test_sync import assert_published_is_true

FEW = {"GUARD__REMOVED_ROWS": "2", "GUARD__REMOVED_SHARE": "0.01"}
CLOSE = f"update {{}}_history set valid_to = {THIS_RUN} where valid_to is null and {{}}"
LARGEST_GROUP = (
    "(select entitlement_id from grants where source_name = 'pingone'"
    " group by all order by count(*) desc, entitlement_id limit 1)"
)
OF_LARGEST = f"entitlement_id = {LARGEST_GROUP} and hash(account_id) % 4 > 0"


def open_again(table: str, change: str, where: str) -> str:
    """Return the SQL that opens what this run has closed again, with a change."""
    return (
        f"insert into {table}_history by name select * replace ({THIS_RUN} as valid_from,"
        f" null as valid_to, 'again' || history_id as history_id, {change}) from {table}_history"
        f" where valid_to = {THIS_RUN} and {where}"
    )


LOSSES = {
    "rows": (["accounts", "source_name = 'pingone' and hash(account_id) % 2 = 0"], "", "gone"),
    "table": (["accounts", "source_name = 'haloitsm'"], "", "nothing is left"),
    "holders": (["grants", OF_LARGEST], "", "of its holders lost it"),
    "values": (["people", "true"], "null as work_email", "charthop.people.work_email"),
    "statuses": (
        ["accounts", "source_name = 'okta' and status = 'disabled'"],
        "'enabled' as status",
        "okta.accounts.disabled",
    ),
    "replaced": (
        ["accounts", "source_name = 'haloitsm'"],
        "account_id || '9' as account_id",
        "none of the earlier accounts is left",
    ),
}


@pytest.fixture
def candidate(published, tmp_path: Path) -> Path:
    """Return what a sync publishes next, as long as nothing has changed."""
    path = tmp_path / "candidate.duckdb"
    path.write_bytes(published.data)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "insert into runs by name"
            " select * replace ('next' as run_id, now() as started_at) from runs"
        )
    return path


def check(candidate: Path) -> list[str]:
    sources = ["charthop", "haloitsm", "okta", "pingone"]
    nothing = candidate.with_name("nothing.duckdb")  # fields that vanish have tests of their own
    return check_shrinkage(candidate, nothing, sources, (), lambda *_: None)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_is_refused(candidate, loss, monkeypatch):
    """Rows, a table, holders, values, statuses or all accounts that are gone are refused."""
    for name, value in FEW.items():
        monkeypatch.setenv(name, value)
    assert [] == check(candidate)
    (table, where), change, said = LOSSES[loss]
    with duckdb.connect(str(candidate)) as connection:
        connection.execute(CLOSE.format(table, where))
        if change:
            connection.execute(open_again(table, change, where))

    with pytest.raises(Refused, match=said):
        check(candidate)


def test_members_that_rollcall_removed_are_no_loss(candidate):
    """Most members of a group are gone. That is not refused if Rollcall itself removed them."""
    with duckdb.connect(str(candidate)) as connection:
        connection.execute(CLOSE.format("grants", OF_LARGEST))
        connection.execute(
            "insert into applied_changes by name select 'p' as plan_digest, grant_id as change_id,"
            " 'revoke' as action, 'pingone' as source_name, grant_id, 'decision' as reason_kind,"
            " 'q4' as reason_id, 'done' as outcome, now() as known_at"
            f" from grants where {OF_LARGEST}"
        )

    assert [] == check(candidate)


def test_mass_removal_is_refused_and_accepted_once(rollcall, published):
    """A sync that loses many accounts is refused until --accept names the exact numbers, once."""
    rollcall.has(published).environment |= FEW
    pingone = rollcall.sandbox.company.pingone
    had, gone = accounts(rollcall), sorted(pingone.users)[-6:]
    for user in gone[:3]:
        pingone.delete_user(user)

    exact = f"pingone.accounts:{had}->{had - 3}"
    others = ("--accept", f"pingone.accounts:{had}->{had - 2}")
    cure = refused(rollcall, exact, "3 rows are gone", of=("pingone",), accept=others)

    assert 0 == rollcall.run(*arguments(cure), "pingone").code
    assert_published_is_true(rollcall)
    [said] = rollcall.column("select accepted from runs where accepted is not null")
    assert exact in said
    assert exact in rollcall.run("status").out
    assert not kept(rollcall).parent.exists(), "the refused candidate was kept"

    for user in gone[3:]:
        pingone.delete_user(user)
    assert 5 == rollcall.run(*arguments(cure), "pingone").code


def test_another_tenant_is_not_read_into_what_is_there(rollcall, published):
    """Data of another tenant is refused until it is accepted by name.

    ChartHop's slug and id lead to the same organisation here, so that a test can accept the change.
    """
    org = rollcall.has(published).sandbox.company.charthop
    rollcall.environment["SOURCES__CHARTHOP__ORG_ID"] = org.org_id
    result = rollcall.run("sync")

    change = f"charthop.tenant:{org.slug}->{org.org_id}"
    assert 5 == result.code and f"rollcall sync --accept '{change}'" in result.err
    assert 0 == rollcall.sandbox.charthop.count(), "ChartHop received a request"
    newest = "from runs where run_id = (select max(run_id) from runs) order by source_name"
    assert ["refused"] == rollcall.column(f"select status {newest}")
    states = rollcall.run("status", "--json").document["sources"]
    assert ["charthop"] == [one["source_name"] for one in states if one["is_stale"]]
    assert not kept(rollcall).exists(), "a candidate was kept"
    assert_published_is_true(rollcall)

    assert 0 == rollcall.run("sync", "charthop", "--accept", change).code
    assert [(change, "full")] == [(row["accepted"], row["mode"]) for row in rollcall.rows(newest)]
    rollcall.environment["SOURCES__CHARTHOP__ORG_ID"] = org.slug
    back = rollcall.run("sync")
    assert 5 == back.code and f"charthop.tenant:{org.org_id}->{org.slug}" in back.err
