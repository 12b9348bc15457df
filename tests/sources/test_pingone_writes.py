"""PingOne is changed one call at a time, and no call is repeated before the state is read."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.failures import Denied, Misconfigured, Rejected, Unknown, Unreadable, Unsent
from pipelines.http.policy import Policy
from pipelines.sources import write_access
from pipelines.sources.writer import Change, Provisioner, Receipt
from tests.sandbox.server import Fault, Request, Response
from tests.support.applying import states
from tests.support.faults import cut, hang_up, silent, status
from tests.support.pingone_tenant import (
    ALL,
    CONTRACTORS,
    EMPLOYEES,
    MANAGERS,
    MARA,
    NORA,
    PARTNERS,
    PAYMENTS,
    READER,
    TOBE,
    Tenant,
)

WRITER = "9c1d7a20-0d0e-4b6f-9a11-5566778899bb"
ENVIRONMENT = "0b6c1d52-6f0e-4a3b-9f0a-2c9d8e7f1a10"
LONG_AGO = "2024-01-15T08:00:00+00:00"


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    made = Tenant(audit_rate_limit=None)
    made.pingone.add_client(WRITER, "writer-secret", "Provisioning worker")
    with made.server:
        yield made


@pytest.fixture
def settings(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "SOURCES__PINGONE__BASE_URL": f"{tenant.server.url}/v1",
        "SOURCES__PINGONE__AUTH_URL": tenant.server.url,
        "SOURCES__PINGONE__ENVIRONMENT_ID": ENVIRONMENT,
        "SOURCES__PINGONE__CLIENT_ID": tenant.pingone.client_id,
        "SOURCES__PINGONE__CLIENT_SECRET": tenant.pingone.client_secret,
        "SOURCES__PINGONE__REQUESTS_PER_SECOND": "0",
        "PROVISION__PINGONE__CLIENT_ID": WRITER,
        "PROVISION__PINGONE__CLIENT_SECRET": "writer-secret",
        "PROVISION__PINGONE__SETTLE_SECONDS": "2",
    }.items():
        monkeypatch.setenv(name, value)
    hasty = functools.partial(Policy, wait=0.002, longest_wait=0.02, read_timeout=0.4)
    monkeypatch.setattr("pipelines.sources.pingone.writer.Policy", hasty)
    return monkeypatch


@pytest.fixture
def writer(settings: pytest.MonkeyPatch) -> Provisioner:
    return write_access.connect_writer("pingone")


def change(action: str, user: str | None = NORA, **more: str | None) -> Change:
    """Return a change of a plan; `group`, `role` and `scope` are PingOne's ids."""
    fields = dict.fromkeys(Change.__dataclass_fields__)
    for kind, slug in (("group", "member"), ("role", "assigned")):
        if key := more.pop(kind, None):
            fields["entitlement_id"] = f"pingone:{kind}:{key}:{slug}"
    if scope := more.pop("scope", None):
        fields["scope_type"], key = scope.split(":")
        fields["scope_id"] = f"pingone:{fields['scope_type']}:{key}"
    said = {"change_id": "c1", "action": action, "channel": "api", "source_name": "pingone"}
    said |= {"through": "pingone", "reason_kind": "decision", "reason_id": "q4/1"}
    said |= {"account_id": user and f"pingone:user:{user}"}
    return Change(**fields | said | more)


def new_account(**wanted: object) -> Change:
    asked = {"username": "kim", "email": "kim@example.com", "given_name": "Kim"}
    asked |= {"family_name": None, "employee_number": "E-77", "is_enabled": False}
    asked |= {"population_id": CONTRACTORS}
    return change("create_account", None, wanted_state=json.dumps(asked | wanted))


def writes(tenant: Tenant) -> list[tuple[str, str]]:
    root = f"/v1/environments/{ENVIRONMENT}/"
    return [
        (method, path.removeprefix(root))
        for method, path, *_ in tenant.server.log
        if method != "GET" and not path.endswith("/token")
    ]


def is_write(request: Request) -> bool:
    return request.method != "GET" and not request.path.endswith("/token")


