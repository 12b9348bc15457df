"""Requests of a sync of Okta: the first one, one without any change, one with a few changes."""

from __future__ import annotations

import tempfile
from math import ceil

from tests.bench.requests import read
from tests.sandbox import Sandbox
from tests.sandbox.company import parts
from tests.sandbox.company.parts import Company, okta_id
from tests.sandbox.okta.server import Okta

USERS, GROUPS, MEMBERSHIPS = 10_000, 2_000, 100_000
ADMINISTRATORS, ADMIN_GROUPS, APPLICATIONS = 20, 5, 20
CHANGES = 20


def run() -> None:
    for line in requests():
        print(f"  {line}", flush=True)


def requests() -> list[str]:
    company = make_company()
    okta = company.okta
    with Sandbox(company) as sandbox, tempfile.TemporaryDirectory() as folder:
        whole, bound = read(sandbox, "okta", folder), lower_bound(okta)
        again, lists = read(sandbox, "okta", folder), list_calls(okta)
        administrators = len(okta.assignees())
        users, groups = sorted(okta.users), sorted(okta.groups)
        for number in range(0, CHANGES, 2):
            okta.remove_member(*sorted(okta.members)[number * 1000])
            okta.add_member(users[number], groups[-1 - number])
        few = read(sandbox, "okta", folder)
    return [
        f"Okta, {USERS:,} users, {GROUPS:,} groups, {MEMBERSHIPS:,} memberships, first sync:"
        f" {whole:,}, the lower bound is {bound:,}: {whole / bound:.3f} times",
        f"nothing changed: {again}, of which {lists} are lists and the roles of"
        f" {administrators} administrators; {again - lists} beyond (at most 10)",
        f"{CHANGES} memberships changed: {few}; {(few - again) / CHANGES:.1f} each",
    ]


def make_company() -> Company:
    """Return a company whose Okta has groups of 50, admin roles and applications."""
    company = parts.empty("Bench", keep_pages=True)
    okta = company.okta
    each = MEMBERSHIPS // GROUPS
    for number in range(1, USERS + 1):
        mail = f"user.{number}@bench.example"
        user = parts.okta_user(number, "User", f"No {number}", mail, "ACTIVE", 1)
        okta.users[user["id"]] = user
    for number in range(1, GROUPS + 1):
        group = {"id": okta_id("group", number), "profile": {"name": f"Group {number}"}}
        okta.groups[group["id"]] = group
        for place in range(each):
            member = (number * each + place * 7) % USERS + 1
            okta.members.add((okta_id("user", member), group["id"]))
    for number in range(1, ADMINISTRATORS + 1):
        role = parts.okta_role(number, "HELP_DESK_ADMIN")
        okta.assignments[okta_id("user", number * 100)] = [role]
    for number in range(1, ADMIN_GROUPS + 1):
        role = parts.okta_role(100 + number, "READ_ONLY_ADMIN")
        okta.assignments[okta_id("group", number * 10)] = [role]
    for number in range(1, APPLICATIONS + 1):
        app = parts.okta_app(number, f"app{number}", f"Application {number}", "SAML_2_0", "")
        okta.applications[app["id"]] = app
        okta.app_groups.add((app["id"], okta_id("group", number)))
    assert (USERS + 1, GROUPS + 1) == (len(okta.users), len(okta.groups))
    assert MEMBERSHIPS == len(okta.members)
    company.touch()
    return company


def list_calls(okta: Okta) -> int:
    """Return the calls for what every sync reads whole: users, groups, rules, applications, the
    log, custom roles and resource sets, and the roles of each user and group that has some."""
    administrators = okta.assignees()
    lists = [(okta.users, 200), (okta.groups, 200), (okta.applications, 200), (administrators, 100)]
    pages = sum(ceil(len(rows) / size) for rows, size in lists)
    others = ("rules", "log", "custom roles", "resource sets")
    carriers = [key for key in okta.groups if okta.own_roles(key)]
    return pages + len(others) + len(administrators) + len(carriers)


def lower_bound(okta: Okta) -> int:
    """Return the fewest calls of a first full read."""
    members = sum(
        ceil(len(okta.members_of(key)) / 1000) for key in okta.groups if key != okta.everyone
    )
    by_app = [okta.users_of_app(key) for key in okta.applications]
    apps = sum(1 + max(1, ceil(len(users) / 500)) for users in by_app)
    return list_calls(okta) + members + apps
