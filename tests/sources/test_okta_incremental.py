"""An incremental read of Okta delivers what a full one would, with few requests.

Each test leaves one sign of a change only: a date, a count, a status, or an event of the log.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sandbox.okta.server import Okta
from tests.sandbox.okta.switches import Refused
from tests.sandbox.server import Fault, Request
from tests.support.faults import status
from tests.support.okta_org import Org, Taken, add_users, strikes
from tests.support.okta_org import org as org
from tests.support.okta_tenant import (
    ADA,
    ADMINS,
    FINANCE,
    IMPORTED,
    MARA,
    NORA,
    PAYROLL,
    RULE,
    RULED,
    SERVICE,
)

FEED = "pipelines.sources.okta.feed"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """Return an org after its first read, which the tests copy."""
    with pytest.MonkeyPatch.context() as patch:
        made = Org(tmp_path_factory.mktemp("first"), patch)
        add_users(made, 3, FINANCE, IMPORTED)
        made.okta.emit("group.user_membership.add", *pair(made.okta, MARA, FINANCE))
        assert "full" == made.read().mode
    with made.server:
        yield made


@pytest.fixture
def known(first: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Org:
    return first.again(tmp_path, monkeypatch)


def pair(okta: Okta, user: str, group: str) -> tuple[dict, dict]:
    return okta.user_target(user), okta.group_target(group)


def read_again(org: Org, mode: str = "incremental") -> Taken:
    """Read the org in part, and compare the result with a full read into an empty warehouse."""
    taken = org.read()
    assert (0, mode) == (taken.code, taken.mode), taken.failure
    assert org.read_all().rows == taken.rows
    return taken


def child_calls(taken: Taken) -> set[str]:
    """Return the calls for members of groups, and for groups and users of applications."""
    return {path for path in taken.paths("/") if path.split("/")[0] in ("groups", "apps")} - {
        "groups/rules",
        *taken.paths("/roles"),
    }


def silence(okta: Okta, change: Callable[[], object]) -> None:
    """Make a change that neither the log nor a date of a group tells."""
    groups, events = dict(okta.groups), [*okta.events]
    change()
    okta.events = events
    for key, group in groups.items():
        if key in okta.groups:
            moved = {"lastMembershipUpdated": group["lastMembershipUpdated"]}
            okta.groups[key] = {**okta.groups[key], **moved}
    okta.touch()


# ---- nothing and little


def test_with_nothing_changed_only_lists_are_read(known):
    """Without a change no group and no application is read, but those that a rule fills."""
    taken = read_again(known)

    assert {f"groups/{RULED}/users"} == child_calls(taken)
    assert 1 == len(taken.paths("logs"))


def test_a_quiet_log_is_asked_once_and_goes_on(known):
    """Each sync follows the cursor of the one before, and no event comes twice."""
    known.okta.emit("group.user_membership.add", *pair(known.okta, ADA, FINANCE))
    first, second = known.read(), known.read()

    assert (2, 2) == (len(first.rows["log_events"]), len(second.rows["log_events"]))
    [page, empty] = [one for one in first.asked if one.path.endswith("/logs")]
    assert "after" in page.query and "since" not in page.query
    [last] = [one for one in second.asked if one.path.endswith("/logs")]
    assert last.query["after"] == empty.query["after"]


def test_the_first_read_fetches_the_log_that_there_is(org):
    """The first read goes back 89 days, in pages, and keeps events of access only."""
    for number in range(5):
        old = (org.okta.now() - timedelta(days=20 * number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        told = pair(org.okta, MARA, FINANCE)
        org.okta.emit("group.user_membership.add", *told, published=old)
        org.okta.emit("user.session.start", told[0], published=old)
    org.patch.setattr(f"{FEED}.PAGE_SIZE", 2)

    events = org.read().rows["log_events"].values()

    assert ["group.user_membership.add"] * 5 == [event["eventType"] for event in events]
    assert {"uuid", "published", "eventType", "outcome", "actor", "target", "transaction"} == {
        name for event in events for name in event
    }


# ---- one sign only


def test_the_date_of_a_group_is_enough(known):
    """A member is exchanged for another: only the group's date moved."""
    known.okta.members ^= {(MARA, FINANCE), (ADA, FINANCE)}
    group = known.okta.groups[FINANCE]
    known.okta.groups[FINANCE] = {**group, "lastMembershipUpdated": "2026-07-01T08:00:00.000Z"}
    known.okta.touch()

    taken = read_again(known)

    assert ADA in taken.members(FINANCE) and MARA not in taken.members(FINANCE)
    assert f"groups/{IMPORTED}/users" not in child_calls(taken)


