"""The rows of the last complete sync, for a source that reads only what has changed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.files.json_text import parse
from pipelines.sources.raw_rows import SCHEMA, Row


class EarlierRows:
    """The raw tables of one source after its last complete sync; empty if there was none."""

    def __init__(self, warehouse: Path | None = None, source: str = "") -> None:
        self.warehouse, self.source = warehouse, source

    def read_table(self, name: str) -> pa.Table:
        """Return one raw table as it was loaded."""
        columns = ", ".join(SCHEMA.names)
        found = self._query(f"select {columns} from raw_{self.source}.{name} order by id")
        return SCHEMA.empty_table() if found is None else found.cast(SCHEMA)

    def read_rows(self, name: str) -> dict[str, Row]:
        """Return the vendor's objects of one raw table, by id."""
        table = self.read_table(name)
        texts = table["payload"].to_pylist()
        return {
            key: parse(text.encode())
            for key, text in zip(table["id"].to_pylist(), texts, strict=True)
        }

    def read_values(self, name: str, path: str) -> dict[str, str | None]:
        """Return one value of each object in a raw table, as text by id. No object is parsed."""
        found = self._query(f"select id, payload->>'{path}' as value from raw_{self.source}.{name}")
        if found is None:
            return {}
        return dict(zip(found["id"].to_pylist(), found["value"].to_pylist(), strict=True))

    def read_ticket_ids(self) -> list[str]:
        """Return the vendor's ids of the tickets that `apply` opened there."""
        found = self._query(
            "select distinct split_part(ticket_id, ':', 3) as id from applied_changes"
            f" where ticket_id like '{self.source}:ticket:%' order by id"
        )
        return [] if found is None else found["id"].to_pylist()

    def read_start(self) -> str | None:
        """Return the time at which the last complete sync began; None if there was none."""
        found = self._query(
            "select max(started_at)::varchar as moment from main.runs"
            f" where source_name = '{self.source}' and status = 'complete'"
        )
        return None if found is None else found["moment"][0].as_py()

    def _query(self, sql: str) -> pa.Table | None:
        if self.warehouse is None or not self.warehouse.exists():
            return None
        with duckdb.connect(str(self.warehouse)) as connection:
            try:
                return connection.execute(sql).to_arrow_table()
            except duckdb.CatalogException:  # this source has not been loaded yet
                return None
