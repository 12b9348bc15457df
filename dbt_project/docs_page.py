"""Write `make docs`: dbt's page, with the comments of the warehouse on the tables that dbt reads.

Rollcall describes its own tables once, as comments in the warehouse, and dbt's page shows only what
a YAML file says. So this script copies the comments into dbt's manifest before it writes the page.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def add_comments(manifest: dict[str, Any], catalog: dict[str, Any]) -> None:
    """Describe every source table and column that has no description yet by its comment."""
    for key, found in catalog["sources"].items():
        table = manifest["sources"][key]
        table["description"] = table["description"] or found["metadata"]["comment"] or ""
        for name, column in found["columns"].items():
            described = table["columns"].setdefault(name, {"name": name, "description": ""})
            described["description"] = described["description"] or column["comment"] or ""


def write_page(target: Path, page: Path) -> None:
    """Put what `dbt docs generate` left in the folder `target` into one page."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    add_comments(manifest, catalog)
    text = (target / "index.html").read_text(encoding="utf-8")
    for name, content in (("MANIFEST", manifest), ("CATALOG", catalog)):
        text = text.replace(f'"{name}.JSON INLINE DATA"', json.dumps(content))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]))
