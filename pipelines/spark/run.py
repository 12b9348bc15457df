"""Have Spark build the models, each as soon as those that it reads are there.

Spark itself repeats the work of a lost executor or worker. A model that fails nevertheless is built
once more, in another folder, because the first attempt may still be writing. If the server is gone,
the build ends.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pipelines.failures import Refused, StorageFailed
from pipelines.files.text_stream import sync_to_disk
from pipelines.spark.dialect import Recursion, Shapes, name_view, translate
from pipelines.spark.engine import Engine, connect, describe_error, is_lost
from pipelines.sql import find_names

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

THREADS = 4  # models that are built at once, because a small one leaves most of a cluster idle
ATTEMPTS = 2
STEPS = "steps"  # the folder of what models are made of, beside the folders of their schemas
NEXT_STORE = "set TRANSFORM__STORE to a folder that this machine and all machines of Spark share"
NEXT_SYNC = "start Spark again, then run `rollcall sync` again"


@dataclass(frozen=True)
class Model:
    """A model, and its query as dbt has compiled it for DuckDB."""

    table: str  # with its schema
    sql: str
    key: str = ""  # of a history: a new row replaces the earlier one with the same value here

    @property
    def name(self) -> str:
        return self.table.split(".", 1)[1]

    def find_tables(self, tables: set[str]) -> set[str]:
        """Return which of these tables the query names."""
        return find_names(self.sql) & tables


@dataclass
class Run:
    """A build on Spark.

    `folder` takes the rows of the models. `places` has the folders of the tables that are there:
    at first of all that the models read and do not make. `before` has the columns of all tables
    before the build, `shapes` those after it.
    """

    engine: Engine
    folder: Path
    places: dict[str, Path]
    before: Shapes
    shapes: Shapes
    statements: list[str]  # that come before the first model

    def build(
        self, models: list[Model], on_step: Callable[[int, int], None] | None
    ) -> dict[str, list[Path]]:
        """Build the models, and return the files of each.

        Raises Refused for a model that fails, and StorageFailed if the server is gone or its files
        cannot be seen.
        """
        self.session = connect(self.engine)
        self._begin()
        by_table = {model.table: model for model in models}
        parents = {one: model.find_tables({*by_table}) - {one} for one, model in by_table.items()}
        order = TopologicalSorter(parents)
        order.prepare()
        running: dict[Future[list[Path]], str] = {}
        made: dict[str, list[Path]] = {}
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                while order.is_active():
                    for table in order.get_ready():
                        running[pool.submit(self._build_model, by_table[table])] = table
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        table = running.pop(future)
                        made[table] = future.result()
                        order.done(table)
                        if on_step:
                            on_step(len(made), len(models))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        self.session.stop()
        return made

    def _begin(self) -> None:
        """Prepare the session. Raises StorageFailed if Spark does not see the tables."""
        from pyspark.errors import PySparkException

        self.frames: dict[str, DataFrame] = {}
        try:
            for statement in self.statements:
                self.session.sql(statement)
            for table, place in self.places.items():
                self._show(table, self.session.read.parquet(str(place)))
        except PySparkException as error:
            what = f"transform: {self.engine.address}"
            why = f"Spark cannot begin: {describe_error(error)}"
            raise StorageFailed(what, why, NEXT_STORE) from None

    def _build_model(self, model: Model) -> list[Path]:
        from grpc import RpcError
        from pyspark.errors import AnalysisException, PySparkException

        for attempt in range(ATTEMPTS):
            place = self.folder / model.table.replace(".", "/", 1)
            try:
                return self._attempt(model, place.with_name(place.name + "~" * attempt))
            except (PySparkException, RpcError) as error:
                why = describe_error(error)
                if is_lost(error):
                    what, why = f"transform: {self.engine.address}", f"Spark is gone: {why}"
                    raise StorageFailed(what, why, NEXT_SYNC) from None
                if attempt + 1 == ATTEMPTS or isinstance(error, AnalysisException):
                    remedy = "run `rollcall transform --check`, and report the message"
                    raise Refused(f"transform: model {model.name}", why, remedy) from None
        raise AssertionError("unreachable")

    def _attempt(self, model: Model, place: Path) -> list[Path]:
        earlier = {model.table: self.before[model.table]} if model.table in self.before else {}
        query = translate(model.sql, self.shapes | earlier, model.name)
        steps = self.folder / STEPS / place.name
        if isinstance(query, Recursion):
            frame = self._step_to_end(query, steps)
        else:
            frame = self.session.sql(query)
        if model.key and model.table in self.frames:
            new, _ = self._write(frame, steps / "new")
            kept = self.frames[model.table].join(new, model.key, "left_anti")
            frame = kept.unionByName(new, allowMissingColumns=True)
        frame = frame.select(*(name for name, _ in self.shapes[model.table]))
        made, files = self._write(frame, place)
        self._show(model.table, made)
        return files

    def _step_to_end(self, query: Recursion, steps: Path) -> DataFrame:
        """Return the rows of a recursive query: repeat its step until that finds no row."""
        found, _ = self._write(self.session.sql(query.start).distinct(), steps / "0")
        known, number = found, 0
        while True:
            found.createOrReplaceTempView(query.found)
            known.createOrReplaceTempView(query.known)
            if found.isEmpty():
                return self.session.sql(query.final)
            number += 1
            new = self.session.sql(query.step)
            if not query.keys:
                new = new.distinct().exceptAll(known)
            found, _ = self._write(new, steps / str(number))
            kept = known.join(found, query.keys, "left_anti") if query.keys else known
            known, _ = self._write(kept.unionByName(found), steps / f"known{number}")

    def _show(self, table: str, frame: DataFrame) -> None:
        """Give a table the name that translated queries call it by."""
        self.frames[table] = frame
        frame.createOrReplaceTempView(name_view(*table.split(".", 1)))

    def _write(self, frame: DataFrame, place: Path) -> tuple[DataFrame, list[Path]]:
        """Write rows to a folder. Return the rows that are there, and the files.

        Raises StorageFailed if fewer rows are seen here: a worker has written to a disk of its own.
        """
        from pyarrow.parquet import read_metadata
        from pyspark.sql.connect import functions
        from pyspark.sql.connect.observation import Observation

        written = Observation()
        count = functions.count(functions.lit(1)).alias("rows")
        schema = frame.schema  # first: the server keeps the analyzed plan, and the write finds it
        frame.observe(written, count).write.parquet(str(place))
        made = self.session.read.schema(schema).parquet(str(place))
        names = [unquote(one).rsplit("/", 1)[1] for one in made.inputFiles()]
        files = [place / name for name in sorted(names)]
        rows, seen = written.get["rows"], 0
        for file in filter(Path.exists, files):
            seen += read_metadata(file).num_rows
            sync_to_disk(file)
        if seen != rows:
            raise StorageFailed(
                "TRANSFORM__STORE",
                f"Spark has written {rows} rows to {place}, and {seen} can be read here",
                NEXT_STORE,
            )
        return made, files
