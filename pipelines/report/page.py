"""rollcall report: one HTML file that shows who has access to what, and opens without a network.

Everything is inside it: the rows, the table library (DataTables, as itables ships it), the chart
(pygal's SVG). The page's own policy forbids the browser to load or send anything, and to run any
script but the two whose digests it names. It is people's data like the warehouse: mode 0600.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import __version__
from pipelines.failures import Misconfigured
from pipelines.files.text_stream import write_new_file
from pipelines.report.queries import MAX_POINTS, MAX_ROWS, OVER_TIME, QUERIES

if TYPE_CHECKING:
    import duckdb


MARK = "<!doctype html><!-- rollcall report -->"


HERE = Path(__file__).parent


def render_page(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int]]:
    """The page, and how many rows of each kind are in it. Raises Misconfigured for a warehouse
    that is older than this version, or too large for a page."""
    import duckdb
    import jinja2
    import orjson

    from pipelines.warehouse.source_states import describe_age, read_source_states

    try:
        [(grants,)] = warehouse.execute("select count(*) from grants").fetchall()
        if grants > MAX_ROWS:
            raise Misconfigured(
                "report",
                f"{grants:,} grants are more than a page can show ({MAX_ROWS:,})",
                "ask the warehouse itself (docs/questions.md)",
            )
        data: dict[str, Any] = {
            name: warehouse.execute(sql).fetchall() for name, sql in QUERIES.items()
        }
        over_time = warehouse.execute(OVER_TIME.format(points=MAX_POINTS)).fetchall()
    except duckdb.CatalogException:
        raise Misconfigured(
            "report",
            "an earlier version of Rollcall published this warehouse",
            "run `rollcall sync`",
        ) from None
    states = [
        state | {"age": describe_age(state["as_of"]) if state["as_of"] else None}
        for state in read_source_states(warehouse)
    ]
    styles = (_library("css"), (HERE / "page.css").read_text())
    script = _library("js") + "\n" + (HERE / "page.js").read_text()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("page.html").render(
        mark=MARK,
        version=__version__,
        states=states,
        counts={name: len(rows) for name, rows in data.items()},
        leavers=sum(row[7] == "leaver" for row in data["people"]),
        open_exposures=sum(row[6] for row in data["exposures"]),
        privileged=_privileged(data),
        chart=_chart(over_time),
        over_time=_by_day(over_time),
        style="\n".join(styles),
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        # what could end the element early is written another way, which JSON reads the same
        data=orjson.dumps(data).decode().replace("<", "\\u003c"),
    )
    return page, {name: len(rows) for name, rows in data.items()}


def replace_page(path: Path, page: str) -> None:
    """Put the page in its place in one step. Raises Misconfigured where something else is there,
    StorageFailed where it cannot be written."""
    from pipelines.warehouse.publish import storage_failure

    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.is_symlink() or path.exists():
            with path.open(encoding="utf-8", errors="replace") as file:
                if path.is_symlink() or file.read(len(MARK)) != MARK:
                    raise Misconfigured(
                        str(path),
                        "it is not a report, and is not written over",
                        "say another --out",
                    )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_new_file(draft, page)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failure(path, error, "check the disk, or say --out") from None


def _library(kind: str) -> str:
    """DataTables. It comes as a module that other files import from; in one page it hands over what
    it exports by name instead."""
    text = (files("itables") / "html" / f"dt_bundle.{kind}").read_text(encoding="utf-8")
    made, places = re.subn(r"export\{[^}]*?(\w+) as default[^}]*\};?", r"const DataTable=\1;", text)
    if kind == "js" and (places != 1 or "</script" in made):
        raise RuntimeError("this version of itables ships DataTables in another form")
    # these two, in its texts and patterns, would change where the page's script ends
    return made.replace("<!--", "<\\x21--").replace("<script", "<\\x73cript")


def _privileged(data: dict[str, Any]) -> int:
    """How many accounts hold something privileged."""
    ranks = {place for place, row in enumerate(data["entitlements"]) if row[8]}
    return len({row[0] for row in data["grants"] if row[1] in ranks})


def _by_day(rows: list[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    days: dict[str, dict[str, int]] = {}
    for day, source, count in rows:
        days.setdefault(day, {})[source] = count
    return days


def _chart(rows: list[tuple[str, str, int]]) -> str:
    """The number of grants by source over time, as SVG."""
    import pygal
    from pygal.style import Style

    days = _by_day(rows)
    read_source_states = sorted({source for _, source, _ in rows})
    chart = pygal.Line(
        js=(),
        width=900,
        height=300,
        show_dots=len(days) < 15,
        include_x_axis=True,
        disable_xml_declaration=True,
        no_prefix=True,
        legend_at_bottom=True,
        margin=12,
        x_labels_major_count=6,
        show_minor_x_labels=False,
        no_data_text="nothing yet",
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
    chart.add_xml_filter(_without_scripts)
    chart.x_labels = list(days)
    for source in read_source_states:
        chart.add(source, [by.get(source, 0) for by in days.values()])
    return chart.render(is_unicode=True)


def _without_scripts(svg: Any) -> Any:
    """The page runs no script but its own, so the browser would only complain of pygal's."""
    for parent in svg.iter():
        for child in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(child)
    return svg
