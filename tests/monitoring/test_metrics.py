"""The metrics of a sync are what Prometheus reads, and what the warehouse says."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.other_clock import date_newest_run
from tests.support.product import Rollcall

WRONG = {"SOURCES__CHARTHOP__API_TOKEN": "wrong-token-here"}


def read_metrics(path: Path) -> dict[tuple[str, ...], float]:
    """Return each value by its name and its labels' values; every metric has a help text."""
    families = [*text_string_to_metric_families(path.read_text())]
    assert all(one.documentation and one.type == "gauge" for one in families)
    return {
        (
            sample.name.removeprefix("rollcall_"),
            *(sample.labels[key] for key in sorted(sample.labels)),
        ): sample.value
        for one in families
        for sample in one.samples
    }


def fail(rollcall: Rollcall, path: Path, code: int = 3) -> dict[tuple[str, ...], float]:
    """Return the metrics after a sync that ends with this code, because ChartHop denies it."""
    assert code == rollcall.run("sync", "charthop", METRICS__FILE=str(path), **WRONG).code
    return read_metrics(path)


def test_a_failed_sync_leaves_the_age_true(rollcall, published):
    """A failure changes the result and the exit code; the age grows, and the rows stay."""
    rollcall.has(published)
    path = rollcall.home / "textfile" / "rollcall.prom"
    path.parent.mkdir()

    found = fail(rollcall, path)

    assert 0o644 == path.stat().st_mode & 0o777
    assert [path] == [*path.parent.iterdir()]
    [began] = rollcall.column(
        "select epoch(max(started_at)) from runs where source_name = 'charthop'"
        " and status = 'complete'"
    )
    assert int(began) == found["source_data_timestamp_seconds", "charthop"]
    age = found["source_age_seconds", "charthop"]
    assert age == pytest.approx(time.time() - began, abs=60) and age > 0
    assert (3, 0, 1) == (
        found["run_exit_code",],
        found["source_run_result", "complete", "charthop"],
        found["source_run_result", "failed", "charthop"],
    )
    assert 1 == found["source_run_result", "complete", "okta"]
    assert found["run_success_timestamp_seconds",] < found["run_timestamp_seconds",]
    for row in rollcall.rows("select source_name, count(*) as number from grants group by all"):
        assert row["number"] == found["rows", row["source_name"], "grants"]
    for row in rollcall.rows(
        "select severity, count(*) as number from findings where not is_excepted group by all"
    ):
        assert row["number"] == found["findings", row["severity"]]


def test_data_from_the_future_has_no_age(rollcall, published):
    """Data that a wrong clock dates years ahead is infinitely old, never new."""
    date_newest_run(rollcall.has(published), timedelta(days=3650))

    found = fail(rollcall, rollcall.home / "rollcall.prom", code=5)

    assert (0, float("inf")) == (
        found["source_data_timestamp_seconds", "okta"],
        found["source_age_seconds", "okta"],
    )


def test_a_source_that_was_never_read_has_no_age(rollcall):
    """Without a warehouse, every configured source is infinitely old."""
    found = fail(rollcall, rollcall.home / "rollcall.prom")

    assert (3, 0) == (found["run_exit_code",], found["run_success_timestamp_seconds",])
    for source in ("charthop", "haloitsm", "okta", "pingone"):
        assert float("inf") == found["source_age_seconds", source]


@pytest.mark.parametrize("place", ["other.prom", "missing/rollcall.prom", "data/access.duckdb"])
def test_metrics_replace_no_other_file(rollcall, place):
    """Metrics are never written over another file; the result of the sync stays as it is."""
    path = rollcall.home / place
    if place == "other.prom":
        path.write_text("# HELP backup_age Age of the backup.\n")
    before = path.read_bytes() if path.exists() else None

    ended = rollcall.run("sync", "charthop", METRICS__FILE=str(path), **WRONG)

    assert (3, True) == (ended.code, "metrics: " in ended.err and "not affected" in ended.err)
    assert before == (path.read_bytes() if path.exists() else None)
