"""An incremental sync misses nothing that a full one would see, with few requests.

Random histories, compared with full reads, are in `test_histories`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.pingone.server import PingOne
from tests.sandbox.server import Fault
from tests.support import oracle
from tests.support.product import Known, Published, Rollcall, first_sync
from tests.sync.test_sync import published_grants

WAY = {"SOURCES__PINGONE__MEMBERSHIPS": "by_group"}


@pytest.fixture(scope="module")
def by_group(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with Sandbox() as sandbox:
        home = tmp_path_factory.mktemp("by_group")
        first = first_sync(home, sandbox, "haloitsm", "pingone", another=published, **WAY)
        yield Known(sandbox, sandbox.company, first)


@pytest.fixture
def sandbox(by_group: Known) -> Sandbox:
    return by_group.again()


@pytest.fixture
def known(rollcall: Rollcall, by_group: Known) -> Rollcall:
    return rollcall.has(by_group.published)


def silent(known: Rollcall) -> PingOne:
    """Silence the audit feed: it reports neither past nor new changes."""
    pingone = known.sandbox.company.pingone
    pingone.switches.emit_activities = False
    pingone.activities.clear()
    return pingone


def sync(rollcall: Rollcall) -> str:
    """Run a PingOne sync, and return whether the read was full or incremental."""
    rollcall.sandbox.pingone.log.clear()
    rollcall.sync("pingone", **WAY)
    return rollcall.column("select mode from runs order by started_at desc limit 1")[0]


def accounts(rollcall: Rollcall, source: str) -> set[str]:
    sql = f"select account_id from accounts where source_name = '{source}'"
    return {*rollcall.column(sql)}


def assert_true(rollcall: Rollcall) -> None:
    truth = oracle.pingone(rollcall.sandbox.company.pingone)
    assert truth.grants() == published_grants(rollcall, "source_name = 'pingone'")
    assert truth.accounts.keys() == accounts(rollcall, "pingone")


@pytest.mark.long
@pytest.mark.parametrize(
    "switches",
    [
        {"emit_activities": False},
        {"membership_moves_user_updated_at": False},
        {"direct_member_counts": "missing"},
        {"inherited_assignments": "unmarked"},
        {"inherited_assignments": "marked", "inherited_ids": "own"},
        {"role_href_bare": True},
    ],
    ids=str,
)
def test_a_removal_is_seen_though_one_signal_fails(rollcall, switches):
    """A removal is seen although one of its signals is missing."""
    pingone = rollcall.sandbox.company.pingone
    for name, value in switches.items():
        setattr(pingone.switches, name, value)
    sync(rollcall)
    user, group = sorted(pingone.members)[0]
    pingone.remove_member(user, group)
    if switches.get("emit_activities", True):
        holder = next(
            key for key, rows in sorted(pingone.assignments.items()) if key in pingone.groups
        )
        pingone.remove_assignment(holder, pingone.assignments[holder][0]["id"])

    assert "incremental" == sync(rollcall)
    assert_true(rollcall)


def test_a_swapped_member_is_seen(known):
    """A member who is swapped for another one is seen, although the count stays the same.

    A rule swaps members as well: the group itself is unchanged, only the titles of two users have
    changed.
    """
    pingone = silent(known)
    user, group = next(
        (user, group)
        for user, group in sorted(pingone.members)
        if not pingone.groups[group].get("population")
    )
    other = next(key for key in sorted(pingone.users) if (key, group) not in pingone.members)
    pingone.remove_member(user, group)
    pingone.add_member(other, group)
    rule = next(key for key, row in pingone.groups.items() if "userFilter" in row)
    inside = next(key for key in sorted(pingone.members_of(rule)) if key not in (user, other))
    outside = next(
        key
        for key in sorted(pingone.users)
        if key not in pingone.members_of(rule) and key not in (user, other)
    )
    title = pingone.users[inside]["title"]
    pingone.update_user(inside, title="Clerk")
    pingone.update_user(outside, title=title)
    assert outside in pingone.members_of(rule) and inside not in pingone.members_of(rule)

    assert "incremental" == sync(known)
    assert_true(known)


@pytest.mark.long
def test_a_tenant_whose_audit_feed_is_closed_is_read_whole(known):
    """A tenant with a forbidden audit feed is read in full."""
    known.sandbox.company.pingone.switches.missing_permissions = {"audit:read:activity"}

    assert "full" == sync(known)


@pytest.mark.long
def test_a_sweep_reads_everything_when_due(known, monkeypatch):
    """A sweep reads everything when it is due, or when the feed does not reach back far enough."""
    known.environment["SOURCES__PINGONE__FULL_EVERY_DAYS"] = "0"
    assert "full" == sync(known)
    del known.environment["SOURCES__PINGONE__FULL_EVERY_DAYS"]
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.sources.pingone.incremental.FEED_REACH", timedelta(0))
        assert "full" == sync(known)
    assert "incremental" == sync(known)


@pytest.mark.long
def test_a_restored_warehouse_continues_from_its_own_state(known):
    """A restored warehouse continues from its own state."""
    pingone = known.sandbox.company.pingone
    old = known.warehouse.read_bytes()
    pingone.remove_member(*sorted(pingone.members)[0])
    sync(known)
    known.warehouse.chmod(0o600)
    known.warehouse.write_bytes(old)

    assert "incremental" == sync(known)
    assert_true(known)


@pytest.mark.long
def test_with_nothing_changed_only_the_lists_are_read(known):
    """Without any change only the lists are read."""
    [first] = known.column("select requests from runs where source_name = 'pingone'")
    sync(known)
    again = [path for _, path, _, _ in known.sandbox.pingone.log]

    groups = known.sandbox.company.pingone.groups.values()
    rules = sum("userFilter" in row or "sourceType" in row for row in groups)
    assert not [path for path in again if "roleAssignments" in path or "memberOfGroups" in path]
    assert len(again) <= 1 + 5 + 4 + 2 * rules < first


def test_a_grant_is_dated_by_the_audit_feed(known):
    """The audit feed dates a grant."""
    pingone = known.sandbox.company.pingone
    user = sorted(pingone.users)[0]
    group = next(
        key
        for key, row in sorted(pingone.groups.items())
        if (user, key) not in pingone.members
        and not {"userFilter", "sourceType", "population"} & row.keys()
    )
    pingone.add_member(user, group)
    at = pingone.activities[-1]["recordedAt"]
    sync(known)

    assert [True] == known.column(
        f"select granted_at = '{at}'::timestamptz from grants"
        f" where grant_id = 'pingone:user:{user}/pingone:group:{group}:member'"
    )


@pytest.mark.long
def test_an_agent_between_shifting_pages_is_not_gone(known):
    """An agent that a shifting list passes over does not count as removed.

    Between two pages one agent is deleted and one created: the count stays, the rows shift.
    """
    halo = known.sandbox.company.haloitsm
    halo.switches.page_cap = 5
    numbers = sorted(key for key in halo.agents if key > 1)

    def shift(request, response):
        if request.query.get("page_no") == "1":
            halo.agents.pop(numbers[1])
            halo.agents[999] = dict(halo.agents[numbers[2]], id=999, email="late@x.example")
            halo.touch()
        return response

    fault = Fault(lambda request: request.path == "/api/Agent", shift)
    known.sandbox.haloitsm.faults = [fault]
    known.sync("haloitsm")

    assert 1 == fault.fired
    assert oracle.haloitsm(halo).accounts.keys() == accounts(known, "haloitsm")
