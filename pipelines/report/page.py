"""Render one HTML file that shows who has access to what, and that opens without a network.

The file contains everything: the rows, the style and the script. The page's content security policy
forbids the browser to load or send anything, and to run any script or style except those whose
digests it names. The file contains personal data, like the warehouse, so its mode is 0600.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import __version__
from pipelines.failures import Misconfigured
from pipelines.files import output
from pipelines.report.queries import MAX_GRANTS, QUERIES

if TYPE_CHECKING:
    import duckdb

MARK = "<!doctype html><!-- rollcall report -->"
HERE = Path(__file__).parent / "template"
# Joined into one script, so the order matters
SCRIPTS = ("data", "elements", "grid", "findings", "matrix", "drawing", "details", "find", "show")
STYLES = ("base", "dashboard", "lists")


def render_page(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int]]:
    """Return the page, and how many rows of each kind it has.

    Raises Misconfigured for a warehouse of an earlier version, or one too large for a page.
    """
    import duckdb

    try:
        return _render(warehouse)
    except duckdb.CatalogException:
        raise Misconfigured(
            "report",
            "an earlier version of Rollcall published this warehouse",
            "run `rollcall sync`",
        ) from None


def _render(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, int]]:
    import jinja2

    from pipelines.report.campaigns import read_campaigns
    from pipelines.report.changes import read_spans
    from pipelines.report.drawn import draw_trend
    from pipelines.report.figures import WRONG, find_late_sources, read_counts, read_figures
    from pipelines.report.packed import FEW_VALUES, pack, read_columns
    from pipelines.report.wording import count_days, spell_time
    from pipelines.sources import read_titles
    from pipelines.warehouse.source_states import read_gone_systems

    warehouse.execute("set TimeZone = 'UTC'")  # days are days in UTC
    figures_of_all = read_counts(warehouse)
    if figures_of_all["grants"] > MAX_GRANTS:
        raise Misconfigured(
            "report",
            f"{figures_of_all['grants']:,} grants are more than a page can show ({MAX_GRANTS:,})",
            "query the warehouse instead (docs/questions.md)",
        )
    titles = read_titles(warehouse)
    data = {
        name: read_columns(warehouse.execute(sql), FEW_VALUES.get(name, ()))
        for name, sql in QUERIES.items()
    }
    for columns in data.values():
        _name_sources(columns, titles)
    figures = read_figures(warehouse)
    late_sources = find_late_sources(warehouse, figures)
    made_at = datetime.now(UTC)
    script = _join(SCRIPTS, "js")
    style = _join(STYLES, "css")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"days": count_days, "time": spell_time}
    environment.filters["system"] = lambda name: titles.get(name, name)
    page = environment.get_template("page.html").render(
        mark=MARK,
        version=__version__,
        made_at=made_at,
        states=_read_states(warehouse),
        gone=read_gone_systems(warehouse),
        counts=figures_of_all,
        figures=figures,
        trends={
            figure.type: draw_trend(figure.title, figure.trend, [day for _, day in late_sources])
            for figure in figures
            if figure.has_trend
        },
        late_sources=late_sources,
        spans=read_spans(warehouse),
        campaigns=read_campaigns(warehouse),
        style=style,
        style_digest=_digest(style),
        script=script,
        script_digest=_digest(script),
        data=pack(data | {"made": f"{made_at:%Y-%m-%dT%H:%M:%SZ}", "titles": WRONG}),
    )
    return page, {name: _count_rows(columns) for name, columns in data.items()}


def _name_sources(columns: dict[str, Any], titles: dict[str, str]) -> None:
    """Replace the name of each source by the one that people read."""
    column = columns.get("source")
    if column is not None:
        names = column["values"] if isinstance(column, dict) else column
        names[:] = [titles.get(name, name) for name in names]


def _count_rows(columns: dict[str, Any]) -> int:
    first = next(iter(columns.values()))
    return len(first["at"] if isinstance(first, dict) else first)


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


def _join(names: tuple[str, ...], kind: str) -> str:
    return "\n".join((HERE / f"{name}.{kind}").read_text(encoding="utf-8") for name in names)


def _digest(text: str) -> str:
    """Return the digest of a script or style as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


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
            "why": too_old.get(state["source_name"]),
        }
        for state in states
    ]
