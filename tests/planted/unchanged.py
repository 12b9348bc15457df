"""Bugs in what a build without dbt takes for unchanged."""

from __future__ import annotations

from functools import partial

from tests.planted.bug import Bug

CHANGED = "tests/warehouse/test_built.py -k"
STORY = "tests/sync/test_unchanged.py -k"

unchanged = partial(Bug, file="pipelines/warehouse/dbt_unchanged.py")
statements = partial(Bug, file="pipelines/warehouse/dbt_statements.py")

BUGS = [
    unchanged(
        "unchanged: two rows that swap a value are not seen",
        old="sum(hash(hash({one})))",
        new="sum(hash({one}))",
        tests=f"{CHANGED} swap",
    ),
    unchanged(
        "unchanged: only the number of rows is compared",
        old="sum(hash(hash({one})))",
        new="0",
        tests=f"{CHANGED} 'asks_for_a_build and changed_decision'",
    ),
    unchanged(
        "unchanged: what push rules want is not compared",
        old="if not (step.is_history and table == RUNS)",
        new='if not (step.is_history and table == RUNS or table.startswith("push."))',
        tests=f"{CHANGED} 'asks_for_a_build and wanted_value'",
    ),
    unchanged(
        "unchanged: a new day builds nothing",
        old="if not (step.is_history and table == RUNS)",
        new="if table != RUNS",
        tests=f"{STORY} builds_little",
    ),
    unchanged(
        "unchanged: a history is not compared with what changed",
        old="if not (step.is_history and table == RUNS)",
        new="if not step.is_history",
        tests=f"{STORY} removal",
    ),
    unchanged(
        "unchanged: a table that was built again counts as before",
        old="        contents.forget(step.table)\n",
        new="",
        tests=f"{CHANGED} 'asks_for_a_build and changed_decision'",
    ),
    unchanged(
        "unchanged: what another build has made is taken for its own",
        old="            compared[step.table] = _list_names(",
        new="            _list_names(",
        tests=f"{CHANGED} 'asks_for_a_build and result'",
    ),
    unchanged(
        "unchanged: a data test passes whatever it counts",
        old="if not step.table and result.fetchone()[0] != 0:",
        new="if not step.table and result.fetchone() is None:",
        tests=f"{CHANGED} 'fails_without_dbt and twice'",
    ),
    unchanged(
        "unchanged: the models of another version count as these",
        old=" or not version.has_these_models(candidate)",
        new="",
        tests=f"{CHANGED} 'asks_for_a_build and models'",
    ),
    unchanged(
        "unchanged: a new column is not seen",
        old="statements.shapes.get(table) != shapes.get(table, []) for table in tables",
        new="False for table in tables",
        tests=f"{CHANGED} 'asks_for_a_build and column'",
    ),
    statements(
        "unchanged: settings are not compared",
        old="digest_project(), variables, catalog",
        new="digest_project(), catalog",
        tests=f"{CHANGED} 'asks_for_a_build and setting'",
    ),
    statements(
        "unchanged: a new raw table is not seen",
        old="catalog, raw_tables]",
        new="catalog]",
        tests=f"{CHANGED} 'asks_for_a_build and raw_table'",
    ),
    statements(
        "unchanged: a data test is not selected with its model",
        old="else [nodes[one] for one in parents[name] if one in nodes]",
        new="else []",
        tests=f"{CHANGED} selected_without_dbt",
    ),
    statements(
        "unchanged: a second look at a table hides the first",
        old="reads[table] |= columns if",
        new="reads[table] = columns if",
        tests=f"{CHANGED} plan_says",
    ),
    statements(
        "unchanged: a plan depends on the rows of today",
        old="    connection.execute(f\"set disabled_optimizers = '{disabled}'\")\n",
        new="",
        tests=f"{CHANGED} plan_says",
    ),
    statements(
        "unchanged: a table that a plan does not show is not read",
        old="            reads[table] |= every[table]\n    connection",
        new="            pass\n    connection",
        tests=f"{CHANGED} plan_says",
    ),
]
