"""`rollcall push run` brings Okta to what the rules say, within what a person has approved.

The small company is published with the rules, so a run that does not read again makes the same.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.files.json_lines import hold_folder
from tests.monitoring.test_notify import webhook as webhook
from tests.sandbox.company.parts import okta_id
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import quick, status
from tests.support.push_world import ADA, FINANCE, FINANCE_RULE, MARA, OLU, RULES, TITLE
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.pushing import Pushing
from tests.support.wanted import DIRECT, wants

TITLED = ("POST", f"users/{okta_id('user', ADA)}", {"profile": {"title": "Staff Engineer"}})
FINANCE_USERS = f"groups/{okta_id('group', FINANCE)}/users/"
THREE = [
    ("DELETE", f"{FINANCE_USERS}{okta_id('user', OLU)}", None),
    TITLED,
    ("PUT", f"{FINANCE_USERS}{okta_id('user', MARA)}", None),
]
NEW_GROUP = '[groups.new]\nname = "New"\nwhere = "full_name = \'Ada Park\'"\n'
OKTA_MEMBER = DIRECT.replace("'pingone'", "'okta'")


def test_a_dry_run_prints_the_plan_and_writes_nothing(pushing):
    """V1: title of Ada, Mara into the group, Olu out of it: as text, and with both digests.

    Nothing is written in Okta; there is no journal, plan or audit log, and no applied change.
    """
    result = pushing.run("run", "--dry-run", "--no-sync")

    assert 0 == result.code, result.err
    assert result.out.startswith("3 changes") and "nothing was changed" in result.out
    for words in ("Ada Park", "Staff Engineer", "Mara Lindqvist", "Olu Marsh", "Finance - all"):
        assert words in result.out
    document = pushing.run("run", "--dry-run", "--no-sync", "--json").document
    subjects = {(one["action"], one["account_id"][-2:]) for one in document["items"]}
    assert {("update_account", "01"), ("grant", "02"), ("revoke", "05")} == subjects
    digest = pushing.digest()
    assert digest == document["rules_sha256"] and 64 == len(document["digest"])
    assert f"rollcall push approve okta --digest {digest}" == document["approve"]
    assert document["approve"] in result.out
    assert [] == pushing.writes() and not pushing.folder.exists()
    assert [] == pushing.rollcall.rows("from applied_changes")


def test_rules_that_nobody_approved_change_nothing(pushing):
    """V2: exit 5 with the command that approves the rules, before any request."""
    said = pushing.run("run")

    assert (5, 0) == (said.code, pushing.requests())
    assert f"rollcall push approve okta --digest {pushing.digest()}" in said.err
    assert not (pushing.folder / "audit.jsonl").exists()


def test_a_run_brings_about_what_the_rules_say(pushing):
    """V1, P1: three changes are made, proven and recorded; the next run makes no change again.

    The approval is published with what it led to. A new group is made in one round and filled in
    the next one.
    """
    digest = pushing.approve()
    first = pushing.run("run", "--no-sync", "--json")

    assert 0 == first.code, first.out + first.err
    assert sorted(THREE, key=str) == sorted(pushing.writes(), key=str)
    assert "Staff Engineer" == pushing.profile(ADA)["title"]
    assert {MARA} == pushing.members_of(FINANCE)
    [approved] = pushing.hashes("approved")
    assert [approved] == [facts["approval"] for facts in pushing.records("apply_begun")]
    [published] = pushing.rollcall.rows("from push_approvals")
    assert ("okta", digest) == (published["target"], published["rules_sha256"])
    must_be_recorded(pushing, digest, first.document)

    pushing.approve(RULES + NEW_GROUP)
    second = pushing.run("run", "--json")
    assert (0, 2) == (second.code, second.document["rounds"]), second.out
    made, joins = pushing.writes()[3:]
    assert ("POST", "groups", "New") == (*made[:2], made[2]["profile"]["name"])
    assert ("PUT", True) == (joins[0], joins[1].endswith(f"/users/{okta_id('user', ADA)}"))

    third = pushing.run("run", "--no-sync", "--json")
    assert (0, 0) == (third.code, third.document["rounds"]), third.out
    assert 5 == len(pushing.writes())
    runs = pushing.rollcall.rows("select changes, done, failed, code from pushes order by push_id")
    assert [(3, 3, 0, 0), (2, 2, 0, 0), (0, 0, 0, 0)] == [tuple(row.values()) for row in runs]


def must_be_recorded(pushing: Pushing, digest: str, document: dict[str, Any]) -> None:
    """The warehouse has the push and its changes, and a later read that proves them."""
    assert {"done": 3} == document["counts"]
    [run] = pushing.rollcall.rows("from pushes")
    names = ("target", "begun_by", "rules_sha256", "rounds", "changes", "done", "failed", "code")
    assert ["okta", "command", digest, 1, 3, 3, 0, 0] == [run[name] for name in names]
    assert document["push_id"] == run["push_id"] and run["started_at"] < run["ended_at"]
    applied = pushing.rollcall.rows("from applied_changes")
    assert {("done", "push")} == {(row["outcome"], row["reason_kind"]) for row in applied}
    [proven_at] = pushing.rollcall.column(
        "select max(started_at) from runs where status = 'complete'"
    )
    assert proven_at > max(row["known_at"] for row in applied)
    assert [] == pushing.rollcall.rows(
        "from planned_changes where reason_kind = 'push' and blocked_because is null"
    )
    blocked = document["blocked"]
    assert run["blocked"] == sum(blocked.values()) > 0
    assert blocked == pushing.run("status", "--json").document["blocked"]


@pytest.mark.long
def test_a_plan_beyond_the_limits_waits_for_a_person(pushing):
    """Exit 5 names the plan, the limit and the command; a person's digest makes the changes."""
    pushing.follow(RULES + "[limits]\nchanges = 2\n")
    pushing.approve()
    said = pushing.run("run", "--no-sync")

    [path] = pushing.plans()
    digest = json.loads(path.read_text())["digest"]
    assert (5, []) == (said.code, pushing.writes())
    assert "limits.changes is 2" in said.err
    assert f"rollcall apply {path} --digest {digest}" in said.err
    assert 5 == pushing.run("run", "--no-sync", "--max-changes", "2", "--digest", digest).code
    assert 2 == pushing.run("run", "--no-sync", "--digest", digest).code
    assert [] == pushing.writes()

    flags = ("--no-sync", "--max-changes", "3", "--digest", digest)
    result = pushing.run("run", *flags, "--json", REVIEW__ACTOR="kim@x.example")
    assert (0, {"done": 3}) == (result.code, result.document["counts"]), result.out
    assert result.document["approved_by"].startswith("kim@x.example (")
    assert [None] == [facts["approval"] for facts in pushing.records("apply_begun")]