def test_every_kind_of_change_is_one_call_and_is_seen_afterwards(tenant, settings):
    """Every kind of change is one call, and its effect is visible afterwards."""
    settings.setenv("PROVISION__PINGONE__ALLOW_DELETE", "true")
    writer = write_access.connect_writer("pingone")
    role, scope = READER, f"environment:{ENVIRONMENT}"

    assert ["pending", "done"] == states(writer, change("grant", group=PAYMENTS))
    assert (NORA, PAYMENTS) in tenant.pingone.members
    assert ["pending", "absent"] == states(writer, change("revoke", group=PAYMENTS))
    assert ["pending", "done"] == states(writer, change("grant", role=role, scope=scope))
    [made] = tenant.pingone.assignments[NORA]
    assert {"id": ENVIRONMENT, "type": "ENVIRONMENT"} == made["scope"]
    taken = change("revoke", role=role, scope=scope, source_grant_id=made["id"])
    assert ["pending", "absent"] == states(writer, taken)
    assert ["pending", "done"] == states(writer, change("disable_account"))
    assert ["pending", "done"] == states(writer, change("enable_account"))
    assert ["drift"] == states(writer, change("delete_account"))  # the account is enabled
    assert ["pending", "done"] == states(writer, change("disable_account"))
    assert ["pending", "absent"] == states(writer, change("delete_account"))
    assert NORA not in tenant.pingone.users

    user = f"users/{NORA}"
    assert writes(tenant) == [
        ("POST", f"{user}/memberOfGroups"),
        ("DELETE", f"{user}/memberOfGroups/{PAYMENTS}"),
        ("POST", f"{user}/roleAssignments"),
        ("DELETE", f"{user}/roleAssignments/{made['id']}"),
        ("PUT", f"{user}/enabled"),
        ("PUT", f"{user}/enabled"),
        ("PUT", f"{user}/enabled"),
        ("DELETE", user),
    ]
    actors = {one["actors"]["client"]["id"] for one in tenant.pingone.activities}
    assert {WRITER} == actors  # the sync's own credential changed nothing


def test_an_account_is_made_disabled_as_asked_and_never_twice(tenant, writer):
    """An account is created and disabled as planned, and never twice."""
    assert ["create", "disable", "done"] == states(writer, new_account())
    [kim] = [user for user in tenant.pingone.users.values() if user["username"] == "kim"]
    assert (False, "E-77", {"id": CONTRACTORS}, {"given": "Kim"}) == (
        kim["enabled"],
        kim["externalId"],
        kim["population"],
        kim["name"],
    )
    assert ["done"] == states(writer, new_account(username="KIM"))
    assert "email" in writer.look(new_account(email="other@example.com")).why
    assert ["drift"] == states(writer, new_account(is_enabled=True))  # disabled by somebody
    assert ["drift"] == states(writer, new_account(username='a" or username sw "', email=None))
    assert ["create", "done"] == states(writer, new_account(username='o"x', is_enabled=True))

    tenant.pingone.update_user(kim["id"], enabled=True)
    tenant.pingone.sign_on(kim["id"])
    assert ["drift"] == states(writer, new_account())  # in use: no longer ours to disable
    assert 3 == len(writes(tenant))


@pytest.mark.parametrize("effect", [hang_up, cut, silent, status(500), status(503), status(202)])
def test_a_call_whose_answer_is_lost_is_not_sent_again(tenant, writer, effect):
    """A call with a lost answer is not sent again."""
    cases = {
        "POST": (change("grant", group=PAYMENTS), "done"),
        "PUT": (change("disable_account"), "done"),
        "DELETE": (change("revoke", user=MARA, group=PAYMENTS), "absent"),
    }
    if effect is cut:
        del cases["DELETE"]  # its answer has no body that could be cut
    for wanted, end in cases.values():
        lost = Fault(is_write, effect)
        tenant.server.faults = [lost]
        began = datetime.now(UTC)
        with pytest.raises(Unknown):
            writer.act(wanted, writer.look(wanted))

        assert (1, 1) == (lost.fired, lost.seen)
        assert end == writer.look(wanted, began).state


def test_an_account_of_unanswered_creation_is_finished(tenant, writer):
    """An account whose creation was not answered is found and finished."""
    tenant.server.faults = [Fault(is_write, hang_up), Fault(is_write, status(500))]
    began = None
    for step in ("create", "disable"):
        seen = writer.look(new_account(), began)
        began = datetime.now(UTC)
        assert step == seen.step
        with pytest.raises(Unknown):
            writer.act(new_account(), seen)

    assert "done" == writer.look(new_account(), began).state
    assert 2 == tenant.server.faults[0].seen


