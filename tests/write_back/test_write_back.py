"""docs/write-back.md, tested literally on the invented company.

The page leads from closing a review to the proof of every decision, without any manual change of
data.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.company.parts import pingone_id
from tests.sandbox.quarter import write_request
from tests.sandbox.service_desk import do_tickets
from tests.support.filled_in import came, decided
from tests.support.product import FAST, Opened, Rollcall
from tests.support.wanted import may_write

DOCS = Path(__file__).parents[2] / "docs" / "write-back.md"
LEAVERS = "select {} from {} where finding_type = 'leaver_with_access'"
HANDS = {"VPN": "pingone", "Network": "haloitsm"}  # taken from everybody, by source


@pytest.fixture
def closed(review: Rollcall, sandbox: Sandbox) -> Rollcall:
    """Return a closed review whose reviewers revoke two kinds of access from three people each."""
    review.sandbox = sandbox
    review.environment |= sandbox.environment() | FAST
    left, files = Counter[str](), []
    reviewers = review.home / "data/reviews/q4/opened/reviewers"
    for number, path in enumerate(sorted(reviewers.glob("*.csv"))):
        rows = []
        for row in Opened(review.home, [path]).rows:
            takes = HANDS.get(row["Access"]) == row["System"] and left[row["Access"]] < 3
            left[row["Access"]] += takes
            rows += decided([row], *(("revoke", "not needed") if takes else ("keep", "")))
        files.append(came(review.home, rows, f"{number}.csv"))
    result = review.run("review", "import", "q4", *files)
    assert 0 == result.code, result.err
    assert 0 == review.run("review", "close", "q4").code
    write_rules(review.home / "reviews")
    return may_write(review)


def write_rules(folder: Path) -> None:
    """Write the policy of the page, and the request that Nora's disabling needs."""
    policy, _ = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    policy = policy.replace("<the break-glass account>", pingone_id("user", 1))
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    write_request(folder)


def commands() -> list[str]:
    """Return every shell block of the page but the one with credentials, which are set already, and
    those about access that ends by itself (tests/unattended/test_expiry.py)."""
    found = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in found if "CLIENT_SECRET" not in block and " expiry " not in block]


def typed(product: Rollcall, block: str, folder: Path) -> str:
    """Run the commands of a block, and return their output. PLAN is the newest plan."""
    said = ""
    for line in block.strip().splitlines():
        plans = sorted(folder.glob("*.plan.json"), key=lambda path: path.stat().st_mtime_ns)
        if plans:
            [digest] = re.findall(r'"digest":"([0-9a-f]{64})"', plans[-1].read_text())
            line = line.replace("DIGEST", digest).replace("PLAN", plans[-1].name)
        program, *arguments = shlex.split(line)
        result = product.run(*arguments)
        assert ("rollcall", 0) == (program, result.code), line + result.out + result.err
        said += result.out
    return said


def test_the_page_leads_from_review_to_proof(closed):
    """The page leads from a closed review to the proof of every decision, and findings end."""
    folder = closed.warehouse.parent / "changes"
    sync_and_plan, look, apply, sync, verify, undo = commands()
    assert 3 == len(closed.column(LEAVERS.format("finding_id", "findings")))

    said = typed(closed, sync_and_plan, folder)
    assert "9 changes" in said and "next: give it to somebody else first" in said
    [first] = folder.glob("*.plan.json")
    assert 9 == typed(closed, look, folder).count("would be done")
    said = typed(closed, apply, folder)
    assert "5 done, 4 ticketed" in said and "4 ticketed: next: wait" in said
    assert {"applied": 3, "ticketed": 3} == states(closed)
    steps = closed.column("select next_step from remediations where state <> 'verified'")
    assert steps and all(steps)

    assert 4 == do_tickets(closed.sandbox, closed.warehouse)
    typed(closed, sync, folder)
    assert {"verified": 6} == states(closed)
    assert "5 changes" in typed(closed, "rollcall plan", folder)
    assert "5 done" in typed(closed, apply, folder)
    desk = closed.sandbox.company.haloitsm.desk
    ours = [one for one in desk.tickets.values() if "[RC-" in one["summary"]]
    assert [True] * 4 == [bool(one.get("dateclosed")) for one in ours]
    assert "all as they were written" in typed(closed, verify, folder)
    typed(closed, sync, folder)
    assert [] == closed.column(LEAVERS.format("finding_id", "findings"))
    assert 3 == sum(map(bool, closed.column(LEAVERS.format("valid_to", "findings_history"))))
    assert [None] == closed.column("select distinct next_step from remediations")
    assert closed.run("plan").out.startswith("nothing to change")
    assert "revoke" in typed(closed, undo.replace("PLAN", first.name), folder)


def states(product: Rollcall) -> dict[str, int]:
    """Return the states of the revocations."""
    return dict(Counter(product.column("select state from remediations where action = 'revoke'")))


@pytest.mark.long
def test_the_demo_of_a_review_ends_without_its_findings(tmp_path):
    """`make review` goes on until no leaver has a live account, and says so."""
    environment = os.environ | {"WAREHOUSE": str(tmp_path / "access.duckdb")}
    command = [sys.executable, "-m", "tests.sandbox", "review", "q4"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)

    assert 0 == ended.returncode, ended.stderr
    assert "Leavers with a live account: 3 before, 0 now" in ended.stdout
    assert (tmp_path / "review-files" / "q4" / "closed-2" / "remediations.csv").exists()
