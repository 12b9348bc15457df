"""`rollcall push run` brings Okta to what the rules say, within what a person has approved."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.files.json_lines import hold_folder
from tests.sandbox.company.parts import okta_id
from tests.sandbox.server import Fault, Request, Response
from tests.support.faults import quick, status
from tests.support.pushing import FINANCE, TITLE, Pushing
from tests.support.wanted import wants

ROBIN, VERA, NORA, IVO = (okta_id("user", number) for number in (13, 30, 2, 7))
GROUP = okta_id("group", 1)
THREE = FINANCE + TITLE  # Robin's title, Vera joins Finance, Nora leaves it
REMOTE = """
[groups.remote]
name = "Works remotely"
where = "location = 'Remote'"
"""


@pytest.fixture
def pushing(rollcall, published) -> Pushing:
    return Pushing(rollcall.has(published))


def test_a_dry_run_prints_the_plan_and_writes_nothing(pushing):
    """V1: three changes as text and as JSON with both digests; no write, no plan, no record."""
    pushing.file.write_text(THREE)
    said = pushing.run("run", "--dry-run")
    found = pushing.run("run", "--dry-run", "--no-sync", "--json")

    assert (0, 0) == (said.code, found.code), said.err + found.err
    assert "Robin" in said.out and "Vera" in said.out and "Nora" in said.out
    assert "nothing was changed" in said.out
    document = found.document
    assert {("update_account", ROBIN), ("grant", VERA), ("revoke", NORA)} == {
        (item["action"], item["account_id"].split(":")[-1]) for item in document["items"]
    }
    digest = pushing.digest()
    assert digest == document["rules_sha256"] and 64 == len(document["digest"])
    assert f"rollcall push approve okta --digest {digest}" == document["approve"]
    assert document["approve"] in said.out
    assert [] == pushing.writes() and not pushing.folder.exists()
    assert [] == pushing.rollcall.rows("from applied_changes")


def test_rules_that_nobody_approved_change_nothing(pushing):
    """V2: exit 5 with the command that approves the rules, before any request."""
    pushing.file.write_text(THREE)
    said = pushing.run("run")

    assert (5, 0) == (said.code, pushing.requests())
    assert f"rollcall push approve okta --digest {pushing.digest()}" in said.err
    assert not (pushing.folder / "audit.jsonl").exists()


@pytest.mark.long
def test_a_run_brings_about_what_the_rules_say(pushing):
    """P1: three changes are made, proven and recorded; the next run writes nothing."""
    digest = pushing.approve(THREE)
    first = pushing.run("run", "--json")

    assert 0 == first.code, first.out + first.err
    okta = pushing.rollcall.sandbox.company.okta
    assert "Engineer" == okta.users[ROBIN]["profile"]["title"]
    assert (VERA, GROUP) in okta.members and (NORA, GROUP) not in okta.members
    assert {"done": 3} == first.document["counts"] and 3 == len(pushing.writes())
    [approved] = pushing.hashes("approved")
    assert [approved] == [facts["approval"] for facts in pushing.records("apply_begun")]
    [run] = pushing.rollcall.rows("from pushes")
    names = ("target", "begun_by", "rules_sha256", "rounds", "changes", "done", "failed", "code")
    assert ["okta", "command", digest, 1, 3, 3, 0, 0] == [run[name] for name in names]
    assert first.document["push_id"] == run["push_id"] and run["started_at"] < run["ended_at"]
    applied = pushing.rollcall.rows("from applied_changes")
    assert {("done", "push")} == {(row["outcome"], row["reason_kind"]) for row in applied}
    [proven_at] = pushing.rollcall.column(
        "select max(started_at) from runs where status = 'complete'"
    )
    assert proven_at > max(row["known_at"] for row in applied)
    assert [] == pushing.rollcall.rows(
        "from planned_changes where reason_kind = 'push' and blocked_because is null"
    )

    blocked = first.document["blocked"]
    assert 5 == run["blocked"] == sum(blocked.values()) and 2 == max(blocked.values())
    assert blocked == pushing.run("status", "--json").document["blocked"]

    second = pushing.run("run", "--json")
    assert (0, 0) == (second.code, second.document["rounds"]), second.out
    assert 3 == len(pushing.writes())
    assert 2 == len(pushing.rollcall.rows("from pushes"))


@pytest.mark.long
def test_a_new_group_is_filled_in_the_next_round(pushing):
    """V5: the group is made in the first round, and its members join in the second."""
    pushing.approve(REMOTE)
    result = pushing.run("run", "--json")

    assert (0, 2) == (result.code, result.document["rounds"]), result.out + result.err
    first, *others = pushing.writes()
    assert ("POST", "groups") == first and {"PUT"} == {method for method, _ in others}
    okta = pushing.rollcall.sandbox.company.okta
    names = {one["profile"]["name"]: key for key, one in okta.groups.items()}
    group = names["Works remotely"]
    assert okta.groups[group]["profile"]["description"].endswith("[rollcall:remote]")
    assert {okta_id("user", number) for number in (10, 11, 13, 14)} == {
        user for user, key in okta.members if key == group
    }


def test_what_the_rules_keep_or_cannot_touch_is_no_write(pushing):
    """V6, V7: blanks of HR are kept, and a group that is not ours is left, with exit 0."""
    blank = '[fields.title]\nsql = "nullif(job_title, job_title)"\n'
    pushing.approve(blank + '[groups.vpn]\nname = "VPN"\nwhere = "true"\n')
    result = pushing.run("run", "--json")

    assert (0, 0, []) == (result.code, result.document["rounds"], pushing.writes()), result.out
    assert [why for why in result.document["blocked"] if why.startswith("not ours")]


@pytest.mark.long
def test_a_rule_with_a_new_name_renames_its_group(pushing):
    """V8: one call renames the group that a push made; its members stay."""
    pushing.approve(REMOTE)
    assert 0 == pushing.run("run").code
    before, members = len(pushing.writes()), pushing.rollcall.sandbox.company.okta.members.copy()
    pushing.approve(REMOTE.replace("Works remotely", "Away"))
    result = pushing.run("run", "--json")

    assert (0, {"done": 1}) == (result.code, result.document["counts"]), result.out
    [(method, path)] = pushing.writes()[before:]
    assert "PUT" == method and path.startswith("groups/00g")
    assert members == pushing.rollcall.sandbox.company.okta.members


def test_a_plan_beyond_the_limits_waits_for_a_person(pushing):
    """Exit 5 names the plan, the limit and the command; a person's digest makes the changes."""
    pushing.approve(THREE + "[limits]\nchanges = 2\n")
    said = pushing.run("run")

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


