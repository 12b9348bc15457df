"""The sandbox's Okta accepts the writes that Okta documents, and refuses the others."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from tests.sandbox.okta.accounts import CANARY
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
    Tenant,
    refusal,
)

KIM = {"firstName": "Kim", "lastName": "Lee", "email": "kim@example.com"}
KIM |= {"login": "kim@example.com"}


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant()).server:
        yield made


def change(tenant: Tenant, user_id: str, **profile: Any) -> requests.Response:
    return tenant.ask(f"users/{user_id}", "POST", json={"profile": profile})


def step(tenant: Tenant, user_id: str, name: str, query: str = "") -> requests.Response:
    return tenant.ask(f"users/{user_id}/lifecycle/{name}{query}", "POST")


# ---- accounts


def test_an_account_lives_and_dies_as_documented(tenant: Tenant):
    """An account is staged, activated, suspended, deactivated and deleted, in this order only."""
    made = tenant.ask("users?activate=false", "POST", json={"profile": KIM})
    kim = made.json()["id"]
    assert (200, "STAGED", None) == (
        made.status_code,
        made.json()["status"],
        made.json()["activated"],
    )
    assert [] == tenant.okta.outbox
    assert (400, "E0000001") == refusal(step(tenant, kim, "suspend"))
    activated = step(tenant, kim, "activate", "?sendEmail=false").json()
    assert CANARY == activated["activationToken"] and CANARY in activated["activationUrl"]
    assert (403, "E0000016") == refusal(step(tenant, kim, "activate"))
    assert "PROVISIONED" == tenant.ask(f"users/{kim}").json()["status"]
    assert (400, "E0000001") == refusal(step(tenant, kim, "suspend"))
    tenant.okta.sign_in(kim)
    assert (200, {}) == ((answer := step(tenant, kim, "suspend")).status_code, answer.json())
    assert "SUSPENDED" == tenant.ask(f"users/{kim}").json()["status"]
    assert 200 == step(tenant, kim, "unsuspend").status_code
    assert (400, "E0000001") == refusal(step(tenant, kim, "unsuspend"))
    assert (403, "E0000032") == refusal(step(tenant, kim, "unlock"))
    assert (403, "E0000038") == refusal(step(tenant, kim, "reactivate"))
    assert 204 == tenant.ask(f"users/{kim}", "DELETE").status_code  # only deactivates
    assert "DEPROVISIONED" == tenant.ask(f"users/{kim}").json()["status"]
    assert 204 == tenant.ask(f"users/{kim}", "DELETE").status_code
    assert (404, "E0000007") == refusal(tenant.ask(f"users/{kim}"))


def test_creating_and_activating_send_mails_unless_told_not_to(tenant: Tenant):
    """A mail is sent by default, and none where a password is given or `sendEmail` is false."""
    kim = tenant.ask("users", "POST", json={"profile": KIM}).json()
    assert ("PROVISIONED", [("activation", kim["id"])]) == (kim["status"], tenant.okta.outbox)
    lee = KIM | {"login": "lee@example.com"}
    body = {"profile": lee, "credentials": {"password": {"value": "secret"}}}
    made = tenant.ask("users", "POST", json=body).json()
    assert ("ACTIVE", 1) == (made["status"], len(tenant.okta.outbox))
    step(tenant, made["id"], "deactivate")  # takes the password away
    step(tenant, made["id"], "activate", "?sendEmail=false")
    assert "PROVISIONED" == tenant.ask(f"users/{made['id']}").json()["status"]
    assert {} == step(tenant, OLD, "activate").json()
    assert ("activation", OLD) == tenant.okta.outbox[-1]
    step(tenant, OLD, "deactivate")
    step(tenant, MARA, "deactivate", "?sendEmail=true")
    assert [("deactivation", MARA)] == tenant.okta.outbox[2:]


def test_a_login_is_unique_without_case_and_accents(tenant: Tenant):
    """A duplicate login is refused, also where a deactivated account holds it."""
    for login in ("MARA.lindqvist@example.com", "óld.account@example.com"):
        answer = tenant.ask("users", "POST", json={"profile": KIM | {"login": login}})
        assert (400, "E0000001") == refusal(answer)
        cause = answer.json()["errorCauses"][0]["errorSummary"]
        assert cause.startswith("login: ") and "already exists" in cause
    many = {"profile": KIM, "groupIds": [FINANCE] * 21}
    assert (400, "E0000093") == refusal(tenant.ask("users", "POST", json=many))


def test_a_state_may_take_a_while(tenant: Tenant):
    """An asynchronous activation or deactivation shows where it goes until it is there."""
    tenant.okta.switches.transition = 30
    assert 200 == step(tenant, MARA, "deactivate").status_code
    mara = tenant.ask(f"users/{MARA}").json()
    assert ("ACTIVE", "DEPROVISIONED") == (mara["status"], mara["transitioningToStatus"])
    assert (409, "E0000112") == refusal(step(tenant, MARA, "suspend"))
    tenant.passes(30)
    mara = tenant.ask(f"users/{MARA}").json()
    assert ("DEPROVISIONED", False) == (mara["status"], "transitioningToStatus" in mara)
    tenant.okta.switches.activating_status = True
    step(tenant, MARA, "activate")
    assert "ACTIVATING" == tenant.ask(f"users/{MARA}").json()["status"]


def test_a_deactivated_user_keeps_groups_and_loses_applications(tenant: Tenant):
    """Deactivating takes applications; groups stay, and come back into effect."""
    assert 204 == tenant.ask(f"groups/{FINANCE}/users/{NORA}", "PUT").status_code
    step(tenant, NORA, "deactivate")
    assert {FINANCE, RULED, IMPORTED} == {*tenant.ids(f"users/{NORA}/groups")}
    assert {MARA} == {*tenant.ids(f"apps/{PAYROLL}/users")}
    step(tenant, NORA, "activate")
    scopes = {row["id"]: row["scope"] for row in tenant.rows(f"apps/{PAYROLL}/users")}
    assert {MARA: "GROUP", NORA: "GROUP"} == scopes


# ---- profiles


def test_a_profile_changes_in_part_or_as_a_whole(tenant: Tenant):
    """POST keeps what it does not name, null removes, an empty text stays; PUT erases the rest."""
    tenant.passes(60)
    made = change(tenant, MARA, title="", department=None).json()
    assert ("", False, 7) == (
        made["profile"]["title"],
        "department" in made["profile"],
        made["profile"]["badge"],
    )
    assert "2026-08-20T10:01:00.000Z" == made["lastUpdated"]
    whole = {name: made["profile"][name] for name in ("login", "email", "firstName", "lastName")}
    put = tenant.ask(f"users/{MARA}", "PUT", json={"profile": whole}).json()
    assert whole == put["profile"]
    assert (400, "E0000001") == refusal(change(tenant, MARA, firstName=None))


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"charthopTeam": "Payments"}, (400, "E0000001")),  # not in the schema
        ({"Title": "CFO"}, (400, "E0000001")),
        ({"badge": "7"}, (400, "E0000001")),
        ({"badge": True}, (400, "E0000001")),
        ({"firstName": "x" * 51}, (400, "E0000001")),
        ({"costTier": "C"}, (400, "E0000001")),
        ({"nickName": "fox \U0001f98a"}, (400, "E0000001")),
        ({"email": "nobody"}, (400, "E0000001")),
        ({"hireCode": "1"}, (403, "E0000077")),
        ({"born": "1"}, (403, "E0000078")),
    ],
)
def test_one_bad_key_refuses_the_whole_change(
    tenant: Tenant, profile: dict[str, Any], code: tuple[int, str]
):
    """Nothing of a change is written if one of its keys is refused."""
    tenant.okta.attributes |= {
        "costTier": {"type": "string", "enum": ["A", "B"]},
        "hireCode": {"type": "string", "mutability": "READ_ONLY"},
        "born": {"type": "string", "mutability": "IMMUTABLE"},
    }
    before = tenant.ask(f"users/{MARA}").json()
    assert code == refusal(change(tenant, MARA, title="CFO", **profile))
    assert before == tenant.ask(f"users/{MARA}").json()


def test_what_another_system_masters_cannot_be_written(tenant: Tenant):
    """Attributes of a user's source are refused, unchanged ones too; Okta's own are written."""
    tenant.okta.set_source(MARA, "ACTIVE_DIRECTORY", "corp")
    tenant.okta.attributes["charthopTeam"] = {"type": "string", "master": {"type": "OKTA"}}
    for profile in ({"title": "Manager"}, {"title": None}, {"charthopTeam": "x", "badge": 7}):
        assert (403, "E0000023") == refusal(change(tenant, MARA, **profile))
    assert 200 == change(tenant, MARA, charthopTeam="x").status_code
    tenant.okta.switches.sourced_refuses_all = True
    assert (403, "E0000023") == refusal(change(tenant, MARA, charthopTeam="y"))
    tenant.okta.set_source(MARA, "FEDERATION", "idp")
    assert 200 == change(tenant, MARA, title="CFO").status_code


def test_the_profile_of_a_deactivated_user_is_an_org_option(tenant: Tenant):
    """An update of a deactivated user is ignored, not found, or made."""
    assert "title" not in change(tenant, OLD, title="CFO").json()["profile"]
    tenant.okta.switches.update_deprovisioned = "missing"
    assert (404, "E0000007") == refusal(change(tenant, OLD, title="CFO"))
    tenant.okta.switches.update_deprovisioned = "allowed"
    assert "CFO" == change(tenant, OLD, title="CFO").json()["profile"]["title"]


def test_an_etag_moves_with_every_change(tenant: Tenant):
    """A write with an outdated ETag is refused with 412."""
    etag = tenant.ask(f"users/{MARA}").headers["etag"]
    body = {"profile": {"title": "CFO"}}
    first, second = (
        tenant.ask(f"users/{MARA}", "POST", json=body, headers={"if-match": etag}) for _ in range(2)
    )
    assert (200, (412, "E0000231")) == (first.status_code, refusal(second))


def test_a_badly_formed_request_is_refused(tenant: Tenant):
    """A body must be JSON and say so, and a request without one must say that it has none."""
    assert (400, "E0000021") == refusal(tenant.ask("users", "POST", data="profile=x"))
    json_type = {"content-type": "application/json"}
    answer = tenant.ask("users", "POST", data="{", headers=json_type)
    assert (400, "E0000003") == refusal(answer)
    assert (400, "E0000001") == refusal(tenant.ask("users", "POST", json={}))
    assert (400, "E0000001") == refusal(step(tenant, OLD, "activate", "?sendEmail=no"))
    bare = HTTPConnection(tenant.server.url.removeprefix("http://"))
    bare.putrequest("POST", f"/api/v1/users/{MARA}/lifecycle/suspend")  # requests adds a length
    bare.endheaders()
    assert 411 == bare.getresponse().status
    assert (405, "E0000022") == refusal(tenant.ask(f"users/{MARA}", "PATCH", json={}))


# ---- groups and rules


def test_a_group_is_named_once_with_its_case(tenant: Tenant):
    """A native group's name is unique with its case; imported groups may repeat it."""
    assert (400, "E0000001") == refusal(
        tenant.ask("groups", "POST", json={"profile": {"name": "Finance"}})
    )
    made = tenant.ask("groups", "POST", json={"profile": {"name": "finance"}})
    assert (200, "OKTA_GROUP") == (made.status_code, made.json()["type"])
    path = f"groups/{made.json()['id']}"
    renamed = tenant.ask(path, "PUT", json={"profile": {"name": "Finance", "description": "x"}})
    assert (400, "E0000001") == refusal(renamed)
    assert 200 == tenant.ask(path, "PUT", json={"profile": {"name": "Finance 2"}}).status_code
    profile = {"profile": {"name": "Finance 2", "mark": "x"}}
    assert (400, "E0000001") == refusal(tenant.ask(path, "PUT", json=profile))
    assert 204 == tenant.ask(path, "DELETE").status_code
    assert (404, "E0000007") == refusal(tenant.ask(path))
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{IMPORTED}", "DELETE"))


