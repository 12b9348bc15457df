"""Spark in this process, for comparisons with DuckDB."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def skip_without_spark() -> None:
    """Skip the test, with the reason, where Spark cannot run."""
    if find_spec("pyspark") is None or find_spec("py4j") is None:
        pytest.skip("Spark is not installed: pip install pyspark==4.3.0")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java 17 or newer")


@contextmanager
def start_spark(folder: Path) -> Iterator[Any]:
    """Start Spark with two threads; it keeps its files in the folder."""
    skip_without_spark()
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -Duser.timezone=UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        session.stop()