def test_old_access_comes_back_by_a_person_only(pushing):
    """Ivo's account, still in a group that no rule gives, is left; all others are pushed. A plan
    that a person reads has it."""
    pushing.approve(THREE + "[profiles]\nreactivate = true\n")
    result = pushing.run("run", "--json")

    assert (0, {"done": 3}) == (result.code, result.document["counts"]), result.out + result.err
    why = "it would bring back Old network (no rule gives it)"
    assert [1] == [
        count for reason, count in result.document["blocked"].items() if reason.startswith(why)
    ]
    [item] = pushing.run("plan", "--json").document["items"]
    assert ("enable_account", f"okta:user:{IVO}") == (item["action"], item["account_id"])


def test_only_a_person_empties_a_group(pushing):
    """A rule that finds nobody removes nobody by itself; a plan that a person reads does."""
    pushing.approve(FINANCE.replace("'Finance'", "'Fiance'"))
    result = pushing.run("run", "--json")
    members = {user for user, key in pushing.rollcall.sandbox.company.okta.members if key == GROUP}

    assert (0, {}) == (result.code, result.document["counts"]), result.out + result.err
    assert len(members) == result.document["blocked"]["it gives nobody"] > 0
    plan = pushing.run("plan", "--json").document
    assert {f"okta:user:{user}" for user in members} == {
        item["account_id"] for item in plan["items"] if item["action"] == "revoke"
    }
    result = pushing.rollcall.run("apply", plan["path"], "--digest", plan["digest"])
    assert 0 == result.code, result.err
    assert GROUP not in {key for _, key in pushing.rollcall.sandbox.company.okta.members}


@pytest.mark.long
def test_the_rounds_after_a_persons_plan_are_within_the_limits(pushing):
    """A plan of `push plan` that a person gives is the first round; the next is an own plan."""
    pushing.approve(REMOTE)
    pushing.rollcall.sync("charthop", "okta")
    digest = pushing.run("plan", "--json").document["digest"]
    flags = ("--no-sync", "--max-changes", "1", "--digest", digest)
    result = pushing.run("run", *flags, "--json")

    assert (0, 2) == (result.code, result.document["rounds"]), result.out + result.err
    first, second = pushing.records("apply_begun")
    assert first["approval"] is None and [second["approval"]] == pushing.hashes("approved")


def test_a_plan_of_another_kind_is_no_push(pushing):
    """The digest of a plan of access is refused: only a plan of this push is applied."""
    wants(pushing.rollcall, count=1)
    digest = pushing.rollcall.run("plan", "--json").document["digest"]
    pushing.approve(THREE)
    said = pushing.run("run", "--max-changes", "1", "--digest", digest)

    assert 5 == said.code and "it is not a plan of push okta" in said.err
    assert [] == pushing.records("apply_begun")


