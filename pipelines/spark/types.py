"""The names of views on Spark, and Spark's types for those of DuckDB."""

from __future__ import annotations

from sqlglot import exp

from pipelines.failures import Refused

Shapes = dict[str, list[list[str]]]  # table -> the name and DuckDB's type of each column
# JSON stays text: Spark's VARIANT would sort the keys of objects, and hashes would change
TYPES = {
    exp.DType.BIGINT: "bigint",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.DOUBLE: "double",
    exp.DType.INT: "int",
    exp.DType.INT128: "decimal(38, 0)",
    exp.DType.JSON: "string",
    exp.DType.TEXT: "string",
    exp.DType.TIMESTAMPNTZ: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamp",
    exp.DType.VARCHAR: "string",
}


def name_view(schema: str, table: str) -> str:
    """Return the name of the temporary view that stands for a table of the warehouse."""
    return f"{schema}__{table}"


def name_type(type_name: str) -> str:
    """Return Spark's type for a type of DuckDB. Raises Refused for one without."""
    return spell_type(exp.DataType.build(type_name, dialect="duckdb"))


def spell_type(type_: exp.DataType) -> str:
    """Return Spark's name of a type."""
    if type_.this in (exp.DType.ARRAY, exp.DType.LIST):
        return f"array<{spell_type(type_.expressions[0])}>"
    if type_.this == exp.DType.MAP:
        key, value = type_.expressions
        return f"map<{spell_type(key)}, {spell_type(value)}>"
    if type_.this == exp.DType.STRUCT:
        fields = (f"`{one.name}`: {spell_type(one.args['kind'])}" for one in type_.expressions)
        return f"struct<{', '.join(fields)}>"
    if type_.this not in TYPES:
        raise Refused(
            f"transform: the type {type_.sql('duckdb')}",
            "it has no counterpart in Spark",
            "use another type, or add it to pipelines/spark/types.py",
        )
    return TYPES[type_.this]
