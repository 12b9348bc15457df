"""Keep the SQL that dbt runs for each model and each data test, so that it can run without dbt.

dbt needs seconds to start, and writes the same SQL in every build as long as models, settings and
raw tables are the same. So the SQL of a build is kept beside dbt's own parsed project, as dbt ran
it: with contracts, constraints and comments. `dbt_unchanged` runs it again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines import __version__
from pipelines.sql import find_names
from pipelines.warehouse.version import digest_project

if TYPE_CHECKING:
    from dbt_common.events.base_types import EventMsg

PUSH_MODELS = "source:push+"  # those whose rows depend on push rules; a sync builds them last
RULES = "source.rollcall.push."  # dbt's name of what the rules want, without the table
FILE = "statements.json"
DBT_COMMENT = re.compile(r"\s*/\*.*?\*/\s*", re.S)  # before each statement: the node it is of
TEST_MARK = "dbt_internal_test"  # in the query of a data test
# What dbt runs for a model. Another kind could read tables in a way that nobody has looked at
KINDS = {"ALTER", "CREATE", "DELETE", "DROP", "INSERT"}
DBT_ASKS = {"SELECT", "TRANSACTION"}
QUERIES = {"CREATE", "INSERT", "SELECT"}
MACRO = re.compile(r"\s*create\s+or\s+replace\s+macro\b", re.I)
CREATE_TABLE = re.compile(r"^\s*create\s+table\b", re.I)
FROM_TEMPORARY = re.compile(r'\bfrom\s+"\w+__dbt_tmp\w*"', re.I)
SHAPES_SQL = """
select
    schema_name || '.' || table_name,
    list([column_name, data_type] order by column_index)
from duckdb_columns()
where database_name = current_database() and not internal and schema_name <> 'built'
group by all
order by all
"""
VIEWS_SQL = """
select schema_name || '.' || view_name, sql from duckdb_views()
where database_name = current_database() and not internal
"""
# With these alone, a plan does not depend on the rows that the tables hold today
OPTIMIZERS = ("cte_inlining", "unused_columns")
DISABLE_SQL = f"""
select string_agg(name, ',') from duckdb_optimizers() where name not in {OPTIMIZERS}
"""

Shapes = dict[str, list[list[str]]]  # table -> the name and type of each column, in their order


@dataclass(frozen=True)
class Step:
    """One model or data test, and what dbt ran for it in a build."""

    name: str  # as dbt calls it
    table: str  # that the model makes; empty for a data test
    is_history: bool
    is_view: bool
    selectors: list[str]  # what dbt's --select and --exclude may call it
    statements: list[str] = field(default_factory=list)  # empty if dbt has not built it
    reads: dict[str, list[str]] = field(default_factory=dict)  # table -> columns
    is_repeatable: bool = False

    def is_chosen(self, select: str, exclude: str) -> bool:
        """Return whether a build of this selection has this step; without any, every build has."""
        is_selected = not select or not {*self.selectors}.isdisjoint(select.split())
        return is_selected and {*self.selectors}.isdisjoint(exclude.split())


@dataclass(frozen=True)
class Statements:
    """What dbt ran in builds of the same context; see `describe_context`."""

    context: str
    shapes: Shapes  # of the tables after the last of these builds
    start: list[str]  # what each build begins with
    steps: list[Step]  # each after those whose tables it reads

    def choose(self, select: str, exclude: str) -> list[Step]:
        """Return the steps of a build; none if one of them, or what it selects, is not known."""
        chosen = [step for step in self.steps if step.is_chosen(select, exclude)]
        selectors = {selector for step in self.steps for selector in step.selectors}
        is_known = selectors.issuperset([*select.split(), *exclude.split()])
        return chosen if is_known and all(step.statements for step in chosen) else []


class Recorder:
    """Take the SQL of a build from dbt's events. `shapes` are those before the build."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.statements: dict[str, list[str]] = defaultdict(list)

    def __call__(self, event: EventMsg) -> None:
        if event.info.name == "SQLQuery":
            sql = DBT_COMMENT.sub("", event.data.sql, count=1)
            self.statements[event.data.node_info.unique_id].append(sql)


