"""The shape of a query, after the rules of its expressions."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from pipelines.spark.rules.building import NoRule, call

CONDITIONS = (exp.Where, exp.Having, exp.Join)


def reshape(tree: exp.Expression) -> None:
    """Rewrite in place: inner queries before those around them."""
    for named in tree.find_all(exp.CTE):
        named.set("materialized", None)  # a hint to DuckDB alone
    for node in reversed([*tree.find_all(exp.Query)]):
        if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            match_names(node)
        if isinstance(node, exp.Select):
            move_unnest(node)
            if node.args.get("qualify"):
                wrap_qualify(node)


def match_names(union: exp.SetOperation) -> None:
    """Give both sides of a `union all by name` the same columns in the same order."""
    sides = (union.this, union.expression)
    names = [*dict.fromkeys(name for side in sides for name in side.named_selects)]
    for key, side in zip(("this", "expression"), sides, strict=True):
        own = {*side.named_selects}
        columns = [_column(name) if name in own else _nothing(name) for name in names]
        union.set(key, exp.select(*columns).from_(_subquery(side.copy(), f"_{key}")))
    union.set("by_name", False)


def move_unnest(select: exp.Select) -> None:
    """Spark makes rows of a list in a lateral view, where DuckDB does in the list of columns."""
    found = [
        node for node in select.find_all(exp.Explode) if node.find_ancestor(exp.Select) is select
    ]
    if not found:
        return
    if len(found) > 1:
        raise NoRule("two unnest() in one select")
    [unnest] = found
    names = exp.TableAlias(this=exp.to_identifier("_list"), columns=[exp.to_identifier("_element")])
    view = exp.Lateral(this=call("explode", unnest.this), view=True, alias=names)
    element = exp.column("_element", "_list")
    unnest.replace(element)
    select.append("laterals", view)


def wrap_qualify(select: exp.Select) -> None:
    """Compute the condition in the query, and filter by it around the query."""
    condition = select.args["qualify"].this.copy()
    inner = select.copy()
    inner.set("qualify", None)
    inner.select(exp.alias_(condition, "_is_kept"), copy=False)
    with_ = inner.args.get("with_")
    inner.set("with_", None)
    outer = exp.select(*map(_column, select.named_selects))
    outer = outer.from_(_subquery(inner, "_rows")).where(exp.column("_is_kept"))
    outer.set("with_", with_)
    select.replace(outer)


def check_in(node: exp.In) -> exp.Expression:
    """In a condition, null and false are the same. Elsewhere, Spark says false where DuckDB says
    null: where the value is null, or where it is missing among values with a null."""
    if node.args.get("query") is None:
        return node
    around = node.find_ancestor(exp.Coalesce, exp.Select, *CONDITIONS)
    if isinstance(around, exp.Select):
        raise NoRule("`in (select …)` as a value, without a coalesce(…, false) around it")
    return node


def check_null(node: exp.Is) -> exp.Expression:
    """Of JSON that is no object, Spark reads no struct, and DuckDB a struct without values."""
    if node.this.type is not None and node.this.type.is_type(exp.DType.STRUCT):
        raise NoRule(f"`is null` of a struct: {node.this.sql('duckdb')[:80]}")
    return node


def check_division(node: exp.Div) -> exp.Expression:
    """Division by zero is null in DuckDB, and an error in Spark."""
    divisor = node.right.unnest()
    if not isinstance(divisor, exp.Nullif) and not (
        isinstance(divisor, exp.Literal) and float(divisor.name)
    ):
        raise NoRule(f"a division whose divisor may be zero: {node.sql('duckdb')[:80]}")
    return node


def _subquery(query: exp.Expression, name: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(name)))


def _column(name: str) -> exp.Expression:
    return exp.column(exp.to_identifier(name, quoted=True))


def _nothing(name: str) -> exp.Expression:
    return exp.alias_(exp.null(), name, quoted=True)


def list_tables(tree: exp.Expression) -> Iterable[exp.Table]:
    """Return the tables of the warehouse in a query: those with a schema."""
    return [table for table in tree.find_all(exp.Table) if table.db]


RULES = {exp.Div: check_division, exp.In: check_in, exp.Is: check_null}
