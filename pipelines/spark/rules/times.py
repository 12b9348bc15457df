"""Days and moments. On Spark every moment is one of UTC, as the session's time zone is."""

from __future__ import annotations

import re

from sqlglot import exp

from pipelines.spark.rules.building import WHOLE, NoRule, build, literal, text, type_of

# The local time of a night in which the clocks go back comes twice: DuckDB takes the later moment
TO_UTC = """
case when from_utc_timestamp(to_utc_timestamp(:x, :zone) + interval 1 hour, :zone) = :x
then to_utc_timestamp(:x, :zone) + interval 1 hour
else to_utc_timestamp(:x, :zone) end
"""
# Added up as DuckDB does, so that not even the last digit differs
EPOCH = "unix_millis(:x) / 1000D + pmod(unix_micros(:x), 1000) / 1000000D"
FORMATS = {
    **{"%Y": "yyyy", "%m": "MM", "%d": "dd", "%-d": "d", "%B": "MMMM"},
    **{"%H": "HH", "%M": "mm", "%S": "ss", "%f": "SSSSSS", "T": "'T'", "Z": "'Z'"},
}
FORMAT_PART = re.compile(r"%-?\w|[A-Za-z]|[-: .]")
MOMENTS = {exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ}


def move_to_zone(node: exp.AtTimeZone) -> exp.Expression:
    parts = {"x": node.this, "zone": node.args["zone"]}
    if type_of(node.this) == exp.DType.TIMESTAMPTZ:
        return build("from_utc_timestamp(:x, :zone)", **parts)
    return build(TO_UTC, **parts)


def format_time(node: exp.TimeToStr) -> exp.Expression:
    form = literal(node.args["format"], "a format of time")
    parts = FORMAT_PART.findall(form)
    if "".join(parts) != form or any(one not in FORMATS and one not in "-: ." for one in parts):
        raise NoRule(f"strftime() with the format {form}")
    spelled = "".join(FORMATS.get(one, one) for one in parts)
    return build("date_format(:x, :form)", x=node.this, form=text(spelled))


def add(node: exp.Add | exp.Sub) -> exp.Expression:
    """Days, moments and parts of time are added only as both engines do; numbers always."""
    left, right = type_of(node.left), type_of(node.right)
    is_taken = isinstance(node, exp.Sub)
    if is_taken and left == right == exp.DType.DATE:
        return build("datediff(:x, :y)", x=node.left, y=node.right)
    is_of_time = {left, right} & {exp.DType.DATE, exp.DType.INTERVAL, *MOMENTS}
    is_day = left == exp.DType.DATE and right in WHOLE
    is_moment = left in MOMENTS and right == exp.DType.INTERVAL
    if is_of_time and not is_day and not is_moment:
        raise NoRule(f"a {left.value} {'-' if is_taken else '+'} a {right.value}")
    return node


RULES = {
    exp.Add: add,
    exp.AtTimeZone: move_to_zone,
    exp.Sub: add,
    exp.TimeToStr: format_time,
    exp.TimeToUnix: lambda node: build(EPOCH, x=node.this),
    exp.ToDays: lambda node: build("make_dt_interval(cast(:x as int))", x=node.this),
}
NAMED = {"epoch_us": lambda node: build("unix_micros(:x)", x=node.expressions[0])}
