"""What models ask of DuckDB itself, as tables that leave the warehouse with the others.

`pg_timezone_names()` is DuckDB's list of time zones. `nfc_normalize()` has no counterpart in Spark:
a table says how each text of this build that is not in normal form has to be written, so that no
engine needs Unicode's tables, and no vendor's text is changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.spark.rules.texts import NORMAL_FORMS
from pipelines.spark.types import name_view
from pipelines.sql import quote

Shapes = dict[str, list[list[str]]]
TIME_ZONES = ("duckdb", "time_zones")
SHAPES: Shapes = {".".join(TIME_ZONES): [["name", "VARCHAR"]]}
