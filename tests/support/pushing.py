"""Rollcall with push rules for the Okta of the invented company, and the right to write there."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.files import json_lines
from pipelines.write_back.audit_log import Log
from tests.sandbox.company.parts import okta_id
from tests.support.product import Result, Rollcall
from tests.support.push_rules import TITLE as TITLE
from tests.support.wanted import may_write

WRITES = ("POST", "PUT", "PATCH", "DELETE")
FINANCE = f"""
[groups.finance]
name = "Finance"
adopt = "{okta_id("group", 1)}"
where = "department = 'Finance'"
"""


class Pushing:
    """Rollcall, the rules file of its target, and the folder where it writes down what it did."""

    def __init__(self, rollcall: Rollcall) -> None:
        self.rollcall = may_write(rollcall)
        self.file = rollcall.home / "push" / "okta.toml"
        self.file.parent.mkdir()
        self.folder = rollcall.home / "data" / "changes"

    def run(self, step: str, *flags: str, **settings: str) -> Result:
        return self.rollcall.run("push", step, "okta", *flags, **settings)

    def approve(self, rules: str | None = None, until: date | None = None) -> str:
        """Write the rules, approve them, and return their digest."""
        if rules is not None:
            self.file.write_text(rules)
        digest = self.digest()
        flags = ["--until", until.isoformat()] if until else []
        result = self.run("approve", "--digest", digest, *flags)
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

    def change(self, *statements: str) -> None:
        """Change what is published."""
        self.rollcall.warehouse.chmod(0o600)
        with duckdb.connect(str(self.rollcall.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute("checkpoint")
        self.rollcall.warehouse.chmod(0o400)

    def writes(self) -> list[tuple[str, str]]:
        """Return every call to the target that may have changed something, in order."""
        return [
            (method, path.removeprefix("/api/v1/"))
            for method, path, *_ in self.rollcall.sandbox.okta.log
            if method in WRITES and "/oauth2/" not in path
        ]

    def requests(self) -> int:
        return sum(server.count() for server in self.rollcall.sandbox.servers.values())

    def plans(self) -> list[Path]:
        return sorted(self.folder.glob("*.plan.json"), key=lambda path: path.stat().st_mtime_ns)

    def items(self) -> list[dict[str, Any]]:
        """Return the changes of all plans, in the order in which the plans were made."""
        return [item for path in self.plans() for item in json.loads(path.read_text())["items"]]
