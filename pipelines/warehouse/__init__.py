"""The warehouse: one DuckDB file that is published, its tables, and dbt, which builds the marts."""

from pathlib import Path

_PACKAGED = Path(__file__).parents[1] / "dbt_project"  # where pyproject.toml puts it in the wheel
_SOURCE = Path(__file__).parents[2] / "dbt_project"
PROJECT_FOLDER = _PACKAGED if _PACKAGED.is_dir() else _SOURCE
