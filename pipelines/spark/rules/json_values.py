"""JSON that is looked into or written. On Spark it is text, as DuckDB keeps it."""

from __future__ import annotations

import json

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from pipelines.spark.rules.building import (
    SPELLED_ALIKE,
    TEXT,
    NoRule,
    build,
    call,
    literal,
    text,
    type_of,
)
from pipelines.spark.rules.json_shapes import EXTRACTED, plain_number, read_shape

TYPE = """
case when :x like '"%' then 'VARCHAR' when :x like '{%' then 'OBJECT' when :x like '[%' then 'ARRAY'
when :x = 'null' then 'NULL' when :x in ('true', 'false') then 'BOOLEAN'
when :x rlike '^[0-9]+$' then 'UBIGINT' when :x rlike '^-[0-9]+$' then 'BIGINT'
when :x is not null then 'DOUBLE' end
"""
# A path that is put together in SQL: names in quotes, one below the other
FIELD = EXTRACTED.format(
    s="try_element_at(from_json(known, 'map<string, string>'), name)",
    v="try_element_at(from_json(known, 'map<string, variant>'), name)",
)
WALK = f'aggregate(regexp_extract_all(:path, \'"([^"]*)"\', 1), :x, (known, name) -> {FIELD})'
MAP_TEXT = """
concat('{', array_join(transform(map_entries(:x),
    e -> concat(to_json(cast(e.key as variant)), ':', coalesce(e.value, 'null'))), ','), '}')
"""


def mark(node: exp.Expression) -> exp.Expression:
    """Return an arrow as what it means: the parser reads `f(payload -> 'a')` as a lambda. Anything
    else stays."""
    if not isinstance(node, exp.Lambda) or isinstance(
        node.parent, (exp.Transform, exp.ArrayFilter)
    ):
        return node
    path = DuckDB().to_json_path(node.this)
    return exp.JSONExtract(this=exp.column(node.expressions[0]), expression=path)


def _list_keys(node: exp.JSONExtract | exp.JSONExtractScalar) -> list[str]:
    root, *keys = node.expression.expressions
    if not isinstance(root, exp.JSONPathRoot) or not all(
        isinstance(key, exp.JSONPathKey) and str(key.this).isidentifier() for key in keys
    ):
        raise NoRule(f"the path {node.expression.sql('duckdb')}")
    return [key.this for key in keys]


def extract_text(node: exp.JSONExtractScalar) -> exp.Expression:
    if not isinstance(node.expression, exp.JSONPath):
        raise NoRule(f"->> with a path that is no literal: {node.sql('duckdb')[:80]}")
    path = ".".join(["$", *_list_keys(node)])
    found = build("get_json_object(:x, :path)", x=node.this, path=text(path))
    if path == "$":  # Spark writes the word null
        found = build("case when :x <> 'null' then :found end", x=node.this, found=found)
    return plain_number(found)


def extract_json(node: exp.JSONExtract) -> exp.Expression:
    if not isinstance(node.expression, exp.JSONPath):
        return build(WALK, x=node.this, path=node.expression)
    shape: object = "json"
    keys = _list_keys(node)
    for key in reversed(keys):
        shape = {key: shape}
    found = read_shape(node.this, shape, EXTRACTED)
    for key in keys:
        found = exp.Dot(this=found, expression=exp.to_identifier(key, quoted=True))
    return found


def find_type(node: exp.JSONType) -> exp.Expression:
    return build(TYPE, x=node.this)


def list_keys(node: exp.JSONKeys) -> exp.Expression:
    keys = "coalesce(json_object_keys(:x), array())"
    return build(f"case when :x is not null then {keys} end", x=node.this)


def write_object(node: exp.JSONObject) -> exp.Expression:
    pairs = []
    for pair in node.expressions:
        key = text(json.dumps(literal(pair.this, "a key of json_object()")) + ":")
        pairs.append(build("concat(:key, :value)", key=key, value=_write(pair.expression)))
    return build("concat('{', concat_ws(',', :pairs), '}')", pairs=call("array", *pairs))


def _write(value: exp.Expression) -> exp.Expression:
    """Return SQL for the JSON of a value: of a text, a whole number, a truth, or JSON itself."""
    kind = type_of(value)
    if kind == exp.DType.NULL:
        return text("null")
    if kind not in SPELLED_ALIKE - {exp.DType.DATE}:
        raise NoRule(f"JSON of a {kind.value}")
    written = "to_json(cast(:x as variant))" if kind in TEXT else "cast(:x as string)"
    return build(f"coalesce({written}, 'null')", x=value)


def write_json(node: exp.Anonymous) -> exp.Expression:
    [value] = node.expressions
    if isinstance(value, exp.MapFromEntries):
        return build(MAP_TEXT, x=value)
    return build("case when :x is not null then :written end", x=value, written=_write(value))


RULES = {
    exp.JSONExtract: extract_json,
    exp.JSONExtractScalar: extract_text,
    exp.JSONKeys: list_keys,
    exp.JSONObject: write_object,
    exp.JSONType: find_type,
}
NAMED = {"to_json": write_json}
