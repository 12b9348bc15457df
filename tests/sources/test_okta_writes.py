"""Okta is changed one call at a time, and no call is repeated before the state is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pipelines.failures import Denied, Misconfigured, Rejected, Unknown, Unreadable, Unsent
from pipelines.sources import write_access
from pipelines.sources.okta.translation import CODE_MEANINGS
from pipelines.sources.writer import Change
from tests.sandbox.okta.accounts import CANARY
from tests.sandbox.server import Fault, Request, Response
from tests.support.applying import states
from tests.support.faults import cut, hang_up, silent, status
from tests.support.okta_tenant import (
    ADA,
    ADMINS,
    FINANCE,
    IMPORTED,
    MARA,
    NORA,
    OLD,
    PAYROLL,
    ROLE,
    RULE,
    RULED,
    SERVICE,
    SET,
)
from tests.support.okta_writing import VPN, WRITES, change, new_account
from tests.support.okta_writing import org as org


def is_write(request: Request) -> bool:
    return request.method in WRITES


def test_every_kind_of_change_is_one_call(org):
    """Every kind of change is one call, and its effect is visible afterwards."""
    writer, okta = org.writer(allow_delete="true", unassign_apps="true"), org.okta
    in_set = f"resource_set:{SET}"

    assert ["pending", "done"] == states(writer, change("grant", group=VPN))
    assert ["pending", "absent"] == states(writer, change("revoke", group=VPN))
    assert ["pending", "absent"] == states(writer, change("revoke", application=PAYROLL))
    assert ["assign", "done"] == states(writer, change("grant", role="HELP_DESK_ADMIN"))
    [made] = okta.assignments[NORA]
    taken = change("revoke", role="HELP_DESK_ADMIN", source_grant_id=made["id"])
    assert ["unassign", "absent"] == states(writer, taken)
    held = change("revoke", role=ROLE, scope=in_set, source_grant_id="irb1")
    assert ["unbind", "absent"] == states(writer, held)
    assert ["add", "done"] == states(writer, change("grant", role=ROLE, scope=in_set))
    assert ["suspend", "done"] == states(writer, change("disable_account"))
    assert ["unsuspend", "done"] == states(writer, change("enable_account"))
    assert ["drift"] == states(writer, change("delete_account"))  # the account is enabled
    assert ["suspend", "done"] == states(writer, change("disable_account"))
    assert ["deactivate", "delete", "absent"] == states(writer, change("delete_account"))
    assert NORA not in okta.users

    user, roles = f"users/{NORA}", f"users/{NORA}/roles"
    binding = f"iam/resource-sets/{SET}/bindings/{ROLE}/members"
    assert org.writes() == [
        ("PUT", f"groups/{VPN}/{user}"),
        ("DELETE", f"groups/{VPN}/{user}"),
        ("DELETE", f"apps/{PAYROLL}/{user}"),
        ("POST", roles),
        ("DELETE", f"{roles}/{made['id']}"),
        ("DELETE", f"{binding}/irb1"),
        ("PATCH", binding),
        ("POST", f"{user}/lifecycle/suspend"),
        ("POST", f"{user}/lifecycle/unsuspend"),
        ("POST", f"{user}/lifecycle/suspend"),
        ("POST", f"{user}/lifecycle/deactivate"),
        ("DELETE", user),
    ]
    assert [] == okta.outbox


def test_a_new_account_is_staged_and_never_made_twice(org):
    """A new account is staged without a mail, and no login or number is used twice."""
    writer, okta = org.writer(), org.okta

    assert ["create", "done"] == states(writer, new_account())
    [kim] = [user for user in okta.users.values() if user["profile"]["firstName"] == "Kim"]
    assert ("STAGED", "E-77", []) == (kim["status"], kim["profile"]["employeeNumber"], okta.outbox)
    assert ["done"] == states(writer, new_account(username="KIM@example.com"))
    assert "email" in writer.look(new_account(email="other@example.com")).why
    assert "number" in writer.look(new_account(username="lee@example.com")).why
    assert "lastName" in writer.look(new_account(family_name=None)).why
    assert "/" in writer.look(new_account(username="o/x@example.com")).why
    odd = {"username": "o'x%y@example.com", "employee_number": 'a" or status pr or "'}
    assert ["create", "done"] == states(writer, new_account(**odd))
    okta.deactivate(kim["id"])
    assert "deactivated" in writer.look(new_account()).why
    assert ["drift"] == states(writer, new_account(username="lee@example.com"))
    assert 2 == len(org.writes())


@pytest.mark.parametrize("effect", [hang_up, cut, silent, status(500), status(503), status(202)])
def test_a_call_whose_answer_is_lost_is_not_sent_again(org, effect):
    """A call with a lost answer is not sent again; a look shows its effect."""
    writer = org.writer()
    cases = {
        "PUT": (change("grant", group=VPN), "done"),
        "POST": (change("disable_account"), "done"),
        "DELETE": (change("revoke", user=MARA, group=VPN), "absent"),
    }
    if effect is cut:
        cases = {"POST": cases["POST"]}  # the others' answers have no body that could be cut
    for wanted, end in cases.values():
        lost = Fault(is_write, effect)
        org.server.faults = [lost]
        began = datetime.now(UTC)
        with pytest.raises(Unknown):
            writer.act(wanted, writer.look(wanted))

        assert (1, 1) == (lost.fired, lost.seen)
        assert end == writer.look(wanted, began).state


def test_a_call_without_effect_is_found_to_have_none(org):
    """A call that Okta never saw is found missing by a look, however unclear its answer was."""
    wanted, began = change("grant", group=VPN), datetime.now(UTC)
    writer = org.writer(settle_seconds="0")
    org.server.faults = [Fault(is_write, status(500), before=True)]
    with pytest.raises(Unknown):
        writer.act(wanted, writer.look(wanted))

    assert "pending" == writer.look(wanted, began).state
    assert ["pending", "done"] == states(writer, wanted)


def test_what_did_not_leave_or_was_turned_away_had_no_effect(org):
    """Unsent calls and calls turned away unread have no effect, and are reported as unsent."""
    writer, wanted = org.writer(), change("grant", group=VPN)
    seen = writer.look(wanted)
    for code in (401, 429):
        org.server.faults = [Fault(is_write, status(code), before=True)]
        with pytest.raises(Unsent, match=str(code)):
            writer.act(wanted, seen)
        assert "pending" == writer.look(wanted).state
    org.server.close()
    with pytest.raises(Unsent, match="not sent"):
        org.writer().act(wanted, seen)


def test_refusals_are_told_apart_by_their_code(org):
    """A refusal counts as done only if a look says so; otherwise it says why."""
    writer, okta = org.writer(), org.okta
    wanted = change("grant", role="HELP_DESK_ADMIN")
    seen = writer.look(wanted)
    okta.assign_role(NORA, "HELP_DESK_ADMIN")
    assert "E0000090" in writer.act(wanted, seen).facts["refused"]

    okta.switches.remove_absent_member = 404
    taken = change("revoke", user=MARA, group=VPN)
    seen = writer.look(taken)
    okta.remove_member(MARA, VPN)
    assert "E0000007" in writer.act(taken, seen).facts["refused"]

    okta.deactivate(MARA)
    disabled, seen = (
        change("enable_account", user=MARA),
        writer.look(change("enable_account", MARA)),
    )
    okta.activate(MARA)
    assert "active already" in writer.act(disabled, seen).facts["refused"]

    for code, words in (
        (400, "E0000001"),
        (403, "E0000006"),
        (403, "E0000023"),
        (404, "E0000007"),
        (409, "E0000112"),
        (409, "E0000268"),
        (412, "E0000231"),
    ):
        body = {"errorCode": words, "errorSummary": "no", "errorCauses": []}
        org.server.faults = [Fault(is_write, status(code, body), before=True)]
        grant = change("grant", group=VPN)
        with pytest.raises(Rejected, match=CODE_MEANINGS[words]) as refused:
            writer.act(grant, writer.look(grant))
        assert code == refused.value.status
        assert ("okta.groups.manage" in refused.value.next) == (words == "E0000006")


def test_a_member_is_looked_for_on_every_page(org):
    """A membership beyond the first page of a user's groups is found."""
    writer, wanted = org.writer(), change("revoke", user=MARA, group=VPN)
    org.okta.switches.user_groups_page = 1

    assert ["pending", "absent"] == states(writer, wanted)


