"""`make docs` shows what every table and column means, wherever that is written down."""

from __future__ import annotations

import json
import runpy

from pipelines import changes, policy, reviews, runs
from pipelines.transform import PROJECT
from tests.test_dbt import dbt

write_page = runpy.run_path(str(PROJECT / "docs_page.py"))["write_page"]


def test_the_page_describes_every_table_and_column(published, tmp_path, monkeypatch):
    """Descriptions come from the YAML files, and those of our own tables from their comments."""
    copy = tmp_path / "access.duckdb"
    copy.write_bytes(published.data)
    monkeypatch.setenv("ROLLCALL_CANDIDATE", str(copy))
    assert dbt("docs", "generate", home=tmp_path).success
    page = tmp_path / "index.html"

    write_page(tmp_path / "dbt", page)

    text = page.read_text(encoding="utf-8")
    for table in (*runs.TABLES, *changes.TABLES, reviews.CAMPAIGNS, reviews.ITEMS):
        for said in (table.about, *(about for _, about in table.columns.values())):
            assert json.dumps(said) in text, f"{table.name}: {said}"
    for about in (*policy.ABOUT.values(), *(about for about, _ in policy.SCHEMA.values())):
        assert json.dumps(about) in text, about
    assert "One row per account, entitlement and scope" in text