def read_statements(folder: Path) -> Statements | None:
    """Return what dbt ran in earlier builds; None if that is not known."""
    try:
        kept = json.loads((folder / FILE).read_bytes())
        return Statements(**kept | {"steps": [Step(**step) for step in kept["steps"]]})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def read_shapes(connection: duckdb.DuckDBPyConnection) -> Shapes:
    return dict(connection.execute(SHAPES_SQL).fetchall())


def describe_context(
    connection: duckdb.DuckDBPyConnection, shapes: Shapes, variables: dict[str, Any]
) -> str:
    """Return the SHA-256 of what decides the SQL that dbt writes, and what the SQL means.

    The names of the raw tables are part of it, because a model may ask for them while dbt compiles
    it, without a source in the project.
    """
    [catalog] = connection.execute("select current_database()").fetchone()
    raw_tables = sorted(table for table in shapes if table.startswith("raw_"))
    parts = [_read_versions(), digest_project(), variables, catalog, raw_tables]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _read_versions() -> list[str]:
    libraries = ("duckdb", "dbt-core", "dbt-adapters", "dbt-duckdb")
    return [__version__, *map(metadata.version, libraries)]


def keep_statements(
    folder: Path,
    candidate: Path,
    recorder: Recorder,
    nodes: dict[str, Any],
    variables: dict[str, Any],
) -> tuple[Statements, list[Step]]:
    """Keep what a build has just run, beside what earlier builds of the same context ran.

    Return both together, and the steps of this build. `nodes` are those of dbt's manifest.
    """
    earlier = read_statements(folder)
    with duckdb.connect(str(candidate)) as connection:
        shapes = read_shapes(connection)
        context = describe_context(connection, shapes, variables)
        built = {
            step.name: _describe_step(connection, step, recorder, shapes)
            for step in _list_steps(nodes)
        }
    is_same = earlier is not None and earlier.context == context
    known = {step.name: step for step in earlier.steps} if is_same else {}
    steps = [
        step if step.name in recorder.statements else known.get(name, step)
        for name, step in built.items()
    ]
    hooks = [name for name in recorder.statements if name.startswith("operation.")]
    start = [sql for name in hooks for sql in recorder.statements[name]]
    statements = Statements(context, shapes, start, steps)
    draft = folder / f"{FILE}.new"
    draft.write_text(json.dumps(asdict(statements)), encoding="utf-8")
    draft.replace(folder / FILE)
    return statements, [step for step in steps if step.name in recorder.statements]


def _list_steps(nodes: dict[str, Any]) -> Iterator[Step]:
    """Yield the models and data tests of the project, each after those that it depends on."""
    parents = {name: node.depends_on.nodes for name, node in nodes.items()}
    of_rules: set[str] = set()
    for name in TopologicalSorter(parents).static_order():
        if name.startswith(RULES) or not of_rules.isdisjoint(parents.get(name, ())):
            of_rules.add(name)
        node = nodes.get(name)
        if node is None or not _is_built(node):
            continue
        is_model = node.resource_type == "model"
        # dbt selects a data test together with each of the models that it tests
        models = [node] if is_model else [nodes[one] for one in parents[name] if one in nodes]
        selectors = {model.name for model in models}
        selectors |= {f"tag:{tag}" for model in models for tag in model.tags}
        if name in of_rules:
            selectors.add(PUSH_MODELS)
        table = f"{node.schema}.{node.name}" if is_model else ""
        is_history = node.config.materialized == "incremental"
        is_view = node.config.materialized == "view"
        yield Step(name, table, is_history, is_view, sorted(selectors))


