"""Write `make docs`: dbt's page, for people who query the warehouse.

The page opens on docs/warehouse.md instead of dbt's own welcome, and hides the tables that are
internal. Rollcall describes its own tables once, as comments in the warehouse, but dbt's page shows
only what a YAML file says. So this script copies the comments into dbt's manifest.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

OVERVIEW = Path(__file__).parents[1] / "docs" / "warehouse.md"
SHOWN_SCHEMAS = ("main", "policy")
# dbt's page has no dark form, needs 960 pixels, cuts descriptions off, and has a list of groups
STYLE = """
<style>
@media (prefers-color-scheme: dark) {
    html { background: #fff; filter: invert(0.9) hue-rotate(180deg); }
}
@media (max-width: 960px) {
    body, .app { min-width: 0; }
    .app-menu { display: none; }
    .app-content { overflow-x: auto; }
}
.app-content a code { color: inherit; }
.column-row td:nth-child(3) {
    max-width: none !important; white-space: normal !important; width: 45%;
}
.switches .switch:nth-child(3) { display: none; }
</style>
</head>"""


def add_comments(manifest: dict[str, Any], catalog: dict[str, Any]) -> None:
    """Describe every source table and column that has no description yet by its comment."""
    for key, found in catalog["sources"].items():
        table = manifest["sources"][key]
        table["description"] = table["description"] or found["metadata"]["comment"] or ""
        for name, column in found["columns"].items():
            described = table["columns"].setdefault(name, {"name": name, "description": ""})
            described["description"] = described["description"] or column["comment"] or ""


def hide_internals(manifest: dict[str, Any]) -> None:
    """Leave out of lists and search what is not for queries: other schemas, and Jinja macros."""
    for node in manifest["nodes"].values():
        node["docs"] = {"show": node["schema"] in SHOWN_SCHEMAS}
    for macro in manifest["macros"].values():
        macro["docs"] = {"show": False}
    sources = manifest["sources"]  # the page would list a hidden one
    gone = {key for key, table in sources.items() if table["schema"] not in SHOWN_SCHEMAS}
    manifest["sources"] = {key: sources[key] for key in sources.keys() - gone}
    for node in manifest["nodes"].values():
        needed = node["depends_on"]
        needed["nodes"] = [key for key in needed.get("nodes", ()) if key not in gone]
    for name in ("parent_map", "child_map"):
        manifest[name] = {
            key: [other for other in others if other not in gone]
            for key, others in manifest[name].items()
            if key not in gone
        }


def set_overview(manifest: dict[str, Any], page: str) -> None:
    """Open on a page of ours, whose table names lead to the tables."""
    links = {
        node["name"]: f"[`{node['name']}`](#!/{node['resource_type']}/{key})"
        for key, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["schema"] == "main" and node["resource_type"] in ("model", "source")
    }
    text = re.sub(r"\[[\w.]+\]\(([\w.]+)[^)]*\)", r"`docs/\1`", page)  # no file is beside this page
    text = re.sub(r"`(\w+)`", lambda found: links.get(found[1], found[0]), text)
    manifest["docs"]["doc.dbt.__overview__"]["block_contents"] = text


def write_page(target: Path, page: Path) -> None:
    """Put what `dbt docs generate` left in the folder `target` into one page."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    catalog = json.loads((target / "catalog.json").read_text(encoding="utf-8"))
    add_comments(manifest, catalog)
    hide_internals(manifest)
    set_overview(manifest, OVERVIEW.read_text(encoding="utf-8"))
    text = (target / "index.html").read_text(encoding="utf-8").replace("</head>", STYLE, 1)
    for name, content in (("MANIFEST", manifest), ("CATALOG", catalog)):
        text = text.replace(f'"{name}.JSON INLINE DATA"', json.dumps(content))
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]))
