"""Lists, maps and structs."""

from __future__ import annotations

from sqlglot import exp

from pipelines.spark.rules.building import NoRule, build, call, is_list, literal, text, type_of


def mark(node: exp.Expression) -> exp.Expression:
    """Return a list comprehension as a list with a lambda. Anything else stays."""
    inside = node.expressions[0] if isinstance(node, exp.Array) and node.expressions else None
    is_negated = isinstance(inside, exp.Not)  # the parser reads `not x for …` as `not (x for …)`
    inside = inside.this if is_negated else inside
    if not isinstance(inside, exp.Comprehension):
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

    body = inside.this.transform(bind)
    body = exp.Lambda(
        this=exp.not_(body) if is_negated else body, expressions=[exp.to_identifier(name)]
    )
    return exp.Transform(this=inside.args["iterator"], expression=body)


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
    found = "case when :y is not null then exists(:x, e -> e <=> :y) end"
    return build(found, x=node.this, y=node.expression)


def concatenate(node: exp.ArrayConcat) -> exp.Expression:
    """A null counts as an empty list."""
    lists = (build("coalesce(:x, array())", x=one) for one in (node.this, *node.expressions))
    return call("concat", *lists)


def join(node: exp.Anonymous) -> exp.Expression:
    values, kind, *more = node.expressions
    if literal(kind, "list_aggregate()") != "string_agg":
        raise NoRule(f"list_aggregate() with {kind.name}")
    return build(
        "array_join(nullif(array_compact(:x), array()), :sep)",
        x=values,
        sep=more[0] if more else text(","),
    )


def make_struct(node: exp.Struct) -> exp.Expression:
    parts = ((text(one.this.name), one.expression) for one in node.expressions)
    return call("named_struct", *(part for pair in parts for part in pair))


def make_row(node: exp.Anonymous | exp.Tuple) -> exp.Expression:
    """In a list of values, such as that of `in`, brackets are no row."""
    if isinstance(node.parent, exp.In):
        raise NoRule("a row on the left of `in`")
    return call("struct", *node.expressions)


RULES = {
    exp.ArrayConcat: concatenate,
    exp.ArrayContains: has,
    exp.ArrayDistinct: lambda node: build("array_distinct(array_compact(:x))", x=node.this),
    exp.Bracket: pick,
    exp.Flatten: lambda node: build("flatten(array_compact(:x))", x=node.this),
    exp.SortArray: lambda node: build("array_sort(:x)", x=node.this),
    exp.Struct: make_struct,
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
