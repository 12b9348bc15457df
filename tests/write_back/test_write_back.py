"""docs/write-back.md, tested literally on the invented company.

The page leads from closing a review to the proof of every decision, without any manual change of
data.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.support.filled_in import came, decided
from tests.support.product import FAST, Opened, Rollcall
from tests.support.wanted import may_write

DOCS = Path(__file__).parents[2] / "docs" / "write-back.md"
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
    return may_write(review)


def commands() -> list[str]:
    """Return every shell block of the page but the one with credentials, which are set already."""
    found = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in found if "CLIENT_SECRET" not in block]


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
    """The page leads from a closed review to the proof of every decision."""
    folder = closed.warehouse.parent / "changes"
    sync_and_plan, look, apply, sync, verify, undo = commands()

    assert "6 changes" in typed(closed, sync_and_plan, folder)
    [first] = folder.glob("*.plan.json")
    assert 6 == typed(closed, look, folder).count("would be done")
    assert "3 done" in typed(closed, apply, folder)
    assert {"applied": 3, "ticketed": 3} == states(closed)

    people_do_what_the_tickets_say(closed)
    typed(closed, sync, folder)
    assert {"verified": 6} == states(closed)
    assert "3 changes" in typed(closed, "rollcall plan", folder)
    assert "3 done" in typed(closed, apply, folder)
    desk = closed.sandbox.company.haloitsm.desk
    ours = [one for one in desk.tickets.values() if "[RC-" in one["summary"]]
    assert [True] * 3 == [bool(one.get("dateclosed")) for one in ours]
    assert "all as they were written" in typed(closed, verify, folder)
    assert closed.run("plan").out.startswith("nothing to change")
    assert "grant" in typed(closed, undo.replace("PLAN", first.name), folder)


def states(product: Rollcall) -> dict[str, int]:
    """Return the states of the revocations."""
    return dict(Counter(product.column("select state from remediations where action = 'revoke'")))


def people_do_what_the_tickets_say(product: Rollcall) -> None:
    """Remove people from the team in Halo itself, as the tickets ask."""
    halo = product.sandbox.company.haloitsm
    asked = {
        (int(row["account_id"].split(":")[2]), int(row["entitlement_id"].split(":")[2]))
        for row in product.rows(
            "from remediations where source_name = 'haloitsm' and action = 'revoke'"
        )
    }
    halo.memberships = [
        row for row in halo.memberships if (row["agent_id"], row["team_id"]) not in asked
    ]
    halo.touch()