def test_the_log_is_enough(known):
    """A member is exchanged for another: only the log tells it."""
    silence(known.okta, lambda: known.okta.members.__ixor__({(MARA, FINANCE), (ADA, FINANCE)}))
    known.okta.emit("group.user_membership.add", *pair(known.okta, ADA, FINANCE))

    assert ADA in read_again(known).members(FINANCE)


def test_an_event_that_failed_is_no_sign(known):
    """A failed action changed nothing, so nothing is read for it."""
    outcome = {"result": "FAILURE", "reason": "no"}
    told = pair(known.okta, ADA, FINANCE)
    known.okta.emit("group.user_membership.add", *told, outcome=outcome)

    assert {f"groups/{RULED}/users"} == child_calls(read_again(known))


def test_a_count_is_enough(known):
    """A member is gone: only the count of the group moved."""
    silence(known.okta, lambda: known.okta.members.discard((MARA, FINANCE)))

    assert MARA not in read_again(known).members(FINANCE)


@pytest.mark.parametrize("is_gone", [False, True], ids=["active", "gone"])
def test_a_group_that_a_rule_fills_is_always_read(known, is_gone):
    """Members that a rule exchanges leave no sign; also those of a rule that is gone now."""
    silence(known.okta, lambda: known.okta.members.__ixor__({(NORA, RULED), (MARA, RULED)}))
    if is_gone:
        del known.okta.rules[RULE]
        known.okta.touch()

    assert [MARA] == read_again(known).members(RULED)


@pytest.mark.parametrize("stays", [True, False], ids=["listed", "unlisted"])
@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
def test_a_status_is_enough_whatever_is_listed(known, stays, counted):
    """A member who is deactivated, and comes back, is where a full read would see them."""
    known.okta.switches.deprovisioned_stay_members = stays
    known.okta.switches.stats_count_deprovisioned = counted
    known.read()
    silence(known.okta, lambda: known.okta.deactivate(MARA))
    assert stays == (MARA in read_again(known).members(FINANCE))

    silence(known.okta, lambda: known.okta.activate(MARA, False))
    assert MARA in read_again(known).members(FINANCE)


def test_a_deactivated_user_keeps_groups_and_loses_applications(known):
    """A deactivated user stays a member of groups, and is no user of an application."""
    known.okta.deactivate(MARA)
    taken = read_again(known)

    assert MARA in taken.members(FINANCE)
    users = taken.rows["application_users"][PAYROLL]["users"]
    assert MARA not in {user["id"] for user in users}


def test_a_user_who_came_back_meanwhile_is_named_by_the_log(known):
    """A user deactivated and activated between two syncs has the old status, and lost an app."""
    known.okta.deactivate(NORA)
    known.okta.activate(NORA, False)
    known.okta.set_status(NORA, "ACTIVE")

    taken = read_again(known)

    users = {user["id"] for user in taken.rows["application_users"][PAYROLL]["users"]}
    assert NORA not in users


def test_a_deleted_user_leaves_every_group(known):
    """A user who is gone leaves groups and applications, whatever moved."""
    known.okta.switches.deletion_moves_groups = False
    known.okta.deactivate(MARA)
    silence(known.okta, lambda: known.okta.delete_user(MARA))

    assert MARA not in read_again(known).members(FINANCE)


def test_new_and_deleted_groups_are_seen(known):
    """A new group is read, and one that is gone has no members."""
    made = known.okta.add_group("New")["id"]
    known.okta.add_member(MARA, made)
    assert [MARA] == read_again(known).members(made)

    known.okta.delete_group(made)
    assert made not in read_again(known).rows["group_members"]


# ---- applications


