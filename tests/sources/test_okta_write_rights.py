"""What the write credential of Okta may do is known before it does it."""

from __future__ import annotations

import pytest

from pipelines.failures import Denied, Unreadable, Unsent
from pipelines.sources.asked import Asked
from pipelines.sources.check import check_sources
from pipelines.sources.okta.check import write_probes
from pipelines.sources.probe import ProbeWarning
from tests.support.applying import states
from tests.support.okta_tenant import ROLE, SERVICE
from tests.support.okta_writing import VPN, Org, change
from tests.support.okta_writing import org as org

EVERY = ("okta.users.manage", "okta.groups.manage", "okta.roles.manage")
WRITER = "00uTokenWriter000001"


def told(org: Org, **settings: str) -> dict[str, str]:
    """Return what each probe of the write credential says."""
    found = {}
    for probe in write_probes(org.writer(**settings)):
        try:
            found[probe.what] = probe.call()
        except (ProbeWarning, Denied, Unreadable) as problem:
            found[probe.what] = f"{type(problem).__name__}: {problem} -> {problem.next}"
    return found


@pytest.mark.parametrize("dpop", [False, True], ids=["bearer", "dpop"])
def test_a_service_app_writes(org, dpop):
    """A service app with or without DPoP writes; it is its own account, beside the sync's user."""
    org.sign_in_as_app(*EVERY, dpop=dpop)
    writer = org.writer()
    wanted = change("grant", group=VPN)
    seen = writer.look(wanted)
    writer.act(wanted, seen)

    assert "done" == writer.look(wanted).state
    assert {f"okta:client:{SERVICE}", f"okta:user:{org.okta.owner}"} == writer.own_accounts()


def test_a_proof_with_an_old_nonce_had_no_effect(org):
    """A write that is refused for the nonce of its proof is sent again with the new one."""
    org.sign_in_as_app(*EVERY)
    writer, wanted = org.writer(), change("grant", group=VPN)
    seen = writer.look(wanted)
    org.okta.api_nonces.current = "another"
    with pytest.raises(Unsent):
        writer.act(wanted, seen)

    assert ["pending", "done"] == states(writer, wanted)


@pytest.mark.parametrize("ungranted", ["refused", "dropped"])
def test_a_service_app_may_lack_the_right_to_roles(org, ungranted):
    """A service app without the scope for roles changes the rest, and `check` names the scope."""
    org.okta.switches.ungranted_scope = ungranted
    org.sign_in_as_app(*EVERY[:2])

    assert ["pending", "done"] == states(org.writer(), change("grant", group=VPN))
    rights = told(org)["write: rights"]
    assert "ProbeWarning: it lacks the scope okta.roles.manage" in rights
    assert "okta.apps.manage" not in rights
    assert "okta.apps.manage" in told(org, unassign_apps="true")["write: rights"]


def test_a_service_app_without_needed_scopes_is_refused(org):
    """A service app that may not change users cannot sign in, and the scope is named."""
    org.sign_in_as_app("okta.groups.manage")
    with pytest.raises(Denied, match="scope") as denied:
        org.writer().look(change("grant", group=VPN))

    assert "okta.users.manage" in denied.value.next


@pytest.mark.parametrize("role", ["SUPER_ADMIN", "USER_ADMIN", "GROUP_MEMBERSHIP_ADMIN"])
def test_check_says_whose_token_it_is_and_its_rights(org, role):
    """`check` names the owner of every token; it knows rights only where roles can be read."""
    org.okta.assignments[WRITER] = [{"id": "ra1w", "type": role, "status": "ACTIVE"}]
    org.okta.touch()
    said = told(org)

    assert f"okta:user:{WRITER}" in said["write: own accounts"]
    assert f"okta:user:{org.okta.owner}" in said["write: own accounts"]
    known = "may change accounts, members of groups, admin roles"
    expected = known if role == "SUPER_ADMIN" else "its admin roles are unknown until"
    assert expected in said["write: rights"]
    assert [] == org.writes()


def test_check_knows_the_permissions_of_custom_roles(org):
    """A custom role counts by its permissions."""
    org.okta.roles[ROLE]["permissions"] = [
        *("okta.users.read", "okta.groups.read", "okta.iam.read", "okta.groups.members.manage")
    ]
    del org.okta.assignments[WRITER]
    org.okta.bind("iamTenantSet00000001", ROLE, "user", WRITER)
    org.okta.touch()

    rights = told(org)["write: rights"]
    assert "an admin role for accounts, an admin role for admin roles ->" in rights
    assert "for accounts give it the scope okta.users.manage" in rights
    assert "members of groups give" not in rights


def test_check_finds_a_credential_that_sees_nobody(org):
    """A service app without an admin role sees no user, which `check` does not take for truth."""
    org.sign_in_as_app(*EVERY)
    org.okta.assignments[SERVICE] = []
    del org.okta.bindings["iamTenantSet00000001", ROLE]["irb3"]
    org.okta.touch()

    assert "no user can be seen" in told(org)["write: users"]


def test_check_knows_what_a_push_needs_besides(org):
    """Members of groups take less than groups themselves, which a push makes and renames."""
    org.okta.roles[ROLE]["permissions"] = [
        *("okta.users.read", "okta.groups.read", "okta.iam.read", "okta.users.manage"),
        "okta.groups.members.manage",
    ]
    del org.okta.assignments[WRITER]
    org.okta.bind("iamTenantSet00000001", ROLE, "user", WRITER)
    org.okta.touch()
    asked = Asked(attributes={"okta": ()}, groups={"okta": ()})

    found = {one.what: one for one in check_sources(["okta"], asked)}

    assert "it lacks an admin role for groups" == found["push: rights"].why
    assert "Group Administrator" in found["push: rights"].next
    org.okta.assignments[WRITER] = [{"id": "ra1w", "type": "SUPER_ADMIN", "status": "ACTIVE"}]
    org.okta.touch()
    found = {one.what: one for one in check_sources(["okta"], asked)}
    assert "may change accounts, groups, members of groups" == found["push: rights"].why
    assert "push: rights" not in {one.what for one in check_sources(["okta"])}
