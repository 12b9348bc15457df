"""JSON that is read by a shape: `from_json` and `json_transform`.

Spark reads every field as text, because it would read "true" as no boolean and a number as a
moment; the rules then turn the text into what DuckDB reads. JSON inside of a shape stays text too,
with its keys in the order of the vendor, so it is read a second time, as VARIANT, which alone knows
whether "12" was a text.

Four values stay different, because the text does not show them: a text that is written like a large
number of Java (1.5E12) in a text field, a number but 0 and 1 as a text in a boolean field, a
boolean in a field of numbers, and a number with more than seven digits and a fraction inside of an
object that stays JSON.
"""

from __future__ import annotations

import json
from typing import Any

from sqlglot import exp

from pipelines.spark.rules.building import NoRule, build, literal, once

SHAPE, MAP = "json_shape", "json_map"
MARKS = {SHAPE, MAP}
MAP_SHAPE = '"MAP(VARCHAR, JSON)"'
END = r"\\z"  # Java's $ also stands before a last line break
# Java writes a number from ten million on, and one below a thousandth, with an exponent, and the
# characters beyond 16 bits of an object as a pair of escapes
PAIR = r"\\\\uD[89AB][0-9A-F][0-9A-F]\\\\uD[C-F][0-9A-F][0-9A-F]"
NUMBER = rf"""
case when {{x}} rlike '^-?[0-9][.][0-9]+E([0-9]|1[0-5]|-4){END}'
then regexp_replace(cast(cast({{x}} as decimal(38, 18)) as string), '([.][0-9]+?)0+$', '$1')
when contains({{x}}, '\\uD')
then aggregate(regexp_extract_all({{x}}, '{PAIR}', 0), {{x}},
    (known, pair) -> replace(known, pair, get_json_object(concat('"', pair, '"'), '$')))
else {{x}} end
"""
DAY = "[0-9]{{4,5}}-[0-9]{{1,2}}-[0-9]{{1,2}}"
OFFSET = "(Z| [Uu][Tt][Cc]|[+-][0-9]{{2}}(:?[0-9]{{2}}(:[0-9]{{2}})?)?)"
BLANK = r"[\\x09-\\x0D ]"
LAST = f"({OFFSET}{BLANK}*| {BLANK}*)?"  # without an offset, DuckDB takes blanks only after a space
SECONDS = f":[0-9]{{{{1,2}}}}([.][0-9]*)?{LAST}"  # without seconds, it takes nothing more
TIME = f"[0-9]{{{{1,2}}}}:[0-9]{{{{1,2}}}}({SECONDS})?"
SLASHES = f"regexp_replace({{x}}, '^{BLANK}*([0-9]+)/([0-9]+)/([0-9]+)', '$1-$2-$3')"
LEAVES = {
    "varchar": NUMBER,
    "boolean": f"""
        case when lower({{x}}) in ('true', 't', 'yes', 'y', '1') then true
        when lower({{x}}) in ('false', 'f', 'no', 'n', '0') then false
        when {{x}} rlike '^-?[0-9]+([.][0-9]+)?(E-?[0-9]+)?{END}'
        then cast({{x}} as double) <> 0 end
        """,
    "bigint": "coalesce(try_cast({x} as bigint), cast(rint(try_cast({x} as double)) as bigint))",
    "date": f"""
        case when {SLASHES} rlike '^{BLANK}*{DAY}($|[^0-9])'
        then try_cast(regexp_extract({SLASHES}, '{DAY}', 0) as date) end
        """,
    "timestamptz": f"""
        case when {SLASHES} rlike '^{BLANK}*{DAY}([ Tt]{TIME})?{END}'
        then try_cast(upper({SLASHES}) as timestamp) end
        """,
}


def is_text(kinds: str) -> str:
    """Return SQL: JSON as text, from what was read as text (s) and as VARIANT (v). `kinds` are
    those that the text alone does not show."""
    number = NUMBER.format(x="{s}")
    return f"case when schema_of_variant({{v}}) in ({kinds}) then to_json({{v}}) else {number} end"


INSIDE = is_text("'STRING'")  # where JSON's null is SQL's null
EXTRACTED = is_text("'STRING', 'VOID'")


