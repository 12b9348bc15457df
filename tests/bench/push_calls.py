"""Calls of a push that puts a thousand people into one group, from the first look to the last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.measured import FAST
from tests.sandbox import Sandbox
from tests.sandbox.generate import generate

PEOPLE, CHANGES = 1_300, 1_000
MOST = 2.1  # calls for each change


def run() -> None:
    company = generate(PEOPLE, groups=10, agents=10, users=10, okta=PEOPLE)
    group = company.okta.add_group("Everybody who works here")["id"]
    with Sandbox(company) as sandbox, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "push").mkdir()
        (home / "push" / "okta.toml").write_text(
            f'[people]\nwhere = "true"\n\n[groups.all]\nname = "Everybody who works here"\n'
            f'adopt = "{group}"\nwhere = "employee_number <= \'E-{CHANGES * 13 // 12:07}\'"\n'
        )
        settings = sandbox.environment() | sandbox.write_environment() | FAST
        settings |= {"WAREHOUSE": str(home / "data" / "access.duckdb")}
        settings |= {"PUSH__FOLDER": str(home / "push"), "PYTHONPATH": str(Path.cwd())}
        settings |= {"PROVISION__OKTA__REQUESTS_PER_SECOND": "0", "APPLY__CHANGES_PER_SECOND": "0"}
        rollcall("sync", "charthop", "okta", home=home, settings=settings)
        plan = rollcall("push", "plan", "okta", home=home, settings=settings)
        changes = len(plan["items"])
        sandbox.okta.log.clear()
        approved = ("--digest", plan["digest"], "--max-changes", str(changes))
        done = rollcall("apply", plan["path"], *approved, home=home, settings=settings)
        calls = len(sandbox.okta.log)
    print(
        f"  {changes:,} members of one group: {calls:,} calls, {calls / changes:.2f} each"
        f" (at most {MOST}); {done['counts']}",
        flush=True,
    )


def rollcall(*arguments: str, home: Path, settings: dict[str, str]) -> dict[str, Any]:
    """Run a command, and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *arguments, "--json"],
        env=os.environ | settings,
        cwd=home,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)