def test_members_change_in_native_groups_only(tenant: Tenant):
    """Members of native groups can be changed, and again; the user's lastUpdated stays."""
    path, before = f"groups/{FINANCE}/users/{NORA}", tenant.ask(f"users/{NORA}").json()
    tenant.passes(60)
    for _ in range(2):
        assert 204 == tenant.ask(path, "PUT").status_code
    group = tenant.ask(f"groups/{FINANCE}").json()
    assert ("2026-08-20T10:01:00.000Z", before["lastUpdated"]) == (
        group["lastMembershipUpdated"],
        tenant.ask(f"users/{NORA}").json()["lastUpdated"],
    )
    assert group["lastUpdated"] < group["lastMembershipUpdated"]
    for _ in range(2):
        assert 204 == tenant.ask(path, "DELETE").status_code
    tenant.okta.switches.remove_absent_member = 404
    assert (404, "E0000007") == refusal(tenant.ask(path, "DELETE"))
    for group_id in (IMPORTED, tenant.okta.everyone):
        assert (403, "E0000006") == refusal(tenant.ask(f"groups/{group_id}/users/{MARA}", "PUT"))
    assert (404, "E0000007") == refusal(tenant.ask(f"groups/{FINANCE}/users/00u", "PUT"))
    old = f"groups/{ADMINS}/users/{OLD}"
    assert (400, "E0000001") == refusal(tenant.ask(old, "PUT"))
    tenant.okta.switches.add_deprovisioned_member = 403
    assert (403, "E0000038") == refusal(tenant.ask(old, "PUT"))
    assert 204 == tenant.ask(f"groups/{FINANCE}/users/{OLD}", "DELETE").status_code


