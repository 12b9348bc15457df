"""Aggregates whose nulls or whose order the engines see differently."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from pipelines.spark.rules.building import NoRule, build, call, literal, text

Condition = exp.Expression | None


def _filter(found: exp.Expression, condition: Condition) -> exp.Expression:
    if condition is None:
        return found
    return exp.Filter(this=found, expression=exp.Where(this=condition.copy()))


def _rank(keys: list[exp.Expression]) -> list[exp.Expression]:
    """Return the parts of a struct that sorts as the keys do in DuckDB: nulls come last."""
    return [part for key in keys for part in (build("isnull(:x)", x=key), key)]


def _collect(node: exp.Expression, condition: Condition, is_null_kept: bool) -> exp.Expression:
    """Return the values as a list, in the order that the aggregate names; null if there are none.

    In structs, because Spark leaves out nulls, and because a struct takes the sort keys along.
    """
    order = node.this if isinstance(node.this, exp.Order) else None
    value = order.this if order else node.this
    keys = [one.this for one in order.expressions] if order else []
    if order and any(one.args.get("desc") for one in order.expressions):
        raise NoRule("an aggregate with `order by … desc`")
    is_distinct = isinstance(value, exp.Distinct)
    if is_distinct:
        [value] = value.expressions
        if any(key != value for key in keys):
            raise NoRule("an aggregate with `distinct` and another order")
    if not is_null_kept:
        known = build(":x is not null", x=value)
        condition = exp.and_(condition.copy(), known) if condition else known
    parts = [*_rank(keys), build("isnull(:x)", x=value)] if keys else []
    names = [f"k{number}" for number in range(len(parts))]
    fields = zip([*names, "v"], [*parts, value], strict=True)
    row = call("named_struct", *(one for name, part in fields for one in (text(name), part)))
    found = _filter(call("collect_list", row), condition)
    found = build(f"transform({'array_sort(:x)' if keys else ':x'}, e -> e.v)", x=found)
    if is_distinct:
        found = build("array_distinct(:x)", x=found)
    return build("nullif(:x, array())", x=found)


def collect(node: exp.ArrayAgg, condition: Condition) -> exp.Expression:
    return _collect(node, condition, True)


def join_texts(node: exp.GroupConcat, condition: Condition) -> exp.Expression:
    between = node.args.get("separator") or exp.Literal.string(",")
    literal(between, "the separator of a string_agg()")
    found = _collect(node, condition, False)
    return build("array_join(:x, :sep)", x=found, sep=between)


def _pick(name: str, value: exp.Expression, key: exp.Expression) -> exp.Expression:
    # the rule for rows has made a struct of a row
    is_row = isinstance(key, exp.Anonymous) and key.name == "struct"
    return call(name, value, call("struct", *_rank(key.expressions)) if is_row else key)


def pick_by(node: exp.ArgMax | exp.ArgMin, condition: Condition) -> exp.Expression:
    """DuckDB passes over a row whose value is null."""
    known = build(":x is not null", x=node.this)
    condition = exp.and_(condition.copy(), known) if condition else known
    name = "max_by" if isinstance(node, exp.ArgMax) else "min_by"
    return _filter(_pick(name, node.this, node.expression), condition)


def pick_by_null(node: exp.Anonymous, condition: Condition) -> exp.Expression:
    name = "max_by" if node.name.lower() == "arg_max_null" else "min_by"
    return _filter(_pick(name, *node.expressions), condition)


AGGREGATES: dict[type, Callable] = {
    exp.ArgMax: pick_by,
    exp.ArgMin: pick_by,
    exp.ArrayAgg: collect,
    exp.GroupConcat: join_texts,
}
NAMED_AGGREGATES: dict[str, Callable] = {"arg_max_null": pick_by_null, "arg_min_null": pick_by_null}


def find_aggregate(node: exp.Expression) -> Callable | None:
    if isinstance(node, exp.Anonymous):
        return NAMED_AGGREGATES.get(node.name.lower())
    return AGGREGATES.get(type(node))


def aggregate(node: exp.Expression) -> exp.Expression:
    """An aggregate that is filtered waits for the rule of its filter."""
    if isinstance(node.parent, exp.Filter):
        return node
    if isinstance(node.parent, exp.Window):
        raise NoRule(f"{node.sql('duckdb')[:80]} over a window")
    return find_aggregate(node)(node, None)


def filter_rows(node: exp.Filter) -> exp.Expression:
    condition = node.expression.this
    rule = find_aggregate(node.this)
    if isinstance(node.parent, exp.Window):
        return _filter_in_window(node.this, condition, rule is None)
    return rule(node.this, condition) if rule else node


def _filter_in_window(
    found: exp.Expression, condition: exp.Expression, is_plain: bool
) -> exp.Expression:
    """Spark has no filter in a window; the aggregates that skip nulls need none."""
    if not is_plain or not isinstance(found, (exp.Count, exp.Max, exp.Min, exp.LogicalOr)):
        raise NoRule(f"{found.sql('duckdb')[:80]} with a filter over a window")
    value = exp.Literal.number(1) if isinstance(found.this, exp.Star) else found.this
    kept = found.copy()
    kept.set("this", exp.Case().when(condition.copy(), value.copy()))
    return kept


RULES = {exp.Filter: filter_rows, **dict.fromkeys(AGGREGATES, aggregate)}
NAMED = dict.fromkeys(NAMED_AGGREGATES, aggregate)
