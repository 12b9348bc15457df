"""Random days of a company whose HR facts are pushed into Okta: what HR and Okta's people do.

A day has random changes in HR, and changes that administrators make in Okta by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import Any

from tests.sandbox.company import parts as parts
from tests.sandbox.company.parts import charthop_id, okta_id
from tests.sandbox.okta.switches import Refused
from tests.support.oracle_push import Human, Meaning, Rules
from tests.support.push_world import AD, DEPARTMENTS, OSLO, empty, today

TITLES = ("Engineer", "Analyst", "Manager", "Agent \u2615", "Fox \U0001f98a", "T" * 41, None)
TEAMS = ("Core", "Payments", "", None, "C" * 41)
TIERS = ("A", "B", "C", None)
FIRST = [
    "Ada",
    "Bo",
    "Cem",
    "Dia",
    "Eli",
    "Fay",
    "Gus",
    "Hal",
    "Ida",
    "Jon",
    "Kim",
    "Lea",
    "Max",
    "Noa",
    "Ola",
    "Pia",
]
LAST = ["Ahl", "Berg", "Cruz", "Dahl", "Ek", "Frey", "Gray", "Holm"]
PEOPLE = 24  # at first
ADOPTED, IMPORTED, RULED, ADMINS = range(1, 5)

MEANING: Meaning = {
    "work_email": lambda one: one.work_email,
    "job_title": lambda one: one.job_title,
    "location": lambda one: one.location,
    "given_name": lambda one: one.given_name,
    "len(job_title)": lambda one: one.job_title and len(one.job_title),
    "hr_fields->>'team'": lambda one: one.fields.get("team"),
    "department = 'Finance'": lambda one: one.department == "Finance",
    "department in ('Support', 'Engineering')": lambda one: (
        one.department in ("Support", "Engineering")
    ),
    "location = 'Remote'": lambda one: one.location == "Remote",
    "today - started_on < 30": lambda one: (
        one.started_on is not None and (one.today - one.started_on).days < 30
    ),
    "job_title = 'Nobody has this title'": lambda one: one.job_title == "Nobody has this title",
    "select person_id from people where job_title in ('Manager', 'Analyst')": lambda one: (
        one.job_title in ("Manager", "Analyst")
    ),
    "department:engineering": lambda one: _has_seat(one) and one.department == "Engineering",
    "title:manager || location:oslo": lambda one: (
        _has_seat(one) and ("manager" in (one.job_title or "").lower() or one.location == "Oslo")
    ),
}
GROUPS: dict[str, Rules] = {
    "finance": {"name": "Finance - all", "where": "department = 'Finance'"},
    "helpers": {
        "name": "Helpers",
        "where": "department in ('Support', 'Engineering')",
        "members": "add_only",
    },
    "remote": {"name": "Remote", "where": "location = 'Remote'", "description": "At home"},
    "new": {"name": "On probation", "where": "today - started_on < 30"},
    "nobody": {"name": "Nobody", "where": "job_title = 'Nobody has this title'"},
    "leads": {
        "name": "Leads",
        "sql": "select person_id from people where job_title in ('Manager', 'Analyst')",
    },
    "engineers": {"name": "Engineers", "carrot": "department:engineering"},
    "oslo": {"name": "Oslo", "carrot": "title:manager || location:oslo"},
    "taken": {"name": "contractors", "where": "department = 'Finance'"},
    "adopted": {
        "name": "Old friends",
        "where": "department in ('Support', 'Engineering')",
        "adopt": okta_id("group", ADOPTED),
    },
    "ruled": {
        "name": "Contractors",
        "where": "department = 'Finance'",
        "adopt": okta_id("group", RULED),
    },
    "admins": {
        "name": "IT admins",
        "where": "department = 'Finance'",
        "adopt": okta_id("group", ADMINS),
    },
}
FIELDS: dict[str, Rules] = {
    "title": {"sql": "job_title"},
    "charthopTeam": {"sql": "hr_fields->>'team'", "when_blank": "clear"},
    "officeLocation": {"sql": "location"},
    "costTier": {"field": "tier", "when_blank": "clear"},
    "badge": {"sql": "len(job_title)", "when_blank": "clear"},
    "hireCode": {"sql": "job_title"},
    "nickName": {"sql": "given_name"},
    "unheardOf": {"sql": "job_title"},
    "mobilePhone": {"sql": "location"},
}


def _has_seat(one: Human) -> bool:
    """Return whether ChartHop's own queries see the seat of a person: that of today."""
    return one.employment_status == "active"


