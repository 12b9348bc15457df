"""`make docs`: what its page opens on, describes and hides; and what the models say for dbt."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.policy import tables as policy_tables
from pipelines.warehouse import PROJECT_FOLDER, change_tables, review_tables, run_tables
from tests.support.product import partial_parse_path
from tests.warehouse.test_dbt import dbt

write_page = runpy.run_path(str(PROJECT_FOLDER / "docs_page.py"))["write_page"]
PIPELINES = Path(__file__).parents[2] / "pipelines"


@pytest.fixture(scope="module")
def candidate(published, tmp_path_factory) -> Path:
    """Return a copy of the invented company's warehouse, which dbt opens."""
    return published.copy_for_dbt(tmp_path_factory.mktemp("docs"))


@pytest.fixture(scope="module")
def page(candidate) -> str:
    """Return the page of the invented company."""
    assert dbt("docs", "generate", candidate=candidate).success
    page = candidate.with_name("index.html")
    write_page(partial_parse_path(candidate).parent, page)
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def manifest(page) -> dict[str, Any]:
    """Return the manifest that the page shows."""
    begin = page.index(
        '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest'
    )
    return json.JSONDecoder().raw_decode(page, begin)[0]


def test_the_page_describes_every_table_and_column(page):
    """Descriptions come from the YAML files, for Rollcall's own tables from their comments."""
    for table in (*run_tables.TABLES, *change_tables.TABLES, *review_tables.TABLES):
        for said in (table.about, *(about for _, about in table.columns.values())):
            assert json.dumps(said) in page, f"{table.name}: {said}"
    for about in (
        *policy_tables.DESCRIPTIONS.values(),
        *(about for about, _ in policy_tables.POLICY_SCHEMA.values()),
    ):
        assert json.dumps(about) in page, about
    assert "One row per account, entitlement and scope" in page


def test_the_page_opens_on_our_overview(manifest):
    """The page opens on docs/warehouse.md, whose names of tables lead to the tables."""
    overview = manifest["docs"]["doc.dbt.__overview__"]["block_contents"]

    assert overview.startswith("# What is in the warehouse\n")
    assert "[`grants`](#!/model/model.rollcall.grants)" in overview
    assert "[`runs`](#!/source/source.rollcall.rollcall.runs)" in overview
    linked = {key.split("/")[-1] for key in re.findall(r"\]\((.+?)\)", overview)}
    assert linked <= {*manifest["nodes"], *manifest["sources"]}
    assert "`docs/questions.md`" in overview  # is not beside the page


def test_the_page_shows_what_is_for_queries(manifest):
    """The page lists the tables of `main` and `policy`; models between and macros are hidden."""
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]

    assert {"main"} == {node["schema"] for node in models if node["docs"]["show"]}
    assert {"staging", "intermediate"} == {
        node["schema"] for node in models if not node["docs"]["show"]
    }
    assert {"main", "policy"} == {table["schema"] for table in manifest["sources"].values()}
    assert not any(macro["docs"]["show"] for macro in manifest["macros"].values())
    known = {*manifest["nodes"], *manifest["sources"], *manifest["exposures"]}
    needed = {key for node in models for key in node["depends_on"]["nodes"]}
    assert needed <= known  # or the page of the model would be empty


def test_dbt_says_how_old_a_source_is(candidate):
    """`dbt source freshness` takes the last complete run: two days old is a warning, and a run that
    failed since changes nothing."""
    with duckdb.connect(str(candidate)) as connection:
        connection.execute(
            "update runs set started_at = now() - interval 48 hours where source_name = 'okta'"
        )
        connection.execute(
            "insert into runs by name select * replace ('later' as run_id, 'failed' as status,"
            " now() as started_at) from runs where source_name = 'okta'"
        )
    selected = ("--select", "source:okta", "source:pingone")
    result = dbt("source", "freshness", *selected, candidate=candidate)

    runs = [run for run in result.result.results if run.node.resource_type == "source"]
    ages = {(run.node.source_name, str(run.status)) for run in runs}
    assert {("okta", "warn"), ("pingone", "pass")} == ages
    for path in (PROJECT_FOLDER / "models" / "staging").rglob("_*__sources.yml"):
        assert "last_complete_at(source_node.source_name)" in path.read_text(), path


def test_an_exposure_has_the_tables_that_it_reads():
    """The exposure of a package has exactly the models that its queries or its code name."""
    text = (PROJECT_FOLDER / "models" / "_exposures.yml").read_text(encoding="utf-8")
    marts = {path.stem for path in (PROJECT_FOLDER / "models" / "marts").rglob("*.sql")}
    for exposure in yaml.safe_load(text)["exposures"]:
        code = "\n".join(path.read_text() for path in (PIPELINES / exposure["name"]).rglob("*.py"))
        read = {
            mart
            for mart in marts
            if re.search(rf'(from|join|table) (main\.)?{mart}\b|"{mart}"', code)
        }
        declared = {re.sub(r"ref\('(.*)'\)", r"\1", need) for need in exposure["depends_on"]}
        assert read == declared, exposure["name"]
