"""Okta's attributes are read for push rules only, and nothing else depends on them."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.http.policy import Counters
from pipelines.sources import registry
from pipelines.sources.asked import Asked
from pipelines.sources.check import check_sources
from tests.sandbox.server import Fault
from tests.sources.test_okta_auth import SCOPES, add_app
from tests.support.faults import by_id, status
from tests.support.okta_org import Org
from tests.support.okta_org import org as org
from tests.support.okta_tenant import ADMINS, IMPORTED, RULED

EXTRA = ("okta.apps.read", "okta.schemas.read", "okta.userTypes.read")
ASKED = Asked(attributes={"okta": ("costTier", "title"), "pingone": ("nickname",)})


def read(org: Org, asked: Asked | None, *tables: str) -> tuple[dict[str, Any], list[str]]:
    """Return the rows of these tables by id, and the warnings."""
    counters = Counters()
    resources = registry.connect_source("okta", counters, asked=asked).resources
    return {table: by_id(table, list(resources[table])) for table in tables}, counters.warnings


def test_attributes_are_read_only_for_push_rules(org):
    """Without push rules no request asks for them; with rules each type of user has its own."""
    found, _ = read(org, None, "user_schemas")
    assert {} == found["user_schemas"]
    assert not [request for request in org.server.seen if "/meta/" in request.path]
    assert "attributes of users" not in {one.what for one in check_sources(["okta"])}

    found, warnings = read(org, ASKED, "user_schemas")

    [(key, schema)] = found["user_schemas"].items()
    assert org.okta.user_type == key and not warnings
    assert "login" in schema["definitions"]["base"]["properties"]


def test_a_user_keeps_what_push_rules_write(org):
    """An attribute that a rule writes is kept; one of another target, or of nobody, is not."""
    user = next(iter(org.okta.users.values()))
    user["profile"] |= {"costTier": "A", "nickname": "Al"}
    org.okta.touch()

    found, _ = read(org, ASKED, "users")

    profile = found["users"][user["id"]]["profile"]
    assert "A" == profile["costTier"] and "nickname" not in profile


@pytest.mark.parametrize("path", ["meta/types/user", "meta/schemas/user/"])
def test_a_missing_right_is_told_and_stops_nothing(org, path):
    """Without the right there are no rows, and `check` and the sync name what is missing."""

    def matches(request: Any) -> bool:
        return request.path.startswith(f"/api/v1/{path}")

    org.server.faults = [Fault(matches, status(403, {"errorCode": "E0000006"}), times=9)]

    found, [warning] = read(org, ASKED, "user_schemas")
    checked = {one.what: one for one in check_sources(["okta"], ASKED)}

    assert {} == found["user_schemas"]
    assert "push rules write none" in warning and "okta.schemas.read" in warning
    assert "warn" == checked["attributes of users"].verdict
    assert "okta.schemas.read" in checked["attributes of users"].next


def test_an_app_without_the_scopes_reads_all_the_rest(org):
    """A service app that was not granted the scopes of attributes signs in without them."""
    add_app(org, dpop=False)

    found, [warning] = read(org, ASKED, "users", "user_schemas")

    assert found["users"] and {} == found["user_schemas"]
    assert "okta.userTypes.read" in warning

    add_app(org, dpop=False, scopes=(*SCOPES, *EXTRA))

    found, warnings = read(org, ASKED, "user_schemas")
    assert found["user_schemas"] and not warnings


def test_check_names_attributes_that_nobody_has(org):
    """An attribute of the rules that no type of user has is told before any push."""
    asked = Asked(attributes={"okta": ("costtier", "title")})

    found = {one.what: one for one in check_sources(["okta"], asked)}

    assert "warn" == found["attributes of users"].verdict
    assert "there is no attribute costtier" in found["attributes of users"].why


def test_check_names_attributes_that_nobody_can_write(org):
    """An attribute that is read-only, or that another system masters, is told with the reason."""
    org.okta.attributes["legalName"] = {"type": "string", "mutability": "READ_ONLY"}
    priority = [{"type": "APP", "value": "0oaWorkday"}, {"type": "OKTA", "value": None}]
    master = {"type": "OVERRIDE", "priority": priority}
    org.okta.attributes["costTier"] = {"type": "string", "master": master}
    asked = Asked(attributes={"okta": ("costTier", "legalName", "title")})

    found = {one.what: one for one in check_sources(["okta"], asked)}["attributes of users"]

    assert "warn" == found.verdict
    assert "costTier is mastered by 0oaWorkday, legalName is read-only" in found.why
    priority.reverse()
    org.okta.attributes["legalName"]["mutability"] = "READ_WRITE"
    found = {one.what: one for one in check_sources(["okta"], asked)}["attributes of users"]
    assert ("ok", "push rules write costTier, legalName, title") == (found.verdict, found.why)


def test_check_names_the_groups_that_rules_adopt(org):
    """Groups that rules adopt are told by name, with the reason why one cannot be filled."""
    org.okta.groups["00gOurs"] = {"id": "00gOurs", "profile": {"name": "Sales"}}
    org.okta.touch()
    groups = (ADMINS, IMPORTED, RULED, "00gGone", "00gOurs")

    def check(*ids: str) -> Any:
        asked = Asked(attributes={"okta": ()}, groups={"okta": ids, "pingone": ("other",)})
        return {one.what: one for one in check_sources(["okta"], asked)}["groups of push rules"]

    sound = check("00gOurs")
    assert ("ok", "push rules adopt Sales (00gOurs)") == (sound.verdict, sound.why)
    found = check(*groups)
    assert "warn" == found.verdict and "Sales" not in found.why
    for words in (
        f"IT admins ({ADMINS}): it gives an admin role",
        f"Finance ({IMPORTED}): another directory decides who is in the group",
        f"Contractors ({RULED}): a rule fills it",
        "there is no group 00gGone",
    ):
        assert words in found.why
    assert "push rules" not in " ".join(one.what for one in check_sources(["okta"]))


def test_check_says_that_a_push_lacks_its_credential(org):
    """With rules for Okta and no write credential, `check` says so; without rules it does not."""
    asked = Asked(attributes={"okta": ()}, groups={"okta": ()})

    found = {one.what: one for one in check_sources(["okta"], asked)}

    assert "warn" == found["push: rights"].verdict and "none is set" in found["push: rights"].why
    assert "push: rights" not in {one.what for one in check_sources(["okta"])}
