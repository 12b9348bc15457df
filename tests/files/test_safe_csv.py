"""No program finds a formula in Rollcall's CSV, and the import restores the exact texts."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.files import safe_csv
from tests.support.programs import restored, run_cells

TEXTS = st.lists(
    st.text(st.sampled_from("'\"=+-@＝＠,;|\t\r\n \x00\x1b\ufeff\u200b\xa0ax1"), max_size=9)
    | st.text(st.characters(codec="utf-8")),
    min_size=1,
    max_size=200,
)


def written(texts: list[str], tmp_path) -> str:
    path = tmp_path / "names.csv"
    path.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "create table names as select place::varchar as id, text, [text, 'x'] as texts,"
            " upper(text) as more"
            " from (select unnest(?::varchar[]) as text, unnest(range(?)) as place)",
            [texts, len(texts)],
        )
        safe_csv.write_csv(connection, path, "from names", "id")
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    "name",
    [
        *("Ops;=1+41;", "Ops\t=1", "Ops|@SUM(A1)", "a\n=1", "a\r-1", "a,+1", "a, \u200b＝1"),
        *(';"=1+1;', "x;\t=1", ";'=1", "a\r\n=1", '"=1', "=1;=2;=3"),
    ],
)
def test_no_program_finds_a_formula_in_a_name(name, tmp_path):
    """A name has no formula, whatever separator or quoting a program uses."""
    assert [] == run_cells(written([name], tmp_path))


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_no_program_finds_a_formula_in_any_text(tmp_path_factory, texts):
    """No text becomes a formula in any program."""
    assert [] == run_cells(written(texts, tmp_path_factory.mktemp("any")))


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_a_safe_text_is_restored_exactly(texts):
    """A text made safe and restored is the same text."""
    with duckdb.connect() as connection:
        connection.execute("create table cells as select unnest(?) as text", [texts])
        found = connection.execute(
            f"select safe, {safe_csv.restored_sql('safe')}"
            f" from (select {safe_csv.safe_sql('text')} as safe from cells)"
        ).fetchall()

    assert texts == [text for _, text in found]
    assert texts == [restored(safe) for safe, _ in found]
