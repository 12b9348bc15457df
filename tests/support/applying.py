"""Helpers for tests of `apply`: the calls to the company, and its remaining memberships."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.files import json_lines
from pipelines.sources.writer import Change, Provisioner
from tests.sandbox.server import Fault
from tests.support.faults import status
from tests.support.product import Result, Rollcall
from tests.support.wanted import busy, may_write, wants

WRITES = ("POST", "PUT", "PATCH", "DELETE")


@contextmanager
def with_wanted_changes(rollcall: Rollcall) -> Iterator[Rollcall]:
    """Yield a company with six wanted changes, write credentials, and a sync in progress."""
    wants(may_write(rollcall))
    with busy(rollcall):
        yield rollcall


def applied(company: Rollcall, path: Path, *arguments: str, **settings: str) -> Result:
    digest = json.loads(path.read_text())["digest"]
    return company.run("apply", str(path), "--digest", digest, *arguments, **settings)


def calls(company: Rollcall) -> list[tuple[str, str]]:
    """Return every call to PingOne that may have changed something, in order."""
    return [
        (method, path.split("/", 4)[4])
        for method, path, _, _ in company.sandbox.pingone.log
        if method in WRITES and "/as/" not in path
    ]


def asked_for(path: Path, items: list[dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    """Return the calls that revoke the memberships of a plan."""
    items = json.loads(path.read_text())["items"] if items is None else items
    return [
        (
            "DELETE",
            f"users/{item['account_id'].split(':')[2]}/memberOfGroups/"
            f"{item['entitlement_id'].split(':')[2]}",
        )
        for item in items
    ]


def held(company: Rollcall, path: Path, items: list[dict[str, Any]] | None = None) -> int:
    """Return how many of a plan's memberships still exist."""
    members = company.sandbox.company.pingone.members
    return sum(
        (item["account_id"].split(":")[2], item["entitlement_id"].split(":")[2]) in members
        for item in (json.loads(path.read_text())["items"] if items is None else items)
    )


def journal(path: Path) -> list[dict[str, Any]]:
    return json_lines.read_records(
        path.with_name(path.name.replace(".plan.json", ".journal.jsonl"))
    )


def write(before: bool = False, times: int = 1, after: int = 0, effect: Any = None) -> Fault:
    """Return a fault for a call that changes something."""
    return Fault(
        lambda request: request.method == "DELETE",
        effect or status(500),
        times=times,
        after=after,
        before=before,
    )


def states(writer: Provisioner, wanted: Change) -> list[str]:
    """Return the step or state before the change, after each of its calls, and at the end."""
    found = []
    while len(found) < 4:
        seen = writer.look(wanted)
        found.append(seen.step or seen.state)
        if seen.state != "pending":
            break
        writer.act(wanted, seen)
    return found
