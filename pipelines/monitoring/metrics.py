"""Write the state of the warehouse for Prometheus: METRICS__FILE, read by node_exporter.

The file is written after each sync, so an age in it stands still if no sync runs. Alerts compare
`rollcall_source_data_timestamp_seconds` with the time instead.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines import clock, settings
from pipelines.failures import Failure
from pipelines.files.output import replace_output
from pipelines.sources.registry import configured_sources
from pipelines.warehouse.publish import open_published
from pipelines.warehouse.run_changes import SEVERITIES
from pipelines.warehouse.source_states import max_age_hours, read_source_states

MARK = b"# HELP rollcall_"
MODE = 0o644  # node_exporter runs as another user, and the file names nobody
RESULTS = ("complete", "incomplete", "refused", "failed")
# The newest run that was complete for each of its sources, or took one out
SUCCESS_SQL = """
select epoch(max(ended)) from (
    select max(ended_at) as ended from runs
    group by run_id having bool_and(status in ('complete', 'gone'))
)
"""
ROWS_SQL = " union all ".join(
    f"select source_name, '{table}', count(*) from {table} group by source_name"
    for table in ("accounts", "entitlements", "grants")
)
FINDINGS_SQL = "select severity, count(*) from findings where not is_excepted group by severity"


def write_metrics(code: int, seconds: float) -> None:
    """Write METRICS__FILE after a sync that took so long, if it is set. Print on stderr why it
    cannot be written; that never affects the result of a sync."""
    try:
        text = settings.read_setting("metrics.file")
    except Exception:  # the settings cannot be read, and the command says so
        return
    if not text:
        return
    path = Path(text).expanduser()
    try:
        if not path.parent.is_dir():
            raise OSError(f"the folder {path.parent} does not exist")
        replace_output(path, _render(code, seconds), "metrics file", _is_ours, MODE)
    except Exception as error:  # whatever happens here, the sync has ended as it has
        why = getattr(error, "why", "") or getattr(error, "strerror", "") or error
        print(f"metrics: {path}: {why}; the result of the sync is not affected", file=sys.stderr)


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def _render(code: int, seconds: float) -> bytes:
    """Return the metrics as text. Those of a warehouse that cannot be read are left out."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"rollcall_{name}", about, labels, registry=registry)

    now = datetime.now(UTC)
    gauge("run_exit_code", "Exit code of the last sync; 0 is success.").set(code)
    gauge("run_timestamp_seconds", "When the last sync ended.").set(now.timestamp())
    gauge("run_duration_seconds", "How long the last sync took.").set(seconds)
    try:
        gauge("max_age_seconds", "How old data may be: MAX_AGE_HOURS.").set(max_age_hours() * 3600)
        configured = configured_sources()
    except Failure:  # the sync has failed for it, and its exit code says so
        configured = []
    states, success, rows, findings = [], None, [], {}
    try:
        if (path := settings.warehouse_path()).exists():
            with open_published(path) as warehouse:
                states = read_source_states(warehouse)
                success = warehouse.execute(SUCCESS_SQL).fetchone()[0]
                rows = warehouse.execute(ROWS_SQL).fetchall()
                findings = dict(warehouse.execute(FINDINGS_SQL).fetchall())
    except (Failure, duckdb.Error):  # nobody knows what it holds
        return generate_latest(registry)
    gauge(
        "run_success_timestamp_seconds",
        "When the last sync ended that read all its sources completely; 0 if none has.",
    ).set(success or 0)
    _add_sources(gauge, states, configured, now)
    published = gauge("rows", "Published rows.", "source", "table")
    for source, table, count in rows:
        published.labels(source, table).set(count)
    open_findings = gauge("findings", "Findings without an exception.", "severity")
    for severity in SEVERITIES:
        open_findings.labels(severity).set(findings.get(severity, 0))
    return generate_latest(registry)


def _add_sources(
    gauge: Any, states: list[dict[str, Any]], configured: list[str], now: datetime
) -> None:
    """Add the metrics of each source; a configured one that was never read has an age, too."""
    moment = gauge(
        "source_data_timestamp_seconds",
        "From when the published data of a source is; 0 if unknown. Its age is time() minus this.",
        "source",
    )
    age = gauge(
        "source_age_seconds",
        "How old the data of a source was when the last sync ended; +Inf if unknown.",
        "source",
    )
    result = gauge("source_run_result", "1 for how its last run ended.", "source", "result")
    duration = gauge("source_run_duration_seconds", "How long its last read took.", "source")
    requests = gauge("source_run_requests", "HTTP requests of its last run.", "source")
    known = {state["source_name"] for state in states}
    for name in sorted({*configured} - known):
        moment.labels(name).set(0)
        age.labels(name).set(float("inf"))
    for state in states:
        name, as_of = state["source_name"], state["as_of"]
        is_known = as_of and not clock.is_ahead(as_of, now)
        began = datetime.fromisoformat(as_of).timestamp() if is_known else 0
        moment.labels(name).set(began)
        age.labels(name).set(max(now.timestamp() - began, 0) if is_known else float("inf"))
        for word in RESULTS:
            result.labels(name, word).set(word == state["last_status"])
        duration.labels(name).set(state["last_seconds"])
        requests.labels(name).set(state["requests"])
