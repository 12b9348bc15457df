"""Rules that no longer apply are noticed: a missing folder, file or protection."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines.sql import matches_sql
from pipelines.write_back.limits import _fits
from tests.support.applying import applied, calls
from tests.support.product import Rollcall
from tests.support.wanted import busy, may_write, wants
from tests.write_back.test_plan import changed, planned

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros" / "text.sql"


@pytest.fixture
def company(rollcall: Rollcall, published) -> Rollcall:
    return may_write(rollcall.has(published))


def protects(company: Rollcall, *patterns: str) -> Path:
    """Write a policy file that protects these patterns."""
    path = company.home / "reviews" / "policy.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "".join(f"[[protected]]\nid = '{one}'\nreason = 'break glass'\n" for one in patterns)
    )
    return path


@pytest.mark.parametrize("verb", ["sync", "plan", "check"])
def test_a_misspelt_policy_folder_is_no_empty_policy(company, verb):
    """A REVIEW__FOLDER that does not exist ends every command with exit code 2."""
    wants(company, count=1)
    result = company.run(verb, REVIEW__FOLDER=str(company.home / "review"))

    assert 2 == result.code and "REVIEW__FOLDER" in result.err


@pytest.mark.parametrize(
    "arguments", [["check"], ["plan"], ["sync", "charthop"], ["review", "open", "q9"]]
)
def test_rules_that_are_not_read_are_named(company, tmp_path, arguments):
    """`reviews` in the project directory is named as not read if REVIEW__FOLDER is another one."""
    protects(company, "pingone:user:*")
    other = tmp_path / "other"
    other.mkdir()
    result = company.run(*arguments, REVIEW__FOLDER=str(other), SYNC__MAX_HOURS="0")

    said = f"{company.home / 'reviews'} is not read, because the rules are in {other}"
    assert said in result.out + result.err
    assert 0 == company.column("select count(*) from policy.protected")[0]
    assert "is not read" not in company.run("check").out


def test_a_policy_that_is_gone_is_refused_until_accepted(company):
    """Plan, apply and sync refuse a deleted policy file until --accept."""
    wants(company, count=1)
    path = planned(company)
    policy = "insert into policy.protected values ('pingone:user:1', 'x'), ('pingone:user:2', 'y')"
    changed(company, policy)
    for arguments in (("plan",), ("apply", str(path)), ("sync", "charthop")):
        result = company.run(*arguments)
        assert 5 == result.code and "policy.toml:2->0" in result.err, result.err
    protects(company).write_text(" \n")
    assert 5 == company.run("plan").code
    protects(company, "pingone:user:3")
    assert 0 == company.run("plan").code
    protects(company).unlink()
    result = company.run("sync", "charthop", "--accept", "policy.toml:2->0")
    assert 0 == result.code, result.err
    assert ["policy.toml:2->0"] == company.column(
        "select accepted from runs where accepted is not null"
    )
    assert 0 == company.run("plan").code


def test_a_gone_limit_of_expiry_is_a_gone_rule(company):
    """A policy that only has [expiry] cannot disappear either."""
    changed(company, "insert into policy.expiry values (20)")
    result = company.run("sync", "charthop")

    assert 5 == result.code and "policy.toml:1->0" in result.err


def test_protection_that_shrank_since_the_plan_is_refused(company):
    """A plan is not applied if protection has shrunk since."""
    wants(company, count=1)
    protects(company, "pingone:user:glass", "haloitsm:agent:1")
    path = planned(company)
    protects(company, "haloitsm:agent:1")
    with busy(company):
        result = applied(company, path)
        assert 5 == result.code and "pingone:user:glass" in result.err and [] == calls(company)
        protects(company, "pingone:user:glass", "haloitsm:agent:1", "haloitsm:agent:2")
        assert 0 == applied(company, path).code


@pytest.mark.parametrize("verb", ["plan", "check"])
def test_every_pattern_without_effect_is_listed(company, verb):
    """Both commands list protected patterns that match nothing: a mail address, or capitals."""
    wants(company, count=1)
    there = company.column("select account_id from accounts where source_name = 'pingone'")[0]
    patterns = ("ada@lanternfish.example", there.upper(), there[:-1] + "?", "pingone:user:[a-z]*")
    path = protects(company, *patterns, there, "pingone:*")
    path.write_text(
        path.read_text() + "[[owners]]\nowner = 'a@b.example'\nentitlement = 'pingone:group:no*'\n"
    )
    said = company.run(verb).out.replace(": it matches", " matches")

    for pattern in (*patterns, "pingone:group:no*"):
        assert 1 == said.count(f"{pattern} matches nothing"), pattern
    assert len(patterns) + 1 == said.count("matches nothing")


def test_check_lists_what_no_campaign_file_matches(company):
    """`check` lists misspelt patterns of every campaign that is not closed, and wrong files."""
    account = company.column("select account_id from access_review limit 1")[0]
    folder = protects(company).parent
    (folder / "q9.toml").write_text(
        "title = 'Q9'\ndue = 2099-01-01\nfallback = 'a@lanternfish.example'\n"
        "[scope]\nsource = ['pingone', 'okto']\n"
        f"[[exceptions]]\naccount = '{account}'\nreason = 'x'\n"
        f"[[exceptions]]\naccount = '{account.upper()}'\nreason = 'x'\n"
        "[[exceptions]]\nentitlement = 'pingone:group:no*'\nreason = 'x'\n"
    )
    (folder / "q8.toml").write_text("title = 1\n")
    result = company.run("check")

    assert 2 == result.code and "q8.toml" in result.out
    for name in (
        "scope.source okto",
        f"exception for account {account.upper()}",
        "exception for entitlement pingone:group:no*",
    ):
        assert f"q9.toml: {name}: it matches nothing" in result.out
    assert 3 == result.out.count("it matches nothing")


def test_an_exception_needs_a_known_approver(company):
    """`check` names each exception whose approver neither HR nor the policy knows."""
    exceptions = {
        "hr": " Grace.Okoye@Lanternfish.example.",
        "owner": "desk@supplier.example",
        "name": "Grace Okoye",
        "stranger": "grace.okoye@elsewhere.example",
    }
    protects(company).write_text(
        "[[owners]]\nowner = 'Desk@Supplier.example'\nsource = 'pingone'\n"
        + "".join(
            f"[[exceptions]]\nid = '{name}'\nfinding = '*'\nreason = 'x'\n"
            f"approved_by = '{approver}'\nuntil = 2099-01-01\n"
            for name, approver in exceptions.items()
        )
    )
    lines = company.run("check").out.splitlines()

    assert ["exception name", "exception stranger"] == [
        line.split(": ")[1] for line in lines if "approved_by is no address" in line
    ]


def test_one_pattern_language_holds_everywhere():
    """In Python, SQL and dbt a pattern knows only `*`; no other character is special."""
    [macro] = re.findall(
        r"macro matches\(id, pattern\) -%}(.*?){%- endmacro", MACROS.read_text(), re.DOTALL
    )
    macro = macro.replace("{{ id }}", "$value").replace("{{ pattern }}", "$pattern")
    values = ["", "a", "ab", "a?b", "a[b]", "a%b", "a_b", "a\\b", "a*b", "A", "a\nb", "a.b"]
    patterns = [*values, "*", "a*", "*b", "a*b", "**", "a?", "[a]", "%", "_", "a\\*", ".*"]
    with duckdb.connect() as connection:
        for value in values:
            for pattern in patterns:
                expected = _fits(pattern, value)
                for sql in (matches_sql("$value", "$pattern"), macro):
                    given = {"value": value, "pattern": pattern}
                    found = connection.execute(f"select {sql}", given).fetchone()
                    assert (expected,) == found, (value, pattern)