def _is_built(node: Any) -> bool:
    """Return whether a build makes a table of this node, or may fail because of it."""
    if node.resource_type == "model":
        return node.config.materialized != "ephemeral"
    return node.resource_type == "test" and node.config.severity.lower() != "warn"


def _describe_step(
    connection: duckdb.DuckDBPyConnection, step: Step, recorder: Recorder, shapes: Shapes
) -> Step:
    """Return the step with what dbt ran for it, and with what that reads.

    Where DuckDB cannot say what it reads, the step stays without statements, and dbt builds it.
    """
    found = [
        (statement.type.name, statement.query)
        for sql in recorder.statements.get(step.name, ())
        for statement in connection.extract_statements(sql)
    ]
    if step.table:
        found = [(kind, sql) for kind, sql in found if kind not in DBT_ASKS]
        is_repeatable = {kind for kind, _ in found} <= KINDS
    else:
        found = [(kind, sql) for kind, sql in found if TEST_MARK in sql]
        is_repeatable = len(found) == 1
    if step.is_history:
        # dbt has created the table, or added a column: the next build has other SQL
        is_repeatable &= recorder.shapes.get(step.table) == shapes.get(step.table)
    if step.is_view:
        return replace(step, statements=[sql for _, sql in found], is_repeatable=is_repeatable)
    queries = [sql for kind, sql in found if kind in QUERIES and not MACRO.match(sql)]
    try:
        reads = find_reads(connection, queries, shapes)
    except (duckdb.Error, KeyError):
        return step
    reads.pop(step.table, None)
    return replace(
        step, statements=[sql for _, sql in found], reads=reads, is_repeatable=is_repeatable
    )


def find_reads(
    connection: duckdb.DuckDBPyConnection, queries: list[str], shapes: Shapes
) -> dict[str, list[str]]:
    """Return the tables that queries read, each with the columns.

    A table of which a plan names no column, or which a query names and its plan does not read,
    counts as read with all columns. Whoever reads a view reads the tables of its query.
    """
    every = {table: {name for name, _ in shape} for table, shape in shapes.items()}
    views = dict(connection.execute(VIEWS_SQL).fetchall())
    reads: dict[str, set[str]] = defaultdict(set)
    [disabled] = connection.execute(DISABLE_SQL).fetchone()
    connection.execute(f"set disabled_optimizers = '{disabled}'")
    for sql in queries:
        named = _find_tables(sql, views) & every.keys()
        if FROM_TEMPORARY.search(sql):
            continue  # the query that made the temporary table says what was read
        # DuckDB plans nothing for a table that exists, unless it may be replaced
        sql = CREATE_TABLE.sub("create or replace table", sql)
        [(_, plan)] = connection.execute(f"explain (format json) {sql}").fetchall()
        for table, columns in _find_scans(json.loads(plan)):
            named.discard(table)
            reads[table] |= columns if columns and columns <= every[table] else every[table]
        for table in named:
            reads[table] |= every[table]
    connection.execute("reset disabled_optimizers")
    return {table: sorted(columns) for table, columns in sorted(reads.items())}


def _find_tables(sql: str, views: dict[str, str]) -> set[str]:
    """Return each two words of a query, and of the views that it names, that could be a table."""
    found = find_names(sql)
    others = {name: query for name, query in views.items() if name not in found}
    for view in found & views.keys():
        found |= _find_tables(views[view], others)
    return found - views.keys()


def _find_scans(plan: list[dict[str, Any]]) -> Iterator[tuple[str, set[str]]]:
    """Yield the tables that a plan reads, each with the columns; none if the plan names none."""
    for node in plan:
        about = node["extra_info"]
        if "Table" in about:
            *_, schema, table = about["Table"].replace('"', "").split(".")
            columns = about.get("Projections", [])
            yield f"{schema}.{table}", {columns} if isinstance(columns, str) else {*columns}
        yield from _find_scans(node["children"])
