"""The rules of a push are answered over the people whom the push is about, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.failures import Misconfigured, Refused
from pipelines.push.evaluate import Wanted, evaluate_rules
from pipelines.push.rules import read_rules
from tests.sandbox.company.parts import charthop_id

HENRIK, NORA, THEO, ADA, ANNA = (charthop_id("person", number) for number in (3, 2, 6, 4, 8))
FINANCE = """
[groups.finance]
name = "Finance"
"""


class World:
    """A published warehouse that a test may change, and the rules of one target."""

    def __init__(self, home: Path, data: bytes) -> None:
        self.file, self.rules = home / "access.duckdb", home / "pingone.toml"
        self.file.write_bytes(data)

    def change(self, *statements: str) -> None:
        with duckdb.connect(str(self.file)) as connection:
            for statement in statements:
                connection.execute(statement)

    def wanted(self, rules: str) -> Any:
        self.rules.write_text(rules)
        return evaluate_rules(self.file, read_rules("pingone"))

    def people(self, rules: str) -> set[str]:
        return {key.split(":")[2] for key in self.wanted(rules).accounts["person_id"].to_pylist()}

    def members(self, rules: str) -> set[str]:
        return {key.split(":")[2] for key in self.wanted(rules).members["person_id"].to_pylist()}

    def values(self, rules: str) -> dict[str, Any]:
        """Return the value of the only attribute of these rules, by person."""
        profiles = read_profiles(self.wanted(rules))
        return {who: value for who, profile in profiles.items() for value in profile.values()}


def read_profiles(wanted: Wanted) -> dict[str, dict[str, Any]]:
    rows = wanted.profiles.to_pylist()
    return {row["person_id"].split(":")[2]: json.loads(row["profile"]) for row in rows}


@pytest.fixture
def world(tmp_path, monkeypatch, published) -> World:
    monkeypatch.setenv("PUSH__FOLDER", str(tmp_path))
    return World(tmp_path, published.data)


def dated(world: World, who: str, column: str, days: int) -> None:
    """Set a date of a person, so many days from the day of the last read."""
    world.change(
        f"update people set {column} = (select any_value(today) + {days} from"
        f" intermediate.int_people) where person_id = 'charthop:person:{who}'"
    )


def test_the_push_is_about_active_people_and_those_about_to_start(world):
    """Future hires come in so many days before they start, and leavers stay so many days after."""
    dated(world, THEO, "started_on", 5)
    dated(world, NORA, "ended_on", -3)

    assert {ADA, HENRIK, ANNA} <= world.people("") and not {THEO, NORA} & world.people("")
    assert THEO not in world.people("[people]\ndays_before_start = 4")
    assert THEO in world.people("[people]\ndays_before_start = 5")
    assert NORA not in world.people("[people]\ndays_after_end = 2")
    assert NORA in world.people("[people]\ndays_after_end = 3")


def test_a_condition_narrows_and_never_brings_a_leaver_back(world):
    """`where` decides about those who are there; whoever has left is out whatever it says."""
    world.change(f"update people set department = 'Finance' where person_id like '%{NORA}'")
    everybody = "[people]\nwhere = \"department = 'Finance'\""

    assert {HENRIK, ANNA} <= world.people(everybody)
    assert not {ADA, NORA, THEO} & world.people(everybody)


def test_a_rule_sees_today_and_only_the_people_of_the_push(world):
    """A rule sees `today`, and `people` holds nobody else than those whom the push is about."""
    dated(world, ANNA, "started_on", 0)
    where = FINANCE + "where = \"department = 'Finance' and started_on >= today\""
    own = FINANCE + 'sql = "with all_of as (from people) select person_id from all_of"'
    other = FINANCE + "sql = \"select person_id from main.people where department = 'Finance'\""

    assert {ANNA} == world.members(where)
    assert ADA in world.members(own) and NORA not in world.members(own)
    assert ANNA in world.members(other) and NORA not in world.members(other)


def test_a_blank_location_is_remote_where_the_file_says_so(world):
    """`remote_as_default` fills a blank location, for fields and for conditions."""
    world.change(f"update people set location = null where person_id like '%{ADA}'")
    rules = '[fields.place]\nsql = "location"\n' + FINANCE + "where = \"location = 'Home'\""

    assert (None, "Bergen") == (world.values(rules)[ADA], world.values(rules)[ANNA])
    remote = '[people]\nremote_as_default = true\nremote_value = "Home"\n' + rules
    assert ("Home", "Bergen") == (world.values(remote)[ADA], world.values(remote)[ANNA])
    assert ADA in world.members(remote) and ANNA not in world.members(remote)


def test_nobody_is_remote_while_no_location_is_known(world):
    """Where no person has a location, a right is lacking, and `remote_as_default` does nothing."""
    world.change("update people set location = null")

    wanted = world.wanted('[people]\nremote_as_default = true\n[fields.place]\nsql = "location"')

    assert "no person has a location" in wanted.refused["people.remote_as_default"]
    assert all({"place": None} == profile for profile in read_profiles(wanted).values())


def test_nothing_is_told_of_people_that_a_lacking_field_decides(world):
    """A field that HR does not give must not decide whom the push is about."""
    with pytest.raises(Refused, match=r"people\.where: no HR system gives the field badge"):
        world.wanted("[people]\nhr_fields = ['badge']\nwhere = \"(hr_fields->>'badge') is null\"")


def test_values_keep_their_type_and_blank_is_nothing(world):
    """A number stays a number, and neither blanks nor a null of the HR system are a value."""
    world.change(
        f"update people set hr_fields = '{{\"badge\": 7}}' where person_id like '%{ADA}'",
        f"update people set hr_fields = '{{\"badge\": \" \"}}' where person_id like '%{ANNA}'",
        f"update people set hr_fields = '{{\"badge\": null}}' where person_id like '%{HENRIK}'",
    )

    found = world.values('[fields.badge]\nfield = "badge"')

    assert (7, None, None) == (found[ADA], found[ANNA], found[HENRIK])


def test_a_field_that_hr_does_not_give_is_no_blank(world):
    """A rule whose field was refused or never asked for wants nothing, and says so."""
    asked = '[people]\nhr_fields = ["floor"]\n[fields.badge]\nfield = "badge"\n'
    rules = asked + "[fields.floor]\nsql = \"hr_fields->>'floor'\"\n" + FINANCE
    rules += "where = \"hr_fields->>'floor' is null\"\n[fields.title]\nsql = 'job_title'"

    wanted = world.wanted(rules)

    assert "no HR system gives the field badge" in wanted.refused["fields.badge"]
    assert {"fields.badge", "fields.floor", "groups.finance"} == {*wanted.refused}
    assert all({"title"} == {*profile} for profile in read_profiles(wanted).values())
    assert not wanted.members.num_rows


def test_an_answer_of_hr_is_cut_to_the_people_of_the_push(world):
    """A query's answer counts as far as the push is about the people that it names."""
    world.change(
        "insert into intermediate.int_query_answers values ('hr', 'department:finance', null,"
        f" ['charthop:person:{ANNA}', 'charthop:person:{NORA}', 'charthop:person:gone'])"
    )

    assert {ANNA} == world.members(FINANCE + 'carrot = "department:finance"')


