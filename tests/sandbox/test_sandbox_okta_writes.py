"""The sandbox's Okta accepts the writes to users that Okta documents, and refuses the others."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.sandbox.okta.accounts import CANARY
from tests.support.okta_tenant import (
    FINANCE,
    IMPORTED,
    KIM,
    MARA,
    NORA,
    OLD,
    PAYROLL,
    RULED,
    Tenant,
    refusal,
)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant()).server:
        yield made


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
    assert (400, "E0000001") == refusal(tenant.step(kim, "suspend"))
    activated = tenant.step(kim, "activate", "?sendEmail=false").json()
    assert CANARY == activated["activationToken"] and CANARY in activated["activationUrl"]
    assert (403, "E0000016") == refusal(tenant.step(kim, "activate"))
    assert "PROVISIONED" == tenant.ask(f"users/{kim}").json()["status"]
    assert (400, "E0000001") == refusal(tenant.step(kim, "suspend"))
    tenant.okta.sign_in(kim)
    assert (200, {}) == ((answer := tenant.step(kim, "suspend")).status_code, answer.json())
    assert "SUSPENDED" == tenant.ask(f"users/{kim}").json()["status"]
    assert 200 == tenant.step(kim, "unsuspend").status_code
    assert (400, "E0000001") == refusal(tenant.step(kim, "unsuspend"))
    assert (403, "E0000032") == refusal(tenant.step(kim, "unlock"))
    assert (403, "E0000038") == refusal(tenant.step(kim, "reactivate"))
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
    tenant.step(made["id"], "deactivate")  # takes the password away
    tenant.step(made["id"], "activate", "?sendEmail=false")
    assert "PROVISIONED" == tenant.ask(f"users/{made['id']}").json()["status"]
    assert {} == tenant.step(OLD, "activate").json()
    assert ("activation", OLD) == tenant.okta.outbox[-1]
    tenant.step(OLD, "deactivate")
    tenant.step(MARA, "deactivate", "?sendEmail=true")
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
    assert 200 == tenant.step(MARA, "deactivate").status_code
    mara = tenant.ask(f"users/{MARA}").json()
    assert ("ACTIVE", "DEPROVISIONED") == (mara["status"], mara["transitioningToStatus"])
    assert (409, "E0000112") == refusal(tenant.step(MARA, "suspend"))
    tenant.passes(30)
    mara = tenant.ask(f"users/{MARA}").json()
    assert ("DEPROVISIONED", False) == (mara["status"], "transitioningToStatus" in mara)
    tenant.okta.switches.activating_status = True
    tenant.step(MARA, "activate")
    assert "ACTIVATING" == tenant.ask(f"users/{MARA}").json()["status"]


def test_a_deactivated_user_keeps_groups_and_loses_applications(tenant: Tenant):
    """Deactivating takes applications; groups stay, and come back into effect."""
    assert 204 == tenant.ask(f"groups/{FINANCE}/users/{NORA}", "PUT").status_code
    tenant.step(NORA, "deactivate")
    assert {FINANCE, RULED, IMPORTED} == {*tenant.ids(f"users/{NORA}/groups")}
    assert {MARA} == {*tenant.ids(f"apps/{PAYROLL}/users")}
    tenant.step(NORA, "activate")
    scopes = {row["id"]: row["scope"] for row in tenant.rows(f"apps/{PAYROLL}/users")}
    assert {MARA: "GROUP", NORA: "GROUP"} == scopes


# ---- profiles


def test_a_profile_changes_in_part_or_as_a_whole(tenant: Tenant):
    """POST keeps what it does not name, null removes, an empty text stays; PUT erases the rest."""
    tenant.passes(60)
    made = tenant.change(MARA, title="", department=None).json()
    assert ("", False, 7) == (
        made["profile"]["title"],
        "department" in made["profile"],
        made["profile"]["badge"],
    )
    assert "2026-08-20T10:01:00.000Z" == made["lastUpdated"]
    whole = {name: made["profile"][name] for name in ("login", "email", "firstName", "lastName")}
    put = tenant.ask(f"users/{MARA}", "PUT", json={"profile": whole}).json()
    assert whole == put["profile"]
    assert (400, "E0000001") == refusal(tenant.change(MARA, firstName=None))


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
    assert code == refusal(tenant.change(MARA, title="CFO", **profile))
    assert before == tenant.ask(f"users/{MARA}").json()


def test_what_another_system_masters_cannot_be_written(tenant: Tenant):
    """Attributes of a user's source are refused, unchanged ones too; Okta's own are written."""
    tenant.okta.set_source(MARA, "ACTIVE_DIRECTORY", "corp")
    tenant.okta.attributes["charthopTeam"] = {"type": "string", "master": {"type": "OKTA"}}
    for profile in ({"title": "Manager"}, {"title": None}, {"charthopTeam": "x", "badge": 7}):
        assert (403, "E0000023") == refusal(tenant.change(MARA, **profile))
    assert 200 == tenant.change(MARA, charthopTeam="x").status_code
    tenant.okta.switches.sourced_refuses_all = True
    assert (403, "E0000023") == refusal(tenant.change(MARA, charthopTeam="y"))
    tenant.okta.set_source(MARA, "FEDERATION", "idp")
    assert 200 == tenant.change(MARA, title="CFO").status_code
    tenant.okta.switches.federation_is_source = True
    assert (403, "E0000023") == refusal(tenant.change(MARA, title="CEO"))
    tenant.okta.switches.sourced_refuses_all = False
    tenant.okta.masters["title"] = "OKTA"
    assert 200 == tenant.change(MARA, title="CEO").status_code


def test_the_profile_of_a_deactivated_user_is_an_org_option(tenant: Tenant):
    """An update of a deactivated user is ignored, not found, or made."""
    assert "title" not in tenant.change(OLD, title="CFO").json()["profile"]
    tenant.okta.switches.update_deprovisioned = "missing"
    assert (404, "E0000007") == refusal(tenant.change(OLD, title="CFO"))
    tenant.okta.switches.update_deprovisioned = "allowed"
    assert "CFO" == tenant.change(OLD, title="CFO").json()["profile"]["title"]


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
    assert (400, "E0000001") == refusal(tenant.step(OLD, "activate", "?sendEmail=no"))
    bare = HTTPConnection(tenant.server.url.removeprefix("http://"))
    bare.putrequest("POST", f"/api/v1/users/{MARA}/lifecycle/suspend")  # requests adds a length
    bare.endheaders()
    assert 411 == bare.getresponse().status
    assert (405, "E0000022") == refusal(tenant.ask(f"users/{MARA}", "PATCH", json={}))


def test_an_account_has_one_of_the_types_of_user(tenant: Tenant):
    """A new account has the type that it was asked for; each type has a schema."""
    tenant.okta.other_types["otyContractor"] = "contractor"
    asked = {"profile": KIM, "type": {"id": "otyContractor"}}

    made = tenant.ask("users?activate=false", "POST", json=asked).json()

    assert ("otyContractor", "STAGED") == (made["type"]["id"], made["status"])
    kinds = tenant.rows("meta/types/user")
    assert [True, False] == [one["default"] for one in kinds]
    assert all(tenant.http.get(one["_links"]["schema"]["href"]).ok for one in kinds)
    unknown = asked | {"type": {"id": "otyGone"}, "profile": KIM | {"login": "lee@example.com"}}
    assert (400, "E0000001") == refusal(tenant.ask("users", "POST", json=unknown))
