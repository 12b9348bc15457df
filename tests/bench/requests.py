"""Requests of a sync: the first one, one without any change, one with a few changes."""

from __future__ import annotations

import json
import sys
import tempfile
from math import ceil
from pathlib import Path

from tests.bench.measured import child
from tests.sandbox import Sandbox
from tests.sandbox.company import parts as parts
from tests.sandbox.generate import generate


def run() -> None:
    for line in (*first(), *later()):
        print(f"  {line}", flush=True)


def first() -> list[str]:
    lines = []
    with Sandbox(generate(5000, groups=300, agents=10)) as sandbox:
        lines.append(f"ChartHop, 5,000 persons, 300 groups: {asked(sandbox, 'charthop')} (8 or 9)")
    with Sandbox(generate(500, agents=498)) as sandbox:
        lines.append(f"HaloITSM, 500 agents, new build: {asked(sandbox, 'haloitsm')} (at most 8)")
    company = generate(2000, groups=200, agents=10)
    with Sandbox(company) as sandbox:
        found = asked(sandbox, "pingone")
        lines.append(
            f"PingOne, 2,000 users, 200 groups: {found} (formula: {formula(company.pingone)})"
        )
    return lines


def asked(sandbox, source: str) -> int:
    """Return the number of requests of one extraction, tokens included."""
    with tempfile.TemporaryDirectory() as folder:
        return read(sandbox, source, folder)


def formula(tenant) -> int:
    """Return the fewest calls of a first full read.

    The calls are for lists, for members by group or by user, and for assignments.
    """
    users, groups = len(tenant.users), len(tenant.groups)
    workers = sum(row["type"] == "WORKER" for row in tenant.applications.values())
    members: dict[str, int] = {}
    for _, group in tenant.members:
        members[group] = members.get(group, 0) + 1
    by_group = 0
    for key, group in tenant.groups.items():
        if group.get("userFilter") or group.get("sourceType"):
            direct = members.get(key, 0)
            by_group += max(1, ceil(len(tenant.members_of(key)) / 200)) + max(1, ceil(direct / 200))
        elif members.get(key):
            by_group += ceil(members[key] / 200)
    parents = len({parent for _, parent in tenant.nestings})
    lists = 1 + ceil(len(tenant.populations) / 250) + 1 + ceil(groups / 200) + ceil(users / 200) + 2
    return lists + min(by_group, users) + parents + users + groups + workers


# ---- later

CHANGES = 20


def later() -> list[str]:
    """Measure a PingOne of 10,000 users and 500 groups, of which 50 hold a role."""
    company = generate(10_000, groups=500, agents=10, administrators=0.0, workers=5)
    tenant = company.pingone
    for key in [*sorted(tenant.users)[:30], *sorted(tenant.groups)[:15]]:
        tenant.assign_role(key, parts.IDENTITY_DATA_ADMIN, "ENVIRONMENT", parts.ENVIRONMENT)
    holders = sum(bool(held) for held in tenant.assignments.values())
    assert (10_000, 500, 50) == (len(tenant.users), len(tenant.groups), holders)
    with Sandbox(company) as sandbox, tempfile.TemporaryDirectory() as folder:
        whole = read(sandbox, "pingone", folder)
        again, lists = read(sandbox, "pingone", folder), listed(sandbox)
        users, groups = sorted(tenant.users), sorted(tenant.groups)
        for number in range(0, CHANGES, 4):
            tenant.remove_member(*sorted(tenant.members)[number * 100])
            tenant.add_member(users[-1 - number], groups[number])
            tenant.assign_role(
                users[100 + number], parts.ENVIRONMENT_ADMIN, "ENVIRONMENT", parts.ENVIRONMENT
            )
            tenant.update_user(users[200 + number], title="Changed")
        few, lists_then = read(sandbox, "pingone", folder), listed(sandbox)
    beyond, each = again - lists, (few - lists_then - (again - lists)) / CHANGES
    return [
        f"PingOne, 10,000 users, 500 groups, 50 with roles, first sync: {whole}",
        f"nothing changed: {again}, of which {lists} are lists, the feed and the token;"
        f" {beyond} beyond, {beyond / whole:.2%} of the first (at most 1 %)",
        f"{CHANGES} changes: {few}, of which {lists_then} are lists; {each:.1f} each (at most 5)",
    ]


def listed(sandbox: Sandbox) -> int:
    """Return how many requests of the last sync were for whole lists, the feed or the token."""
    found = 0
    for request in sandbox.pingone.seen:
        name = request.path.split("/")[-1]
        filtered = "filter" in request.query and name != "activities"
        known = {"users", "groups", "populations", "roles", "applications", "gateways"}
        known |= {"activities", "token"}
        found += name in known and not filtered
    return found


def read(sandbox: Sandbox, source: str, folder: str) -> int:
    """Return the number of requests of one extraction and load, tokens included."""
    server = getattr(sandbox, source)
    server.log.clear()
    server.seen.clear()
    child("tests.bench.requests", sandbox.environment(), source, folder)
    return len(server.log)


def measure(source: str, folder: str) -> None:
    from pipelines.sync import load

    with tempfile.TemporaryDirectory(dir=folder) as work:
        done = load.extract_source(
            load.Read(source), Path(folder) / "bench.duckdb", Path(work), None
        )
        if done.failure:
            raise done.failure
        load.load_source(done)
    print(json.dumps({"requests": done.counters.requests}))


if __name__ == "__main__":
    measure(*sys.argv[1:])
