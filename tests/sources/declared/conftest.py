"""A company without any vendor, that declares its systems."""

from __future__ import annotations

import pytest

from tests.support.declared import Company
from tests.support.product import Rollcall


@pytest.fixture
def company(tmp_path, capsys, monkeypatch) -> Company:
    """Return a company without a warehouse and without systems."""
    warehouse = tmp_path / "data" / "access.duckdb"
    settings = {"WAREHOUSE": str(warehouse)}
    return Company(Rollcall(None, warehouse, tmp_path, settings, capsys, monkeypatch))