def test_what_did_not_leave_or_was_turned_away_had_no_effect(tenant, writer, settings):
    """Unsent and rejected calls have no effect, and are reported as unsent."""
    wanted = change("grant", group=PAYMENTS)
    seen = writer.look(wanted)
    tenant.pingone.switches.rate_limit = 0
    tenant.pingone.switches.retry_after = 3600
    pauses = []
    with settings.context() as patch, pytest.raises(Unsent, match="429"):
        patch.setattr(
            "pipelines.http.rate_limit.Pace.slow_down", lambda pace, pause: pauses.append(pause)
        )
        writer.act(wanted, seen)
    assert [0.02] == pauses  # no hour is slept through: the caller gets the failure
    tenant.pingone.switches.rate_limit = None
    tenant.pingone.expire_tokens()
    with pytest.raises(Unsent, match="401"):
        writer.act(wanted, seen)
    assert "pending" == writer.look(wanted).state
    assert 2 == len(writes(tenant))
    writer.act(wanted, seen)  # fetches a new token

    tenant.pingone.clients.clear()
    tenant.pingone.expire_tokens()
    with pytest.raises(Unsent, match="401"):
        writer.act(wanted, seen)
    with pytest.raises(Unsent, match="token"):  # no token was available, so nothing was sent
        writer.act(wanted, seen)
    assert 4 == len(writes(tenant))
    tenant.server.close()
    with pytest.raises(Unsent, match="not sent"):
        writer.act(change("disable_account"), seen)


def test_refusals_are_told_apart(tenant, writer):
    """Each kind of refusal is distinguished, for changes between the read and the call."""
    grant, revoke = change("grant", group=PAYMENTS), change("revoke", user=MARA, group=PAYMENTS)
    role = change("grant", role=READER, scope=f"environment:{ENVIRONMENT}")
    pingone = tenant.pingone

    seen = writer.look(grant)
    pingone.add_member(NORA, PAYMENTS)
    already = writer.act(grant, seen)
    assert isinstance(already, Receipt) and "UNIQUENESS_VIOLATION" in already.facts["refused"]
    seen = writer.look(revoke)
    pingone.remove_member(MARA, PAYMENTS)
    assert "NOT_FOUND" in writer.act(revoke, seen).facts["refused"]

    pingone.remove_member(NORA, PAYMENTS)
    seen = writer.look(grant)
    pingone.update_group(PAYMENTS, userFilter='title eq "x"')
    with pytest.raises(Rejected, match="a rule decides") as refused:
        writer.act(grant, seen)
    assert 400 == refused.value.status

    seen = writer.look(role)
    pingone.switches.assigner_must_hold_role = True
    with pytest.raises(Rejected, match="lacks a right") as refused:
        writer.act(role, seen)
    assert 403 == refused.value.status and "holds itself" in refused.value.next
    pingone.switches.assigner_must_hold_role = False
    for code in (400, 403, 409):
        pingone.switches.read_only_delete_status = code
        made = pingone.assign_role(NORA, READER, "POPULATION", [EMPLOYEES, CONTRACTORS][code > 400])
        taken = change("revoke", role=READER, source_grant_id=made["id"])
        taken = Change(
            **taken.item() | {"scope_type": "population"} | {"scope_id": made["scope"]["id"]}
        )
        seen = writer.look(taken)
        made["readOnly"] = True
        pingone.touch()
        with pytest.raises(Rejected, match="read-only") as refused:
            writer.act(taken, seen)
        assert code == refused.value.status
        assert "drift" == writer.look(taken).state
        pingone.assignments.clear()