def test_a_rule_follows_profiles_and_states(tenant: Tenant):
    """An active rule adds and removes when profiles change, and looks at no staged user."""
    change(tenant, MARA, userType="Contractor")
    assert {MARA, NORA} == {*tenant.ids(f"groups/{RULED}/users")}
    change(tenant, MARA, userType="Employee")
    assert [NORA] == tenant.ids(f"groups/{RULED}/users")
    profile = KIM | {"userType": "Contractor"}
    kim_id = tenant.ask("users?activate=false", "POST", json={"profile": profile}).json()["id"]
    assert [NORA] == tenant.ids(f"groups/{RULED}/users")
    tenant.okta.switches.rule_lag = 30
    step(tenant, kim_id, "activate", "?sendEmail=false")
    assert [NORA] == tenant.ids(f"groups/{RULED}/users")
    tenant.passes(30)
    assert {NORA, kim_id} == {*tenant.ids(f"groups/{RULED}/users")}
    step(tenant, kim_id, "deactivate")
    tenant.okta.activate_rule(RULE)  # looks at everybody, but not at the deactivated
    tenant.passes(30)
    assert {NORA, kim_id} == {*tenant.ids(f"groups/{RULED}/users")}


def test_removing_what_a_rule_gives_excludes_the_user(tenant: Tenant):
    """Removing a rule's member excludes the user from the rule, a hundred at most."""
    assert 204 == tenant.ask(f"groups/{RULED}/users/{NORA}", "DELETE").status_code
    rule = tenant.ask(f"groups/rules/{RULE}").json()
    assert [NORA] == rule["conditions"]["people"]["users"]["exclude"]
    change(tenant, NORA, title="Clerk")
    assert [] == tenant.ids(f"groups/{RULED}/users")
    tenant.okta.switches.rule_exclusions = 1
    change(tenant, MARA, userType="Contractor")
    assert (400, "E0000001") == refusal(tenant.ask(f"groups/{RULED}/users/{MARA}", "DELETE"))
    actors = {event["eventType"]: event["actor"]["type"] for event in tenant.rows_of_log()}
    assert "SystemPrincipal" == actors["group.user_membership.rule.add_exclusion"]
    assert "SystemPrincipal" == actors["group.user_membership.add"]  # Mara, by the rule
    assert "User" == actors["group.user_membership.remove"]