@pytest.mark.long
def test_only_a_person_empties_a_group(pushing):
    """A rule that finds nobody removes nobody by itself; a plan that a person reads does."""
    pushing.approve(FINANCE_RULE.replace("'Finance'", "'Fiance'"))
    result = pushing.run("run", "--json")

    assert (0, {}) == (result.code, result.document["counts"]), result.out + result.err
    assert 1 == result.document["blocked"]["it gives nobody"]
    plan = pushing.run("plan", "--json").document
    assert ["revoke"] == [item["action"] for item in plan["items"]]
    result = pushing.rollcall.run("apply", plan["path"], "--digest", plan["digest"])
    assert 0 == result.code, result.err
    assert set() == pushing.members_of(FINANCE)


@pytest.mark.long
def test_the_rounds_after_a_persons_plan_are_within_the_limits(pushing):
    """A plan of `push plan` that a person gives is the first round; the next is an own plan."""
    pushing.approve(NEW_GROUP)
    pushing.rollcall.sync()
    digest = pushing.run("plan", "--json").document["digest"]
    flags = ("--no-sync", "--max-changes", "1", "--digest", digest)
    result = pushing.run("run", *flags, "--json")

    assert (0, 2) == (result.code, result.document["rounds"]), result.out + result.err
    first, second = pushing.records("apply_begun")
    assert first["approval"] is None and [second["approval"]] == pushing.hashes("approved")


def test_a_plan_of_another_kind_is_no_push(pushing):
    """The digest of a plan of access is refused: only a plan of this push is applied."""
    pushing.approve()
    wants(pushing.rollcall, OKTA_MEMBER, count=1)
    digest = pushing.rollcall.run("plan", "--json").document["digest"]
    said = pushing.run("run", "--no-sync", "--max-changes", "1", "--digest", digest)

    assert 5 == said.code and "it is not a plan of push okta" in said.err
    assert [] == pushing.records("apply_begun")


@pytest.mark.long
def test_changes_of_one_day_count_together(pushing):
    """What an earlier run of the day changed counts for the limits of the next one."""
    pushing.approve(TITLE + "[limits]\nchanges = 2\n")
    assert 0 == pushing.run("run").code
    pushing.approve(RULES + "[limits]\nchanges = 2\n")
    said = pushing.run("run")

    assert 5 == said.code and "changes: 2 beside the 1 of the last 24 hours" in said.err
    assert 1 == len(pushing.writes())


