"""The state of Okta that a push must lead to, computed from the vendors' own state and the rules.

This is plain Python over the sandbox's dictionaries. No code of the product is imported here, so
that a misread sentence is not misread twice. What Okta itself does after a change (its group rules,
its mails) is left to the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from tests.sandbox.charthop.server import ChartHop
from tests.sandbox.okta.server import Okta
from tests.support.oracle import employment

Rules = dict[str, Any]  # as the file has them
IDENTIFYING = ("login", "email", "secondEmail", "mobilePhone", "primaryPhone")
SOURCED = ("ACTIVE_DIRECTORY", "LDAP", "IMPORT")
HARMLESS = ("READ_ONLY_ADMIN", "REPORT_ADMIN")
KINDS: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "integer": (int,)}


@dataclass(frozen=True)
class Human:
    """What HR says of one person. Somebody who is not employed today has the seat of their first
    or last day."""

    key: str
    given_name: str | None
    family_name: str | None
    work_email: str | None
    employee_number: str | None
    job_title: str | None
    department: str | None
    location: str | None
    employment_status: str
    started_on: date | None
    ended_on: date | None
    today: date
    fields: Mapping[str, Any]


Meaning = Mapping[str, Callable[[Human], Any]]  # of every SQL and Carrot text in the rules


@dataclass
class Memory:
    """What earlier pushes made: the group of each rule, and the accounts."""

    groups: dict[str, str] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)

    def learn(self, before: Okta, after: Okta) -> None:
        """Remember what a push has made between two states."""
        self.accounts |= after.users.keys() - before.users.keys()
        for key in after.groups.keys() - before.groups.keys():
            self.groups[mark_of(after.groups[key])] = key


def humans(org: ChartHop) -> list[Human]:
    """Return everybody in HR, in the order of their ids."""
    found = []
    for key, person in sorted(org.persons.items()):
        status, now = employment(org, person), org.day().hire(person) or {}
        started, ended = (_day(now.get(name)) for name in ("startDate", "endDate"))
        seen_on = {"future": started, "leaver": ended}.get(status) or org.today
        row = org.day(seen_on).person(
            person, ["title", "department.name", "location.name", *org.custom_fields], "json"
        )
        contacts = {one["type"]: one["value"] for one in person["contacts"]}
        found.append(
            Human(
                key,
                filled(person["name"].get("first")),
                filled(person["name"].get("last")),
                (filled(contacts.get("WORK_EMAIL")) or "").lower() or None,
                filled(contacts.get("EMPLOYEE")),
                filled(row.get("title")),
                filled(row.get("department.name")),
                filled(row.get("location.name")),
                status,
                started,
                ended,
                org.today,
                {name: row.get(name) for name in org.custom_fields},
            )
        )
    return found


def filled(text: str | None) -> str | None:
    return (text or "").strip() or None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


class Expected:
    """One target, its rules, and the state that a push leads to: `okta` after `run`."""

    def __init__(
        self, org: ChartHop, okta: Okta, rules: Rules, meaning: Meaning, memory: Memory
    ) -> None:
        self.org, self.rules, self.meaning, self.memory = org, rules, meaning, deepcopy(memory)
        self.okta = deepcopy(okta)
        self.everybody = humans(org)
        self.profiles = {"create": False, "activate": "never", "reactivate": False}
        self.profiles |= {"login": "work_email", "activation_mail": False}
        self.profiles |= rules.get("profiles", {})
        self.people = [one for one in map(self._seen, self.everybody) if self._is_concerned(one)]
        self.refused: set[str] = set()  # accounts that only a person may bring back

    def run(self, is_approved: bool = False) -> Okta:
        """Push until nothing changes any more. What only a person may approve is left out, or
        done where it `is_approved`."""
        for _ in range(10):
            before = state(self.okta, self.okta)
            self._push(is_approved)
            if before == state(self.okta, self.okta):
                return self.okta
        raise AssertionError("a push that never ends")

    def _push(self, is_approved: bool) -> None:
        matched = self._match()
        chosen = {one.key: self._choose(one, matched) for one in self.people}
        for one in self.people:
            self._bring(one, chosen[one.key], is_approved)
        for rule_id, rule in self.rules.get("groups", {}).items():
            self._fill(rule_id, rule, chosen, matched)

    # people

    def _seen(self, one: Human) -> Human:
        people = self.rules.get("people", {})
        has_locations = any(other.location for other in self.everybody)
        if people.get("remote_as_default") and has_locations and not one.location:
            return replace(one, location=people.get("remote_value", "Remote"))
        return one

    def _is_concerned(self, one: Human) -> bool:
        """Return whether the push is about a person: those about to start, and those who have just
        left, count as active."""
        people = self.rules.get("people", {})
        soon = one.today + timedelta(days=people.get("days_before_start", 0))
        late = one.today - timedelta(days=people.get("days_after_end", 0))
        if one.employment_status == "future":
            return one.started_on is not None and one.started_on <= soon
        if one.employment_status == "leaver":
            return late < one.today and one.ended_on is not None and one.ended_on >= late
        return one.employment_status == "active"

    # whose account is which

    def _match(self) -> dict[str, tuple[list[Human], bool]]:
        """Return by account whom it fits, and whether that is one person without a doubt.

        The employee number decides before the mail address, and that before the username. A later
        rule that finds only others makes it doubtful.
        """
        found = {}
        for key, user in self.okta.users.items():
            profile = user["profile"]
            number = filled(profile.get("employeeNumber"))
            mail, login = ((profile.get(name) or "").lower() for name in ("email", "login"))
            rules = [
                [one for one in self.everybody if number and _equal(one.employee_number, number)],
                [one for one in self.everybody if mail and one.work_email == mail],
                [one for one in self.everybody if login and one.work_email == login],
            ]
            rules = [fitting for fitting in rules if fitting]
            fits = {one.key: one for fitting in rules for one in fitting}
            sure = bool(rules) and len(rules[0]) == 1
            sure = sure and all(rules[0][0] in fitting for fitting in rules)
            found[key] = ([rules[0][0]] if sure else [*fits.values()], sure)
        return found

    def _choose(self, one: Human, matched: dict[str, tuple[list[Human], bool]]) -> str | None:
        """Return a person's account; "" if one is to be made, None if it is not clear."""
        okta, login = self.okta, filled(self.meaning[self.profiles["login"]](one))
        own = [key for key, (whose, sure) in matched.items() if sure and whose[0].key == one.key]
        named = [key for key in own if _login(okta.users[key]) == (login or "").lower()]
        account = named[0] if named else own[0] if len(own) == 1 else None
        if account is not None:
            number = filled(okta.users[account]["profile"].get("employeeNumber"))
            is_other = number and one.employee_number and _differ(number, one.employee_number)
            return None if is_other else account
        doubtful = any(not sure and one in whose for whose, sure in matched.values())
        shared = [
            other
            for other in self.people
            if login and _equal(self.meaning[self.profiles["login"]](other), login)
        ]
        taken = login and any(_login(user) == login.lower() for user in okta.users.values())
        if own or doubtful or not login or len(shared) > 1 or taken:
            return None
        wanted = self.profiles["create"] and one.given_name and one.family_name
        wanted = wanted and one.employment_status != "leaver"
        return "" if wanted else None

    # accounts and their attributes

    def _bring(self, one: Human, account: str | None, is_approved: bool) -> None:
        """Make, activate and update one person's account."""
        okta, profiles = self.okta, self.profiles
        if account is None:
            return
        if account == "":
            self._create(one)
            return
        status = okta.users[account]["status"]
        if status == "DEPROVISIONED":
            returns = one.employment_status == "active" and profiles["reactivate"]
            if returns and not is_approved and not self._is_harmless(one, account):
                self.refused.add(account)
            elif returns:
                okta.activate(account, send_email=profiles["activation_mail"])
            return
        if status == "SUSPENDED":
            return
        is_due = profiles["activate"] == "at_once" or (
            profiles["activate"] == "on_start" and one.started_on and one.started_on <= one.today
        )
        is_due = is_due and one.employment_status != "leaver"
        if status == "STAGED" and account in self.memory.accounts and is_due:
            okta.activate(account, send_email=profiles["activation_mail"])
        user = okta.users[account]
        values = {name: value for name, value in self._values(one, user) if self._fits(user, name)}
        if changes := {n: v for n, v in values.items() if v != (user["profile"].get(n) or None)}:
            okta.update_profile(account, changes)

    def _create(self, one: Human) -> None:
        made: dict[str, Any] = {"login": self.meaning[self.profiles["login"]](one)}
        made |= {"email": one.work_email, "employeeNumber": one.employee_number}
        made |= {"firstName": one.given_name, "lastName": one.family_name}
        blank = {"profile": {}, "credentials": {}, "id": ""}
        for name, value in self._values(one, blank):
            if name not in IDENTIFYING and self._fits(blank, name):
                made[name] = value
        made = {name: value for name, value in made.items() if value is not None}
        self.memory.accounts.add(self.okta.add_user(made, activate=False)["id"])

    def _values(self, one: Human, user: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield each attribute that the rules want to have another value, and the value."""
        for name, rule in self.rules.get("fields", {}).items():
            by = self.meaning[rule["sql"]] if "sql" in rule else _reads(rule["field"])
            value = by(one)
            if isinstance(value, str) and not value.strip():
                value = None
            if value is None and rule.get("when_blank", "keep") == "keep":
                continue
            if self._can_be(name, value):
                yield name, value

    def _can_be(self, name: str, value: Any) -> bool:
        """Return whether the schema lets an attribute have this value."""
        attribute = self.okta.user_attributes().get(name)
        if attribute is None or attribute.get("mutability") in ("READ_ONLY", "IMMUTABLE"):
            return False
        if value is None:
            return not attribute.get("required")
        is_kind = isinstance(value, KINDS[attribute["type"]])
        if not is_kind or (isinstance(value, bool) and attribute["type"] != "boolean"):
            return False
        if "enum" in attribute and value not in attribute["enum"]:
            return False
        if not isinstance(value, str):
            return True
        if any(ord(letter) > 0xFFFF for letter in value):
            return False
        least, most = attribute.get("minLength", 0), attribute.get("maxLength", len(value))
        return least <= len(value) <= most

    def _fits(self, user: dict[str, Any], name: str) -> bool:
        """Return whether an attribute of this account is a push's to write."""
        rule, attribute = self.rules["fields"][name], self.okta.user_attributes()[name]
        if name in IDENTIFYING and (self._is_privileged(user["id"]) or not rule.get("identifies")):
            return False
        provider = user["credentials"].get("provider", {}).get("type", "OKTA")
        master = attribute.get("master", {}).get("type", "PROFILE_MASTER")
        return provider not in SOURCED or master == "OKTA"

    def _is_privileged(self, account: str) -> bool:
        rows = self.okta.roles_of(account) if account else []
        return any(row["status"] == "ACTIVE" and row["type"] not in HARMLESS for row, _ in rows)

    def _is_harmless(self, one: Human, account: str) -> bool:
        """Return whether all that comes back with an account is what the rules give anyway."""
        given = {
            self._find_group(rule_id, rule)
            for rule_id, rule in self.rules.get("groups", {}).items()
            if one in self._wanted(rule) and not self._obstacle(rule_id, rule)
        }
        held = {group for user, group in self.okta.members if user == account}
        return held <= given and not self._is_privileged(account)

    # groups

    def _wanted(self, rule: Rules) -> list[Human]:
        by = self.meaning[rule.get("where") or rule.get("carrot") or rule["sql"]]
        return [one for one in self.people if by(one)]

    def _find_group(self, rule_id: str, rule: Rules) -> str | None:
        """Return the group of a rule: the adopted one, the one that it made, or a marked one."""
        if rule.get("adopt"):
            return rule["adopt"] if rule["adopt"] in self.okta.groups else None
        if self.memory.groups.get(rule_id) in self.okta.groups:
            return self.memory.groups[rule_id]
        return next(iter(self._marked(rule_id)), None)

    def _marked(self, rule_id: str) -> list[str]:
        return sorted(k for k, group in self.okta.groups.items() if mark_of(group) == rule_id)

    def _obstacle(self, rule_id: str, rule: Rules) -> bool:
        """Return whether a push must leave this rule's group alone, or has none to fill."""
        okta, group = self.okta, self._find_group(rule_id, rule)
        others = {k: one for k, one in self.rules["groups"].items() if k != rule_id}
        if any(_equal(one["name"], rule["name"]) for one in others.values()):
            return True
        if group is None:
            return True
        if any(self._find_group(name, one) == group for name, one in others.items()):
            return True
        if not rule.get("adopt"):
            made = self.memory.groups.get(rule_id) == group
            if mark_of(okta.groups[group]) != rule_id:
                return True
            if not made and len(self._marked(rule_id)) > 1:
                return True
        fillers = [one for one in okta.rules.values() if one["status"] == "ACTIVE"]
        filled_by_rule = any(
            group in one["actions"]["assignUserToGroups"]["groupIds"] for one in fillers
        )
        is_native = okta.groups[group]["type"] == "OKTA_GROUP"
        return filled_by_rule or bool(okta.own_roles(group)) or not is_native

    def _fill(
        self,
        rule_id: str,
        rule: Rules,
        chosen: dict[str, str | None],
        matched: dict[str, tuple[list[Human], bool]],
    ) -> None:
        """Make, rename and fill the group of one rule."""
        okta, wanted = self.okta, self._wanted(rule)
        group = self._find_group(rule_id, rule)
        others = {k: one for k, one in self.rules["groups"].items() if k != rule_id}
        is_shared = any(_equal(one["name"], rule["name"]) for one in others.values())
        if group is None and not rule.get("adopt") and wanted and not is_shared:
            if not self._is_taken(rule["name"]):
                text = f"{rule.get('description', '')} [rollcall:{rule_id}]".strip()
                self.memory.groups[rule_id] = okta.add_group(rule["name"], text)["id"]
            return
        if self._obstacle(rule_id, rule):
            return
        profile = okta.groups[group]["profile"]
        held = okta.members_of(group)
        if profile["name"] != rule["name"] and not self._is_taken(rule["name"], group):
            okta.update_group(group, profile | {"name": rule["name"]})
        accounts = {chosen[one.key] for one in wanted}
        for key in sorted(accounts - held - {None, ""}):
            if okta.users[key]["status"] not in ("SUSPENDED", "DEPROVISIONED"):
                okta.add_member(key, group)
        if not wanted or rule.get("members", "exact") != "exact":
            return
        unclear = {one.key for one in wanted if chosen[one.key] is None}
        for key in sorted(held - accounts):
            if not any(one.key in unclear for one in matched[key][0]):
                okta.remove_member(key, group)

    def _is_taken(self, name: str, own: str = "") -> bool:
        groups = self.okta.groups.items()
        return any(key != own and _equal(one["profile"]["name"], name) for key, one in groups)


def _reads(code: str) -> Callable[[Human], Any]:
    return lambda one: one.fields.get(code)


def _login(user: dict[str, Any]) -> str:
    return user["profile"]["login"].lower()


def _equal(one: str | None, other: str | None) -> bool:
    return (one or "").strip().lower() == (other or "").strip().lower()


def _differ(one: str, other: str) -> bool:
    return not _equal(one, other)


def mark_of(group: dict[str, Any]) -> str:
    """Return the rule that a group's description ends with; empty if there is none."""
    text = (group["profile"].get("description") or "").strip()
    head, _, tail = text.rpartition("[rollcall:")
    return tail[:-1] if tail.endswith("]") and head + tail != text else ""


def state(okta: Okta, before: Okta) -> dict[str, Any]:
    """Return what can be compared of an Okta. What is new since `before` has its name as its id."""

    def name(group: str) -> str:
        return group if group in before.groups else f"new {okta.groups[group]['profile']['name']}"

    def login(user: str) -> str:
        return okta.users[user]["profile"]["login"]

    return {
        "users": {
            login(key): (user["status"], _filled(user["profile"]), user["credentials"])
            for key, user in okta.users.items()
        },
        "groups": {name(key): _filled(group["profile"]) for key, group in okta.groups.items()},
        "members": {(login(user), name(group)) for user, group in okta.members},
        "rules": okta.rules,
        "roles": okta.assignments,
        "applications": {(app, login(user)) for app, user in okta.app_users},
        "mails": sorted((kind, login(user)) for kind, user in okta.outbox if user in okta.users),
    }


def _filled(profile: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in profile.items() if value not in (None, "")}
