"""A sync reads what the push rules ask of the HR system, and goes on without it."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.company.parts import charthop_id

RULES = """
[people]
hr_fields = ["costCenter"]
[groups.finance]
name = "Finance"
carrot = "department:finance"
"""


@pytest.fixture
def pushing(rollcall):
    """Return Rollcall with rules, and a company in which everybody has a cost center."""
    org = rollcall.sandbox.company.charthop
    org.custom_fields.add("costCenter")
    for number, person in enumerate(org.persons.values()):
        person["fields"] = {"costCenter": f"CC-{number}"}
    (rollcall.home / "push").mkdir()
    (rollcall.home / "push" / "pingone.toml").write_text(RULES)
    return rollcall


def cost_centers(rollcall) -> set[str | None]:
    found = rollcall.column("select hr_fields from people")
    return {json.loads(fields)["costCenter"] if fields else None for fields in found}


@pytest.mark.long
def test_a_sync_reads_what_rules_ask_for_until_they_do_not(pushing, published):
    """Asked-for fields are published; a rule that is gone is no lost right, and stops no sync."""
    pushing.has(published).sync("charthop")

    count = len(pushing.sandbox.company.charthop.persons)
    assert {f"CC-{number}" for number in range(count)} == cost_centers(pushing)
    [answer] = map(json.loads, pushing.column("select payload from raw_charthop.queries"))
    assert charthop_id("person", 8) in answer["ids"]  # Anna
    [anna] = pushing.rows(f"from people where person_id like '%{charthop_id('person', 8)}'")
    assert ("Bergen", True) == (anna["location"], "Finance" in anna["hr_groups"])
    assert sorted({*anna["hr_groups"]}) == anna["hr_groups"]

    (pushing.home / "push" / "pingone.toml").unlink()
    pushing.sync("charthop")

    assert {None} == cost_centers(pushing)


@pytest.mark.long
def test_a_field_that_is_refused_later_stops_the_rule_only(pushing, published):
    """A tenant that refuses a field from now on loses the field, with a warning, not the sync."""
    pushing.has(published).sync("charthop")
    org = pushing.sandbox.company.charthop
    org.switches.unknown_field, org.custom_fields = "400", set()
    org.touch()

    ended = pushing.run("sync", "charthop")

    assert 0 == ended.code, ended.err
    assert "the tenant refuses costCenter" in ended.err
    assert {None} == cost_centers(pushing)


def test_a_wrong_rules_file_ends_a_sync_before_it_reads(pushing):
    """A misspelt name in a rules file ends a sync with exit code 2 and no request. A check tells
    the mistake beside what it finds of the sources."""
    (pushing.home / "push" / "pingone.toml").write_text("[peopel]\n")

    ended = pushing.run("sync")

    assert 2 == ended.code and "did you mean people?" in ended.err
    assert 0 == pushing.sandbox.charthop.count()

    checked = pushing.run("check")
    assert 2 == checked.code and "did you mean people?" in checked.out, checked.out
