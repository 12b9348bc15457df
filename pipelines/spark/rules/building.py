"""Write Spark SQL from templates, and say what has no rule."""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

TEXT = {*exp.DataType.TEXT_TYPES}
WHOLE = {*exp.DataType.INTEGER_TYPES}
LISTS = {exp.DType.ARRAY, exp.DType.LIST}
# What both engines write alike when it becomes text
SPELLED_ALIKE = {exp.DType.BOOLEAN, exp.DType.DATE, exp.DType.JSON, exp.DType.NULL} | TEXT | WHOLE
# Operators, which need brackets inside of others
OPERATORS = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.Is, exp.Interval)


class NoRule(Exception):
    """A construct of DuckDB that nothing says in Spark. The text names it."""


def build(template: str, **parts: exp.Expression) -> exp.Expression:
    """Return Spark SQL of a template; `:name` in it stands for the part of this name."""
    tree = _parse(template).copy()
    placed: set[str] = set()
    for place in [*tree.find_all(exp.Placeholder)]:
        # moved to its first place, because copies of long parts take most of the time
        part = parts[place.name]
        place.replace(_bracket(part.copy() if place.name in placed else part))
        placed.add(place.name)
    return _bracket(tree)


def once(body: str, value: exp.Expression, **parts: exp.Expression) -> exp.Expression:
    """Return Spark SQL in which `one` stands for a value, so that a long one is written once: only
    a lambda names a value inside of an expression."""
    return build(f"get(transform(array(:x), one -> {body}), 0)", x=value, **parts)


@cache
def _parse(template: str) -> exp.Expression:
    return sqlglot.parse_one(template, dialect="spark")


def _bracket(tree: exp.Expression) -> exp.Expression:
    return exp.Paren(this=tree) if isinstance(tree, OPERATORS) else tree


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """Return a call of a function of Spark, as it stands."""
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def type_of(node: exp.Expression) -> exp.DType:
    """Return the type that DuckDB gives the node. Raises NoRule where that is not known."""
    if isinstance(node.unnest(), exp.Null):
        return exp.DType.NULL
    if node.type is None or node.type.this == exp.DType.UNKNOWN:
        raise NoRule(f"a value whose type is not known: {node.sql('duckdb')[:80]}")
    return node.type.this


def is_list(node: exp.Expression) -> bool:
    return type_of(node) in LISTS


def must_be_spelled_alike(node: exp.Expression, where: str) -> None:
    """Raise NoRule if the engines write a value of this type in different ways, as they do with
    times and floating point numbers."""
    if type_of(node) not in SPELLED_ALIKE:
        raise NoRule(f"{where} of a {node.type.sql('duckdb')}, which Spark writes differently")


def literal(node: exp.Expression | None, where: str) -> str:
    """Return the text or number that stands in the SQL. Raises NoRule for anything else."""
    if not isinstance(node, exp.Literal):
        raise NoRule(f"{where} that is no literal")
    return node.name