def draw_rules(random: Random) -> Rules:
    """Return a random file of rules, with limits that stop no push."""
    people = {
        "days_before_start": random.choice((0, 3, 7)),
        "days_after_end": random.choice((0, 0, 2)),
        "remote_as_default": random.random() < 0.7,
        "hr_fields": ["team"],
    }
    profiles = {
        "create": random.random() < 0.8,
        "activate": random.choice(("never", "on_start", "at_once")),
        "activation_mail": random.random() < 0.5,
        "reactivate": random.random() < 0.7,
    }
    groups = random.sample([*GROUPS], random.randint(4, len(GROUPS)))
    fields = random.sample([*FIELDS], random.randint(3, len(FIELDS)))
    limits: Rules = dict.fromkeys(("changes", "creates", "reactivations", "few", "blanked"), 9999)
    return {
        "people": people,
        "profiles": profiles,
        "groups": {name: GROUPS[name] for name in GROUPS if name in groups},
        "fields": {name: FIELDS[name] for name in FIELDS if name in fields},
        "limits": limits,
    }


def spell(rules: Rules) -> str:
    """Return rules as the text of their file."""
    lines = []
    for part, entries in rules.items():
        tables = {f"{part}.{name}": one for name, one in entries.items()}
        if part not in ("groups", "fields"):
            tables = {part: entries}
        for head, table in tables.items():
            lines += [f"[{head}]", *(f"{name} = {_value(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


class Days:
    """A company, and the days that pass in it. Equal seeds make equal companies and days."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.company = company = empty("Acme")
        self.org, self.okta = company.charthop, company.okta
        self.org.custom_fields |= {"team", "tier"}
        hired = parts.okta_attribute("string", mutability="READ_ONLY")
        self.okta.attributes["hireCode"] = hired
        self.number = 0
        for _ in range(PEOPLE):
            self.hire(with_account=self.random.random() < 0.8)
        self._add_groups()
        company.touch()

    def _add_groups(self) -> None:
        okta = self.okta
        for number, name, kind in (
            (ADOPTED, "Old friends of old", "OKTA_GROUP"),
            (IMPORTED, "Leads", "APP_GROUP"),
            (RULED, "Contractors", "OKTA_GROUP"),
            (ADMINS, "IT admins", "OKTA_GROUP"),
        ):
            group = {"id": okta_id("group", number), "type": kind, "profile": {"name": name}}
            okta.groups[group["id"]] = group
        text = 'user.title=="Manager"'
        rule = parts.okta_rule(1, "Contractors", "ACTIVE", text, okta_id("group", RULED))
        okta.rules[rule["id"]] = rule
        okta.assignments[okta_id("group", ADMINS)] = [parts.okta_role(2, "HELP_DESK_ADMIN")]
        okta.assignments[okta_id("user", 1)] = [parts.okta_role(1, "SUPER_ADMIN")]

    # what happens

    def passes(self) -> None:
        """Let a day pass, and what people do on it happen."""
        self.company.let_days_pass(1)
        for _ in range(self.random.randint(3, 10)):
            with suppress(Refused, IndexError):
                self.random.choice(HAPPENS)(self)
        self.company.touch()

    def hire(self, with_account: bool = False) -> None:
        """Hire somebody, often for a day to come."""
        random = self.random
        self.number += 1
        number, day = self.number, today()
        name = f"{random.choice(FIRST)} {random.choice(LAST)}"
        start = day - timedelta(days=random.choice((900, 400, 29, 0, -1, -2, -4, -9)))
        end = None
        if start < day and random.random() < 0.15:
            end = day + timedelta(days=random.choice((-30, -1, 0, 1, 3)))
        mail = f"{name.replace(' ', '.')}.{number}@acme.example".lower()
        more = {} if random.random() < 0.95 else {"mail": ""}
        self.company.hire(
            number,
            name,
            random.choice(TITLES),
            self._seat(),
            (start, end),
            **({"mail": mail} | more),
        )
        person = self.org.persons[charthop_id("person", number)]
        person["fields"] = {"team": random.choice(TEAMS), "tier": random.choice(TIERS)}
        if with_account:
            status = random.choice(("ACTIVE",) * 6 + ("STAGED", "SUSPENDED", "DEPROVISIONED"))
            profile = {"title": random.choice(("Engineer", "", None)), "mail": mail}
            user = self.company.account(number, name, status, **profile)
            if random.random() < 0.1:
                self.okta.users[user]["credentials"] = AD

    def _seat(self) -> list[str]:
        place = self.random.choice(([OSLO], [OSLO], [OSLO + 1], []))
        department = self.random.choice([*DEPARTMENTS.values()])
        return [charthop_id("group", number) for number in (department, *place)]

    def a_person(self) -> dict[str, Any]:
        return self.random.choice([one for _, one in sorted(self.org.persons.items())])

    def a_user(self) -> str:
        """Return a user of Okta who is no administrator and owns no token."""
        fixed = {*self.okta.assignments}
        return self.random.choice(sorted(self.okta.users.keys() - fixed))

    def a_group(self) -> str:
        groups = self.okta.groups.items()
        return self.random.choice(sorted(k for k, one in groups if one["type"] == "OKTA_GROUP"))

    # in HR

    def moves(self) -> None:
        """Give somebody another seat."""
        job = self.org.jobs[self.a_person()["hires"][-1]["jobId"]]
        job["groupIds"] = self._seat()

    def is_promoted(self) -> None:
        """Give somebody another title, or none."""
        job = self.org.jobs[self.a_person()["hires"][-1]["jobId"]]
        job.pop("title", None)
        if title := self.random.choice(TITLES):
            job["title"] = title

    def leaves(self) -> None:
        """Let somebody's employment end, today or soon."""
        hire = self.a_person()["hires"][-1]
        end = today() + timedelta(days=self.random.choice((-1, 0, 2)))
        if hire["startDate"] < end.isoformat():
            hire["endDate"] = end.isoformat()

    def returns(self) -> None:
        """Hire a leaver again, from today or a day to come on."""
        person = self.a_person()
        last, day = person["hires"][-1], today()
        if last.get("endDate", "9999") < day.isoformat():
            start = day + timedelta(days=self.random.choice((0, 0, 2)))
            person["hires"].append({"jobId": last["jobId"], "startDate": start.isoformat()})

    def is_called(self) -> None:
        """Give somebody another mail address or another value of a field."""
        person = self.a_person()
        person["fields"] = {"team": self.random.choice(TEAMS), "tier": self.random.choice(TIERS)}
        for contact in person["contacts"]:
            if contact["type"] == "WORK_EMAIL" and self.random.random() < 0.3:
                contact["value"] = f"renamed.{self.number}@acme.example"
                self.number += 1

    def shares_a_mail(self) -> None:
        """Let two people have one mail address."""
        one, other = self.a_person(), self.a_person()
        mails = [c["value"] for c in one["contacts"] if c["type"] == "WORK_EMAIL"]
        for contact in other["contacts"]:
            if contact["type"] == "WORK_EMAIL":
                contact["value"] = mails[0]

    # in Okta, by hand

    def edits_a_profile(self) -> None:
        name = self.random.choice(("title", "charthopTeam", "officeLocation", "costTier"))
        value = {"costTier": self.random.choice(("A", "B"))}.get(
            name, self.random.choice(("By hand", "", None))
        )
        self.okta.update_profile(self.a_user(), {name: value})

    def joins(self) -> None:
        self.okta.add_member(self.a_user(), self.a_group())

    def is_removed(self) -> None:
        user, group = self.random.choice(sorted(self.okta.members))
        self.okta.remove_member(user, group)

    def changes_a_status(self) -> None:
        okta, user = self.okta, self.a_user()
        steps = (okta.activate, okta.suspend, okta.unsuspend, okta.deactivate, okta.lock)
        self.random.choice(steps)(user)

    def deletes_a_user(self) -> None:
        user = self.a_user()
        if self.okta.users[user]["status"] == "DEPROVISIONED":
            self.okta.delete_user(user)

    def renames_a_group(self) -> None:
        group = self.a_group()
        if group not in self.okta.assignments:
            profile = self.okta.groups[group]["profile"]
            names = ("By hand", "Finance - all", "Helpers", profile["name"])
            self.okta.update_group(group, profile | {"name": self.random.choice(names)})

    def deletes_a_group(self) -> None:
        group = self.a_group()
        if group not in (okta_id("group", number) for number in (RULED, ADMINS)):
            self.okta.delete_group(group)

    def unmarks_a_group(self) -> None:
        """Overwrite a group's description, and with it the mark of its rule."""
        group = self.a_group()
        profile = self.okta.groups[group]["profile"]
        self.okta.update_group(group, profile | {"description": "By hand"})

    def adds_a_group(self) -> None:
        self.okta.add_group(self.random.choice(("Engineers", "On probation", "Other")))

    def copy(self) -> Any:
        """Return Okta as it is now."""
        self.company.touch()
        return deepcopy(self.okta)


HAPPENS: tuple[Callable[[Days], None], ...] = (
    *[Days.moves, Days.is_promoted, Days.hire, Days.leaves, Days.returns, Days.is_called] * 3,
    Days.shares_a_mail,
    *[Days.edits_a_profile, Days.joins, Days.is_removed, Days.changes_a_status] * 2,
    Days.deletes_a_user,
    Days.renames_a_group,
    Days.deletes_a_group,
    Days.unmarks_a_group,
    Days.adds_a_group,
)
