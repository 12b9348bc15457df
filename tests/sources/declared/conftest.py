"""A company without any vendor, that declares its systems."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import redact
from pipelines.sources.declared.files import copies
from tests.support.declared import Company
from tests.support.exports import Exports
from tests.support.product import Published, Rollcall, first_sync, make_once


@pytest.fixture(autouse=True)
def unhidden(monkeypatch) -> None:
    """A secret of an earlier test may be a word of a sentence here, and would be replaced."""
    monkeypatch.setattr(redact, "_hidden", set())


@pytest.fixture(autouse=True)
def soon(monkeypatch) -> None:
    """A test writes its files just before they are read."""
    monkeypatch.setattr(copies, "SECONDS_BETWEEN", 0.05)


@pytest.fixture
def company(tmp_path, capsys, monkeypatch) -> Company:
    """Return a company without a warehouse and without systems."""
    warehouse = tmp_path / "data" / "access.duckdb"
    settings = {"WAREHOUSE": str(warehouse)}
    return Company(Rollcall(None, warehouse, tmp_path, settings, capsys, monkeypatch))


@pytest.fixture
def synced(company, published, tmp_path_factory) -> Company:
    """Return the company after the first sync of its only system, expenses."""

    def make(home: Path) -> Published:
        first = Company(replace(company.rollcall, home=home))
        first.declare("expenses")
        first.write("expenses.csv")
        return first_sync(home, None, another=published)

    company.declare("expenses")
    company.write("expenses.csv")
    company.rollcall.has(make_once(tmp_path_factory, "declared", make))
    return company


@pytest.fixture
def exports(tmp_path, monkeypatch) -> Exports:
    """Return a project directory without a declaration."""
    return Exports(tmp_path, monkeypatch)