def test_groups_that_are_not_ours_are_not_written(org):
    """Imported, built-in, rule-filled, administrative and renamed groups are left alone."""
    writer, okta = org.writer(), org.okta
    for user, group, words in (
        (NORA, IMPORTED, "another directory"),
        (NORA, okta.everyone, "Okta itself"),
        (NORA, RULED, "the rule Contractors decides"),
        (ADA, ADMINS, "admin role"),
        (MARA, FINANCE, "admin role"),
    ):
        seen = writer.look(change("revoke", user=user, group=group))
        assert "drift" == seen.state and words in seen.why, seen
    for group, words in ((RULED, "rule"), (ADMINS, "admin role"), ("00gGone", "any more")):
        seen = writer.look(change("grant", user=MARA, group=group))
        assert "drift" == seen.state and words in seen.why, seen
    assert ["drift"] == states(writer, change("grant", group=VPN, resource_name="Renamed"))
    for more in ({"group": VPN}, {"role": "REPORT_ADMIN"}):
        assert "deactivated" in writer.look(change("grant", user=OLD, **more)).why
    okta.members.add((OLD, VPN))
    okta.touch()
    assert ["pending", "absent"] == states(writer, change("revoke", user=OLD, group=VPN))
    assert [("DELETE", f"groups/{VPN}/users/{OLD}")] == org.writes()


