"""The sandbox's Okta knows its tokens, scopes and roles, and refuses what is not proven."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.support.okta_tenant import ADMINS, MARA, ROLE, RULED, SERVICE, SET, Tenant, refusal


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    with (made := Tenant()).server:
        yield made


def test_an_api_token_has_the_rights_of_its_user(tenant: Tenant):
    """An API token has its user's roles, and dies with the user's account."""
    assert 200 == tenant.ask("iam/roles").status_code
    tenant.okta.assignments[tenant.okta.owner][0]["type"] = "READ_ONLY_ADMIN"
    tenant.okta.touch()
    assert 200 == tenant.ask("users").status_code
    assert (403, "E0000006") == refusal(tenant.ask("iam/roles"))
    assert (403, "E0000006") == refusal(tenant.ask(f"users/{MARA}/roles"))
    assert (403, "E0000006") == refusal(tenant.ask(f"groups/{ADMINS}/users"))
    assert 200 == tenant.ask(f"groups/{RULED}/users").status_code
    assert tenant.okta.owner == tenant.ask("users/me").json()["id"]
    tenant.okta.users[tenant.okta.owner]["status"] = "DEPROVISIONED"
    assert (401, "E0000011") == refusal(tenant.ask("users"))


@pytest.mark.parametrize("text", ["", "SSWS wrong", "Bearer wrong", "ssws okta-token"])
def test_a_wrong_token_is_refused(tenant: Tenant, text: str):
    """Another scheme, an unknown token and no token at all get 401 E0000011."""
    answer = tenant.ask("users", headers={"authorization": text})
    assert (401, "E0000011") == refusal(answer)
    assert answer.headers["x-okta-request-id"]
    tenant.passes(31 * 86_400)  # an unused token expires
    assert (401, "E0000011") == refusal(tenant.ask("users"))


def test_a_service_app_proves_itself_by_a_signature(tenant: Tenant):
    """A token needs a signed assertion of at most an hour, taken once, and granted scopes."""
    tenant.add_service_app("okta.users.read", "okta.groups.read")
    answer = tenant.token("okta.users.read").json()
    assert ("Bearer", 3600, "okta.users.read") == (
        answer["token_type"],
        answer["expires_in"],
        answer["scope"],
    )
    used = tenant.assertion()
    now = int(tenant.time.timestamp())
    for wrong in (
        {"client_assertion": tenant.assertion(aud=tenant.server.url)},
        {"client_assertion": tenant.assertion(exp=now + 7200)},
        {"client_assertion": tenant.assertion(exp=now - 60)},
        {"client_assertion": tenant.assertion(sub="0oaOther")},
        {"client_assertion": used[:-4] + "AAAA"},
        {"client_assertion_type": ""},
    ):
        refused = tenant.token("okta.users.read", **wrong)
        assert (401, "invalid_client") == (refused.status_code, refused.json()["error"])
    assert 200 == tenant.token("okta.users.read", client_assertion=used).status_code
    assert 401 == tenant.token("okta.users.read", client_assertion=used).status_code
    assert "invalid_scope" == tenant.token("okta.users.read okta.logs.read").json()["error"]
    tenant.okta.switches.ungranted_scope = "dropped"
    granted = tenant.token("okta.users.read okta.logs.read").json()["scope"]
    assert "okta.users.read" == granted
    wrong_grant = tenant.token("okta.users.read", grant_type="password").json()
    assert "unsupported_grant_type" == wrong_grant["error"]


def test_scopes_and_roles_are_both_needed(tenant: Tenant):
    """Without a role, users are an empty list with status 200, and all else is forbidden."""
    tenant.add_service_app("okta.users.read", "okta.groups.read")
    tenant.sign_in("okta.users.read okta.groups.read")
    assert 5 == len(tenant.rows("users", search="status pr"))
    assert (403, "E0000006") == refusal(tenant.ask("logs"))  # the scope is missing
    assert "insufficient_scope" in tenant.ask("logs").headers["www-authenticate"]
    assert (404, "E0000007") == refusal(tenant.ask("users/me"))
    del tenant.okta.assignments[SERVICE], tenant.okta.bindings[SET, ROLE]["irb3"]
    tenant.okta.touch()
    assert (200, []) == ((answer := tenant.ask("users")).status_code, answer.json())
    assert (403, "E0000006") == refusal(tenant.ask("groups"))
    tenant.passes(3600)
    assert (401, "E0000011") == refusal(tenant.ask("users"))
    tenant.okta.switches.bearer_401_body = False
    assert b"" == tenant.ask("users").content


def test_a_bound_token_needs_a_proof_for_every_request(tenant: Tenant):
    """With DPoP, tokens and calls need a proof of their own, and each side has its own nonce."""
    tenant.add_service_app("okta.users.read", dpop=True)
    scope, url = "okta.users.read", f"{tenant.root}/users"
    assert "invalid_dpop_proof" == tenant.token(scope).json()["error"]
    asked = tenant.token(scope, tenant.proof("POST", tenant.token_url))
    assert (400, "use_dpop_nonce") == (asked.status_code, asked.json()["error"])
    nonce = asked.headers["dpop-nonce"]
    issued = tenant.token(scope, tenant.proof("POST", tenant.token_url, nonce=nonce)).json()
    assert "DPoP" == issued["token_type"]
    token = issued["access_token"]

    def call(proof: str, scheme: str = "DPoP") -> requests.Response:
        headers = {"authorization": f"{scheme} {token}", "dpop": proof}
        return requests.get(url, headers=headers)

    asked = call(tenant.proof("GET", url, token, nonce=nonce))
    assert (401, True) == (asked.status_code, "use_dpop_nonce" in asked.headers["www-authenticate"])
    nonce = asked.headers["dpop-nonce"]
    proof = tenant.proof("GET", url, token, nonce=nonce)
    assert 200 == call(proof).status_code
    assert 401 == call(proof).status_code  # used already
    assert 401 == call(tenant.proof("GET", url, nonce=nonce)).status_code  # of no token
    assert 401 == call(tenant.proof("POST", url, token, nonce=nonce)).status_code
    assert 401 == call(tenant.proof("GET", url, token, nonce=nonce), "Bearer").status_code
