"""`rollcall push test` tells whom rules find, who would join and leave, and why not; V3."""

from __future__ import annotations

import pytest

from tests.sandbox.company.parts import charthop_id, okta_id
from tests.support.trying import FINANCE, HELPERS, TITLE, VPN, by_state, reasons
from tests.support.trying import trying as trying


def test_a_condition_shows_who_joins_and_who_leaves(trying):
    """V3: a condition finds four people; against the group Vera joins, and Nora, who left, goes."""
    result = trying.test(FINANCE, "--where", "department = 'Finance'")
    group = trying.group(FINANCE, "--where", "department = 'Finance'")

    assert "finds 4 people" in result.out, result.err
    assert "3 stay, 1 would be added, 1 would be removed" in result.out
    assert "    + Vera Lindqvist <vera.lindqvist@lanternfish.example>\n" in result.out
    assert "    - Nora Lind <nora.lind@lanternfish.example> (left on 2026-03-31)\n" in result.out
    assert (4, "groups.finance", "adopted") == (group["found"], group["rule"], group["state"])
    assert {"member": 3, "to_add": 1, "to_remove": 1, "kept": 0, "blocked": 0} == group["counts"]


def test_a_trial_writes_nothing_and_asks_nobody(trying):
    """P4: no file changes, and no vendor gets a request unless ChartHop is to answer."""
    trying.write_rules(FINANCE + TITLE)
    before, written = trying.files(), trying.rollcall.warehouse.stat().st_mtime_ns

    trying.test(FINANCE + TITLE)

    assert before == trying.files() and 0 == trying.requests()
    assert written == trying.rollcall.warehouse.stat().st_mtime_ns


def test_new_hires_are_found_as_early_as_the_file_says(trying):
    """V3: Theo starts in 2099; his account is staged, and joins within days_before_start."""
    theo = ("--where", "full_name = 'Theo Vance'", "--group", "finance")
    early = "[people]\ndays_before_start = 40000\n"

    assert ["Theo Vance"] == trying.members(early + FINANCE, *theo)["to_add"]
    assert 0 == trying.group(FINANCE, *theo)["found"]
    result = trying.test(FINANCE, "--person", "theo.vance@lanternfish.example")
    assert "[people] leaves them out: starts on 2099-01-04" in result.out


def test_a_new_condition_is_compared_with_the_group_of_a_rule(trying):
    """A query that no rule has is compared with the group that --group names, or with none."""
    query = ("--where", "department = 'People'")

    assert {"found": ["Bruno Silva", "Karla Meyer", "Ruth Amsel"]} == trying.members(
        FINANCE, *query
    )
    found = trying.members(FINANCE, *query, "--group", "finance")
    assert ["Bruno Silva", "Karla Meyer", "Ruth Amsel"] == found["to_add"]
    assert {"Anna Kowalska", "Nora Lind", "Henrik Dahl", "Ines Costa"} == {*found["to_remove"]}
    sql = ("--sql", "select person_id from people where department = 'People'")
    assert found == trying.members(FINANCE, *sql, "--group", "finance")


def test_everybody_who_cannot_be_added_has_a_reason(trying):
    """Whoever has no account to write is blocked by name: which account is it, or what is it."""
    rows = trying.group(FINANCE, *HELPERS)["rows"]
    found = reasons([row for row in rows if row["state"] == "blocked"])

    unclear = "ambiguous: the account warehouse@lanternfish.example fits other people, too"
    assert {
        "Ivo Petrov": "deactivated",
        "Jonas Weber": "no work email",
        "Tim Baker": unclear,
        "Tom Baker": unclear,
        "محمد العلي": "no account: profiles.create is off",
    } == found


def test_accounts_that_the_rules_bring_come_first(trying):
    """Whose account is made or activated by the rules gets groups and values only after that."""
    rules = "[profiles]\ncreate = true\nreactivate = true\n"
    rows = trying.group(rules + FINANCE, *HELPERS)["rows"]
    found = reasons([row for row in rows if row["state"] == "blocked"])
    values = trying.values(rules + "[fields.nickname]\nsql = 'given_name'\n")

    assert "deactivated: it is activated first" == found["Ivo Petrov"]
    assert "no account yet: it is created first" == found["محمد العلي"]
    assert "deactivated: its attributes follow when it is active" == values["Ivo Petrov"]["why"]


