"""`rollcall push test` tells whom rules find, who would join and leave, and why not; V3 and V4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.sandbox.company.parts import charthop_id, okta_id
from tests.support.product import Result, Rollcall

FINANCE = f"""
[groups.finance]
name = "Finance"
adopt = "{okta_id("group", 1)}"
where = "department='Finance'"
"""
TITLE = """
[fields.title]
sql = "job_title"
"""
HELPERS = ("--where", "department in ('Support', 'Engineering')", "--group", "finance")
VPN = f'[groups.vpn]\nname = "VPN"\nadopt = "{okta_id("group", 8)}"\n'


class Trying:
    """Rollcall with a published warehouse, and the rules of one target."""

    def __init__(self, rollcall: Rollcall) -> None:
        self.rollcall, self.file = rollcall, rollcall.home / "push" / "okta.toml"
        self.file.parent.mkdir()

    def change(self, *statements: str) -> None:
        """Change what is published."""
        self.rollcall.warehouse.chmod(0o600)
        with duckdb.connect(str(self.rollcall.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)

    def run(self, rules: str, *flags: str, **settings: str) -> Result:
        self.file.write_text(rules)
        return self.rollcall.run("push", "test", "okta", *flags, **settings)

    def document(self, rules: str, *flags: str) -> dict[str, Any]:
        result = self.run(rules, "--limit", "99", *flags, "--json")
        assert 0 == result.code, result.out + result.err
        return result.document

    def group(self, rules: str, *flags: str) -> dict[str, Any]:
        [group] = self.document(rules, *flags)["groups"]
        return group

    def members(self, rules: str, *flags: str) -> dict[str, list[str]]:
        """Return the names in each state."""
        return by_state(self.group(rules, *flags)["rows"])

    def values(self, rules: str, *flags: str) -> dict[str, Any]:
        """Return each person's row of the one field."""
        [field] = self.document(rules, *flags)["fields"]
        return {row["full_name"]: row for row in field["rows"]}

    def requests(self) -> int:
        return sum(server.count() for server in self.rollcall.sandbox.servers.values())


@pytest.fixture
def trying(rollcall, published) -> Trying:
    return Trying(rollcall.has(published))


def by_state(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["state"], []).append(row["full_name"])
    return found


def reasons(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["full_name"]: row["why"] for row in rows}


def snapshot(folder: Path) -> dict[str, Any]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_condition_shows_who_joins_and_who_leaves(trying):
    """V3: a condition finds four people; against the group Vera joins, and Nora, who left, goes."""
    result = trying.run(FINANCE, "--where", "department = 'Finance'")
    group = trying.group(FINANCE, "--where", "department = 'Finance'")

    assert "finds 4 people" in result.out, result.err
    assert "3 stay, 1 would be added, 1 would be removed" in result.out
    assert "    + Vera Lindqvist <vera.lindqvist@lanternfish.example>\n" in result.out
    assert "    - Nora Lind <nora.lind@lanternfish.example> (left on 2026-03-31)\n" in result.out
    assert (4, "groups.finance", "adopted") == (group["found"], group["rule"], group["state"])
    assert {"member": 3, "to_add": 1, "to_remove": 1, "kept": 0, "blocked": 0} == group["counts"]


def test_a_trial_writes_nothing_and_asks_nobody(trying):
    """P4: no file changes, and no vendor gets a request unless ChartHop is to answer."""
    trying.file.write_text(FINANCE + TITLE)
    before = snapshot(trying.rollcall.home)

    trying.run(FINANCE + TITLE)
    trying.file.touch()
    after = snapshot(trying.rollcall.home)

    assert {name: data for name, (_, data) in before.items()} == {
        name: data for name, (_, data) in after.items()
    }
    warehouse = str(trying.rollcall.warehouse)
    assert before[warehouse] == after[warehouse] and 0 == trying.requests()


def test_new_hires_are_found_as_early_as_the_file_says(trying):
    """V3: Theo starts in 2099; his account is staged, and joins within days_before_start."""
    theo = ("--where", "full_name = 'Theo Vance'", "--group", "finance")
    early = "[people]\ndays_before_start = 40000\n"

    assert ["Theo Vance"] == trying.members(early + FINANCE, *theo)["to_add"]
    assert 0 == trying.group(FINANCE, *theo)["found"]
    result = trying.run(FINANCE, "--person", "theo.vance@lanternfish.example")
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