def test_a_group_out_of_sight_is_no_removal(org):
    """A membership in a group that the credential may not see does not count as revoked."""
    hidden = status(403, {"errorCode": "E0000006"})
    taken = change("revoke", user=MARA, group=VPN)
    org.server.faults = [
        Fault(lambda request: request.path.endswith(f"/groups/{VPN}"), hidden),
        Fault(lambda request: request.path.endswith("/groups"), status(200, [])),
    ]
    with pytest.raises(Denied, match="403"):
        org.writer().look(taken)
    org.okta.delete_group(VPN)
    assert ["absent"] == states(org.writer(), taken)


def test_a_group_that_became_administrative_is_not_written(org):
    """A group that was given an admin role since the last sync is left alone."""
    writer, wanted = org.writer(), change("grant", group=VPN)
    assert "pending" == writer.look(wanted).state
    org.okta.assign_role(VPN, "HELP_DESK_ADMIN")

    assert "drift" == writer.look(wanted).state


def test_a_rule_leaves_a_removed_member_out_if_allowed(org):
    """With RULE_EXCLUSIONS a rule's member is removed, until the rule's exclusions are full."""
    writer, okta = org.writer(rule_exclusions="true"), org.okta
    wanted = change("revoke", group=RULED)
    assert ["pending", "absent"] == states(writer, wanted)
    assert [NORA] == okta.rules[RULE]["conditions"]["people"]["users"]["exclude"]
    assert ["drift"] == states(writer, change("grant", group=RULED))

    excluded = {"people": {"users": {"exclude": [f"00uGone{n:013}" for n in range(100)]}}}
    okta.rules[RULE] = okta.rules[RULE] | {"conditions": okta.rules[RULE]["conditions"] | excluded}
    okta.members.add((NORA, RULED))
    okta.touch()
    assert "100 exclusions" in writer.look(wanted).why


def test_accounts_are_disabled_as_the_setting_says(org):
    """An account is suspended, deactivated, or deactivated where it cannot be suspended."""
    okta = org.okta
    assert ["suspend", "done"] == states(org.writer(), change("disable_account"))
    okta.set_status(NORA, "ACTIVE")
    writer = org.writer(disable_by="deactivate")
    assert ["deactivate", "done"] == states(writer, change("disable_account"))
    assert "DEPROVISIONED" == okta.users[NORA]["status"]

    okta.set_status(MARA, "LOCKED_OUT")
    wanted = change("disable_account", user=MARA)
    writer = org.writer(disable_by="suspend")
    with pytest.raises(Rejected, match="only an active account") as refused:
        writer.act(wanted, writer.look(wanted))
    assert "suspend_else_deactivate" in refused.value.next
    assert "suspend" == writer.look(wanted).step
    writer = org.writer(disable_by="suspend_else_deactivate")
    with pytest.raises(Rejected):
        writer.act(wanted, writer.look(wanted))
    assert ["deactivate", "done"] == states(writer, wanted)
    with pytest.raises(Misconfigured, match="unknown way"):
        org.writer(disable_by="delete")


def test_changes_of_status_are_waited_for(org):
    """A change of status that takes its time is waited for, and is not made twice."""
    passed = [0.0]
    org.okta.ticks = lambda: passed[0]
    org.okta.switches.transition = 3
    writer = org.writer(disable_by="deactivate", settle_seconds="0")
    wanted = change("disable_account")
    writer.act(wanted, writer.look(wanted))
    with pytest.raises(Unreadable, match="its status is changing"):
        writer.look(wanted)

    def let_time_pass(request: Request) -> bool:
        passed[0] += 1
        return False

    org.server.faults = [Fault(let_time_pass, hang_up)]
    assert "done" == org.writer(settle_seconds="60").look(wanted).state
    assert 1 == len(org.writes())


