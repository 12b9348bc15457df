"""docs/review.md, tested literally: every command, in order, on the invented company."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.review.test_review import table
from tests.support.product import Result, Rollcall

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "review.md"
READY = {  # the environment that every test has
    "make demo",
    "export WAREHOUSE=data/demo/access.duckdb",
    'export PATH="$PWD/.venv/bin:$PATH"',
}
COMMAND = re.compile(r"^(?=make |export |mkdir |cat |rollcall |\.venv/)", re.MULTILINE)


def follow(rollcall: Rollcall) -> dict[str, Result]:
    """Run every command of the page; return the output of each step of `rollcall review`."""
    said: dict[str, Result] = {}
    for block in re.findall(r"^```sh\n(.+?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        for command in filter(None, COMMAND.split(block)):
            words = shlex.split(command.partition("<<")[0])
            if words[0] == "rollcall":
                said[words[2]] = rollcall.run(
                    *(
                        path
                        for word in words[1:]
                        for path in (
                            sorted(map(str, rollcall.home.glob(word))) if "*" in word else [word]
                        )
                    )
                )
            elif command.strip() not in READY:
                subprocess.run(
                    ["bash", "-ec", command.replace(".venv/bin/python", sys.executable)],
                    check=True,
                    cwd=rollcall.home,
                    env=os.environ | {"PYTHONPATH": str(ROOT)},
                )
    return said


def test_the_page_leads_from_the_opening_to_a_verified_packet(rollcall, published):
    """The page's commands lead from an opening to a verified packet."""
    said = follow(rollcall.has(published))

    assert {} == {step: result.err for step, result in said.items() if result.code}
    assert ["open", "import", "status", "remind", "close", "verify"] == list(said)
    closed = rollcall.home / "data" / "reviews" / "2026-q4" / "closed"
    decisions = table(closed / "decisions.csv")
    assert {"keep", "revoke"} == {row["decision"] for row in decisions}
    assert len(decisions) == len(table(closed / "population.csv"))
    left = [row for row in decisions if row["comment"] == "has left"]
    assert left and {"revoke"} == {row["decision"] for row in left}
    noted = said["close"].out.split()[-1]
    assert noted in said["verify"].out
    assert "next: rollcall plan" in rollcall.run("review", "status", "2026-q4").out