def test_the_hr_system_answers_carrot_itself(trying):
    """V4: one request to ChartHop; whom [people] leaves out and who is new are told apart."""
    rules = "[people]\nwhere = \"employment_status = 'active' and full_name <> 'Vera Lindqvist'\"\n"
    trying.change(f"delete from people where person_id like '%{charthop_id('person', 27)}'")

    group = trying.group(rules + FINANCE, "--carrot", "department:finance", "--group", "finance")

    assert ["Vera Lindqvist"] == [row["full_name"] for row in group["outside_rows"]]
    assert (2, 1, 1) == (group["found"], group["outside"], group["unknown"])
    assert {"carrot": "department:finance"} == group["query"]
    assert (1, 1) == (trying.requests(), trying.rollcall.sandbox.charthop.count("GET", "/person"))
    [request] = trying.rollcall.sandbox.charthop.seen
    assert ("department:finance", "id", "true") == (
        request.query["q"],
        request.query["fields"],
        request.query["includeAll"],
    )


def test_carrot_finds_the_same_people_as_sql(trying):
    """V4: the same question in both languages finds the same people."""
    finds = [
        trying.members(FINANCE, *query, "--group", "finance")
        for query in (("--carrot", "department:finance"), ("--where", "department = 'Finance'"))
    ]

    assert finds[0] == finds[1] and ["Vera Lindqvist"] == finds[0]["to_add"]


def test_refused_carrot_ends_with_the_words_of_charthop(trying):
    """V4: a query that ChartHop refuses ends with exit code 2 and its message."""
    result = trying.run(FINANCE, "--carrot", "departmnt:finance")

    assert 2 == result.code
    assert "--carrot: charthop refuses the query: invalid query: unknown field" in result.err


def test_carrot_needs_an_hr_system(trying):
    """Without a configured HR system, a query in Carrot has no answer."""
    for name in [name for name in trying.rollcall.environment if "CHARTHOP" in name]:
        del trying.rollcall.environment[name]

    result = trying.run(FINANCE, "--carrot", "department:finance")

    assert 2 == result.code and "none of the configured sources answers queries" in result.err


def test_a_saved_carrot_rule_uses_the_answer_of_the_last_sync(trying):
    """A rule of the file asks nobody; before a sync has asked, the rule says so."""
    rules = '[groups.sales]\nname = "Sales"\ncarrot = "department:finance"\n'

    assert "no HR system has answered the query yet" in trying.group(rules)["refused"]
    assert "no answer: no HR system has answered" in trying.run(rules).out
    assert 0 == trying.requests()


def test_values_that_would_change_are_listed(trying):
    """Robin's title has a cup in Okta; all others are as HR has them."""
    result = trying.run(FINANCE + TITLE, "--field", "title")

    assert 'Fox <robin.fox@lanternfish.example>: "Engineer ☕" -> "Engineer"' in result.out
    assert "25 as wanted, 1 would change, 4 blocked" in result.out and "Finance" not in result.out


def test_an_expression_is_tried_before_it_is_saved(trying):
    """--field with --sql tries an expression for an attribute, which no rule needs to have."""
    found = trying.values(TITLE, "--field", "title", "--sql", "upper(job_title)")
    result = trying.run(TITLE, "--field", "nickname", "--sql", "given_name")

    assert '"STAFF ENGINEER"' == found["Ada Park"]["wanted_value"]
    assert "warning: no sync has read which attributes the target has" in result.out


def test_a_blank_is_kept_or_cleared_as_the_rule_says(trying):
    """V6: where HR has nothing, the value stays unless the rule clears it; blank is no value."""
    sql = "sql = \"case when full_name <> 'Ada Park' then job_title end\"\n"
    rule = "[fields.title]\n" + sql

    kept, cleared = trying.values(rule), trying.values(rule + 'when_blank = "clear"\n')

    assert ("kept", "differs") == (kept["Ada Park"]["state"], cleared["Ada Park"]["state"])
    trying.change(
        'update staging.stg_okta__profiles set profile = \'{"title": ""}\''
        f" where account_id = 'okta:user:{okta_id('user', 4)}'"
    )
    assert "same" == trying.values(rule + 'when_blank = "clear"\n')["Ada Park"]["state"]


