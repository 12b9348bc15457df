"""Rollcall with push rules for the Okta of the invented company, and the right to write there."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.files import json_lines
from tests.support.product import Result, Rollcall
from tests.support.wanted import may_write

WRITES = ("POST", "PUT", "PATCH", "DELETE")
TITLE = """
[fields.title]
sql = "job_title"
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
