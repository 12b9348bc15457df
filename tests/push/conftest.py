"""What the tests of a push begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.company.okta import AD, FINANCE
from tests.support.product import Published, Rollcall, first_sync, make_once
from tests.support.push_rules import FINANCE_RULE, TITLE, Push

ADA, OTHER = 4, 13
HENRIK, SAKURA, PRIYA, PAUL, FREYA = 3, 10, 22, 26, 16
OLD_MAIL = "old@lanternfish.example"
TEAM = "[fields.charthopTeam]\nsql = \"case when department = 'Support' then 'Help' end\"\n"
MAIL = '[fields.email]\nsql = "work_email"\nidentifies = true\n'
RULES = f"""
[people]
remote_as_default = true
[fields.officeLocation]
sql = "location"
{TITLE}{TEAM}{MAIL}{FINANCE_RULE}
[groups.remote]
name = "Remote"
where = "location = 'Remote'"
[groups.eng]
name = "Engineers"
where = "department = 'Engineering'"
"""
LATER_RULES = f'{TITLE}{TEAM}when_blank = "clear"\n{MAIL.replace("true", "false")}'


def make_old(push: Push) -> Push:
    """Make Ada's title old, and Finance the group of a rule."""
    push.profile(ADA)["title"] = push.profile(OTHER)["title"] = "Engineer"
    push.group(FINANCE).update(name="Finance - all", description="By HR [rollcall:finance]")
    return push


@pytest.fixture
def push(rollcall: Rollcall, published: Published) -> Push:
    """Return the rules of a company in which Ada's title is old, and Finance is a rule's group."""
    return make_old(Push(rollcall.has(published)))


@pytest.fixture(scope="session")
def days(published: Published, tmp_path_factory: pytest.TempPathFactory) -> list[Published]:
    """Sync such a company on two days, between which HR and Okta change."""

    def make(home: Path) -> list[Published]:
        with Sandbox() as sandbox:
            warehouse = home / "access.duckdb"
            company = Rollcall(sandbox, warehouse, home, {}, None, None).has(published)  # type: ignore[arg-type]
            push = make_old(Push(company))
            push.profile(ADA)["charthopTeam"] = "Compilers"
            push.profile(HENRIK)["charthopTeam"] = ""
            push.profile(PRIYA)["email"] = push.profile(SAKURA)["email"] = OLD_MAIL
            for number in (PAUL, FREYA):
                push.user(number)["credentials"] = AD
                push.profile(number)["title"] = "Old"
            push.okta.touch()
            push.write_rules(RULES)
            first = first_sync(home, sandbox, "charthop", "okta", another=published)
            assert {"GET"} == {request.method for request in sandbox.okta.seen}

            push.job(ADA)["title"] = "Principal Engineer"
            for number in (PAUL, FREYA):
                del push.user(number)["credentials"]
            push.okta.touch()
            push.org.touch()
            push.write_rules(LATER_RULES)
            return [first, first_sync(home, sandbox, "charthop", "okta", another=first)]

    return make_once(tmp_path_factory, "push days", make)


@pytest.fixture
def first_day(rollcall: Rollcall, days: list[Published]) -> Push:
    return Push(rollcall.has(days[0]))


@pytest.fixture
def next_day(rollcall: Rollcall, days: list[Published]) -> Push:
    return Push(rollcall.another(rollcall.home / "next").has(days[1]))