def test_what_no_call_can_or_may_change_is_not_tried(tenant, writer):
    """A change that no call can or may make is not attempted."""
    for group in (MANAGERS, PARTNERS):
        assert ["drift"] == states(writer, change("revoke", user=TOBE, group=group))
    through = change("revoke", user=MARA, group=ALL)
    assert ("absent", "only through another group") == (
        writer.look(through).state,
        writer.look(through).why,
    )
    assert ["drift"] == states(writer, change("grant", group=PAYMENTS, resource_name="Renamed"))
    tenant.pingone.update_user(NORA, enabled=False)
    assert "ALLOW_DELETE" in writer.look(change("delete_account")).why
    foreign = Change(**change("revoke", group=ALL).item() | {"account_id": "pingone:application:1"})
    assert ["drift"] == states(writer, foreign)
    assert ["drift"] == states(
        writer, change("revoke", entitlement_id="pingone:population:1:member")
    )
    assert [] == writes(tenant)


def test_a_role_held_more_widely_counts_as_held(tenant, writer):
    """A role that is held for a wider scope counts as held; no other assignment is revoked."""
    pingone = tenant.pingone
    wide = pingone.assign_role(NORA, READER, "ENVIRONMENT", ENVIRONMENT)
    narrow = change("grant", role=READER, scope=f"population:{EMPLOYEES}")
    assert ("done", "the user holds the role at a wider scope") == (
        writer.look(narrow).state,
        writer.look(narrow).why,
    )
    one = change("revoke", role=READER, scope=f"environment:{ENVIRONMENT}", source_grant_id="gone")
    assert "anew" in writer.look(one).why
    other = change(
        "revoke", role=READER, scope=f"population:{EMPLOYEES}", source_grant_id=wide["id"]
    )
    assert ["wrong"] == states(writer, other)
    undone = Change(**one.item() | {"source_grant_id": None})  # as an earlier plan gave it
    assert wide["id"] == writer.look(undone).facts["assignment"]
    pingone.switches.inherited_assignments = "marked"
    pingone.add_member(NORA, PAYMENTS)
    from_group = pingone.assign_role(PAYMENTS, READER, "POPULATION", EMPLOYEES)
    given = Change(**other.item() | {"source_grant_id": from_group["id"]})
    assert ["drift"] == states(writer, given)
    assert [] == writes(tenant)


@pytest.mark.parametrize("sign", ["shared id", "group", "inheritance"])
def test_an_inherited_assignment_is_not_revoked(tenant, writer, sign):
    """An inherited assignment is not revoked, even if it is not marked read-only."""
    pingone = tenant.pingone
    pingone.switches.inherited_assignments = "unmarked"
    pingone.switches.inherited_ids = "shared" if sign == "shared id" else "own"
    pingone.assign_role(ALL, READER, "POPULATION", EMPLOYEES)  # Mara is in ALL through Payments
    own = pingone.assign_role(MARA, READER, "POPULATION", CONTRACTORS)

    def show_sign(request: Request, honest: Response) -> Response:
        body = json.loads(honest.encoded())
        for row in body["_embedded"]["roleAssignments"]:
            row["readOnly"] = False
            if row["id"] != own["id"] and sign != "shared id":
                row |= {sign: {"id": ALL} if sign == "group" else "inherited"}
        return Response(200, body)

    of_mara = f"users/{MARA}/roleAssignments"
    tenant.server.faults = [Fault(lambda request: request.path.endswith(of_mara), show_sign, 99)]
    assert ["drift"] == states(
        writer, change("revoke", user=MARA, role=READER, scope=f"population:{EMPLOYEES}")
    )
    assert ["pending", "absent"] == states(
        writer, change("revoke", user=MARA, role=READER, scope=f"population:{CONTRACTORS}")
    )
    assert [("DELETE", f"{of_mara}/{own['id']}")] == writes(tenant)


def test_no_role_is_revoked_if_the_roles_of_groups_are_hidden(tenant, writer):
    """No role is revoked without the right to read group roles.

    Without that right nobody can tell whether an assignment comes from a group.
    """
    tenant.pingone.assign_role(MARA, READER, "POPULATION", EMPLOYEES)
    tenant.pingone.clients[WRITER].missing_permissions = {"permissions:read:groupRoleAssignments"}
    with pytest.raises(Denied) as denied:
        writer.look(change("revoke", user=MARA, role=READER, scope=f"population:{EMPLOYEES}"))
    assert "groupRoleAssignments" in denied.value.next