def test_a_rule_may_look_at_groups(tenant: Tenant):
    """A rule with a group in its condition follows memberships; a bad expression is refused."""
    made = tenant.okta.add_group("Payments")
    text = f'isMemberOfAnyGroup("{FINANCE}") && !(user.title == "Clerk" or user.badge > 8)'
    rule = tenant.okta.add_rule("Payments", text, made["id"])
    tenant.okta.activate_rule(rule["id"])
    assert [MARA] == tenant.ids(f"groups/{made['id']}/users")
    tenant.ask(f"groups/{FINANCE}/users/{MARA}", "DELETE")
    assert [] == tenant.ids(f"groups/{made['id']}/users")
    for wrong in ('user.title = "x"', "nothing(user.title)", "user.title =="):
        with pytest.raises(Exception, match="E0000001"):
            tenant.okta.add_rule("Wrong", wrong, made["id"])
    with pytest.raises(Exception, match="E0000001"):
        tenant.okta.add_rule("Admins", 'user.title == "x"', ADMINS)


# ---- roles and applications


def test_a_role_is_held_once_and_not_by_every_group(tenant: Tenant):
    """A role is assigned once, and not to imported, built-in or rule-filled groups."""
    path = f"users/{MARA}/roles"
    made = tenant.ask(path, "POST", json={"type": "HELP_DESK_ADMIN"})
    assert (201, "USER") == (made.status_code, made.json()["assignmentType"])
    again = tenant.ask(path, "POST", json={"type": "HELP_DESK_ADMIN"})
    assert (409, "E0000090") == refusal(again)
    for group_id, code in (
        (RULED, "E0000192"),
        (IMPORTED, "E0000194"),
        (tenant.okta.everyone, "E0000211"),
    ):
        answer = tenant.ask(f"groups/{group_id}/roles", "POST", json={"type": "ORG_ADMIN"})
        assert (400, code) == refusal(answer)
    assert (400, "E0000001") == refusal(tenant.ask(path, "POST", json={"type": "KING"}))
    [inherited] = tenant.ask(f"users/{ADA}/roles").json()
    answer = tenant.ask(f"users/{ADA}/roles/{inherited['id']}", "DELETE")
    assert (404, "E0000007") == refusal(answer)
    assert 204 == tenant.ask(f"{path}/{made.json()['id']}", "DELETE").status_code
    custom = {"type": "CUSTOM", "role": ROLE, "resource-set": SET}
    made = tenant.ask(path, "POST", json=custom).json()
    assert (ROLE, SET) == (made["role"], made["resource-set"])
    assert 204 == tenant.ask(f"{path}/{made['id']}", "DELETE").status_code