def test_an_activation_token_is_dropped_unread(org):
    """An activation sends no mail, and its token is in no receipt and in no message."""
    writer, wanted = org.writer(), change("enable_account", user=OLD)
    receipt = writer.act(wanted, writer.look(wanted))
    assert CANARY not in repr(receipt)
    assert ("ACTIVE", []) == (org.okta.users[OLD]["status"], org.okta.outbox)

    for code in (202, 500):
        org.okta.deactivate(OLD)
        seen = writer.look(wanted)
        org.server.faults = [Fault(is_write, with_status(code))]
        with pytest.raises(Unknown) as unknown:
            writer.act(wanted, seen)
        assert CANARY not in f"{unknown.value.why} {unknown.value.body!r}"


def with_status(code: int) -> Callable[[Request, Response | None], Response]:
    """Return a fault that changes only the status of the honest answer."""
    return lambda request, honest: Response(code, honest.body, honest.headers)


def test_a_role_is_taken_only_for_the_scope_of_the_change(org):
    """One of several limits of a role goes alone, and no other assignment is touched."""
    writer, okta = org.writer(), org.okta
    limited = okta.assign_role(NORA, "USER_ADMIN", groups=[FINANCE, VPN])
    of_group = change(
        "revoke", role="USER_ADMIN", scope=f"group:{VPN}", source_grant_id=limited["id"]
    )
    assert ["unlimit", "absent"] == states(writer, of_group)
    assert {"groups": [FINANCE]} == okta.assignments[NORA][0]["targets"]
    whole = change("revoke", role="USER_ADMIN", source_grant_id=limited["id"])
    assert "limited now" in writer.look(whole).why
    last = change(
        "revoke", role="USER_ADMIN", scope=f"group:{FINANCE}", source_grant_id=limited["id"]
    )
    assert ["unassign", "absent"] == states(writer, last)
    assert [] == okta.assignments[NORA]

    apps = okta.assign_role(NORA, "APP_ADMIN", apps=[PAYROLL, "salesforce"])
    for app, step in (("salesforce", "unlimit"), (PAYROLL, "unassign")):
        scope = f"application:{app}"
        one = change("revoke", role="APP_ADMIN", scope=scope, source_grant_id=apps["id"])
        assert [step, "absent"] == states(writer, one)

    unlimited = okta.assign_role(NORA, "USER_ADMIN")
    now_wide = Change(**last.item() | {"source_grant_id": unlimited["id"]})
    assert "whole organization" in writer.look(now_wide).why
    other = Change(**whole.item() | {"entitlement_id": "okta:role:APP_ADMIN:assigned"})
    other = Change(**other.item() | {"source_grant_id": unlimited["id"]})
    assert ["wrong"] == states(writer, other)
    assert "anew" in writer.look(whole).why
    assert 4 == len(org.writes())


def test_a_role_of_a_group_is_not_taken_from_a_user(org):
    """A role that comes from a group stays, whatever id the plan has."""
    writer = org.writer()
    scope = f"group:{FINANCE}"
    for key, state in (("gra1", "drift"), (None, "absent")):
        one = change("revoke", ADA, role="HELP_DESK_ADMIN", scope=scope, source_grant_id=key)
        assert (state, True) == (writer.look(one).state, "a group" in writer.look(one).why)
    through_finance = change("revoke", MARA, role=ROLE, scope=f"resource_set:{SET}")
    assert "absent" == writer.look(through_finance).state
    org.okta.assignments[MARA] = [{"id": "ra9", "type": "REPORT_ADMIN", "status": "INACTIVE"}]
    org.okta.touch()
    inactive = change("revoke", MARA, role="REPORT_ADMIN", source_grant_id="ra9")
    assert ["absent"] == states(writer, inactive)
    assert [] == org.writes()


def test_a_role_is_given_only_where_one_call_gives_it(org):
    """A role that is held more widely counts as given, and a limited one is left to people."""
    writer, okta = org.writer(), org.okta
    limited = change("grant", role="USER_ADMIN", scope=f"group:{VPN}")
    assert "whole organization first" in writer.look(limited).why
    okta.assign_role(NORA, "USER_ADMIN", groups=[FINANCE])
    assert "with limits" in writer.look(limited).why
    assert "with limits" in writer.look(change("grant", role="USER_ADMIN")).why
    okta.set_role_targets(NORA, okta.assignments[NORA][0]["id"])
    assert ("done", "the user holds the role more widely") == (
        writer.look(limited).state,
        writer.look(limited).why,
    )
    assert [] == org.writes()


