"""Render one HTML file that shows who has access to what, and that opens without a network.

The file contains everything: the rows, the table library (DataTables, as itables ships it) and the
chart (SVG from pygal). The page's content security policy forbids the browser to load or send
anything, and to run any script except the one whose digest it names. The file contains personal
data, like the warehouse, so its mode is 0600.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import __version__
from pipelines.failures import Misconfigured
from pipelines.files import output
from pipelines.report.queries import FIGURES, MAX_GRANTS, OVER_TIME, QUERIES

if TYPE_CHECKING:
    import duckdb

MARK = "<!doctype html><!-- rollcall report -->"
HERE = Path(__file__).parent


def render_page(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int]]:
    """Return the page, and how many rows of each kind it has.

    Raises Misconfigured for a warehouse of an earlier version, or one too large for a page.
    """
    import duckdb
    import jinja2
    import orjson

    from pipelines.sql import fetch_dicts

    try:
        [figures] = fetch_dicts(warehouse.execute(FIGURES))
        if figures["grants"] > MAX_GRANTS:
            raise Misconfigured(
                "report",
                f"{figures['grants']:,} grants are more than a page can show ({MAX_GRANTS:,})",
                "query the warehouse instead (docs/questions.md)",
            )
        data = {name: warehouse.execute(sql).fetchall() for name, sql in QUERIES.items()}
        over_time = dict(warehouse.execute(OVER_TIME).fetchall())
    except duckdb.CatalogException:
        raise Misconfigured(
            "report",
            "an earlier version of Rollcall published this warehouse",
            "run `rollcall sync`",
        ) from None
    counts = {name: len(rows) for name, rows in data.items()}
    script = _read_library("js") + "\n" + (HERE / "page.js").read_text()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("page.html").render(
        mark=MARK,
        version=__version__,
        states=_read_states(warehouse),
        counts=counts,
        figures=figures,
        chart=_draw_chart(over_time),
        over_time=over_time,
        style=_read_library("css") + "\n" + (HERE / "page.css").read_text(),
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        # A "<" in a name could end the script element; JSON reads the escape the same.
        data=orjson.dumps(data).decode().replace("<", "\\u003c"),
    )
    return page, counts


def replace_page(path: Path, page: str) -> None:
    """Write the page in one step, over an earlier report if there is one.

    Raise Misconfigured if the path has a file that is no report, and StorageFailed if the page
    cannot be written.
    """
    from pipelines.failures import storage_failure

    try:
        output.replace_output(path, page.encode(), "report", _is_report)
    except OSError as error:
        raise storage_failure(path, error, "check the disk, or set --out") from None


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()


def _read_states(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the state of each source, the age of its data, and whether the data is too old."""
    from pipelines.warehouse.source_states import describe_age, find_too_old, read_source_states

    states = read_source_states(warehouse)
    too_old = find_too_old(states)
    return [
        state
        | {
            "age": describe_age(state["as_of"]) if state["as_of"] else None,
            "is_too_old": state["source_name"] in too_old,
        }
        for state in states
    ]


def _read_library(kind: str) -> str:
    """Return DataTables, as a script that defines the name `DataTable` instead of exporting it."""
    text = (files("itables") / "html" / f"dt_bundle.{kind}").read_text(encoding="utf-8")
    made, places = re.subn(r"export\{[^}]*?(\w+) as default[^}]*\};?", r"const DataTable=\1;", text)
    if kind == "js" and (places != 1 or "</script" in made):
        raise RuntimeError("this version of itables ships DataTables in another form")
    # DataTables contains these two in texts and patterns; there they would end the page's script.
    return made.replace("<!--", "<\\x21--").replace("<script", "<\\x73cript")


def _draw_chart(over_time: dict[str, dict[str, int]]) -> str:
    """Return the number of grants by source over time, as SVG."""
    import pygal
    from pygal.style import Style

    chart = pygal.Line(
        js=(),
        width=900,
        height=300,
        show_dots=len(over_time) < 15,
        include_x_axis=True,
        disable_xml_declaration=True,
        no_prefix=True,
        legend_at_bottom=True,
        margin=12,
        x_labels_major_count=6,
        show_minor_x_labels=False,
        no_data_text="no data yet",
        style=Style(
            background="transparent",
            plot_background="transparent",
            font_family="inherit",
            foreground="#333",
            foreground_strong="#333",
            foreground_subtle="#999",
            colors=("#0b5cad", "#b3470c", "#2c7a3f", "#7b3fa0", "#8a6d00", "#a3174f"),
        ),
    )
    chart.add_xml_filter(_remove_scripts)
    chart.x_labels = list(over_time)
    for source in sorted({source for grants in over_time.values() for source in grants}):
        chart.add(source, [grants.get(source, 0) for grants in over_time.values()])
    return chart.render(is_unicode=True)


def _remove_scripts(svg: Any) -> Any:
    """Remove pygal's scripts, which the page's policy would block with an error message."""
    for parent in svg.iter():
        for child in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(child)
    return svg