def test_a_binding_is_changed_by_its_members(tenant: Tenant):
    """Members of a binding are added by their URL and removed by their own id."""
    path = f"iam/resource-sets/{SET}/bindings"
    href = f"{tenant.root}/users/{MARA}"
    added = tenant.ask(f"{path}/{ROLE}/members", "PATCH", json={"additions": [href]})
    assert 200 == added.status_code
    again = tenant.ask(f"{path}/{ROLE}/members", "PATCH", json={"additions": [href]})
    assert (409, "E0000263") == refusal(again)
    members = tenant.enveloped(f"{path}/{ROLE}/members", "members")
    assert 4 == len(members)
    for member in members:
        gone = tenant.ask(f"{path}/{ROLE}/members/{member['id']}", "DELETE")
        assert 204 == gone.status_code
    assert (404, "E0000007") == refusal(tenant.ask(f"{path}/{ROLE}/members"))
    created = tenant.ask(path, "POST", json={"role": ROLE, "members": [href]})
    assert 200 == created.status_code
    assert 1 == len(tenant.enveloped(f"{path}/{ROLE}/members", "members"))


def test_an_application_is_taken_from_its_direct_users_only(tenant: Tenant):
    """An own assignment can be removed; one through a group stays with the group."""
    assert 204 == tenant.ask(f"apps/{PAYROLL}/users/{NORA}", "DELETE").status_code
    assert (404, "E0000007") == refusal(tenant.ask(f"apps/{PAYROLL}/users/{NORA}"))
    assert (400, "E0000001") == refusal(tenant.ask(f"apps/{PAYROLL}/users/{MARA}", "DELETE"))
    assert 200 == tenant.ask(f"apps/{PAYROLL}/users", "POST", json={"id": MARA}).status_code
    assert "USER" == tenant.ask(f"apps/{PAYROLL}/users/{MARA}").json()["scope"]
    assert 204 == tenant.ask(f"apps/{PAYROLL}/users/{MARA}", "DELETE").status_code
    assert "GROUP" == tenant.ask(f"apps/{PAYROLL}/users/{MARA}").json()["scope"]
    assert 204 == tenant.ask(f"apps/{PAYROLL}/groups/{FINANCE}", "DELETE").status_code
    assert [] == tenant.ids(f"apps/{PAYROLL}/users")


def test_a_weaker_administrator_changes_no_administrators(tenant: Tenant):
    """Administrators and their groups are changed only by those who manage roles."""
    tenant.okta.assignments[tenant.okta.owner][0]["type"] = "USER_ADMIN"
    tenant.okta.touch()
    kim = tenant.ask("users", "POST", json={"profile": KIM}).json()["id"]
    assert 200 == change(tenant, kim, title="CFO").status_code
    assert (403, "E0000006") == refusal(change(tenant, ADA, title="CFO"))
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{ADMINS}/users/{MARA}", "PUT"))
    assert (403, "E0000006") == refusal(
        tenant.ask(f"users/{MARA}/roles", "POST", json={"type": "ORG_ADMIN"})
    )
    tenant.okta.assignments[tenant.okta.owner][0]["type"] = "READ_ONLY_ADMIN"
    tenant.okta.touch()
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{RULED}/users/{MARA}", "PUT"))


# ---- the log and the index


