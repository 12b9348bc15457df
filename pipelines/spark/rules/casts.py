"""Casts, where the engines agree on them."""

from __future__ import annotations

from sqlglot import exp

from pipelines.spark.rules.building import (
    LISTS,
    TEXT,
    WHOLE,
    NoRule,
    build,
    must_be_spelled_alike,
    type_of,
)
from pipelines.spark.rules.json_shapes import MARKS, read
from pipelines.spark.types import spell_type

# Spark has no infinite moments
EVER = {
    "infinity": "timestamp '9999-12-31 23:59:59'",
    "-infinity": "timestamp '0001-01-01 00:00:00'",
}
TO_WHOLE = {exp.DType.BOOLEAN, exp.DType.INT128} | TEXT | WHOLE
ALIKE = {
    *((old, exp.DType.DATE) for old in (exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, *TEXT)),
    *((old, exp.DType.TIMESTAMPTZ) for old in (exp.DType.DATE, *TEXT)),
    (exp.DType.DATE, exp.DType.TIMESTAMPNTZ),
}


def cast(node: exp.Cast) -> exp.Expression:
    if isinstance(node.this, exp.Anonymous) and node.this.name in MARKS:
        return read(node)
    if isinstance(node.this, exp.Literal) and node.this.name in EVER:
        return build(EVER[node.this.name])
    new = node.to.this
    spelled = build(f"cast(:x as {spell_type(node.to)})", x=node.this)
    if isinstance(node.this, (exp.Literal, exp.Null)):
        return spelled
    old = type_of(node.this)
    if new in TEXT | {exp.DType.JSON}:
        must_be_spelled_alike(node.this, "the text")
        return spelled
    is_whole = new in WHOLE and old in TO_WHOLE
    if old in (new, exp.DType.NULL) or (old, new) in ALIKE or is_whole or {old, new} <= LISTS:
        return spelled
    raise NoRule(f"a cast from {old.value} to {new.value}: {node.this.sql('duckdb')[:80]}")


def is_finite(node: exp.Anonymous) -> exp.Expression:
    forever, never = EVER["infinity"], EVER["-infinity"]
    return build(f"(:x < {forever} and :x > {never})", x=node.expressions[0])


RULES = {exp.Cast: cast}
NAMED = {"isfinite": is_finite}
