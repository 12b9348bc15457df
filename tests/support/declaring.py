"""A company that has one vendor, and a tool that a file declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.expenses import ExpenseTool
from tests.support.filled_in import came, decided
from tests.support.product import Opened, Published, Rollcall, first_sync, make_once

CAMPAIGN = """\
title = "Expenses"
due = 2099-12-15
fallback = "security@lanternfish.example"
second_fallback = "audit@lanternfish.example"

[scope]
source = ["expenses"]
"""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, published: Published) -> Published:
    """Sync HR and the tool once for all tests."""

    def make(home: Path) -> Published:
        ExpenseTool(home).declare()
        with Sandbox() as sandbox:
            return first_sync(home, sandbox, "charthop", "expenses", another=published)

    return make_once(tmp_path_factory, "with_expenses", make)


def with_expenses(rollcall: Rollcall, published: Published) -> ExpenseTool:
    """Leave Rollcall only HR and the tool, as after their first sync, and return the tool."""
    names = ("SOURCES__CHARTHOP__", "WAREHOUSE")
    rollcall.environment = {
        name: value for name, value in rollcall.environment.items() if name.startswith(names)
    }
    rollcall.has(published)
    tool = ExpenseTool(rollcall.home)
    tool.declare()
    return tool


def close_campaign(rollcall: Rollcall, revoked: Callable[[dict[str, str]], bool]) -> list[Path]:
    """Open a campaign about the tool, decide on each row, close it, and return the CSVs sent."""
    (rollcall.home / "reviews").mkdir(exist_ok=True)
    (rollcall.home / "reviews" / "q4.toml").write_text(CAMPAIGN, encoding="utf-8")
    opened = rollcall.run("review", "open", "q4")
    assert 0 == opened.code, opened.err
    sent = sorted((rollcall.home / "data/reviews/q4/opened/reviewers").glob("*.csv"))
    came_back = []
    for path in sent:
        rows = []
        for row in Opened(rollcall.home, [path]).rows:
            rows += decided([row], *(("revoke", "has left") if revoked(row) else ("keep", "")))
        came_back.append(came(rollcall.home, rows, path.name))
    for verb in (["import", "q4", *came_back], ["close", "q4"]):
        ended = rollcall.run("review", *verb)
        assert 0 == ended.code, ended.err
    return sent


def has_left(row: dict[str, str]) -> bool:
    return row["Employment"].startswith("left")