def test_a_number_is_not_the_same_as_its_text(trying):
    """A number of HR beside a text of the target is a difference."""
    rule = '[fields.title]\nsql = "7"\n'
    trying.change(
        'update staging.stg_okta__profiles set profile = \'{"title": "7"}\''
        f" where account_id = 'okta:user:{okta_id('user', 4)}'"
    )

    assert "differs" == trying.values(rule)["Ada Park"]["state"]


def test_an_attribute_that_recovers_an_account_needs_a_word(trying):
    """A mail address is written only where the rule says so, and never to an administrator."""
    rule = "[fields.email]\nsql = \"'x@lanternfish.example'\"\n"

    assert "identifies an account" == trying.values(rule)["Sam Reed"]["why"]
    found = trying.values(rule + "identifies = true\n")
    assert "differs" == found["Sam Reed"]["state"]
    assert ("blocked", "holds a privileged entitlement") == (
        found["Priya Nair"]["state"],
        found["Priya Nair"]["why"],
    )
    never = trying.values("[fields.password]\nsql = \"'x'\"\n")
    assert "it is never written" == never["Sam Reed"]["why"]


def test_a_person_is_told_everything_and_why(trying):
    """--person lists each rule with its query, the state and the reason."""
    result = trying.run(FINANCE + TITLE, "--person", "NORA.LIND@lanternfish.example")
    [vera] = trying.document(FINANCE + TITLE, "--person", "vera.lindqvist@lanternfish.example")[
        "persons"
    ]

    assert "[people] leaves them out: left on 2026-03-31" in result.out
    assert "groups.finance: where = department='Finance'\n    would be removed (left" in result.out
    assert "not in fields.title" in result.out
    [group], [title] = vera["groups"], vera["fields"]
    assert ("to_add", {"where": "department='Finance'"}) == (group["state"], group["query"])
    assert ("same", '"Bookkeeper"') == (title["state"], title["wanted_value"])
    assert f"okta:user:{okta_id('user', 30)}" == vera["account_id"]


def test_people_with_one_address_are_all_told(trying):
    """Tom and Tim share a mail address, and both are told."""
    persons = trying.document(FINANCE, "--person", "warehouse@lanternfish.example")["persons"]

    assert ["Tim Baker", "Tom Baker"] == [person["full_name"] for person in persons]


def test_a_limit_shortens_every_list_and_no_number(trying):
    """--limit cuts the rows of each state; the counts stay whole."""
    group = trying.group(FINANCE, "--where", "true", "--group", "finance", "--limit", "2")
    result = trying.run(FINANCE, "--where", "true", "--group", "finance", "--limit", "2")

    assert 2 == len(by_state(group["rows"])["to_add"]) and 2 < group["counts"]["to_add"]
    assert "more; see --limit" in result.out


def test_a_stale_source_is_told(trying):
    """Data of a failed read is still compared, with a warning that it is old."""
    trying.change(
        "insert into runs by name (select * replace ('failed' as status, started_at + interval 1"
        " minute as started_at, 'x' as run_id) from runs where source_name = 'okta')"
    )

    assert "warning: okta is stale" in trying.run(FINANCE).out


BAD = {
    "unterminated quoted string": (2, ("--where", "department = 'Fin")),
    "--where: Only SELECT statements": (2, ("--where", "true; drop table people")),
    "next: use the column `today`": (2, ("--where", "today > current_date")),
    '--where: Binder Error: Referenced column "departmnt"': (2, ("--where", "departmnt = 'x'")),
    "--where: this is varchar, not true or false": (2, ("--where", "department")),
    "--where: nothing asks the HR system for the field floor": (
        2,
        ("--where", "hr_fields->>'floor' = '1'"),
    ),
    "--sql: its column is not `person_id`": (2, ("--sql", "select full_name from people")),
    "--sql: this is more than one expression": (2, ("--field", "title", "--sql", "1, 2")),
    "--sql: it cannot be answered (PermissionException)": (
        2,
        ("--sql", "select * from read_csv('/etc/passwd')"),
    ),
    "did you mean finance?": (2, ("--group", "finanse")),
    "fields: there is no rule titel, and no other": (2, ("--field", "titel")),
    "--person: no person has this work email": (2, ("--person", "nobody@lanternfish.example")),
    "--where and --person: they ask two questions": (
        2,
        ("--where", "true", "--person", "ada.park@lanternfish.example"),
    ),
    "--where and --sql: they ask two questions": (2, ("--where", "true", "--sql", "select 1")),
    "--carrot: the query is empty": (2, ("--carrot", " ")),
    "--where: the query is empty": (2, ("--where", "")),
    "--field: a-b is no name of an attribute": (2, ("--field", "a-b", "--sql", "1")),
    "--limit: it must be at least 1": (2, ("--limit", "0")),
}


