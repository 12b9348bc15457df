"""`check` says what an Okta credential cannot read, and which scope or role is missing."""

from __future__ import annotations

import pytest

from pipelines.sources.check import Finding, check_sources
from tests.sandbox.server import Fault
from tests.sources.test_okta_auth import SCOPES, add_app
from tests.support.faults import status, then
from tests.support.okta_org import Org, add_users, strikes
from tests.support.okta_org import org as org
from tests.support.okta_tenant import SERVICE


def check(org: Org, *faults: Fault) -> dict[str, Finding]:
    """Return the finding of each probe."""
    org.server.faults = [*faults]
    found = {finding.what: finding for finding in check_sources(["okta"])}
    org.server.faults = []
    return found


def test_a_good_credential_passes_every_probe(org):
    """A credential with all rights passes, with one or two cheap calls per probe."""
    found = check(org)

    assert {"ok"} == {finding.verdict for finding in found.values()}, found
    assert {"sign-in", "groups", "users", "members", "System Log", "admin roles"} <= {*found}
    assert len(org.server.seen) < 25


def test_an_app_without_a_role_is_told_so(org):
    """An app with scopes and no admin role sees no users; the missing role is named."""
    add_app(org, dpop=False)
    org.okta.assignments[SERVICE] = []
    org.okta.bindings.clear()
    org.okta.touch()

    found = check(org)

    assert "fail" == found["users"].verdict and "empty" in found["users"].why
    assert "Read-only Administrator" in found["users"].next + found["groups"].next


def test_a_part_of_the_users_fails(org):
    """A role that shows a part of the users is told by Everyone's count."""
    made = add_users(org, 40)
    org.okta.switches.hidden_users = {*made[:20]}

    users = check(org)["users"]

    assert "fail" == users.verdict and "Everyone has 44" in users.why


def test_missing_scopes_end_the_check(org):
    """A scope that the app was not granted ends the check, by name."""
    add_app(org, dpop=False, scopes=SCOPES)

    failed, skipped = check(org).values()

    assert ("fail", 3) == (failed.verdict, failed.code)
    assert "okta.apps.read" in failed.why + failed.next
    assert "skip" == skipped.verdict and "System Log" in skipped.what


@pytest.mark.parametrize(
    "probe, path, word",
    [
        ("System Log", "logs", "okta.logs.read"),
        ("admin roles", "iam/assignees/users", "okta.roles.read"),
        ("applications", "apps", "okta.apps.read"),
        ("group rules", "groups/rules", "okta.groups.read"),
    ],
)
def test_a_right_that_is_missing_is_named(org, probe, path, word):
    """A 403 names the right; for the System Log it is a warning, because it fails no sync."""
    found = check(org, Fault(strikes(path), status(403, {"errorCode": "E0000006"}), times=9))

    assert ("warn" if probe == "System Log" else "fail") == found[probe].verdict
    assert word in found[probe].next


def test_no_administrator_is_a_warning(org):
    """An empty list of administrators is a warning, because every org has one."""
    nobody = then(lambda body: body | {"value": [], "_links": {}})

    found = check(org, Fault(strikes("iam/assignees/users"), nobody, times=9))

    assert "warn" == found["admin roles"].verdict


def test_what_is_left_out_is_not_tried(org):
    """What the settings leave out needs no right, and is not tried."""
    org.set(admin_roles="false", applications="none")

    assert {"admin roles", "applications", "roles of service apps"}.isdisjoint(check(org))