def test_an_id_of_another_account_stops_everything(tenant, writer):
    """An id that belongs to another account by now stops the whole apply."""
    known = {"account_username": "Nora", "account_created_at": LONG_AGO}
    assert ["pending"] == states(writer, change("disable_account", **known))[:1]
    renamed = change("revoke", group=ALL, **known | {"account_username": "noa"})
    assert ("drift", "the account now has another username") == (
        writer.look(renamed).state,
        writer.look(renamed).why,
    )
    made_later = known | {"account_created_at": "2024-01-15 08:00:02+00"}
    assert ["wrong"] == states(writer, change("revoke", group=ALL, **made_later))
    tenant.pingone.delete_user(NORA)
    assert ["absent"] == states(writer, change("revoke", group=ALL))
    assert ["drift"] == states(writer, change("grant", group=ALL))
    tenant.pingone.delete_group(ALL)
    assert ["absent"] == states(writer, change("revoke", user=MARA, group=ALL))


def test_an_account_is_gone_only_if_others_are_there(tenant, writer, settings):
    """An account counts as deleted only if other accounts are visible.

    A wrong environment, a proxy's page and an empty view all answer 404 too.
    """
    wanted = change("revoke", user="00000000-0000-4000-8000-000000000000", group=ALL)
    assert "absent" == writer.look(wanted).state
    for name, value in (("ENVIRONMENT_ID", "another"), ("BASE_URL", f"{tenant.server.url}/v2")):
        with settings.context() as patch:
            patch.setenv(f"SOURCES__PINGONE__{name}", value)
            patch.setenv("SOURCES__PINGONE__WORKER_ENVIRONMENT_ID", ENVIRONMENT)
            with pytest.raises(Unreadable):
                write_access.connect_writer("pingone").look(wanted)
    page = status(404, b"<html>not found</html>")
    tenant.server.faults = [Fault(lambda request: "/users/" in request.path, page)]
    with pytest.raises(Unreadable):
        writer.look(wanted)
    tenant.pingone.users.clear()
    tenant.pingone.members.clear()
    tenant.pingone.external_members.clear()
    tenant.pingone.touch()
    with pytest.raises(Unreadable, match="no user can be seen"):
        write_access.connect_writer("pingone").look(wanted)
    tenant.pingone.clients[WRITER].missing_permissions = {"dir:read:user"}
    with pytest.raises(Denied):
        write_access.connect_writer("pingone").look(wanted)


def test_what_reads_do_not_show_yet_is_waited_for(tenant, writer):
    """An effect that reads do not show yet is waited for, up to a limit."""
    pingone = tenant.pingone
    pingone.ticks = time.monotonic
    pingone.switches.token_lifetime = 10**9
    pingone.expire_tokens()
    pingone.switches.read_lag = 0.4
    wanted = change("grant", group=PAYMENTS)
    began = datetime.now(UTC)
    writer.act(wanted, writer.look(wanted))
    assert "pending" == writer.look(wanted).state  # no record says that a call was made
    assert "done" == writer.look(wanted, began).state

    pingone.switches.read_lag = 10**6
    taken = change("revoke", user=MARA, group=PAYMENTS)
    began = datetime.now(UTC) - timedelta(seconds=1.8)
    writer.act(taken, writer.look(taken))
    assert "pending" == writer.look(taken, began).state
    with pytest.raises(Rejected, match="not exist any more"):  # and no read shows it yet
        writer.act(taken, writer.look(taken, began))


def test_writing_takes_a_credential_of_its_own(tenant, writer, settings):
    """Writing needs a credential of its own, and misspelt settings are refused."""
    assert writer.own_accounts() == {
        f"pingone:application:{WRITER}",
        f"pingone:application:{tenant.pingone.client_id}",
    }
    assert f"{tenant.server.url}/environments/{ENVIRONMENT}" == write_access.writable_tenant(
        "pingone"
    )
    settings.setenv("PROVISION__PINGONE__ALLOW_DELETES", "true")
    with pytest.raises(Misconfigured, match="unknown write setting"):
        write_access.connect_writer("pingone")
    settings.delenv("PROVISION__PINGONE__ALLOW_DELETES")
    settings.delenv("PROVISION__PINGONE__CLIENT_SECRET")
    with pytest.raises(Misconfigured, match="CLIENT_SECRET is not set"):
        write_access.connect_writer("pingone")
    assert 0 == tenant.server.count()
