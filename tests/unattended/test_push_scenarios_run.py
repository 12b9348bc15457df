"""`rollcall push run` in a small company: V5 to V8, as the vendors see them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import okta_id
from tests.support.push_world import (
    ADA,
    FINANCE,
    FINANCE_RULE,
    MARA,
    NIA,
    OLU,
    RAE,
    RULES,
    TITLE,
    seat_groups,
    today,
)
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing

TITLED = ("POST", f"users/{okta_id('user', ADA)}", {"profile": {"title": "Staff Engineer"}})
REMOTE = """
[people]
remote_as_default = {}
[fields.officeLocation]
sql = "location"
[groups.remote]
name = "Remote"
where = "location = 'Remote'"
"""
TEAM = "[fields.charthopTeam]\nsql = \"case when department = 'Finance' then null end\"\n"


@pytest.mark.long
def test_a_blank_location_is_remote_and_fills_a_new_group(pushing):
    """V5: Mara's office is Remote; the group is made in one round and filled in the next.

    Where the file does not say so, the attribute is kept and the rule gives nobody.
    """
    pushing.approve(REMOTE.format("false"))
    assert 0 == pushing.run("run").code
    assert [] == pushing.writes()
    mara = f"account_id like '%{okta_id('user', MARA)}'"
    [office] = pushing.rollcall.rows(f"from push_fields where {mara}")
    assert (None, "same") == (office["wanted_value"], office["state"])
    assert "it gives nobody" in pushing.rollcall.column("select why from push_groups")

    pushing.approve(REMOTE.format("true"))
    result = pushing.run("run", "--json")

    assert (0, 2) == (result.code, result.document["rounds"]), result.err
    [made] = [key for key, one in pushing.okta.groups.items() if one["profile"]["name"] == "Remote"]
    group = {"profile": {"name": "Remote", "description": "[rollcall:remote]"}}
    office = {"profile": {"officeLocation": "Remote"}}
    assert [
        ("POST", f"users/{okta_id('user', MARA)}", office),
        ("POST", "groups", group),
        ("PUT", f"groups/{made}/users/{okta_id('user', MARA)}", None),
    ] == pushing.writes()


@pytest.mark.long
def test_a_blank_of_hr_is_kept_or_cleared(pushing):
    """V6: `keep` writes nothing; `clear` writes null, and an empty text in Okta is a blank."""
    pushing.user(MARA)["profile"]["charthopTeam"] = "Payments"
    pushing.user(ADA)["profile"]["charthopTeam"] = ""
    pushing.okta.touch()
    pushing.approve(TEAM)
    assert 0 == pushing.run("run").code and [] == pushing.writes()

    pushing.approve(TEAM + 'when_blank = "clear"\n')

    assert 0 == pushing.run("run").code
    cleared = {"profile": {"charthopTeam": None}}
    assert [("POST", f"users/{okta_id('user', MARA)}", cleared)] == pushing.writes()


@pytest.mark.long
def test_a_group_of_somebody_else_is_adopted_or_left_alone(pushing):
    """V7: without `adopt` it is blocked; with it, ten who are not wanted would leave.

    With members = "add_only" they are kept, and nobody is removed.
    """
    group = pushing.okta.add_group("Money")["id"]
    for number in range(50, 60):
        pushing.okta.add_member(pushing.company.account(number, f"Some One{number}"), group)
    pushing.okta.touch()
    rule = FINANCE_RULE.replace("finance]", "money]").replace("Finance - all", "Money")
    pushing.approve(rule)

    assert 0 == pushing.run("run").code
    assert [("blocked", "not ours: adopt it by its id")] == [
        tuple(row.values())
        for row in pushing.rollcall.rows("select state, why from push_groups where name = 'Money'")
    ]

    adopting = f'{rule}adopt = "{group}"\n'
    pushing.approve(adopting)
    pushing.rollcall.sync()
    plan = pushing.run("plan", "--json").document
    actions = [item["action"] for item in plan["items"]]
    assert (10, 1) == (actions.count("revoke"), actions.count("grant"))
    refused = pushing.run("run")
    assert 5 == refused.code and "limits.percent_of_members is 20" in refused.err
    assert [] == pushing.writes()

    pushing.approve(adopting + 'members = "add_only"\n')

    assert 0 == pushing.run("run").code
    mara = ("PUT", f"groups/{group}/users/{okta_id('user', MARA)}", None)
    assert [mara] == pushing.writes()
    kept = "select count(*) from push_members where rule_id = 'money' and state = 'kept'"
    assert [10] == pushing.rollcall.column(kept)


@pytest.mark.long
def test_a_new_name_in_the_file_is_one_call(pushing):
    """V8: the whole profile goes back as it was read, with the new name; the members stay.

    A name that another group has is no name for this one.
    """
    group = okta_id("group", FINANCE)
    pushing.okta.group_attributes["costCode"] = {"type": "string"}
    pushing.okta.groups[group]["profile"]["costCode"] = "C-7"
    pushing.okta.members.add((okta_id("user", MARA), group))
    pushing.okta.members.discard((okta_id("user", OLU), group))
    pushing.okta.touch()
    before = pushing.okta.groups[group]["profile"]
    pushing.approve(FINANCE_RULE.replace("Finance - all", "Old network"))

    assert 0 == pushing.run("run").code
    assert [] == pushing.writes()
    assert ["name taken by another group"] == pushing.rollcall.column("select why from push_groups")

    pushing.approve(FINANCE_RULE.replace("Finance - all", "Finance - everybody"))

    assert 0 == pushing.run("run").code
    profile = before | {"name": "Finance - everybody"}
    assert [("PUT", f"groups/{group}", {"profile": profile})] == pushing.writes()
    assert {MARA} == pushing.members_of(FINANCE)


@pytest.mark.parametrize(("activate", "mails"), [("on_start", 0), ("at_once", 1)])
@pytest.mark.long
def test_a_new_hire_gets_one_account_and_at_most_one_mail(pushing, activate, mails):
    """Nia starts in five days: her account is staged with her facts, and joins the group.

    It is activated at once, or when the day has come; once, with one mail at most.
    """
    pushing.approve(
        "[people]\ndays_before_start = 7\n[profiles]\ncreate = true\nactivation_mail = true\n"
        f'activate = "{activate}"\n{RULES}'
    )

    result = pushing.run("run")

    assert 0 == result.code, result.err
    [nia] = [
        user
        for user in pushing.okta.users.values()
        if user["profile"]["login"] == "nia.ek@acme.example"
    ]
    assert ("STAGED", "PROVISIONED")[mails] == nia["status"]
    facts = {"firstName": "Nia", "lastName": "Ek", "employeeNumber": f"E-{NIA}", "title": "Analyst"}
    assert facts.items() <= nia["profile"].items()
    assert nia["id"] in pushing.okta.members_of(okta_id("group", FINANCE))
    assert [("activation", nia["id"])] * mails == pushing.okta.outbox

    pushing.company.let_days_pass(5)
    pushing.forget_requests()

    assert 0 == pushing.run("run").code
    assert "PROVISIONED" == pushing.okta.users[nia["id"]]["status"]
    assert [("activation", nia["id"])] == pushing.okta.outbox
    assert 1 - mails == len(pushing.writes())


@pytest.mark.long
def test_starters_activated_together_are_no_broken_read(pushing):
    """Three starters are all whose accounts are closed: the push that opens them is proven.

    Where somebody else opens all closed accounts, the sync refuses as before.
    """
    pushing.okta.delete_user(okta_id("user", RAE))
    for number in (20, 21):
        seat, day = seat_groups("Support"), today() + timedelta(days=5)
        pushing.company.hire(number, f"New Hire{number}", "Agent", seat, (day, None))
    pushing.org.touch()
    people = "[people]\ndays_before_start = 7\n[profiles]\ncreate = true\nactivate = "
    pushing.approve(f'{people}"on_start"\n')
    assert 0 == pushing.run("run").code
    pushing.company.let_days_pass(5)

    result = pushing.run("run")

    assert 0 == result.code, result.err
    status = "select status from accounts where account_id like 'okta:%' group by all"
    assert ["enabled"] == pushing.rollcall.column(status)

    made = [key for key, user in pushing.okta.users.items() if user["status"] == "PROVISIONED"]
    for key in made:
        pushing.okta.deactivate(key)
    pushing.rollcall.sync()
    for key in made:
        pushing.okta.activate(key)
    refused = pushing.rollcall.run("sync")
    assert 5 == refused.code and "okta.accounts.disabled" in refused.err


@pytest.mark.long
def test_a_leaver_gets_no_account(pushing):
    """Within days_after_end a leaver counts as active, and still nobody makes an account for one.

    Olu left 30 days ago. He keeps the group, and the account that was deleted stays away.
    """
    pushing.okta.deactivate(okta_id("user", OLU))
    pushing.okta.delete_user(okta_id("user", OLU))
    pushing.approve(f"[people]\ndays_after_end = 40\n[profiles]\ncreate = true\n{TITLE}")

    result = pushing.run("run")

    assert 0 == result.code, result.err
    assert [TITLED] == pushing.writes()
    [why] = pushing.rollcall.column("select why from push_accounts where person_id like '%0005'")
    assert "no account: the person has left" == why


@pytest.mark.long
def test_old_access_comes_back_only_by_a_person(pushing):
    """D9: Rae's account would bring back a group that no rule gives: only a person may do that.

    All else is pushed. A person applies the plan, and the account is active without a mail.
    """
    pushing.approve(f"[profiles]\nreactivate = true\n{TITLE}")

    result = pushing.run("run", "--json")

    assert 0 == result.code, result.out
    assert [TITLED] == pushing.writes()
    [why] = [why for why in result.document["blocked"] if "Old network" in why]
    assert why.startswith("it would bring back Old network")

    plan = pushing.run("plan", "--json").document
    path = plan["path"]
    assert "Old network" in str(plan["exceeded"])
    assert 0 == pushing.rollcall.run("apply", path, "--digest", plan["digest"]).code
    assert "ACTIVE" == pushing.user(RAE)["status"]
    assert [] == pushing.okta.outbox
