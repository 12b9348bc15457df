"""Translate a model's query from DuckDB's SQL to Spark's, or refuse it by name.

sqlglot parses, resolves names and types, and writes. What the engines say or do differently is in
`rules`. What neither has a rule nor stands in `rules/allowed.py` is refused before anything runs:
sqlglot would write something, without a warning.

Whoever imports this module loads sqlglot, so a command does it only when it needs Spark.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.generators.spark import SparkGenerator
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from pipelines.failures import Refused
from pipelines.spark import recursion, session
from pipelines.spark.recursion import Recursion
from pipelines.spark.rules import (
    aggregates,
    casts,
    json_shapes,
    json_values,
    lists,
    queries,
    texts,
    times,
)
from pipelines.spark.rules.allowed import ALLOWED
from pipelines.spark.rules.building import NoRule
from pipelines.spark.typed import annotate
from pipelines.spark.types import Shapes, name_view

__all__ = ["Recursion", "name_view", "translate"]

Rule = Callable[[exp.Expression], exp.Expression]
MARKED = {"json_transform", "pg_timezone_names"}  # functions that `_resolve` rewrites
THEMES = (aggregates, casts, json_values, lists, texts, times)
RULES: dict[type, Rule] = {
    kind: rule for theme in (*THEMES, queries) for kind, rule in theme.RULES.items()
}
NAMED: dict[str, Rule] = {name: rule for theme in THEMES for name, rule in theme.NAMED.items()}


class Generator(SparkGenerator):
    """Write Spark's SQL with inner `with` where they stand. sqlglot would move them to the top,
    where two of the same name meet."""

    EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar = set()

    def escape_str(self, text: str, *_: Any, **__: Any) -> str:
        """Spark knows no \\f and no \\v: it would read the letters f and v."""
        return text.replace("\\", "\\\\").replace("'", "\\'")


def translate(sql: str, tables: Shapes, model: str) -> str | Recursion:
    """Return a model's query in Spark's SQL, over the views that `name_view` names.

    `sql` is the query as dbt compiled it, and `tables` has the columns of the tables that it reads.
    A recursive query becomes a Recursion. Raises Refused for what has no rule, and names it.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        check_constructs(tree)
        found = recursion.split(tree, model)
        if found is None:
            return _translate(tree, tables)
        return recursion.translate(found, tables, _translate, _list_columns)
    except NoRule as error:
        raise _refuse(model, f"it uses {error}, which has no rule for Spark") from None
    except SqlglotError as error:
        raise _refuse(model, f"sqlglot cannot read it: {str(error).splitlines()[0]}") from None


def _refuse(model: str, why: str) -> Refused:
    return Refused(
        f"transform: model {model}",
        why,
        "say it as the other models do, or add a rule and its test to pipelines/spark/rules",
    )


def check_constructs(tree: exp.Expression) -> None:
    """Raise NoRule for the first construct that nobody has compared on both engines."""
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            is_known = node.name.lower() in NAMED.keys() | MARKED
        else:
            is_known = type(node) in RULES.keys() | ALLOWED or isinstance(node, exp.JSONPathPart)
        if not is_known:
            name, bracket, _ = node.sql("duckdb").partition("(")
            is_function = isinstance(node, exp.Func) and bracket and name.isidentifier()
            raise NoRule(f"{name.lower()}()" if is_function else node.key)


def _translate(tree: exp.Expression, tables: Shapes) -> str:
    tree = _resolve(tree, tables)
    for node in reversed([*tree.dfs()]):  # parts before what they are part of
        rule = NAMED.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
        rule = rule or RULES.get(type(node))
        new = rule(node) if rule else node
        if new is not node:
            new.type = node.type
            node.replace(new)
    holder = exp.Subquery(this=tree)  # a query is replaced in what holds it
    queries.reshape(holder)
    _name_views(holder)
    return Generator(dialect="spark", comments=False).generate(holder.this, copy=False)


def _resolve(tree: exp.Expression, tables: Shapes) -> exp.Expression:
    """Return the query with the table and the type of each column, and without stars."""
    for node in reversed([*tree.dfs()]):
        for mark in (json_values.mark, json_shapes.mark, lists.mark):
            if (new := mark(node)) is not node:
                node.replace(new)
                break
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
        if isinstance(table.this, exp.Anonymous):  # pg_timezone_names()
            schema, name = session.TIME_ZONES
            alias = table.alias or table.this.name
            table.replace(exp.table_(name, db=schema, alias=alias))
    schema = MappingSchema(_find_columns(tree, tables | session.SHAPES), dialect="duckdb")
    tree = qualify(tree, dialect="duckdb", schema=schema, validate_qualify_columns=False)
    return annotate(tree, schema)


def _find_columns(tree: exp.Expression, tables: Shapes) -> dict[str, dict[str, dict[str, str]]]:
    """Return schema -> table -> column -> type of what the query reads. Raises NoRule."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for table in queries.list_tables(tree):
        name = f"{table.db}.{table.name}"
        if name not in tables:
            raise NoRule(f"the table {name}, whose columns are not known,")
        found.setdefault(table.db, {})[table.name] = dict(tables[name])
    return found


def _list_columns(tree: exp.Expression, tables: Shapes) -> list[list[str]]:
    """Return the name and DuckDB's type of each column of a query."""
    tree = _resolve(tree.copy(), tables)
    return [[one.alias_or_name, one.type.sql("duckdb")] for one in tree.selects]


def _name_views(tree: exp.Expression) -> None:
    for table in queries.list_tables(tree):
        alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
        view = name_view(table.db, table.name)
        table.replace(exp.Table(this=exp.to_identifier(view, quoted=True), alias=alias))
