"""Bugs in the build on Spark, and in the views of what it has made."""

from __future__ import annotations

from functools import partial

from tests.planted.bug import Bug

VIEWS = "tests/warehouse/test_stored_views.py -k"
ENGINE = "tests/spark/test_engine.py -k"

views = partial(Bug, file="pipelines/warehouse/on_spark/views.py")
engine = partial(Bug, file="pipelines/spark/engine.py")

BUGS = [
    views(
        "spark: a view takes the files that there are",
        old='", ".join(quote(str(file)) for file in stored.files)',
        new='quote(f"{stored.files[0].parent}/*.parquet")',
        tests=f"{VIEWS} missing_file",
    ),
    views(
        "spark: missing files are an unexpected error",
        old="if not any(str(place) in str(error) for place in places.values()):",
        new="if places:",
        tests=f"{VIEWS} missing_file",
    ),
    views(
        "spark: a history is lost on the way back",
        old='as from {view}")',
        new='as from {view} limit 0")',
        tests=f"{VIEWS} makes_tables",
    ),
    Bug(
        "spark: the generations of the file before are removed",
        "pipelines/warehouse/publish.py",
        "read_generations(copy, warehouse, refused_path(warehouse))",
        "read_generations(copy, refused_path(warehouse))",
        f"{VIEWS} refers_to",
    ),
    Bug(
        "spark: the generation of a refused candidate is removed",
        "pipelines/warehouse/publish.py",
        "read_generations(copy, warehouse, refused_path(warehouse))",
        "read_generations(copy, warehouse)",
        f"{VIEWS} refused_candidate",
    ),
    Bug(
        "spark: dead generations stay",
        "pipelines/warehouse/publish.py",
        "        remove_generations(_work_home(warehouse), kept)\n",
        "",
        f"{VIEWS} refers_to",
    ),
    Bug(
        "spark: a history that is a view cannot be dated back",
        "pipelines/sync/future_runs.py",
        "    views.restore_tables(connection, only_histories=True)\n",
        "",
        f"{VIEWS} dated_back",
    ),
    Bug(
        "spark: views stay views without Spark",
        "pipelines/warehouse/dbt_build.py",
        "            views.restore_tables(connection)\n",
        "",
        f"{VIEWS} makes_tables",
    ),
    Bug(
        "spark: views are not exported as Parquet",
        "pipelines/export/parquet.py",
        "from duckdb_views()\nwhere database_name",
        "from duckdb_views()\nwhere false and database_name",
        f"{VIEWS} bytes",
    ),
    engine(
        "spark: a token is printed",
        old="    hide(*(value for name, value in parts if name not in HARMLESS))\n",
        new="",
        tests=f"{ENGINE} token",
    ),
    engine(
        "spark: the store may have a pattern for a name",
        old='r"/[\\w ./@:+=,-]*"',
        new='r"/.*"',
        tests=f"{ENGINE} wrong_settings",
    ),
    Bug(
        "spark: a sync reads before it asks whether Spark answers",
        "pipelines/sync/run.py",
        "    check_engine()\n",
        "",
        f"{ENGINE} wrong_setting_reads",
    ),
]
