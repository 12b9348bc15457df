"""Recursive queries, which Spark does not have in DuckDB's sense: a runner repeats their step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from pipelines.spark.rules.building import NoRule
from pipelines.spark.types import Shapes, name_view

FOUND, KNOWN, RECURRING = "found", "known", "recurring"


@dataclass(frozen=True)
class Recursion:
    """Queries for Spark that end in the same rows as a recursive query in DuckDB.

    Run `start`. Its distinct rows are both `found`, the view of the last step's rows, and `known`,
    the view of all rows. Then run `step` until it finds no row: without `keys`, only distinct rows
    that are not in `known` count, and they join `known`; with `keys`, all rows count, and replace
    those with the same keys in `known`. At the end, `final` reads `known`.
    """

    start: str
    step: str
    final: str
    keys: list[str]
    found: str
    known: str


@dataclass(frozen=True)
class Parts:
    """A recursive query of DuckDB, taken apart."""

    model: str
    start: exp.Expression
    step: exp.Expression
    final: exp.Expression
    names: list[str]  # of the columns; empty if the start names them
    keys: list[str]


def split(tree: exp.Expression, model: str) -> Parts | None:
    """Return the parts of a recursive query, None for another one. Raises NoRule."""
    found = [
        cte
        for with_ in tree.find_all(exp.With)
        if with_.args.get("recursive")
        for cte in with_.expressions
        if any(_reads(table, cte.alias) for table in cte.this.find_all(exp.Table))
    ]
    for with_ in tree.find_all(exp.With):
        with_.set("recursive", False)
    if not found:
        return None
    if len(found) > 1:
        raise NoRule("two recursive queries in one model")
    [cte] = found
    union = cte.this
    if not isinstance(union, exp.Union) or not union.args.get("distinct"):
        raise NoRule("`with recursive` without `union`")
    context = _list_context(cte)
    start, step = (_put_behind(side, context) for side in (union.this, union.expression))
    for table in [*step.find_all(exp.Table)]:
        if _reads(table, cte.alias):
            _point(table, model, KNOWN if table.db == RECURRING else FOUND)
    owner, with_ = cte.parent.parent, cte.parent
    cte.pop()
    if not with_.expressions:
        with_.pop()
    for table in [*owner.find_all(exp.Table)]:
        if _reads(table, cte.alias):
            _point(table, model, KNOWN)
    names = [column.name for column in cte.args["alias"].args.get("columns") or ()]
    keys = [column.name for column in cte.args.get("key_expressions") or ()]
    return Parts(model, start, step, tree, names, keys)


def translate(
    parts: Parts,
    tables: Shapes,
    translate_query: Callable[[exp.Expression, Shapes], str],
    list_columns: Callable[[exp.Expression, Shapes], list[list[str]]],
) -> Recursion:
    names = parts.names or [one.alias_or_name for one in parts.start.selects]
    for query in (parts.start, parts.step):
        if any(one.is_star for one in query.selects) or len(query.selects) != len(names):
            raise NoRule("a recursive query with other columns in its step")
        query.set(
            "expressions",
            [
                exp.alias_(one.unalias(), name)
                for one, name in zip(query.selects, names, strict=True)
            ],
        )
    columns = list_columns(parts.start, tables)
    known = tables | {f"{parts.model}.{name}": columns for name in (FOUND, KNOWN)}
    queries = (parts.start, parts.step, parts.final)
    start, step, final = (translate_query(query, known) for query in queries)
    views = (name_view(parts.model, name) for name in (FOUND, KNOWN))
    return Recursion(start, step, final, parts.keys, *views)


def _reads(table: exp.Table, name: str) -> bool:
    return table.name == name and table.db in ("", RECURRING)


def _point(table: exp.Table, model: str, name: str) -> None:
    table.replace(exp.table_(name, db=model, alias=table.alias_or_name))


def _list_context(cte: exp.CTE) -> list[exp.CTE]:
    """Return the named queries that stand before a query, outer ones first."""
    context: list[exp.CTE] = []
    node: exp.Expression | None = cte
    while node is not None:
        if isinstance(node, exp.CTE):
            before = node.parent.expressions[: node.parent.expressions.index(node)]
            context = [*before, *context]
        node = node.parent
    return [one.copy() for one in context]


def _put_behind(query: exp.Expression, context: list[exp.CTE]) -> exp.Expression:
    if not isinstance(query, exp.Select) or query.args.get("with_"):
        raise NoRule("a recursive query that is no plain select")
    query = query.copy()
    if context:
        query.set("with_", exp.With(expressions=[one.copy() for one in context]))
    return query
