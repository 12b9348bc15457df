"""A company that has one vendor, and a tool that a file declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox import Sandbox
from tests.sandbox.expenses import ExpenseTool
from tests.support.product import Published, Rollcall, first_sync, make_once

OTHERS = ("HALOITSM", "OKTA", "PINGONE")


def published_with_expenses(factory: pytest.TempPathFactory) -> Published:
    """Sync ChartHop and the tool once for all tests."""

    def make(home: Path) -> Published:
        ExpenseTool(home / "systems").declare()
        nothing = {f"SOURCES__{name}__{part}": "" for name in OTHERS for part in SETTINGS}
        with Sandbox() as sandbox:
            return first_sync(home, sandbox, "charthop", "expenses")

    return make_once(factory, "with_expenses", make)


def with_expenses(rollcall: Rollcall, published: Published) -> tuple[Rollcall, ExpenseTool]:
    """Return Rollcall with only ChartHop and the tool, as after their first sync."""
    names = ("SOURCES__CHARTHOP__", "WAREHOUSE")
    rollcall.environment = {
        name: value for name, value in rollcall.environment.items() if name.startswith(names)
    }
    tool = ExpenseTool(rollcall.home / "systems")
    tool.declare()
    return rollcall.has(published), tool
