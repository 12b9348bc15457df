"""The types of expressions that sqlglot does not know, so that a rule can ask for them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.schema import Schema

TEXT, JSON = exp.DType.TEXT, exp.DType.JSON
FUNCTIONS = {
    "epoch_us": exp.DType.BIGINT,
    "isfinite": exp.DType.BOOLEAN,
    "list_aggregate": TEXT,
    "list_bool_and": exp.DType.BOOLEAN,
    "list_bool_or": exp.DType.BOOLEAN,
    "list_has_all": exp.DType.BOOLEAN,
    "nfc_normalize": TEXT,
    "to_json": JSON,
}
OF_FIRST = {"arg_max_null", "arg_min_null"}


TEXTS = (
    *(exp.JSONExtractScalar, exp.JSONType, exp.Left, exp.RegexpExtract, exp.RegexpReplace),
    *(exp.Replace, exp.SplitPart),
)
LIKE_THIS = (
    *(exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.ArrayConcat, exp.ArrayDistinct),
    *(exp.IgnoreNulls, exp.SortArray),
)


def _annotate_function(self: TypeAnnotator, node: exp.Anonymous) -> None:
    name = node.name.lower()
    found = node.expressions[0].type if name in OF_FIRST else FUNCTIONS.get(name)
    self._set_type(node, found)


def _annotate_as_this(self: TypeAnnotator, node: exp.Expression) -> None:
    self._set_type(node, node.this.type)


def _annotate_zone(self: TypeAnnotator, node: exp.AtTimeZone) -> None:
    """A moment becomes a local time, and a local time a moment."""
    is_moment = node.this.is_type(exp.DType.TIMESTAMPTZ)
    self._set_type(node, exp.DType.TIMESTAMPNTZ if is_moment else exp.DType.TIMESTAMPTZ)


def _annotate_element(self: TypeAnnotator, node: exp.Bracket) -> None:
    """A map gives its value, a list its element, and a slice is a list again."""
    is_slice = isinstance(node.expressions[0], exp.Slice)
    inner = node.this.type.expressions
    self._set_type(node, node.this.type if is_slice else inner[-1] if inner else None)


def _annotate_lambda(self: TypeAnnotator, node: exp.Transform | exp.ArrayFilter) -> None:
    """Give the variable of a lambda the type of the list's elements, and its body types again."""
    function, elements = node.expression, node.this.type.expressions
    names = {variable.name for variable in function.expressions}
    for variable in [*function.this.find_all(exp.Identifier)]:
        is_field = isinstance(variable.parent, exp.Dot) and variable.arg_key == "expression"
        if variable.name not in names or is_field or isinstance(variable.parent, exp.Column):
            continue
        self._set_type(variable, elements[0] if elements else None)
        above = variable.parent
        while above is not function:
            self._visited.discard(id(above))
            above = above.parent
    self._annotate_expression(function.this)
    if isinstance(node, exp.ArrayFilter):
        self._set_type(node, node.this.type)
    else:
        inner = function.this.type
        self._set_type(node, exp.DataType(this=exp.DType.ARRAY, expressions=[inner], nested=True))


METADATA: dict[type, dict[str, Any]] = DuckDB.EXPRESSION_METADATA | {
    exp.Anonymous: {"annotator": _annotate_function},
    exp.ArrayFilter: {"annotator": _annotate_lambda},
    exp.JSONExtract: {"returns": JSON},
    exp.JSONKeys: {"returns": exp.DataType.build("TEXT[]", dialect="duckdb")},
    exp.JSONObject: {"returns": JSON},
    exp.Transform: {"annotator": _annotate_lambda},
    exp.AtTimeZone: {"annotator": _annotate_zone},
    exp.Bracket: {"annotator": _annotate_element},
    **{kind: {"returns": TEXT} for kind in TEXTS},
    **{kind: {"annotator": _annotate_as_this} for kind in LIKE_THIS},
}


def annotate(tree: exp.Expression, schema: Schema) -> exp.Expression:
    """Give each node the type that it has in DuckDB, where that is known."""
    return TypeAnnotator(schema, METADATA).annotate(tree)
