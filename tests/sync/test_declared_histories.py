"""Random days of a company that declares a system of each kind: what is published is true."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from pipelines.sources.declared.files import copies
from tests.support.counted import count
from tests.support.declared import Company
from tests.support.declared_forms import FORMS, Form, State
from tests.support.product import Rollcall
from tests.support.worlds_declared import Tool

IS_LONG = bool(os.environ.get("ROLLCALL_LONG"))
SEEDS = int(os.environ.get("ROLLCALL_DECLARED", "20" if IS_LONG else "1"))
DAYS = 8 if IS_LONG else 3
BROKEN = 0.3  # how often a system cannot be read on a day


@pytest.fixture
def company(tmp_path, capsys, monkeypatch) -> Company:
    monkeypatch.setattr(copies, "SECONDS_BETWEEN", 0.05)
    warehouse = tmp_path / "data" / "access.duckdb"
    limits = {"GUARD__REMOVED_ROWS": "1000", "GUARD__REMOVED_GRANTS": "1000"}
    limits |= {"GUARD__RESOURCE_ROWS": "1000", "GUARD__STATUS_ROWS": "1000"}
    settings = {"WAREHOUSE": str(warehouse)}
    return Company(Rollcall(None, warehouse, tmp_path, settings, capsys, monkeypatch))


@pytest.fixture
def forms(company) -> Iterator[dict[str, Form]]:
    found: dict[str, Form] = {}
    yield found
    for form in found.values():
        form.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_days_of_declared_systems_are_true(company, forms, seed):
    """Each day changes every tool, breaks some of them, and syncs: the broken ones stay as they
    were, the others are as they are."""
    chance = random.Random(seed)
    for kind, form in FORMS.items():
        name = f"{kind}_tool"
        forms[kind] = form(Tool(name, chance), company.home)
        company.declare(name, forms[kind].declare())
        company.rollcall.environment |= forms[kind].settings()
    published: dict[str, State] = {}
    cells = 0
    for day in range(DAYS):
        broken = {}
        for kind, form in forms.items():
            if day:
                form.tool.change()
            form.write()
            if day and chance.random() < BROKEN:
                broken[kind] = chance.choice(form.breaks)
                form.break_it(broken[kind])
            else:
                published[form.tool.name] = form.state()

        result = company.rollcall.run("sync")

        told = f"day {day} {broken} {result.err}"
        assert bool(result.code) == bool(broken), told
        there = read(company.rollcall)
        assert {name: published[name] for name in there} == there, told
        stale = {one["source_name"] for one in states(company.rollcall) if one["is_stale"]}
        assert {forms[kind].tool.name for kind in broken} == stale, told
        cells += sum(len(part) for state in there.values() for part in state)
    count("days of declared systems", days=DAYS, cells=cells, wrong=0)


def states(rollcall: Rollcall) -> list[dict]:
    return rollcall.run("status", "--json").document["sources"]


def read(rollcall: Rollcall) -> dict[str, State]:
    """Return what is published of each system."""
    found: dict[str, State] = {}
    for row in rollcall.rows("select source_name, account_id, status from accounts"):
        accounts, _, _ = found.setdefault(row["source_name"], ({}, set(), {}))
        accounts[row["account_id"]] = row["status"]
    for row in rollcall.rows("select source_name, entitlement_id from entitlements"):
        found[row["source_name"]][1].add(row["entitlement_id"])
    for row in rollcall.rows("from grants"):
        grants = found[row["source_name"]][2]
        grants[row["account_id"], row["entitlement_id"]] = (row["is_direct"], row["is_inherited"])
    return found