def test_a_suspended_or_protected_account_is_left_alone(trying):
    """Somebody who suspended or protected an account is not overruled by a rule."""
    ada, joan = (charthop_id("person", number) for number in (4, 5))
    trying.change(
        "update staging.stg_okta__profiles set status_detail = 'suspended'"
        f" where account_id = 'okta:user:{okta_id('user', 4)}'",
        f"insert into policy.protected values ('okta:user:{okta_id('user', 5)}', 'break glass')",
    )

    rows = trying.group(FINANCE, *HELPERS)["rows"]
    found = {row["person_id"].split(":")[2]: row["why"] for row in rows if row["person_id"]}

    assert ("suspended", "protected: break glass") == (found[ada], found[joan])


def test_of_two_accounts_the_login_chooses(trying):
    """Grace administers with a second account: the login tells which is hers, or neither is."""
    grace, admin = charthop_id("person", 23), okta_id("user", 123)
    trying.change(
        f"update accounts set person_id = 'charthop:person:{grace}'"
        f" where account_id = 'okta:user:{admin}'"
    )
    where = ("--where", "full_name = 'Grace Okoye'", "--group", "finance")

    [row] = [row for row in trying.group(FINANCE, *where)["rows"] if row["is_wanted"]]
    assert ("to_add", f"okta:user:{okta_id('user', 23)}") == (row["state"], row["account_id"])
    rules = "[profiles]\nlogin = \"'g.okoye'\"\n" + FINANCE
    [row] = [row for row in trying.group(rules, *where)["rows"] if row["is_wanted"]]
    assert ("blocked", "two accounts: none has the login g.okoye") == (row["state"], row["why"])


def test_a_login_of_somebody_else_is_no_account_to_make(trying):
    """A new person does not get the account of another one, nor a second one with its login."""
    rules = "[profiles]\ncreate = true\nlogin = \"'ada.park@lanternfish.example'\"\n" + FINANCE
    where = ("--where", "work_email = 'mohammed.alali@lanternfish.example'", "--group", "finance")

    [row] = [row for row in trying.group(rules, *where)["rows"] if row["is_wanted"]]

    assert "blocked" == row["state"]
    assert row["why"].startswith("the login belongs to an account of employee number E-")


def test_members_that_a_query_does_not_find_leave(trying):
    """Who leaves is told with the reason; an account of nobody in HR leaves, too."""
    rows = trying.group(VPN + "where = \"department = 'Support'\"")["rows"]
    found = reasons([row for row in rows if row["state"] == "to_remove"])

    assert "left on 2025-11-30" == found["Olu Marsh"]
    assert "the query does not find them" == found["Marek Novak"]
    assert "the account belongs to nobody in HR" == found["Casey Byrne"]


def test_an_account_of_a_wanted_person_is_never_taken_out(trying):
    """Tom and Tim share an account. While either is wanted, the account stays in the group."""
    shared = "warehouse@lanternfish.example"

    def state(rules: str) -> set[str]:
        rows = trying.group(rules)["rows"]
        return {row["state"] for row in rows if row["username"] == shared}

    assert {"blocked"} == state(VPN + "where = \"full_name = 'Tom Baker'\"")
    assert {"to_remove"} == state(VPN + "where = \"full_name = 'Sam Reed'\"")


def test_add_only_removes_nobody(trying):
    """A rule that only adds keeps every member."""
    found = trying.members(FINANCE + 'members = "add_only"\n', "--where", "false",
                           "--group", "finance")  # fmt: skip

    assert {"kept"} == {*found} and "Nora Lind" in found["kept"]


def test_an_empty_answer_empties_no_group(trying):
    """A query that finds nobody may be a mistake: the members stay, and no group is made."""
    group = trying.group(FINANCE, "--where", "false", "--group", "finance")

    assert ("blocked", "it gives nobody") == (group["state"], group["why"])
    assert {"blocked"} == {*by_state(group["rows"])}
    new = trying.group('[groups.new]\nname = "New"\nwhere = "false"\n')
    assert ("blocked", "it gives nobody") == (new["state"], new["why"])