def mark(node: exp.Expression) -> exp.Expression:
    """Return a reading by a shape as a cast to its type, so that the type of each field is known.
    Anything else stays."""
    is_map = isinstance(node, exp.Anonymous) and node.name.lower() == "json_transform"
    if not is_map and not isinstance(node, exp.FromJson):
        return node
    value, shape = node.expressions if is_map else (node.this, node.expression)
    written = literal(shape, "the shape of a from_json()")
    if is_map and written != MAP_SHAPE:
        raise NoRule(f"json_transform() with {written}")
    type_ = "MAP(VARCHAR, JSON)" if is_map else _spell_duckdb(json.loads(written))
    marked = exp.Anonymous(this=MAP if is_map else SHAPE, expressions=[value, shape])
    return exp.Cast(this=marked, to=exp.DataType.build(type_, dialect="duckdb"))


def _spell_duckdb(shape: Any) -> str:
    if isinstance(shape, dict):
        fields = (f'"{name}" {_spell_duckdb(one)}' for name, one in shape.items())
        return f"STRUCT({', '.join(fields)})"
    if isinstance(shape, list):
        return f"{_spell_duckdb(shape[0])}[]"
    if shape not in {*LEAVES, "json"}:
        raise NoRule(f"from_json() with a {shape}")
    return shape.upper()


def read(node: exp.Cast) -> exp.Expression:
    """Return Spark's reading of JSON by the shape of a marked node."""
    value, shape = node.this.expressions
    if node.this.name == MAP:
        return read_map(value)
    return read_shape(value, json.loads(shape.name), INSIDE)


def read_map(value: exp.Expression) -> exp.Expression:
    return build(
        "map_zip_with(from_json(:x, 'map<string, string>'), from_json(:x, 'map<string, variant>'),"
        f" (k, s, v) -> {INSIDE.format(s='s', v='v')})",
        x=value,
    )


def read_shape(value: exp.Expression, shape: Any, as_json: str) -> exp.Expression:
    """Return Spark's reading of JSON by a shape. `as_json` is the SQL for what stays JSON."""
    texts = f"from_json(:x, '{_spell(shape, 'string')}')"
    mixed = f"from_json(:x, '{_spell(shape, 'variant')}')" if _has_json(shape) else "null"
    # a list of one, because a lambda is the only way to name a value inside of an expression
    both = f"array(named_struct('s', {texts}, 'v', {mixed}))"
    body = _convert(shape, "one.s", "one.v", as_json, 0)
    found = f"get(transform({both}, one -> {body}), 0)"
    if isinstance(shape, list):  # Spark takes a single object for a list of one
        found = f"case when ltrim(:x) like '[%' then {found} end"
    return build(found, x=value)


def _has_json(shape: Any) -> bool:
    if isinstance(shape, dict):
        return any(map(_has_json, shape.values()))
    return _has_json(shape[0]) if isinstance(shape, list) else shape == "json"


def _spell(shape: Any, as_json: str) -> str:
    """Return Spark's type of a shape: all text, but for what is JSON."""
    if isinstance(shape, dict):
        return f"struct<{', '.join(f'`{k}`: {_spell(v, as_json)}' for k, v in shape.items())}>"
    if isinstance(shape, list):
        return f"array<{_spell(shape[0], as_json)}>"
    return as_json if shape == "json" else "string"


def _convert(shape: Any, s: str, v: str, as_json: str, depth: int) -> str:
    """Return SQL that makes of the texts in s, and the VARIANT in v, what DuckDB reads."""
    if isinstance(shape, dict):
        fields = (
            f"'{k}', {_convert(one, f'{s}.`{k}`', f'{v}.`{k}`', as_json, depth)}"
            for k, one in shape.items()
        )
        return f"case when {s} is not null then named_struct({', '.join(fields)}) end"
    if isinstance(shape, list):
        inner = _convert(shape[0], f"s{depth}", f"v{depth}", as_json, depth + 1)
        if _has_json(shape):
            return f"zip_with({s}, {v}, (s{depth}, v{depth}) -> {inner})"
        return f"transform({s}, s{depth} -> {inner})"
    return as_json.format(s=s, v=v) if shape == "json" else LEAVES[shape].format(x=s)


def plain_number(found: exp.Expression) -> exp.Expression:
    """Return the text of a JSON value; a large number without an exponent, as DuckDB writes it."""
    return once(NUMBER.format(x="one"), found)