@pytest.mark.parametrize("sign", ["log", "count"])
def test_an_application_of_a_group_shows_by_either_sign(known, sign):
    """A group that gets an application is told by the log, or by its count of applications."""
    change = lambda: known.okta.assign_app_to_group(PAYROLL, IMPORTED)  # noqa: E731
    change() if sign == "log" else silence(known.okta, change)

    taken = read_again(known)

    assert [FINANCE, IMPORTED] == taken.rows["application_groups"][PAYROLL]["groups"]
    assert (f"apps/{SERVICE}/groups" in child_calls(taken)) == (sign == "count")


def test_members_of_a_group_change_the_users_of_its_application(known):
    """A new member of a group is a new user of its applications, without an event of those."""
    silence(known.okta, lambda: known.okta.add_member(ADA, FINANCE))

    users = read_again(known).rows["application_users"][PAYROLL]["users"]

    assert {"id": ADA, "scope": "GROUP"} in users


def test_a_new_user_has_the_applications_of_everyone(known):
    """A user who comes has what Everyone gives, without an event of the application."""
    known.okta.assign_app_to_group(PAYROLL, known.okta.everyone)
    read_again(known)
    silence(known.okta, lambda: add_users(known, 1, status="PROVISIONED"))

    users = read_again(known).rows["application_users"][PAYROLL]["users"]

    assert {"id": "00uMorePRO0000000000", "scope": "GROUP"} in users


def test_applications_of_an_unlisted_group_are_always_read(known):
    """Okta's own group of administrators shows no members, so its applications are always read."""
    key = "00gAdministrators001"
    group = {"id": key, "type": "BUILT_IN", "profile": {"name": "Okta Administrators"}}
    known.okta.groups[key] = group
    known.okta.touch()
    known.okta.assign_app_to_group(PAYROLL, key)
    read_again(known)
    silence(known.okta, lambda: known.okta.members.add((ADA, key)))

    users = read_again(known).rows["application_users"][PAYROLL]["users"]

    assert {"id": ADA, "scope": "GROUP"} in users


def test_direct_assignments_show_by_the_log(known):
    """An application given or taken by name is named by the log."""
    known.okta.assign_app(PAYROLL, ADA)
    known.okta.unassign_app(PAYROLL, NORA)

    users = read_again(known).rows["application_users"][PAYROLL]["users"]

    assert {"id": ADA, "scope": "USER"} in users and NORA not in {one["id"] for one in users}


# ---- admin roles


def test_admin_roles_need_no_sign(known):
    """Roles that are given and taken are seen without any sign, because all are read."""
    okta = known.okta
    silence(okta, lambda: okta.assign_role(MARA, "SUPER_ADMIN"))
    silence(okta, lambda: okta.remove_role(ADMINS, "gra1"))

    rows = read_again(known).rows

    assert "SUPER_ADMIN" in str(rows["user_role_assignments"][MARA])
    assert ADMINS not in rows["group_role_assignments"]
    assert ADA not in rows["user_role_assignments"]


# ---- what cannot be known


def test_a_closed_log_makes_every_read_full(known):
    """Without the right to the log everything is read, with a warning, and nothing is missed."""
    closed = Fault(strikes("logs"), status(403, {"errorCode": "E0000006"}), times=9)
    silence(known.okta, lambda: known.okta.assign_app(PAYROLL, ADA))

    taken = known.read(closed)

    assert ("full", 0) == (taken.mode, taken.code)
    assert any("okta.logs.read" in warning for warning in taken.warnings)
    assert ADA in str(taken.rows["application_users"])
    assert "incremental" == known.read().mode


@pytest.mark.parametrize("name", ["REACH", "cursor", "host"])
def test_a_log_with_a_gap_makes_a_full_read(known, name):
    """A cursor that is too old, unknown or of another host leads to a full read, and a new one."""
    silence(known.okta, lambda: known.okta.assign_app(PAYROLL, ADA))
    known.okta.emit("group.user_membership.add", *pair(known.okta, NORA, FINANCE))
    faults: list[Fault] = []
    with known.patch.context() as patch:
        if name == "REACH":
            patch.setattr(f"{FEED}.REACH", timedelta(0))
        elif name == "host":
            patch.setattr(f"{FEED}.origin_of", lambda url: "https://elsewhere:443")
        else:
            gone = {"errorCode": "E0000031", "errorSummary": "", "errorCauses": []}
            faults = [Fault(has_cursor, status(400, gone))]
        taken = known.read(*faults)

    assert ("full", 0) == (taken.mode, taken.code)
    assert ADA in str(taken.rows["application_users"]) and 2 == len(taken.rows["log_events"])
    assert "incremental" == known.read().mode