def test_a_refused_query_wants_nothing_and_says_why(world):
    """A query that was refused, or not answered yet, is no group that nobody is in."""
    world.change("insert into intermediate.int_query_answers values ('hr', 'x:', 'bad query', [])")
    rules = FINANCE + 'carrot = "x:"\n[groups.new]\nname = "New"\ncarrot = "y:1"'

    assert {
        "groups.finance": "hr refuses the query: bad query",
        "groups.new": "no HR system has answered the query yet: run `rollcall sync`",
    } == world.wanted(rules).refused


def test_every_person_of_the_push_has_a_login_or_none(world):
    """The login is the rule's; a blank one is none."""
    world.change(f"update people set work_email = ' ' where person_id like '%{ADA}'")

    rows = world.wanted("").accounts.to_pylist()
    logins = {row["person_id"].split(":")[2]: row["login"] for row in rows}

    assert (None, "henrik.dahl@lanternfish.example") == (logins[ADA], logins[HENRIK])


WRONG = {
    "this is varchar, not true or false": 'where = "department"',
    "its column is not `person_id`": 'sql = "select account_id from accounts"',
    "its answer is not one column": 'sql = "select person_id, full_name from people"',
    'Referenced column "departmnt" not found': "where = \"departmnt = 'Finance'\"",
    "it cannot be answered (ConversionException)": 'where = "full_name::integer > 1"',
    "it cannot be answered (PermissionException)": "sql = \"from read_csv('/etc/passwd')\"",
}