def test_a_custom_role_is_taken_by_the_member_of_now(org):
    """The member of a binding is looked up live, on every page; its binding may end and begin."""
    writer, okta = org.writer(), org.okta
    okta.switches.binding_members_page = 1
    for user in (MARA, ADA):
        okta.bind(SET, ROLE, "user", user)
    in_set = f"resource_set:{SET}"
    [member] = [key for key, one in okta.bindings[SET, ROLE].items() if one["principal"] == ADA]
    wanted = change("revoke", ADA, role=ROLE, scope=in_set, source_grant_id=member)
    assert ["unbind", "absent"] == states(writer, wanted)
    okta.bind(SET, ROLE, "user", ADA)
    assert "anew" in writer.look(wanted).why

    for key in [*okta.bindings[SET, ROLE]]:
        okta.unbind(SET, ROLE, key)
    assert ["absent"] == states(writer, wanted)
    assert ["bind", "done"] == states(writer, change("grant", ADA, role=ROLE, scope=in_set))


def test_an_application_is_taken_only_if_allowed(org):
    """An application is unassigned only by a setting, and only from who has it directly."""
    wanted = change("revoke", application=PAYROLL)
    assert "UNASSIGN_APPS" in org.writer().look(wanted).why
    writer = org.writer(unassign_apps="true")
    assert "through a group" in writer.look(change("revoke", MARA, application=PAYROLL)).why
    assert ["drift"] == states(writer, change("grant", MARA, application=PAYROLL))
    assert ["pending", "absent"] == states(writer, wanted)


def test_only_the_account_of_the_plan_is_changed(org):
    """An account that is renamed, replaced, foreign or gone is not changed."""
    writer, okta = org.writer(), org.okta
    created = okta.users[NORA]["created"]
    known = {"account_username": "NORA.LIND@example.com", "account_created_at": created}
    assert "pending" == writer.look(change("disable_account", **known)).state
    renamed = change("disable_account", **known | {"account_username": "nora@example.com"})
    assert "another username" in writer.look(renamed).why
    replaced = change("disable_account", **known | {"account_created_at": "2020-01-01T00:00:00Z"})
    assert ["wrong"] == states(writer, replaced)
    client = Change(**renamed.item() | {"account_id": f"okta:client:{SERVICE}"})
    assert ["drift"] == states(writer, client)
    okta.users[NORA] = okta.users[NORA] | {"status": "BRAND_NEW"}
    assert "BRAND_NEW" in writer.look(change("disable_account")).why
    assert "ALLOW_DELETE" in writer.look(change("delete_account", user=OLD)).why
    for action, state in (("disable_account", "absent"), ("enable_account", "drift")):
        assert [state] == states(writer, change(action, user="00uGone"))
    assert [] == org.writes()


def test_an_account_is_gone_only_if_others_are_there(org):
    """An account counts as deleted only if Okta says so and shows others."""
    writer, wanted = org.writer(), change("revoke", user="00uGone", group=VPN)
    assert "absent" == writer.look(wanted).state
    for answer in (status(404, b"<html>not found</html>"), status(404, {"errorCode": "E0000008"})):
        org.server.faults = [Fault(lambda request: "/users/" in request.path, answer)]
        with pytest.raises(Unreadable):
            writer.look(wanted)
    org.server.faults = [Fault(lambda request: request.path == "/api/v1/users", status(200, []))]
    with pytest.raises(Unreadable, match="no user can be seen"):
        org.writer().look(wanted)


def test_writing_takes_a_credential_of_its_own(org):
    """The owners of both tokens are ours, and misspelt settings are refused."""
    owners = {one.user_id for one in org.okta.api_tokens.values()}
    assert 2 == len(owners)
    assert {f"okta:user:{one}" for one in owners} == org.writer().own_accounts()
    assert f"{org.server.url}" == write_access.writable_tenant("okta")
    org.patch.setenv("PROVISION__OKTA__ALLOW_DELETES", "true")
    with pytest.raises(Misconfigured, match="unknown write setting"):
        org.writer()
    org.patch.delenv("PROVISION__OKTA__ALLOW_DELETES")
    org.patch.delenv("PROVISION__OKTA__API_TOKEN")
    with pytest.raises(Misconfigured, match="none is set"):
        org.writer()