@pytest.mark.parametrize("said", BAD)
def test_a_wrong_question_is_one_sentence(trying, said):
    """A wrong flag, query or name ends with its exit code and one sentence, and asks nobody."""
    code, flags = BAD[said]

    result = trying.run(FINANCE, *flags)

    assert code == result.code, result.out
    assert said in result.err and "Traceback" not in result.err and 3 >= result.err.count("\n")
    assert 0 == trying.requests()


def test_a_missing_file_target_or_warehouse_is_named(trying):
    """Without rules, without a target, and without data, the sentence says what is missing."""
    missing = trying.rollcall.run("push", "test", "okta")
    unknown = trying.rollcall.run("push", "test", "otka")
    trying.change("delete from runs where source_name = 'okta'")
    unread = trying.run(FINANCE)
    trying.rollcall.warehouse.unlink()
    unpublished = trying.run(FINANCE)

    assert 2 == missing.code and "okta.toml: there is no such file" in missing.err
    assert 2 == unknown.code and "did you mean okta?" in unknown.err
    assert 5 == unread.code and "target okta: it was never read completely" in unread.err
    assert 2 == unpublished.code and "nothing is published there yet" in unpublished.err


def test_check_names_the_mistakes_of_a_rules_file(trying):
    """`rollcall check` fails for a wrong rules file, and goes on with the sources."""
    rules = FINANCE + TITLE + '[groups.sales]\nname = "Sales"\ncarrot = "department:sales"\n'
    for name, text in (("okta", rules), ("pingone", FINANCE.replace("department=", "departmnt="))):
        (trying.file.parent / f"{name}.toml").write_text(text)

    result = trying.rollcall.run("check")

    assert 2 == result.code
    assert "ok   push: " in result.out and "okta.toml: 1 fields, 2 groups" in result.out
    assert "okta.toml groups.sales: no HR system has answered the query yet" in result.out
    assert 'pingone.toml groups.finance: Binder Error: Referenced column "departmnt"' in result.out
    assert "ok   charthop: persons" in result.out


def test_a_trial_says_what_the_published_tables_say(trying):
    """A saved rule is told as push_members and push_fields have it: one question, one answer."""
    rules = f"""
[people]
days_before_start = 40000
[profiles]
create = true
[fields.title]
sql = "case when full_name <> 'Ada Park' then job_title end"
[fields.email]
sql = "'x@lanternfish.example'"
[fields.charthopTeam]
sql = "repeat(department, 5)"
[fields.badge]
sql = "employee_number"
[fields.titel]
sql = "job_title"
[fields.costTier]
sql = "case department when 'Finance' then 'A' else 'C' end"
{FINANCE}
{VPN}where = "department in ('Support', 'Engineering')"
[groups.admins]
name = "IT admins"
adopt = "{okta_id("group", 5)}"
where = "department = 'Security'"
[groups.engineers]
name = "Engineers"
where = "department = 'Engineering'"
members = "add_only"
"""
    trying.file.write_text(rules)
    trying.rollcall.sync("okta")

    document = trying.document(rules)

    assert 4 == len(document["groups"])
    for group in document["groups"]:
        [mart] = trying.rollcall.rows(
            f"select * from push_groups where rule_id = '{group['rule'].partition('.')[2]}'"
        )
        assert (mart["state"], mart["why"]) == (group["state"], group["why"]), group["rule"]
        if mart["state"] != "blocked":
            members = trying.rollcall.rows(
                "select account_id, person_id, state, why from push_members"
                f" where rule_id = '{mart['rule_id']}'"
            )
            expected = {(row["account_id"], row["person_id"], row["state"]) for row in members}
            actual = {(row["account_id"], row["person_id"], row["state"]) for row in group["rows"]}
            assert expected == actual, group["rule"]
    for field in document["fields"]:
        values = trying.rollcall.rows(
            f"select account_id, state, why from push_fields where rule = '{field['rule']}'"
        )
        expected = {(row["account_id"], row["state"], row["why"]) for row in values}
        actual = {(row["account_id"], row["state"], row["why"]) for row in field["rows"]}
        assert expected == {row for row in actual if row[0]}, field["rule"]
