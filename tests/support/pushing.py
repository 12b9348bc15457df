"""Rollcall with push rules for Okta, and what it wrote there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import json_lines
from pipelines.push.rules import read_rules
from pipelines.write_back.audit_log import Log
from tests.sandbox.company.parts import charthop_id, okta_id
from tests.sandbox.server import Request
from tests.support.product import Result, Rollcall

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Pushing:
    """Rollcall, the rules file of its target, and the folder where it writes down what it did."""

    def __init__(self, rollcall: Rollcall) -> None:
        self.rollcall = rollcall
        self.company: Any = rollcall.sandbox.company
        self.okta, self.org = self.company.okta, self.company.charthop
        self.file = rollcall.home / "push" / "okta.toml"
        self.file.parent.mkdir(exist_ok=True)
        self.folder = rollcall.warehouse.parent / "changes"

    def run(self, step: str, *flags: str, **settings: str) -> Result:
        """Run a step of push: `run("run", "--dry-run")`."""
        return self.rollcall.run("push", step, "okta", *flags, **settings)

    def write_rules(self, rules: str) -> None:
        self.file.write_text(rules, encoding="utf-8")

    def follow(self, rules: str) -> None:
        """Write rules that differ in their limits only, and publish them as a sync would."""
        self.write_rules(rules)
        digest = self.in_process(lambda: read_rules("okta").digest(""))
        self.change(f"update push.targets set rules_sha256 = '{digest}'")

    def approve(self, rules: str | None = None) -> str:
        """Write the rules, approve them, and return their digest."""
        if rules is not None:
            self.write_rules(rules)
        digest = self.digest()
        result = self.run("approve", "--digest", digest)
        assert 0 == result.code, result.err
        return digest

    def digest(self) -> str:
        return self.run("status", "--json").document["rules_sha256"]

    def records(self, *events: str) -> list[dict[str, Any]]:
        """Return the facts of the audit records of these events."""
        records = json_lines.read_records(self.folder / "audit.jsonl")
        return [one["facts"] for one in records if one["event"] in events]

    def hashes(self, event: str) -> list[str]:
        """Return the hashes of the audit records of an event."""
        records = json_lines.read_records(self.folder / "audit.jsonl")
        return [one["hash"] for one in records if one["event"] == event]

    def forge_approval(self, digest: str, until: date) -> None:
        """Write an approval as it would have been written earlier."""
        tenant = self.run("status", "--json").document["tenant"]
        facts = {"subject": "push okta", "rules_sha256": digest, "tenant": tenant}
        Log(self.folder, "kim@host").write("approved", **facts, until=until.isoformat())

    def change(self, *statements: str, rows: list[list[Any]] | None = None) -> None:
        """Change what is published."""
        self.rollcall.warehouse.chmod(0o600)
        with duckdb.connect(str(self.rollcall.warehouse)) as connection:
            for statement in statements:
                connection.executemany(statement, rows) if rows else connection.execute(statement)
            connection.execute("checkpoint")
        self.rollcall.warehouse.chmod(0o400)

    def in_process(self, run: Callable[[], Any]) -> Any:
        """Call a function with the settings and in the folder of this company."""
        with self.rollcall.patch.context() as patch:
            for name, value in self.rollcall.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.rollcall.home)
            return run()

    def profile(self, number: int) -> dict[str, Any]:
        """Return the profile of a user, to be changed. Okta shows the change at once."""
        return self.user(number)["profile"]

    def user(self, number: int) -> dict[str, Any]:
        self.okta.touch()
        return self.okta.users[okta_id("user", number)]

    def job(self, number: int) -> dict[str, Any]:
        """Return a person's seat, to be changed. ChartHop shows the change at once."""
        self.org.touch()
        return self.org.jobs[charthop_id("job", number)]

    def members_of(self, group: int) -> set[int]:
        """Return the numbers of the users in a group."""
        return {int(user[-6:]) for user in self.okta.members_of(okta_id("group", group))}

    def writes(self) -> list[tuple[str, str, Any]]:
        """Return every call to Okta that is not a GET: method, path below the API, and body."""
        return [
            (request.method, request.path.removeprefix("/api/v1/"), _body(request))
            for request in self.rollcall.sandbox.okta.seen
            if request.method in WRITES and "/oauth2/" not in request.path
        ]

    def requests(self) -> int:
        return sum(server.count() for server in self.rollcall.sandbox.servers.values())

    def forget_requests(self) -> None:
        for server in self.rollcall.sandbox.servers.values():
            server.log.clear()
            server.seen.clear()

    def plans(self) -> list[Path]:
        return sorted(self.folder.glob("*.plan.json"), key=lambda path: path.stat().st_mtime_ns)

    def files(self) -> dict[str, bytes]:
        """Return every file below the home of this Rollcall."""
        home = self.rollcall.home
        return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def _body(request: Request) -> Any:
    return request.json if request.body else None
