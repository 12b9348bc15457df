"""`make docs` shows the description of every table and column, wherever it is written."""

from __future__ import annotations

import json
import runpy

from pipelines.policy import tables as policy_tables
from pipelines.warehouse import PROJECT_FOLDER, change_tables, review_tables, run_tables
from tests.warehouse.test_dbt import dbt

write_page = runpy.run_path(str(PROJECT_FOLDER / "docs_page.py"))["write_page"]


def test_the_page_describes_every_table_and_column(published, tmp_path, monkeypatch):
    """Descriptions come from the YAML files, for Rollcall's own tables from their comments."""
    copy = tmp_path / "access.duckdb"
    copy.write_bytes(published.data)
    monkeypatch.setenv("ROLLCALL_CANDIDATE", str(copy))
    assert dbt("docs", "generate", home=tmp_path).success
    page = tmp_path / "index.html"

    write_page(tmp_path / "dbt", page)

    text = page.read_text(encoding="utf-8")
    for table in (
        *run_tables.TABLES,
        *change_tables.TABLES,
        review_tables.CAMPAIGNS,
        review_tables.ITEMS,
    ):
        for said in (table.about, *(about for _, about in table.columns.values())):
            assert json.dumps(said) in text, f"{table.name}: {said}"
    for about in (
        *policy_tables.DESCRIPTIONS.values(),
        *(about for about, _ in policy_tables.POLICY_SCHEMA.values()),
    ):
        assert json.dumps(about) in text, about
    assert "One row per account, entitlement and scope" in text