@pytest.mark.parametrize("said", WRONG)
def test_a_rule_without_an_answer_is_one_sentence(world, said):
    """What DuckDB cannot answer names the rule, and never a person."""
    with pytest.raises(Misconfigured) as refused:
        world.wanted(FINANCE + WRONG[said])

    sentence = f"{refused.value}"
    assert said in sentence
    assert "groups.finance" in sentence and "Ada" not in sentence and "\n" not in sentence


IS_ANNA = f"person_id like '%{ANNA}'"
ODD = [
    f"unnest(if({IS_ANNA}, [true, true], []))",
    f"{IS_ANNA} and if({IS_ANNA}, '1', 'x')::integer = 1",
]


@pytest.mark.parametrize("condition", ODD)
def test_no_condition_changes_the_answer_to_another(world, condition):
    """A condition that gives rows of its own, or that fails for some people, is one rule's."""
    rules = f'{FINANCE}where = "{condition}"\n[groups.all]\nname = "All"\nwhere = "true"'

    rows = world.wanted(rules).members.to_pylist()

    found = {
        rule: [row["person_id"].split(":")[2] for row in rows if row["rule_id"] == rule]
        for rule in ("finance", "all")
    }
    assert [ANNA] == found["finance"]
    assert len(found["all"]) == len({*found["all"]}) == len(world.people(""))


def test_no_field_rule_makes_another_one_fail(world):
    """Rules that fail in one statement, and not alone, have their values, blanks included."""
    wrong = "full_name::integer::varchar"
    rules = f'[fields.id]\nsql = "coalesce(person_id, {wrong})"\n[fields.motto]\nsql = "\' \'"'
    rules += f"\n[fields.number]\nsql = \"coalesce('N' || person_id, {wrong})\""

    profiles = read_profiles(world.wanted(rules))

    key = f"charthop:person:{ANNA}"
    assert {"id": key, "motto": None, "number": f"N{key}"} == profiles[ANNA]
    assert world.people("") == {*profiles}


def test_a_field_rule_cannot_read_the_answer_of_another(world):
    """A name that no column of `people` has is a mistake of its rule."""
    rules = '[fields.title]\nsql = "job_title"\n[fields.motto]\nsql = "value_0"'

    with pytest.raises(Misconfigured, match=r"fields\.motto: .*value_0"):
        world.wanted(rules)


UNEVEN = (f"unnest(if({IS_ANNA}, ['a', 'b'], ['c']))", f"unnest(if({IS_ANNA}, ['a'], []))")


@pytest.mark.parametrize("value", UNEVEN)
def test_a_field_rule_gives_each_person_one_value(world, value):
    """A rule that gives rows of its own is refused by its name, and not answered by chance."""
    rules = f'[fields.title]\nsql = "job_title"\n[fields.motto]\nsql = "{value}"'

    with pytest.raises(Misconfigured, match=r"fields\.motto: it gives somebody no"):
        world.wanted(rules)


def test_an_evaluation_changes_nothing(world):
    """Rules are answered without a write to the warehouse."""
    before = world.file.read_bytes()

    world.wanted(FINANCE + 'where = "true"\n[fields.title]\nsql = "job_title"')

    assert before == world.file.read_bytes()
