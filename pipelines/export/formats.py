"""The formats of `rollcall export --format`: for your own reviewers, or for other products.

Other products take one file per system, so each source has its own file, or a pair, named after the
source. A source that was never read completely has no file, because an empty one would say that
nobody has access.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FORMATS = {
    "review": "access_review.csv, for your own reviewers",
    "baton-json": "ConductorOne's baton-file, as JSON",
    "baton-json-2": "ConductorOne's baton-file for later versions, with two lists of grants",
    "baton-xlsx": "ConductorOne's baton-file, as a workbook",
    "conductorone-csv": "ConductorOne's file upload: accounts and grants",
    "vanta-csv": "Vanta's access file",
    "users": "every account with its attributes, in the columns that HR imports",
    "parquet": "every table, for other warehouses and lakehouses",
}
WHOLE = ("review", "parquet")  # are not divided by source


def write_format(
    name: str, warehouse: duckdb.DuckDBPyConnection, folder: Path, sources: list[str]
) -> Iterator[dict[str, Any]]:
    """Write the files of this format into the folder, and yield the manifest entry of each."""
    from pipelines.export import baton_file, conductorone, users, vanta
    from pipelines.export.names import NAME_MACROS
    from pipelines.export.parquet import write_parquet
    from pipelines.export.review_csv import write_review

    warehouse.execute("set TimeZone = 'UTC'")
    if name == "review":
        yield write_review(warehouse, folder / "access_review.csv")
        return
    if name == "parquet":
        yield from write_parquet(warehouse, folder)
        return
    write = {
        "baton-json": baton_file.write_json,
        "baton-json-2": partial(baton_file.write_json, parts=baton_file.LATER_PARTS),
        "baton-xlsx": baton_file.write_workbook,
        "conductorone-csv": conductorone.write_conductorone,
        "vanta-csv": vanta.write_vanta,
        "users": users.write_users,
    }[name]
    warehouse.execute(NAME_MACROS)
    for source in sources:
        for file in write(warehouse, folder, source):
            yield {**file, "source_name": source}