def has_cursor(request: Request) -> bool:
    return request.path.endswith("/logs") and "after" in request.query


def test_an_event_without_its_target_makes_a_full_read(known):
    """An event that does not say which group it is about leads to a full read."""
    known.okta.emit("group.user_membership.add", known.okta.user_target(MARA))

    assert "full" == known.read().mode


def test_a_full_read_is_made_when_asked_for_and_when_due(known):
    """`--full` and the number of days since the last full read lead to a full read."""
    assert "full" == known.read(full=True).mode
    known.set(full_every_days=0)
    assert "full" == known.read().mode
    known.set(full_every_days=7)
    assert "incremental" == known.read().mode


def test_a_read_that_failed_leaves_the_cursor(known):
    """Events that a failed read has seen are seen again by the next one."""
    silence(known.okta, lambda: known.okta.members.__ixor__({(MARA, FINANCE), (ADA, FINANCE)}))
    known.okta.emit("group.user_membership.add", *pair(known.okta, ADA, FINANCE))
    assert 4 == known.read(Fault(strikes("apps"), status(500), times=99)).code

    assert ADA in read_again(known).members(FINANCE)


# ---- whole histories


def change_something(okta: Okta, chance: random.Random) -> None:
    """Make one change that an administrator could make. What Okta refuses changes nothing."""
    user = chance.choice(sorted(set(okta.users) - {okta.owner}))
    group = chance.choice(sorted(set(okta.groups) - {okta.everyone}))
    app = chance.choice(sorted(okta.applications))
    change = chance.choice(
        [
            lambda: okta.add_member(user, group),
            lambda: okta.remove_member(user, group),
            lambda: okta.import_members(IMPORTED, chance.sample(sorted(okta.users), 2)),
            lambda: okta.deactivate(user),
            lambda: okta.activate(user, False),
            lambda: okta.suspend(user),
            lambda: okta.unsuspend(user),
            lambda: okta.delete_user(user),
            lambda: okta.update_profile(user, {"userType": chance.choice(["Contractor", None])}),
            lambda: okta.assign_app(app, user),
            lambda: okta.unassign_app(app, user),
            lambda: okta.assign_app_to_group(app, group),
            lambda: okta.unassign_app_from_group(app, group),
            lambda: okta.add_group(f"Group {len(okta.groups)}"),
            lambda: group != FINANCE and okta.delete_group(group),  # a role is limited to it
            lambda: okta.assign_role(user, "HELP_DESK_ADMIN"),
            lambda: okta.assign_role(group, "REPORT_ADMIN"),
            lambda: okta.activate_rule(RULE),
            lambda: okta.deactivate_rule(RULE),
        ]
    )
    try:
        change()
    except (Refused, KeyError):
        return


def live_through(org: Org, seed: int, syncs: int) -> None:
    """Let an org live through random changes and settings of its unknowns, read after each few."""
    chance, switches = random.Random(seed), org.okta.switches
    switches.deprovisioned_stay_members = chance.random() < 0.7
    switches.stats_count_deprovisioned = chance.random() < 0.5
    switches.membership_moves_user = chance.random() < 0.5
    switches.rule_events = chance.random() < 0.5
    switches.deletion_moves_groups = chance.random() < 0.5
    add_users(org, 6, FINANCE)
    org.read()
    for _ in range(syncs):
        for _ in range(chance.randint(0, 4)):
            change_something(org.okta, chance)
        read_again(org)


@pytest.mark.parametrize("seed", [0])
def test_a_short_history_is_read_as_a_full_one(org, seed):
    """After each sync of a random history the tables are those of a full read."""
    live_through(org, seed, 4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 160))
def test_a_long_history_is_read_as_a_full_one(org, seed):
    """The same over many histories."""
    live_through(org, seed, 12)