@pytest.mark.long
def test_changes_of_one_day_count_together(pushing):
    """What an earlier run of the day changed counts for the limits of the next one."""
    pushing.approve(TITLE + "[limits]\nchanges = 2\n")
    assert 0 == pushing.run("run").code
    pushing.approve(THREE + "[limits]\nchanges = 2\n")
    said = pushing.run("run")

    assert 5 == said.code and "changes: 2 beside the 1 of the last 24 hours" in said.err
    assert 1 == len(pushing.writes())


@pytest.mark.long
def test_a_value_that_somebody_changed_meanwhile_is_left(pushing):
    """V10: the drifted account is not written, the others are; the next run plans it again."""
    pushing.approve(THREE)
    okta = pushing.rollcall.sandbox.company.okta

    def by_hand(request: Request, honest: Response | None) -> Response:
        okta.users[ROBIN]["profile"]["title"] = "Chef"
        okta.touch()
        return honest

    meanwhile = Fault(lambda request: request.path.endswith("/users/me"), by_hand, after=2)
    pushing.rollcall.sandbox.okta.faults.append(meanwhile)
    first = pushing.run("run", "--json")

    assert (1, 7) == (meanwhile.fired, first.code), first.out
    assert {"done": 2, "drift": 1} == first.document["counts"]
    assert "Chef" == okta.users[ROBIN]["profile"]["title"]
    [run] = pushing.rollcall.rows("from pushes")
    assert (7, 1) == (run["code"], run["failed"])

    assert 0 == pushing.run("run").code
    assert "Engineer" == okta.users[ROBIN]["profile"]["title"]


@pytest.mark.long
def test_a_lagging_list_is_no_failure(pushing):
    """What a read by id has shown is done, although the sync at the end does not list it yet."""
    pushing.approve(THREE)
    pushing.rollcall.sandbox.company.okta.switches.index_lag = 3600
    result = pushing.run("run", "--json")

    assert (0, {"done": 3}) == (result.code, result.document["counts"]), result.out
    assert 1 == result.document["unproven"]


@pytest.mark.parametrize("source", ["charthop", "okta"])
def test_a_source_that_cannot_be_read_changes_nothing(pushing, source):
    """V12: a stale HR system or target is exit 4 and named; without a sync it is exit 5."""
    quick(pushing.rollcall.patch)
    pushing.approve(THREE)
    server = getattr(pushing.rollcall.sandbox, source)
    server.faults.append(Fault(lambda request: True, status(503), times=10**6, before=True))
    said = pushing.run("run")
    server.faults.clear()

    assert (4, []) == (said.code, pushing.writes())
    assert f"{source}" in said.err and "effect: nothing was changed" in said.err
    [run] = pushing.records("push_ended")
    assert (4, 0) == (run["code"], run["changes"])
    stale = pushing.run("run", "--no-sync")
    assert 5 == stale.code and f"plan: {source}" in stale.err


@pytest.mark.long
def test_old_data_is_not_pushed_without_a_sync(pushing):
    """`--no-sync` refuses data that is older than MAX_AGE_HOURS."""
    pushing.approve(THREE)
    pushing.rollcall.sync("charthop", "okta")
    pushing.change("update runs set started_at = started_at - interval 30 hours")

    assert 5 == pushing.run("run", "--no-sync").code
    assert [] == pushing.writes()
    assert 0 == pushing.run("run", "--no-sync", PLAN__MAX_DATA_AGE_HOURS="40").code


def test_another_apply_keeps_a_push_out(pushing):
    """A push that finds the folder of changes in use ends with 75, and reads nothing."""
    pushing.approve(THREE)
    with hold_folder(pushing.folder, "apply"):
        said = pushing.run("run")

    assert (75, 0) == (said.code, pushing.requests())
    assert [] == pushing.records("push_begun")


def test_rules_that_change_during_a_run_are_not_applied(pushing):
    """The approval is checked again before the changes: an edited file has none."""
    pushing.approve(THREE)

    def edit(request: Request, honest: Response | None) -> Response:
        pushing.file.write_text(THREE.replace("job_title", "upper(job_title)"))
        return honest

    server = pushing.rollcall.sandbox.okta
    server.faults.append(Fault(lambda request: request.path.endswith("/users/me"), edit, after=1))
    said = pushing.run("run")

    assert (5, []) == (said.code, pushing.writes()), said.out
    assert "the rules are not those" in said.err


def test_an_approval_that_ended_stops_the_next_run(pushing):
    """The day after its last day, the approval lets nothing run."""
    today = datetime.now(UTC).date()
    digest = pushing.approve(THREE)
    pushing.forge_approval(digest, today - timedelta(days=1))
    said = pushing.run("run")

    assert (5, []) == (said.code, pushing.writes())
    assert f"ended on {today - timedelta(days=1)}" in said.err
