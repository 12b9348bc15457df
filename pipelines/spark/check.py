"""Ask Spark whether it could run each model, without a row."""

from __future__ import annotations

import duckdb

from pipelines.failures import Failure, Refused
from pipelines.spark.dialect import Recursion, Shapes, name_view, translate
from pipelines.spark.engine import Engine, connect, describe_error
from pipelines.spark.run import Model
from pipelines.spark.session import prepare_session
from pipelines.spark.types import name_type

NEXT = "report the message"


def check_models(
    engine: Engine, models: list[Model], shapes: Shapes, empty: duckdb.DuckDBPyConnection
) -> list[Failure]:
    """Return why Spark cannot run models, one failure each. `empty` has the tables of `shapes`.

    Raises StorageFailed if Spark does not answer.
    """
    from pyspark.errors import AnalysisException

    session = connect(engine)
    for statement in prepare_session(empty, {}):
        session.sql(statement)

    def show(name: str, columns: list[list[str]]) -> None:
        listed = (f"cast(null as {name_type(kind)}) as `{column}`" for column, kind in columns)
        session.sql(f"create temporary view {name} as select {', '.join(listed)}")

    for table, columns in shapes.items():
        show(name_view(*table.split(".", 1)), columns)
    failures: list[Failure] = []
    for model in models:
        try:
            query = translate(model.sql, shapes, model.name)
            if isinstance(query, Recursion):
                start = session.sql(query.start)
                start.createOrReplaceTempView(query.found)
                start.createOrReplaceTempView(query.known)
                session.sql(query.step).schema  # noqa: B018 - Spark analyses a query for its schema
                query = query.final
            session.sql(query).schema  # noqa: B018
        except Refused as failure:
            failures.append(failure)
        except AnalysisException as error:
            failures.append(Refused(f"transform: model {model.name}", describe_error(error), NEXT))
    session.stop()
    return failures
