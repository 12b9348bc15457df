"""docs/write-back.md, tested literally on the invented company.

The page leads from closing a review to the proof of every decision, without any manual change of
data.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.service_desk import do_tickets
from tests.support.filled_in import came, decided
from tests.support.product import FAST, Opened, Rollcall
from tests.support.typed import Shell, blocks
from tests.support.wanted import may_write

DOCS = Path(__file__).parents[2] / "docs" / "write-back.md"
LEAVERS = "select {} from {} where finding_type = 'leaver_with_access'"
HANDS = {"VPN": "PingOne", "Network": "HaloITSM"}  # taken from everybody, by system


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
    return may_write(review)


def page_blocks() -> list[str]:
    """Return the shell blocks of the page between its sandbox, which every test has, and section 7
    (tests/unattended/test_expiry.py)."""
    serving, *rest = blocks(DOCS)
    assert serving.startswith("make sandbox > data/sandbox.env &\n")
    return [block for block in rest if "expiry" not in block]


def test_the_page_leads_from_review_to_proof(closed):
    """The page leads from a closed review to the proof of every decision, and findings end."""
    shell = Shell(closed)
    policy, requests, sync_and_plan, look, apply, sync, verify, undo = page_blocks()
    assert 3 == len(closed.column(LEAVERS.format("finding_id", "findings")))

    shell.type(policy + requests)
    said = shell.type(sync_and_plan)
    assert "9 changes" in said and "next: give it to somebody else first" in said
    assert 9 == shell.type(look).count("would be done")
    said = shell.type(apply)
    assert "5 done, 4 ticketed" in said and "4 ticketed: next: wait" in said
    assert "done: grant: pingone: Anna Kowalska, Billing Admin\n" in said
    assert {"applied": 3, "ticketed": 3} == states(closed)
    approved = closed.column("select approved_by from change_plans")
    assert approved and f"--approved-by {approved[0]}\n" in apply
    steps = closed.column("select next_step from remediations where state <> 'verified'")
    assert steps and all(steps)
    first = (closed.home / "data" / "plan.json").read_bytes()

    assert 4 == do_tickets(closed.sandbox, closed.warehouse)
    shell.type(sync)
    assert {"verified": 6} == states(closed)
    assert "5 changes" in shell.type(sync_and_plan.splitlines()[1])
    assert "5 done" in shell.type(apply)
    desk = closed.sandbox.company.haloitsm.desk
    ours = [one for one in desk.tickets.values() if "[RC-" in one["summary"]]
    assert [True] * 4 == [bool(one.get("dateclosed")) for one in ours]
    assert "all as they were written" in shell.type(verify)
    shell.type(sync)
    assert [] == closed.column(LEAVERS.format("finding_id", "findings"))
    assert 3 == sum(map(bool, closed.column(LEAVERS.format("valid_to", "findings_history"))))
    assert [None] == closed.column("select distinct next_step from remediations")
    assert closed.run("plan").out.startswith("nothing to change")
    (closed.home / "data" / "plan.json").write_bytes(first)
    assert "revoke" in shell.type(undo)


def test_the_sandbox_prints_what_the_page_needs(tmp_path):
    """`make sandbox` prints shell commands with the settings to read and to write, then serves."""
    settings = tmp_path / "sandbox.env"
    with settings.open("w") as out:
        serving = subprocess.Popen(
            [sys.executable, "-m", "tests.sandbox", "serve"],
            env=os.environ | {"WAREHOUSE": str(tmp_path / "access.duckdb")},
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert "is served" in serving.stderr.readline()  # after all settings
            show = f"source {settings}; env -0"
            shown = subprocess.check_output(["bash", "-ec", show], env={}, text=True)
        finally:
            serving.terminate()
            serving.wait()
    found = dict(one.split("=", 1) for one in shown.split("\0") if one)
    for name in (
        *("SOURCES__PINGONE__BASE_URL", "SOURCES__HALOITSM__TENANT", "REVIEW__OWNER"),
        *("PROVISION__PINGONE__CLIENT_SECRET", "PROVISION__HALOITSM__CLIENT_SECRET"),
        *("PROVISION__OKTA__API_TOKEN", "SYSTEMS__FOLDER"),
    ):
        assert found.get(name), name


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
    assert "Leavers with a live account: 5 before, 0 now" in ended.stdout
    assert (tmp_path / "review-files" / "q4" / "closed-2" / "remediations.csv").exists()
