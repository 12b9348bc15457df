"""What `rollcall export --format` can write: for our own reviewers, or as other products read it.

A product takes one file for one system, so there is one (or a pair) per source, named after it. A
source that was never read completely has none: an empty file would say that nobody has access.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FORMATS = {
    "review": "access_review.csv, for our own reviewers",
    "baton-json": "ConductorOne's baton-file, as JSON",
    "baton-json-2": "the same for its later versions, with two lists of grants",
    "baton-xlsx": "ConductorOne's baton-file, as a workbook",
    "conductorone-csv": "ConductorOne's file upload: accounts and grants",
    "vanta-csv": "Vanta's access file",
}


def write_format(
    name: str, warehouse: duckdb.DuckDBPyConnection, folder: Path, sources: list[str]
) -> Iterator[dict[str, Any]]:
    """Write the files of this format into the folder; what the manifest says of each."""
    from pipelines.export import baton_file, conductorone, vanta
    from pipelines.export.review_csv import write_review

    warehouse.execute("set TimeZone = 'UTC'")
    if name == "review":
        yield write_review(warehouse, folder / "access_review.csv")
        return
    write = {
        "baton-json": baton_file.write_json,
        "baton-json-2": baton_file.write_later_json,
        "baton-xlsx": baton_file.write_workbook,
        "conductorone-csv": conductorone.write_conductorone,
        "vanta-csv": vanta.write_vanta,
    }[name]
    for source in sources:
        for file in write(warehouse, folder, source):
            yield {**file, "source_name": source}
