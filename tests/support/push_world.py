"""A small company with ChartHop and Okta only, whose HR facts a push brings into Okta.

Person, seat and Okta user of one human share a number. `fixture` is the company whose stories the
tests of a push tell; `RULES` are its rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import Company, charthop_id, okta_id
from tests.sandbox.server import Vendor
from tests.support.product import FAST, Known, Published, Rollcall, first_sync, make_once
from tests.support.push_rules import FINANCE_RULE as FINANCE_RULE
from tests.support.push_rules import TITLE as TITLE
from tests.support.pushing import Pushing

ZONE = "Europe/Oslo"
AD = {"provider": {"type": "ACTIVE_DIRECTORY", "name": "corp.acme.example"}}
SETTINGS = {
    "SOURCES__CHARTHOP__TIMEZONE": ZONE,
    **{name: value for name, value in FAST.items() if "CHARTHOP" in name or "OKTA" in name},
}
HASTE = {
    "PROVISION__OKTA__REQUESTS_PER_SECOND": "0",
    "PROVISION__OKTA__SETTLE_SECONDS": "0",
    "APPLY__CHANGES_PER_SECOND": "0",
    "APPLY__SETTLE_SECONDS": "0",
}
ADA, MARA, JOAN, NIA, OLU, RAE, KIM, OTHER_KIM, BEN = range(1, 10)
FINANCE, OLD, RULED, ADMINS, TREASURY, SALES = range(1, 7)
DEPARTMENTS = {"Engineering": 1, "Finance": 2, "Support": 3}
OSLO = 11
LONG_AGO = date(2023, 1, 9)
RULES = TITLE + FINANCE_RULE


class HrAndOkta(Company):
    """A company of which only ChartHop and Okta are served."""

    @property
    def vendors(self) -> dict[str, Vendor]:
        return {"charthop": self.charthop, "okta": self.okta}

    def hire(
        self,
        number: int,
        name: str,
        title: str | None,
        groups: list[str],
        *hires: tuple[date, date | None],
        **more: str | None,
    ) -> None:
        """Add a person and their seat to ChartHop. `mail` overrides the address that follows."""
        first, _, last = name.partition(" ")
        mail = more.get("mail", f"{first}.{last}@{self.domain}".lower())
        dates = [(day.isoformat(), end and end.isoformat()) for day, end in hires]
        person = parts.person(number, first, last, mail, f"E-{number}", dates)
        job = parts.job(number, title or "", groups, None)
        if title is None:
            del job["title"]
        self.charthop.persons[person["id"]], self.charthop.jobs[job["id"]] = person, job

    def account(self, number: int, name: str, status: str = "ACTIVE", **profile: Any) -> str:
        """Add a person's account to Okta, and return its id. A profile's null is no value."""
        first, _, last = name.partition(" ")
        mail = profile.pop("mail", f"{first}.{last}@{self.domain}".lower())
        facts = {"employeeNumber": f"E-{number}"} | profile
        made = parts.okta_user(number, first, last, mail, status, 1, **facts)
        self.okta.users[made["id"]] = made
        return made["id"]

    def let_days_pass(self, days: int) -> None:
        """Move every date of an employment back, because the clock of a test stands still."""
        for person in self.charthop.persons.values():
            for hire in person["hires"]:
                for name in {"startDate", "endDate"} & hire.keys():
                    moved = date.fromisoformat(hire[name]) - timedelta(days=days)
                    hire[name] = moved.isoformat()
        self.charthop.touch()


def empty(name: str = "Acme", **charthop: Any) -> HrAndOkta:
    """Return a company without people: its departments and places, and what every tenant has."""
    made = parts.empty(name)
    company = HrAndOkta(**vars(made))
    org = company.charthop
    org.timezone, org.switches.today_in = ZONE, "org"
    for kind in (
        parts.group_type(1, "Department", "department", many=False),
        parts.group_type(2, "Location", "location", many=False),
    ):
        org.group_types[kind["id"]] = kind
    places = {"Oslo": OSLO, "Bergen": OSLO + 1}
    for kind, groups in ((1, DEPARTMENTS), (2, places)):
        for label, number in groups.items():
            group = {"id": charthop_id("group", number), "typeId": charthop_id("type", kind)}
            org.groups[group["id"]] = group | {"name": label, "code": f"G{number}"}
    company.okta.attributes |= {
        "charthopTeam": parts.okta_attribute("string", "OKTA", maxLength=40),
        "costTier": parts.okta_attribute("string", enum=["A", "B"]),
        "badge": parts.okta_attribute("integer"),
        "officeLocation": parts.okta_attribute("string"),
    }
    return company


def seat_groups(department: str, is_in_oslo: bool = True) -> list[str]:
    """Return the groups of a seat: its department, and Oslo or no place."""
    numbers = [DEPARTMENTS[department], *([OSLO] if is_in_oslo else [])]
    return [charthop_id("group", number) for number in numbers]


def today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


def fixture() -> HrAndOkta:
    """Return the company of the stories: nine people, and what Okta holds of them."""
    company, day, began = empty(), today(), LONG_AGO

    def ago(days: int) -> date:
        return day - timedelta(days=days)

    for number, name, title, department, hires in (
        (ADA, "Ada Park", "Staff Engineer", "Engineering", [(began, None)]),
        (MARA, "Mara Lindqvist", "Finance Manager", "Finance", [(began, None)]),
        (JOAN, "Joan Diaz", "CTO", "Engineering", [(began, None)]),
        (NIA, "Nia Ek", "Analyst", "Finance", [(ago(-5), None)]),
        (OLU, "Olu Marsh", "Accountant", "Finance", [(began, ago(30))]),
        (RAE, "Rae Moe", "Accountant", "Finance", [(began, ago(400)), (day, None)]),
        (KIM, "Kim Lee", "Designer", "Engineering", [(began, None)]),
        (OTHER_KIM, "Kim Lee", "Designer", "Engineering", [(began, None)]),
        (BEN, "Ben Ad", "Agent", "Support", [(began, None)]),
    ):
        company.hire(number, name, title, seat_groups(department, number != MARA), *hires)
    for number, name, title, more in (
        (ADA, "Ada Park", "Engineer", {}),
        (MARA, "Mara Lindqvist", "Finance Manager", {"officeLocation": None}),
        (JOAN, "Joan Diaz", "CTO", {}),
        (OLU, "Olu Marsh", "Accountant", {}),
        (RAE, "Rae Moe", "Accountant", {"status": "DEPROVISIONED"}),
        (KIM, "Kim Lee", "Designer", {"employeeNumber": None}),
        (BEN, "Ben Ad", "Agent", {}),
    ):
        company.account(number, name, **{"title": title, "officeLocation": "Oslo"} | more)
    _fill_okta(company)
    company.touch()
    return company


def _fill_okta(company: HrAndOkta) -> None:
    okta = company.okta
    for number, name, more in (
        (FINANCE, "Finance - all", {"description": "Made by a rule [rollcall:finance]"}),
        (OLD, "Old network", {}),
        (RULED, "Contractors", {}),
        (ADMINS, "IT admins", {}),
        (TREASURY, "GG-Treasury", {"samAccountName": "GG-Treasury"}),
        (SALES, "Sales", {"samAccountName": "Sales"}),
    ):
        group = {"id": okta_id("group", number), "profile": {"name": name} | more}
        if "samAccountName" in more:
            group |= {"type": "APP_GROUP", "source": {"id": okta_id("app", 2)}}
        okta.groups[group["id"]] = group
    okta.members |= {
        (okta_id("user", OLU), okta_id("group", FINANCE)),
        (okta_id("user", RAE), okta_id("group", OLD)),
    }
    for number, label in ((1, "Old wiki"), (2, "corp.acme.example")):
        app = parts.okta_app(number, "app", label, "", "")
        okta.applications[app["id"]] = app
    okta.app_groups.add((okta_id("app", 1), okta_id("group", OLD)))
    text = 'user.userType=="Contractor"'
    rule = parts.okta_rule(1, "Contractors", "ACTIVE", text, okta_id("group", RULED))
    okta.rules[rule["id"]] = rule
    okta.assignments[okta_id("user", JOAN)] = [parts.okta_role(1, "SUPER_ADMIN")]
    okta.assignments[okta_id("group", ADMINS)] = [parts.okta_role(2, "HELP_DESK_ADMIN")]
    okta.users[okta_id("user", BEN)]["credentials"] = AD


def may_push(rollcall: Rollcall) -> Pushing:
    """Return Rollcall with push rules for such a company, and with write credentials."""
    rollcall.environment |= SETTINGS | rollcall.sandbox.write_environment() | HASTE
    return Pushing(rollcall)


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory, published: Published) -> Iterator[Known]:
    """Sync the fixture's company with its rules once: every test begins with the result."""

    def make(home: Path) -> Any:
        (home / "push").mkdir()
        (home / "push" / "okta.toml").write_text(RULES)
        with Sandbox(fixture()) as sandbox:
            return first_sync(home, sandbox, another=published, **SETTINGS)

    made = make_once(tmp_path_factory, "push world", make)
    company = fixture()
    with Sandbox(company) as sandbox:
        yield Known(sandbox, company, made)


@pytest.fixture
def pushing(
    known: Known,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Pushing:
    """Return the fixture after its first sync, with the rules of the stories."""
    sandbox, warehouse = known.again(), tmp_path / "data" / "access.duckdb"
    environment = sandbox.environment() | {"WAREHOUSE": str(warehouse)}
    rollcall = Rollcall(sandbox, warehouse, tmp_path, environment, capsys, monkeypatch)
    made = may_push(rollcall.has(known.published))
    made.write_rules(RULES)
    return made
