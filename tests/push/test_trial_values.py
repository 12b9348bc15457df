"""`rollcall push test` asks for Carrot, tells values and one person, and refuses mistakes; V4."""

from __future__ import annotations

import pytest

from tests.sandbox.company.parts import charthop_id, okta_id
from tests.support.trying import FINANCE, TITLE, VPN, by_state
from tests.support.trying import trying as trying


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
    result = trying.test(FINANCE, "--carrot", "departmnt:finance")

    assert 2 == result.code
    assert "--carrot: charthop refuses the query: invalid query: unknown field" in result.err


def test_carrot_needs_an_hr_system(trying):
    """Without a configured HR system, a query in Carrot has no answer."""
    for name in [name for name in trying.rollcall.environment if "CHARTHOP" in name]:
        del trying.rollcall.environment[name]

    result = trying.test(FINANCE, "--carrot", "department:finance")

    assert 2 == result.code and "none of the configured sources answers queries" in result.err


def test_a_saved_carrot_rule_uses_the_answer_of_the_last_sync(trying):
    """A rule of the file asks nobody; before a sync has asked, the rule says so."""
    rules = '[groups.sales]\nname = "Sales"\ncarrot = "department:finance"\n'

    assert "no HR system has answered the query yet" in trying.group(rules)["refused"]
    assert "no answer: no HR system has answered" in trying.test(rules).out
    assert 0 == trying.requests()


def test_values_that_would_change_are_listed(trying):
    """Robin's title has a cup in Okta; all others are as HR has them."""
    result = trying.test(FINANCE + TITLE, "--field", "title")

    assert 'Fox <robin.fox@lanternfish.example>: "Engineer ☕" -> "Engineer"' in result.out
    assert "25 as wanted, 1 would change, 4 blocked" in result.out and "Finance" not in result.out


def test_an_expression_is_tried_before_it_is_saved(trying):
    """--field with --sql tries an expression for an attribute, which no rule needs to have."""
    found = trying.values(TITLE, "--field", "title", "--sql", "upper(job_title)")
    result = trying.test(TITLE, "--field", "nickname", "--sql", "given_name")

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
    result = trying.test(FINANCE + TITLE, "--person", "NORA.LIND@lanternfish.example")
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
    result = trying.test(FINANCE, "--where", "true", "--group", "finance", "--limit", "2")

    assert 2 == len(by_state(group["rows"])["to_add"]) and 2 < group["counts"]["to_add"]
    assert "more; see --limit" in result.out


def test_a_stale_source_is_told(trying):
    """Data of a failed read is still compared, with a warning that it is old."""
    trying.change(
        "insert into runs by name (select * replace ('failed' as status, started_at + interval 1"
        " minute as started_at, 'x' as run_id) from runs where source_name = 'okta')"
    )

    assert "warning: okta is stale" in trying.test(FINANCE).out


BAD = {
    "unterminated quoted string": (2, ("--where", "department = 'Fin")),
    "--where: it holds a statement that is no `select`": (
        2,
        ("--where", "true; drop table people"),
    ),
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

    result = trying.test(FINANCE, *flags)

    assert code == result.code, result.out
    assert said in result.err and "Traceback" not in result.err and 3 >= result.err.count("\n")
    assert 0 == trying.requests()


def test_a_missing_file_target_or_warehouse_is_named(trying):
    """Without rules, without a target, and without data, the sentence says what is missing."""
    missing = trying.rollcall.run("push", "test", "okta")
    unknown = trying.rollcall.run("push", "test", "otka")
    trying.change("delete from runs where source_name = 'okta'")
    unread = trying.test(FINANCE)
    trying.rollcall.warehouse.unlink()
    unpublished = trying.test(FINANCE)

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
