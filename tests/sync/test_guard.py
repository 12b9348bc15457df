"""Data that shrinks suddenly, or a little every day, is refused: what broken reads lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.sandbox import Sandbox
from tests.support.product import Known, Published, Result, Rollcall, first_sync
from tests.sync.test_sync import assert_published_is_true


@pytest.fixture(scope="module")
def grown(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """Return the invented company with sixty more users in one group, and thirty agents."""
    with Sandbox() as sandbox:
        halo = sandbox.company.haloitsm
        for number in range(200, 230):
            halo.agents[number] = dict(halo.agents[30], id=number, email=f"a{number}@x.example")
            halo.agents[number]["isdisabled"] = number < 208
        pingone = sandbox.company.pingone
        group = pingone.add_group({"name": "Crowd"})["id"]
        for number in range(60):
            mail = f"crowd{number}@lanternfish.example"
            user = pingone.add_user({"username": f"crowd{number}", "email": mail})["id"]
            pingone.add_member(user, group)
        first = first_sync(tmp_path_factory.mktemp("crowd"), sandbox, another=published)
        yield Known(sandbox, sandbox.company, first)


@pytest.fixture
def sandbox(grown: Known) -> Sandbox:
    return grown.again()


@pytest.fixture
def crowded(rollcall: Rollcall, grown: Known) -> Rollcall:
    return rollcall.has(grown.published)


def crowd(rollcall: Rollcall) -> list[str]:
    users = rollcall.sandbox.company.pingone.users
    return [key for key, row in sorted(users.items()) if row["username"].startswith("crowd")]


def accounts(rollcall: Rollcall) -> int:
    return len(rollcall.rows("from accounts where source_name = 'pingone'"))


def kept(rollcall: Rollcall) -> Path:
    """Return the path of a refused candidate."""
    work = rollcall.warehouse.parent / f".{rollcall.warehouse.name}.work"
    return work / "refused" / rollcall.warehouse.name


def refused(
    rollcall: Rollcall, *words: str, of: tuple[str, ...], accept: tuple[str, ...] = ()
) -> str:
    """Run a sync of some sources that the guard refuses, and return the cure.

    Nothing changes but the record of runs.
    """
    tables = ("accounts", "entitlements", "grants", "grants_history", "raw_pingone.users")
    before = [rollcall.rows(f"from {table} order by all") for table in tables]
    result = rollcall.run("sync", *of, *accept)
    assert 5 == result.code, result.err
    for word in words:
        assert word in result.err
    assert before == [rollcall.rows(f"from {table} order by all") for table in tables]
    newest = "select status from runs order by started_at desc limit 1"
    assert ["refused"] == rollcall.column(newest)
    assert kept(rollcall).exists()
    told = rollcall.run("status")
    assert 1 == told.out.count("guard: "), "printed more than once"
    assert "  next: " in told.out and str(kept(rollcall)) in told.out
    assert len(told.out.splitlines()) < 24
    return cure_of(result)


def cure_of(refusal: Result) -> str:
    """Return the command that a refused sync prints for the case that the data is right."""
    return refusal.err.split("run `rollcall ")[1].split("`")[0]


def arguments(cure: str) -> list[str]:
    return [word.strip("'") for word in cure.split()]


@pytest.mark.long
def test_a_list_that_comes_back_empty_does_not_wipe_the_table(crowded):
    """A list that comes back empty does not empty the table; the limits are settings.

    With a limit of two rows, the loss of three agents is refused as well.
    """
    company = crowded.sandbox.company
    company.pingone.switches.hidden_populations = set(company.pingone.populations)
    had = len(crowded.rows("from accounts where source_name = 'haloitsm'"))
    for number in range(220, 223):
        del company.haloitsm.agents[number]
    company.touch()
    crowded.environment |= {"GUARD__REMOVED_ROWS": "2", "GUARD__REMOVED_SHARE": "0.01"}

    both = ("haloitsm", "pingone")
    refused(crowded, "pingone.accounts:", f"haloitsm.accounts:{had}->{had - 3}", of=both)


@pytest.mark.long
def test_hidden_fields_rows_and_resources_are_noticed(crowded):
    """One refusal names each loss: a hidden field, rows, members of a group, disabled accounts.

    A token may lose the right to see a field, an agent to see most agents; a group may lose many
    members, and a flag that is hidden makes accounts look enabled.
    """
    company = crowded.sandbox.company
    halo, pingone = company.haloitsm, company.pingone
    company.charthop.switches.unreadable_fields = {"contact.workEmail"}
    halo.switches.restricted_agents = {key for key in halo.agents if 2 < key < 200 or key >= 208}
    for number in range(200, 208):
        halo.agents[number]["isdisabled"] = False
    [group] = [key for key, row in pingone.groups.items() if row["name"] == "Crowd"]
    for user in crowd(crowded)[:40]:
        pingone.remove_member(user, group)
    company.touch()

    refused(
        crowded,
        "charthop.people.work_email",
        "haloitsm.accounts:",
        "haloitsm.accounts.disabled:8->0",
        f"pingone:group:{group}:member:60->20",
        "40 of its holders lost it",
        of=("charthop", "haloitsm", "pingone"),
    )


@pytest.mark.long
def test_members_that_rollcall_removed_are_no_broken_read(crowded):
    """Forty of sixty members are gone. That is not refused if Rollcall itself removed them."""
    pingone = crowded.sandbox.company.pingone
    [group] = [key for key, row in pingone.groups.items() if row["name"] == "Crowd"]
    for user in crowd(crowded)[:40]:
        pingone.remove_member(user, group)
    crowded.warehouse.chmod(0o600)
    with duckdb.connect(str(crowded.warehouse)) as connection:
        connection.execute(
            "insert into applied_changes by name select 'p' as plan_digest, grant_id as change_id,"
            " 'revoke' as action, 'pingone' as source_name, grant_id, 'decision' as reason_kind,"
            " 'q4' as reason_id, 'done' as outcome, now() as known_at"
            f" from grants where entitlement_id = 'pingone:group:{group}:member'"
        )
    crowded.sync("pingone")

    held = "select count(*) from grants where entitlement_id like '%{}%'"
    assert [20] == crowded.column(held.format(group))


@pytest.mark.long
def test_losing_a_little_every_day_is_noticed(crowded):
    """A small loss passes; one every day for a week is refused, and accepted once for all."""
    had = accounts(crowded)
    for user in crowd(crowded)[:9]:
        crowded.sandbox.company.pingone.delete_user(user)
    crowded.sync("pingone")
    assert_published_is_true(crowded)
    for user in crowd(crowded)[:12]:
        crowded.sandbox.company.pingone.delete_user(user)

    change = f"pingone.accounts:{had}->{had - 21}"
    cure = refused(crowded, change, "21 within a week", of=("pingone",))
    assert 0 == crowded.run(*arguments(cure), "pingone").code
    crowded.sync("pingone")
    assert_published_is_true(crowded)


@pytest.mark.long
def test_a_small_tenant_that_is_all_another_is_noticed(rollcall, published):
    """A small tenant whose accounts are all replaced is refused.

    All accounts go and as many come: fewer than the limits count, and yet nobody is left.
    """
    halo = rollcall.has(published).sandbox.company.haloitsm
    for key in [key for key in halo.agents if key > 1]:
        halo.agents[key + 5000] = halo.agents.pop(key) | {"id": key + 5000}
    halo.touch()

    result = rollcall.run("sync", "haloitsm", GUARD__REMOVED_ROWS="99", GUARD__REMOVED_SHARE="1")
    assert 5 == result.code and "none of the earlier accounts is left" in result.err
