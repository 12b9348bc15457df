"""Read what people call the sources whose data is published: a vendor's name, or a title."""

from __future__ import annotations

from collections import Counter

import duckdb

from pipelines.sources import source_title, vendor_names
from pipelines.sql import has_table

SYSTEMS = "stg_declared__systems"


def read_titles(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the name that people read of every source that was ever read.

    A declared system has the title of its last sync, whatever its file says since. Where two
    sources would have one name, both have their own word behind it.
    """
    names = [name for (name,) in warehouse.execute("select distinct source_name from main.runs order by all").fetchall()]
    declared = {}
    if has_table(warehouse, SYSTEMS, "staging"):
        query = f"select source_name, title from staging.{SYSTEMS} where title is not null"
        declared = dict(warehouse.execute(query).fetchall())
    vendors = vendor_names()
    titles = {
        name: source_title(name) if name in vendors else declared.get(name, name) for name in names
    }
    often = Counter(map(str.casefold, titles.values()))
    return {
        name: title if often[title.casefold()] == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }
