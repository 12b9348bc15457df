"""Lists, maps and structs."""

from __future__ import annotations

from sqlglot import exp

from pipelines.spark.rules.building import (
    NoRule,
    build,
    call,
    is_list,
    literal,
    once,
    text,
    type_of,
)


def mark(node: exp.Expression) -> exp.Expression:
    """Return a list comprehension as a list with a lambda. Anything else stays."""
    if not isinstance(node, exp.Array) or len(node.expressions) != 1:
        return node
    body = node.expressions[0]
    inside = body.find(exp.Comprehension)
    if inside is None or inside.find_ancestor(exp.Array) is not node:
        return node
    if inside.args.get("condition") is not None:
        raise NoRule("a list comprehension with `if`")
    name = inside.expression.name

    def bind(one: exp.Expression) -> exp.Expression:
        """The parser has taken the variable, and its fields, for columns."""
        if not isinstance(one, exp.Column) or name not in (one.table, one.name):
            return one
        variable = exp.to_identifier(name)
        return variable if not one.table else exp.Dot(this=variable, expression=one.this)

    if body is not inside:  # the parser reads `x = y for …` as `x = (y for …)`
        inside.replace(inside.this)
    body = (inside.this if body is inside else body).transform(bind)
    function = exp.Lambda(this=body, expressions=[exp.to_identifier(name)])
    return exp.Transform(this=inside.args["iterator"], expression=function)


def pick(node: exp.Bracket) -> exp.Expression:
    """Spark fails where there is no such element, unless it is told to try."""
    [index] = node.expressions
    if type_of(node.this) == exp.DType.MAP:
        return build("try_element_at(:x, :key)", x=node.this, key=index)
    if not is_list(node.this):
        raise NoRule(f"[] on a {node.this.type.sql('duckdb')}")
    if isinstance(index, exp.Slice):
        if index.this or index.args.get("step"):
            raise NoRule("a slice of a list that does not start at the first element")
        return build("slice(:x, 1, :n)", x=node.this, n=index.expression)
    number = int(literal(index, "the index of a list")) + 1
    return build(f"try_element_at(:x, {number})", x=node.this)


def has(node: exp.ArrayContains) -> exp.Expression:
    """Spark finds null where the list has a null and not the value."""
    found = "case when :y is not null then exists(:x, _e -> _e <=> :y) end"
    return build(found, x=node.this, y=node.expression)


def concatenate(node: exp.ArrayConcat) -> exp.Expression:
    """A null counts as an empty list."""
    lists = (build("coalesce(:x, array())", x=one) for one in (node.this, *node.expressions))
    return call("concat", *lists)


def join_elements(node: exp.ArrayToString) -> exp.Expression:
    """Nulls are passed over, and nothing but nulls makes null."""
    between = literal(node.expression, "a separator")
    joined = (
        "case when size(one) = 0 or size(array_compact(one)) > 0 then array_join(one, :sep) end"
    )
    return once(joined, node.this, sep=text(between))


def join(node: exp.Anonymous) -> exp.Expression:
    values, kind, *more = node.expressions
    if literal(kind, "list_aggregate()") != "string_agg":
        raise NoRule(f"list_aggregate() with {kind.name}")
    return build(
        "array_join(nullif(array_compact(:x), array()), :sep)",
        x=values,
        sep=more[0] if more else text(","),
    )


def make_row(node: exp.Anonymous | exp.Tuple) -> exp.Expression:
    """In a list of values, such as that of `in`, brackets are no row."""
    if isinstance(node.parent, exp.In):
        raise NoRule("a row on the left of `in`")
    return call("struct", *node.expressions)


RULES = {
    exp.ArrayConcat: concatenate,
    exp.ArrayContains: has,
    exp.ArrayDistinct: lambda node: build("array_distinct(array_compact(:x))", x=node.this),
    exp.ArrayToString: join_elements,
    exp.Bracket: pick,
    exp.Flatten: lambda node: build("flatten(array_compact(:x))", x=node.this),
    exp.SortArray: lambda node: build("array_sort(:x)", x=node.this),
    exp.Tuple: make_row,
}
NAMED = {
    "list_aggregate": join,
    "list_bool_and": lambda node: build("array_min(:x)", x=node.expressions[0]),
    "list_bool_or": lambda node: build("array_max(:x)", x=node.expressions[0]),
    "list_has_all": lambda node: build(
        "size(array_except(array_compact(:y), :x)) = 0",
        x=node.expressions[0],
        y=node.expressions[1],
    ),
    "row": make_row,
}
