"""The warehouse: one DuckDB file that is published, its tables, and dbt, which builds the marts."""

from pathlib import Path

PROJECT_FOLDER = Path(__file__).parents[2] / "dbt_project"
