"""What happens around a push run in a small company: V10, V11, V14 and V15."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.company.parts import charthop_id, okta_id
from tests.sandbox.server import Fault
from tests.support.push_world import ADA, FINANCE, JOAN, MARA, OLU, TITLE
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.pushing import Pushing

ADA_PATH = f"users/{okta_id('user', ADA)}"
FINANCE_USERS = f"groups/{okta_id('group', FINANCE)}/users/"
MAIL = '[fields.email]\nsql = "work_email"\nidentifies = true\n'


def plan_of(pushing: Pushing) -> Path:
    """Return the one plan in the folder of changes."""
    [path] = pushing.folder.glob("*.plan.json")
    return path


def apply(pushing: Pushing, path: Path) -> Any:
    digest = json.loads(path.read_text())["digest"]
    return pushing.rollcall.run("apply", str(path), "--digest", digest, "--json")


@pytest.mark.long
def test_what_somebody_changed_meanwhile_is_left_to_the_next_run(pushing):
    """V10: Ada's title is set by hand between plan and apply: drift, and the rest is done (7).

    The next run plans her title again, and writes it.
    """
    pushing.approve()
    pushing.rollcall.sync()

    def by_hand(request: Any, answer: Any) -> Any:
        pushing.okta.update_profile(okta_id("user", ADA), {"title": "By hand"})
        return answer

    # The first call of the run after its plan; Okta's lists have been read by then
    pushing.rollcall.sandbox.okta.faults = [
        Fault(lambda request: request.path.startswith("/api/v1/users/"), by_hand)
    ]
    pushing.okta.update_profile(okta_id("user", ADA), {"title": "By hand"})
    pushing.forget_requests()

    first = pushing.run("run", "--no-sync", "--json")

    assert 7 == first.code, first.err
    assert {"drift": 1, "done": 2} == first.document["counts"]
    assert not [path for _, path, _ in pushing.writes() if path == ADA_PATH]

    assert 0 == pushing.run("run").code
    assert "Staff Engineer" == pushing.user(ADA)["profile"]["title"]
    assert 3 == len(pushing.writes())


@pytest.mark.long
def test_a_person_with_a_new_mail_keeps_the_login(pushing):
    """V11: Ada is found by her number, and no login is written. Her mail is, with `identifies`.

    The mail of Joan, who administers Okta, is never written.
    """
    for number, mail in ((ADA, "ada.berg@acme.example"), (JOAN, "joan.berg@acme.example")):
        person = pushing.org.persons[charthop_id("person", number)]
        for contact in person["contacts"]:
            if contact["type"] == "WORK_EMAIL":
                contact["value"] = mail
    pushing.org.touch()
    pushing.approve(TITLE + MAIL)

    assert 0 == pushing.run("run").code

    profile = {"email": "ada.berg@acme.example", "title": "Staff Engineer"}
    assert [("POST", ADA_PATH, {"profile": profile})] == pushing.writes()
    assert "ada.park@acme.example" == pushing.user(ADA)["profile"]["login"]
    [blocked] = pushing.rollcall.rows("from push_fields where state = 'blocked'")
    assert ("email", "holds a privileged entitlement") == (blocked["field"], blocked["why"])
    assert blocked["account_id"].endswith(okta_id("user", JOAN))


@pytest.mark.long
def test_a_push_is_undone_with_the_values_of_its_plan(pushing):
    """V14: the old title comes back, Mara leaves the group, and Olu is in it again."""
    pushing.approve()
    assert 0 == pushing.run("run").code
    path = plan_of(pushing)
    pushing.forget_requests()

    because = ("--because", "the wrong quarter", "--json")
    planned = pushing.rollcall.run("plan", "--undo", str(path), *because)

    assert 0 == planned.code, planned.err
    assert 0 == apply(pushing, Path(planned.document["path"])).code
    calls = {
        ("POST", ADA_PATH, "Engineer"),
        ("DELETE", FINANCE_USERS + okta_id("user", MARA), None),
        ("PUT", FINANCE_USERS + okta_id("user", OLU), None),
    }
    made = {
        (method, path, body and body["profile"]["title"]) for method, path, body in pushing.writes()
    }
    assert calls == made
    assert {OLU} == pushing.members_of(FINANCE)


@pytest.mark.long
def test_undo_gives_a_leaver_nothing_that_the_policy_takes(pushing):
    """V14: where the policy closes the accounts of leavers, Olu does not get the group again."""
    pushing.approve()
    assert 0 == pushing.run("run").code
    path = plan_of(pushing)
    folder = pushing.rollcall.home / "reviews"
    folder.mkdir()
    (folder / "policy.toml").write_text("[leavers]\ndisable_after_days = 0\n")
    pushing.rollcall.sync()

    because = ("--because", "the wrong quarter", "--json")
    planned = pushing.rollcall.run("plan", "--undo", str(path), *because)

    actions = {item["action"] for item in planned.document["items"]}
    assert {"update_account", "revoke"} == actions, planned.out
    [blocked] = planned.document["blocked"]
    assert ("grant", f"okta:user:{okta_id('user', OLU)}") == (
        blocked["action"],
        blocked["account_id"],
    )


def test_every_user_of_okta_can_be_exported(pushing):
    """V15: the columns of ChartHop's import first, then status and every kept attribute.

    Deactivated users are included and marked; the manifest counts what `accounts` has.
    """
    result = pushing.rollcall.run("export", "--format", "users", "--source", "okta", "--json")

    assert 0 == result.code, result.err
    [path] = pushing.rollcall.home.rglob("users_okta.csv")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    first = ["Work Email", "First Name", "Last Name", "Job Title", "Start Date", "Manager"]
    assert first == [*rows[0]][:6]
    assert {"status", "id", "login", "employeeNumber"} <= {*rows[0]}
    accounts = pushing.rollcall.column("select account_id from accounts where source_name = 'okta'")
    assert {row["id"] for row in rows} == {account.split(":")[-1] for account in accounts}
    by_mail = {row["Work Email"]: row for row in rows}
    assert "Engineer" == by_mail["ada.park@acme.example"]["Job Title"]
    assert "DEPROVISIONED" == by_mail["rae.moe@acme.example"]["status"]
    [manifest] = pushing.rollcall.home.rglob("manifest.json")
    assert str(len(rows)) in manifest.read_text()