def test_a_review_that_revoked_access_is_not_undone(trying):
    """What the last campaign took away, no rule gives back; the trial names the campaign."""
    vera, finance = okta_id("user", 30), okta_id("group", 1)
    trying.change(
        "insert into intermediate.int_closed_decisions by name (select 'q4' as campaign,"
        f" 'okta:user:{vera}' as account_id, 'okta:group:{finance}:member' as entitlement_id,"
        " 'revoke' as decision, true as is_last_word)"
    )

    rows = trying.group(FINANCE)["rows"]

    assert "a review revoked it (campaign q4)" == reasons(rows)["Vera Lindqvist"]
    assert "Vera Lindqvist" in by_state(rows)["blocked"]


OBSTACLES = {
    "not ours: adopt it by its id": 'name = "Engineering"',
    "name taken by an imported group": 'name = "GG-Treasury"',
    "external": f'name = "GG-Treasury"\nadopt = "{okta_id("group", 7)}"',
    "a rule fills it": f'name = "Contractors"\nadopt = "{okta_id("group", 4)}"',
    "gives an admin role": f'name = "IT admins"\nadopt = "{okta_id("group", 5)}"',
    "mandatory": f'name = "Everyone"\nadopt = "{okta_id("group", 0)}"',
    "no write channel: nothing can change who is in it": (
        f'name = "Nobody yet"\nadopt = "{okta_id("group", 9)}"'
    ),
    "there is no group 00gone": 'name = "Old"\nadopt = "00gone"',
    "two rules name it": 'name = "Finance"',
}


@pytest.mark.parametrize("why", OBSTACLES)
def test_a_group_that_is_not_to_be_filled_says_why(trying, why):
    """A group that a push must leave alone is blocked with the reason."""
    trying.change(
        "update entitlements set change_channel = 'none' where resource_name = 'Nobody yet'"
    )
    finance = '[groups.finance]\nname = "Finance"\nwhere = "true"\n'
    rules = finance + f'[groups.other]\nwhere = "true"\n{OBSTACLES[why]}\n'

    group = trying.group(rules, "--group", "other")

    assert ("blocked", why) == (group["state"], group["why"])


def test_a_group_with_our_mark_is_ours(trying):
    """A group whose description ends with the rule's mark needs no adoption, under any name."""
    group_id = f"okta:group:{okta_id('group', 6)}:member"
    trying.change(
        "update entitlements set description = 'By HR [rollcall:builders]'"
        f" where entitlement_id = '{group_id}'"
    )
    rule = '[groups.builders]\nname = "{}"\nwhere = "department = \'Engineering\'"\n'

    states = [trying.group(rule.format(name)) for name in ("Engineering", "Builders")]

    assert ["owned", "to_rename"] == [group["state"] for group in states]
    assert {group_id} == {group["entitlement_id"] for group in states}


def test_the_journals_know_the_group_of_a_rule(trying):
    """A group that a push made must have its mark still, and a marked copy of it is nobody's."""
    made, copy = (f"okta:group:{okta_id('group', number)}:member" for number in (6, 8))
    trying.change(
        "insert into applied_changes (plan_digest, change_id, action, source_name, reason_kind,"
        " reason_id, entitlement_id, outcome, known_at) values ('p', 'c', 'create_group', 'okta',"
        f" 'push', 'okta/groups/builders', '{made}', 'done', now())",
        "update entitlements set description = '[rollcall:builders]'"
        f" where entitlement_id = '{copy}'",
    )
    rule = '[groups.builders]\nname = "Builders"\nwhere = "department = \'Engineering\'"\n'

    why = "not ours any more: its description lacks [rollcall:builders], so adopt it by its id"
    group = trying.group(rule)
    assert (made, "blocked", why) == (group["entitlement_id"], group["state"], group["why"])

    trying.change(f"delete from entitlements where entitlement_id = '{made}'")
    assert copy == trying.group(rule)["entitlement_id"]
