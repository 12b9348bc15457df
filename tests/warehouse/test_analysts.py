"""What an analyst finds in the warehouse: macros, comments, and the page docs/warehouse.md."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "warehouse.md").read_text(encoding="utf-8")
MACROS = (
    "select function_name || '(' || array_to_string(parameters, ', ') || ')' as called, comment"
    " from duckdb_functions() where database_name = current_database() and not internal"
)
SCHEMAS = {"main", "policy", "push", "raw_<source>", "staging", "intermediate", "built"}
MOMENT = "'2020-01-01'"


@pytest.fixture
def company(rollcall, published):
    return rollcall.has(published)


def table_of(heading: str) -> list[list[str]]:
    """Return the names in code of each row of the table below a heading of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [re.findall("`(.+?)`", line) for line in re.findall(r"^\| (.*`.*)$", section, re.M)]


def test_a_moment_before_the_first_sync_is_not_known(company):
    """Every macro of a moment or a period fails where nothing is known, and answers since then."""
    names = [called.split("(")[0] for called in company.column(MACROS)]
    moments = [f"{name}({{0}})" for name in names if name.endswith("_asof")]
    periods = [f"{name}({MOMENT}, {{0}})" for name in names if name.endswith("_between")]
    assert (6, 2) == (len(moments), len(periods))

    for macro in (*moments, *periods):
        with pytest.raises(duckdb.InvalidInputException, match="nothing is known of 2020-01-01"):
            company.rows(f"from {macro.format(MOMENT)}")
        # a query that reads no column must fail, too
        with pytest.raises(duckdb.InvalidInputException, match="the first complete sync was at"):
            company.rows(f"select count(*) from {macro.format(MOMENT)}")
        assert company.rows(f"from {macro.format('now()')}"), macro
    start = "(select max(started_at) from runs)"  # its last source: the run has no row before
    before = f"select count(*) from grants_asof({start} - interval 1 microsecond)"
    with pytest.raises(duckdb.InvalidInputException, match="nothing is known"):
        company.rows(before)
    assert company.column(before.replace(" - interval 1 microsecond", "")) == company.column(
        "select count(*) from grants"
    )


def test_the_review_is_read_under_any_name_of_the_file(company, tmp_path):
    """A copy with another name, attached under a third one, has the rows of the review."""
    copy = tmp_path / "march 2026.duckdb"
    copy.write_bytes(company.warehouse.read_bytes())
    expected = company.rows("from access_review order by grant_id")

    with duckdb.connect(str(copy), read_only=True) as connection:
        renamed = connection.execute("from access_review").fetchall()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as spring (read_only)")
        attached = connection.execute("from spring.access_review").fetchall()

    assert len(expected) == len(renamed) == len(attached) > 0


def test_many_moments_are_asked_in_one_query(company):
    """A query may ask for many moments, such as the grants of each day."""
    days = "select unnest(range(now(), now() + interval 7 days, interval 1 day)) as moment"
    counts = company.column(f"select (select count(*) from grants_asof(moment)) from ({days})")

    assert company.column("select count(*) from grants") * 7 == counts


def test_which_sources_were_known_can_be_asked(company):
    """`source_states_asof` has the sources of that time, and now those of `source_states`."""
    now = "from source_states order by source_name"
    assert company.rows(now) == company.rows(now.replace("states", "states_asof(now())", 1))
    company.warehouse.chmod(0o600)
    with duckdb.connect(str(company.warehouse)) as connection:  # as if it was connected later
        connection.execute(
            "update runs set run_id = 'later', started_at = started_at + interval 1 day"
            " where source_name = 'okta'"
        )

    known = "select source_name from source_states_asof({}) order by all"
    first = "(select max(started_at) from runs where run_id <> 'later')"
    assert ["charthop", "haloitsm", "pingone"] == company.column(known.format(first))
    last = "(select max(started_at) from runs)"
    assert 4 == len(company.column(known.format(last)))


def test_every_comment_is_one_line(company):
    """Tables, columns and macros have comments of one line, and internal tables say so."""
    for kind in ("tables", "columns", "functions"):
        comments = company.rows(
            f"from duckdb_{kind}() where database_name = current_database() and not internal"
        )
        broken = [row for row in comments if "\n" in (row["comment"] or "")]
        assert [] == broken
    assert [] == company.rows(f"from ({MACROS}) where coalesce(comment, '') = ''")
    internal = "schema_name in ('staging', 'intermediate') or schema_name[:4] = 'raw_'"
    silent = company.column(
        f"select table_name from duckdb_tables() where ({internal}) and table_name[:5] <> '_dlt_'"
        " and coalesce(comment not like 'Internal, and may change in any version. %', true)"
    )
    assert [] == silent


def test_the_page_has_every_table_and_macro(company):
    """docs/warehouse.md names all schemas, and all tables and macros for queries, and no others."""
    schemas = {name for row in table_of("Schemas") for name in row if name in SCHEMAS}
    found = company.column("select distinct schema_name from duckdb_tables()")
    assert schemas == {re.sub("^raw_.*", "raw_<source>", name) for name in found}
    tables = [name for row in table_of("Tables") for name in row]
    main = (
        "select table_name from information_schema.tables where table_schema = 'main' order by all"
    )
    assert company.column(main) == sorted(tables)
    macros = [name for row in table_of("Macros") for name in row if name.endswith(")")]
    assert sorted(company.column(MACROS)) == sorted(macros)


def test_every_query_of_the_page_has_an_answer(company):
    """Every query of docs/warehouse.md runs as it stands and has an answer."""
    queries = re.findall(r"```sql\n(.+?);\n```", PAGE, re.DOTALL)

    assert 4 == len(queries)
    assert [] == [query for query in queries if not company.rows(query)]