@pytest.mark.long
def test_a_refused_attribute_waits_for_another_schema(pushing):
    """What another system decides is tried once, and again when Okta's schema has changed."""
    okta, ada = pushing.okta, okta_id("user", ADA)
    okta.set_source(ada, "FEDERATION", "idp")
    okta.switches.federation_is_source = True
    pushing.approve(TITLE)

    assert 7 == pushing.run("run").code
    assert 1 == len(pushing.writes())
    again = pushing.run("run", "--json")
    assert (0, 1) == (again.code, len(pushing.writes())), again.out
    assert 1 == again.document["blocked"]["refused once (E0000023), until the schema changes"]

    okta.masters["title"] = "OKTA"
    okta.touch()
    assert 0 == pushing.run("run").code
    assert "Staff Engineer" == okta.users[ada]["profile"]["title"]


@pytest.mark.long
def test_a_lagging_list_is_no_failure(pushing):
    """What a read by id has shown is done, although the sync at the end does not list it yet."""
    pushing.approve()
    pushing.okta.switches.index_lag = 3600
    result = pushing.run("run", "--json")

    assert (0, {"done": 3}) == (result.code, result.document["counts"]), result.out
    assert 1 == result.document["unproven"]


@pytest.mark.parametrize(
    "away",
    [
        ("charthop", "okta"),
        pytest.param(("charthop",), marks=pytest.mark.long),
        pytest.param(("okta",), marks=pytest.mark.long),
    ],
    ids="-".join,
)
def test_a_source_that_cannot_be_read_changes_nothing(pushing, webhook, away):
    """V12: a stale HR system or target is exit 4, and the message names the source; without a sync
    it is exit 5."""
    quick(pushing.rollcall.patch)
    pushing.follow(RULES + "[notify]\ndetail = 'counts'\n")
    pushing.approve()
    for source in away:
        fault = Fault(lambda request: True, status(503), times=10**6, before=True)
        pushing.rollcall.sandbox.servers[source].faults = [fault]
    said = pushing.run("run", PUSH__NOTIFY_URLS=webhook.url)
    for source in away:
        pushing.rollcall.sandbox.servers[source].faults = []

    assert (4, []) == (said.code, pushing.writes())
    assert "effect: nothing was changed" in said.err
    [told] = webhook.taken
    assert "rollcall push run okta ended with exit code 4" == told["title"]
    assert "503" in told["message"]
    for source in away:
        assert source in said.err and source in told["message"]
    [run] = pushing.records("push_ended")
    assert (4, 0) == (run["code"], run["changes"])
    stale = pushing.run("run", "--no-sync")
    assert 5 == stale.code and f"plan: {away[0]}" in stale.err


def test_old_data_is_not_pushed_without_a_sync(pushing):
    """V12: `--no-sync` refuses data that is older than MAX_AGE_HOURS."""
    pushing.approve()
    pushing.change("update runs set started_at = started_at - interval 30 hours")

    assert 5 == pushing.run("run", "--no-sync").code
    allowed = {"PLAN__MAX_DATA_AGE_HOURS": "40"}
    dry = pushing.run("run", "--no-sync", "--dry-run", "--json", **allowed)
    assert (0, 3, []) == (dry.code, len(dry.document["items"]), pushing.writes())


def test_another_apply_keeps_a_push_out(pushing):
    """A push that finds the folder of changes in use ends with 75, and reads nothing."""
    pushing.approve()
    with hold_folder(pushing.folder, "apply"):
        said = pushing.run("run")

    assert (75, 0) == (said.code, pushing.requests())
    assert [] == pushing.records("push_begun")


def test_rules_that_change_during_a_run_are_not_applied(pushing):
    """The approval is checked again before the changes: an edited file has none."""
    pushing.approve()

    def edit(request: Request, honest: Response | None) -> Response:
        pushing.write_rules(RULES.replace("job_title", "upper(job_title)"))
        return honest

    server = pushing.rollcall.sandbox.okta
    server.faults = [Fault(lambda request: request.path.endswith("/users/me"), edit)]
    said = pushing.run("run", "--no-sync")

    assert (5, []) == (said.code, pushing.writes()), said.out
    assert "the rules are not those" in said.err


def test_an_approval_that_ended_stops_the_next_run(pushing):
    """The day after its last day, the approval lets nothing run."""
    today = datetime.now(UTC).date()
    pushing.forge_approval(pushing.approve(), today - timedelta(days=1))
    said = pushing.run("run")

    assert (5, []) == (said.code, pushing.writes())
    assert f"ended on {today - timedelta(days=1)}" in said.err