def test_the_log_names_every_write_and_its_token(tenant: Tenant):
    """The log has every write with the token that made it, in the order of its persistence."""
    tenant.ask(f"groups/{FINANCE}/users/{ADA}", "PUT")
    tenant.ask(f"users/{OLD}", "DELETE")
    tenant.okta.suspend(MARA)
    log = tenant.rows_of_log()
    assert [
        "group.user_membership.add",
        "application.user_membership.add",
        "user.lifecycle.delete.initiated",
        "user.lifecycle.delete.completed",
        "user.lifecycle.suspend",
    ] == [event["eventType"] for event in log]
    token = tenant.okta.api_tokens[tenant.okta.token].id
    assert {"requestApiTokenId": token} == log[0]["transaction"]["detail"]
    assert {} == log[-1]["transaction"]["detail"]
    assert [ADA, FINANCE] == [one["id"] for one in log[0]["target"]]
    tenant.okta.assign_role(NORA, "ORG_ADMIN")
    assert ["user.account.privilege.grant"] == [
        event["eventType"]
        for event in tenant.rows("logs", filter=f'target.id eq "{NORA}"', sortOrder="DESCENDING")
    ]


def test_polling_goes_on_where_it_stopped(tenant: Tenant):
    """A polling read always has a next page, which finds what was persisted since, even if old."""
    tenant.okta.suspend(MARA)
    first = tenant.ask("logs?limit=10&since=2026-08-20T09:00:00Z")
    empty = tenant.http.get(first.links["next"]["url"])
    assert ([], True) == (empty.json(), "next" in empty.links)
    again = tenant.http.get(empty.links["next"]["url"])
    assert empty.links["next"]["url"] == again.links["next"]["url"]
    tenant.passes(1)
    late = tenant.okta.emit("user.lifecycle.activate", published="2026-08-19T00:00:00.000Z")
    later = tenant.http.get(empty.links["next"]["url"]).json()
    assert [late["uuid"]] == [event["uuid"] for event in later]
    tenant.okta.switches.log_lag = 10
    tenant.okta.unsuspend(MARA)
    assert [] == tenant.http.get(first.links["next"]["url"]).json()[1:]
    tenant.passes(10)
    assert 2 == len(tenant.http.get(first.links["next"]["url"]).json())


def test_a_bounded_read_ends_and_old_events_are_gone(tenant: Tenant):
    """A bounded read ends; events are kept for ninety days, and a far `since` is refused."""
    for _ in range(2):
        tenant.okta.suspend(MARA)
        tenant.okta.unsuspend(MARA)
        tenant.passes(60)
    until = "2026-08-20T10:01:00.000Z"
    assert 2 == len(tenant.rows("logs", until=until, limit=1))
    assert 4 == len(tenant.rows("logs", q="suspend", sortOrder="DESCENDING", limit=1))
    for path in (
        "logs?limit=1001",
        "logs?since=2026-08-20T00:00:00Z&after=x",
        "logs?since=2026-01-01T00:00:00Z",
        "logs?sortOrder=UP",
    ):
        assert (400, "E0000001") == refusal(tenant.ask(path))
    assert (400, "E0000030") == refusal(tenant.ask("logs?since=yesterday"))
    tenant.passes(86_400 * 8)
    assert [] == tenant.ask("logs").json()
    assert 4 == len(tenant.ask("logs?since=2026-08-01T00:00:00Z").json())
    tenant.time += (tenant.time - tenant.time.replace(day=1)) * 4
    assert [] == tenant.ask("logs?since=2026-08-20T00:00:00Z").json()


def test_a_search_may_lag_behind_a_write(tenant: Tenant):
    """Search and filter may show the state before a write for a while; reads by id do not."""
    tenant.okta.switches.index_lag = 5
    made = tenant.ask("users?activate=false", "POST", json={"profile": KIM}).json()["id"]
    assert 200 == tenant.ask(f"users/{made}").status_code
    assert made in tenant.ids("users")
    query = {"search": 'profile.login eq "kim@example.com"'}
    assert [] == tenant.ids("users", **query)
    tenant.passes(6)
    assert [made] == tenant.ids("users", **query)


def test_a_service_app_writes_as_itself(tenant: Tenant):
    """A service app's writes need its scope, and name it as their actor."""
    tenant.add_service_app("okta.groups.manage", "okta.users.read")
    tenant.sign_in("okta.groups.manage okta.users.read")
    assert 204 == tenant.ask(f"groups/{FINANCE}/users/{ADA}", "PUT").status_code
    assert (403, "E0000006") == refusal(change(tenant, MARA, title="CFO"))
    _, event = tenant.okta.events[0]
    assert (SERVICE, "PublicClientApp") == (event["actor"]["id"], event["actor"]["type"])
