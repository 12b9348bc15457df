"""A row that a narrowed read did not request is neither removed nor confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.company.parts import okta_id
from tests.support.product import Rollcall
from tests.sync.test_sync import assert_published_is_true
from tests.write_back.test_changes import Company
from tests.write_back.test_remediations import states

PRINCIPALS = "SOURCES__PINGONE__ROLE_ASSIGNMENT_PRINCIPALS"
NARROW = {PRINCIPALS: "groups_and_apps"}
ACCEPT = ("--accept", "pingone.scope:all->groups_and_apps")
UNREAD = "is_direct and entitlement_id like 'pingone:role:%' and account_id like 'pingone:user:%'"
HENRIK = 3  # has an application directly and through a group
HISTORY = "select * exclude (last_read_at) from grants_history order by all"


@pytest.fixture
def known(rollcall: Rollcall, published) -> Rollcall:
    return rollcall.has(published)


def role_holders(rollcall: Rollcall) -> list[str]:
    pingone = rollcall.sandbox.company.pingone
    return [key for key in sorted(pingone.users) if pingone.assignments.get(key)]


def revoke_roles(rollcall: Rollcall, user: str) -> None:
    pingone = rollcall.sandbox.company.pingone
    for assignment in [*pingone.assignments[user]]:
        pingone.remove_assignment(user, assignment["id"])


def test_a_narrower_read_must_be_accepted(known):
    """A setting that narrows a read is refused before any request, until its name is accepted."""
    refused = known.run("sync", "pingone", **NARROW)

    assert (5, 0) == (refused.code, len(known.sandbox.pingone.log))
    assert "pingone.scope:all->groups_and_apps" in refused.err
    assert 5 == known.run("sync", "pingone", "--accept", "pingone.scope:all->none", **NARROW).code


@pytest.mark.long
def test_a_narrower_read_removes_nothing(known, monkeypatch):
    """Roles of users outside the read stay unchanged, are marked, and prove nothing."""
    grant = applied_revoke(known, monkeypatch)
    assert {grant: "applied"} == states(known)
    history = known.rows(HISTORY)
    unread = {*known.column(f"select grant_id from grants where {UNREAD}")}
    [seen] = known.column("select max(started_at) from runs where source_name = 'pingone'")
    revoke_roles(known, role_holders(known)[0])

    said = known.sync("pingone", *ACCEPT, **NARROW)
    known.sync("pingone", **NARROW)

    assert "stay as an earlier sync read them" in said.err
    assert history == known.rows(HISTORY)
    marked = known.rows("from grants where not is_confirmed")
    assert unread == {row["grant_id"] for row in marked}
    assert {seen} == {row["last_seen_at"] for row in marked}
    as_of = "select distinct last_seen_at from grants_asof(now()) where "
    assert [seen] == known.column(as_of + UNREAD)
    assert {grant: "applied"} == states(known)
    [ledger] = known.rows("from completeness_ledger where source_name = 'pingone'")
    assert (len(unread), 0, 0) == (
        ledger["grants_not_read"],
        ledger["balance_loaded"],
        ledger["balance_marts"],
    )

    known.sync("pingone")

    assert_published_is_true(known)
    assert [] == known.rows("from grants where not is_confirmed")
    assert [] == known.rows(
        "from grants_history where valid_to is null and last_read_at is not null"
    )
    assert {grant} <= {
        *known.column("select grant_id from grants_history where valid_to is not null")
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "setting, value, unread",
    [
        # Freya has a role through a group: when it was read is known for her alone
        ("admin_roles", "false", "entitlement_id like 'okta:role:%'"),
        ("applications", "groups", "entitlement_id like 'okta:application:%' and not is_inherited"),
    ],
)
def test_what_okta_is_not_asked_for_stays(known, setting, value, unread):
    """Admin roles or applications of users outside the read stay unchanged, and are marked."""
    history = known.rows(HISTORY)
    left_out = {*known.column(f"select grant_id from grants where {unread}")}
    okta = known.sandbox.company.okta
    if setting == "admin_roles":
        okta.assignments = {okta.owner: okta.assignments[okta.owner]}
        okta.bindings.clear()
    else:
        okta.app_users = {pair for pair in okta.app_users if pair[1] == okta_id("user", HENRIK)}
    okta.touch()
    narrow = {f"SOURCES__OKTA__{setting}".upper(): value}

    known.sync("okta", "--accept", f"okta.scope:all->{setting}={value}", **narrow)
    known.sync("okta", **narrow)

    assert history == known.rows(HISTORY)
    assert left_out == {*known.column("select grant_id from grants where not is_confirmed")}
    assert left_out

    known.sync("okta")

    assert_published_is_true(known)
    assert [] == known.rows("from grants where not is_confirmed")


@pytest.mark.long
def test_a_user_who_matches_again_is_read(known):
    """Every removal of users that a filter selects is seen, also of one who had not matched."""
    first, second, *_ = role_holders(known)
    pingone = known.sandbox.company.pingone
    names = [pingone.users[key]["username"] for key in (first, second)]
    only = {PRINCIPALS: f'users_matching(username eq "{names[0]}")'}
    revoke_roles(known, first)
    revoke_roles(known, second)

    known.sync("pingone", "--accept", f"pingone.scope:all->{only[PRINCIPALS]}", **only)
    held = f"select distinct account_id from grants where {UNREAD}"
    assert f"pingone:user:{first}" not in known.column(held)
    assert f"pingone:user:{second}" in known.column(held)

    pingone.users[first]["username"], pingone.users[second]["username"] = names[1], names[0]
    pingone.activities.clear()  # the feed's overlap must not be what has the second one read
    pingone.touch()
    known.sync("pingone", **only)

    assert f"pingone:user:{second}" not in known.column(held)


def applied_revoke(known: Rollcall, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a grant of a role that a plan has removed, as far as the plan's record says."""
    [user] = role_holders(known)[:1]
    [grant] = known.column(
        f"select min(grant_id) from grants where {UNREAD} and account_id = 'pingone:user:{user}'"
    )
    home = known.home / "decided"
    home.mkdir()
    made = Company(home, known.warehouse.read_bytes())
    made.campaign("q4", {grant: "revoke"}, f"{datetime.now(UTC) - timedelta(minutes=1):%F %T}+00")
    [row] = made.rows(f"from grants where grant_id = '{grant}'")
    made.insert(
        "applied_changes",
        plan_digest="d" * 64,
        change_id="c1",
        action="revoke",
        reason_kind="decision",
        reason_id="q4/i0",
        outcome="done",
        known_at=datetime.now(UTC),
        **{key: row[key] for key in ("source_name", "account_id", "entitlement_id", "scope_id")},
        grant_id=grant,
    )
    made.build(monkeypatch)
    known.warehouse.chmod(0o600)
    known.warehouse.write_bytes(made.file.read_bytes())
    known.warehouse.chmod(0o400)
    return grant
