"""The models on a real cluster: two workers, of which one dies, and a driver that dies as well.

Every table has the rows that DuckDB makes of the same candidate. ROLLCALL_HOSTILE=20 makes more
random worlds; the long suite makes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from pipelines.failures import StorageFailed
from pipelines.spark.engine import Engine
from pipelines.spark.run import Run
from tests.sandbox import Sandbox
from tests.sandbox.generate import generate
from tests.support.all_built import differences
from tests.support.both_engines import (
    build_here,
    build_on_spark,
    build_untested,
    compare,
    make_candidate,
    make_hostile,
)
from tests.support.counted import count
from tests.support.product import Published, first_sync, sync_apart
from tests.support.spark_cluster import SparkCluster, why_not
from tests.support.stored_views import store_models
from tests.support.worlds import World
from tests.support.worlds_okta import CHANGES
from tests.support.worlds_pingone import REMOVABLE

pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(why_not()), reason=why_not())]
HOSTILE = int(os.environ.get("ROLLCALL_HOSTILE", "1"))
OPEN = {  # random changes are no reason to refuse
    "GUARD__REMOVED_SHARE": "1",
    "GUARD__REMOVED_MOST": "9999",
    "GUARD__RESOURCE_SHARE": "1",
    "GUARD__MISSING_POINTS": "1",
    "GUARD__REVIVED_ROWS": "999",
    "GUARD__VANISHED_ROWS": "999",
}
CAMPAIGN = """
title = "Access review"
due = 2099-12-15
fallback = "security@lanternfish.example"
"""
SEAL_KEY = "0123456789abcdef"
CLOSED = "select grant_id from grants_history where valid_to is not null"
IS_MODEL = "schema_name in ('staging', 'intermediate')"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[SparkCluster]:
    with SparkCluster(tmp_path_factory.mktemp("spark")) as started:
        yield started


def candidate_of(sandbox: Sandbox, first: Published, home: Path, seed: int) -> Path:
    """Return the candidate of a second sync, after random changes."""
    (home / "first").mkdir()
    earlier = home / "first" / "access.duckdb"
    earlier.write_bytes(first.data)
    world, random = World(sandbox.company, 90_000), Random(seed)
    for _ in range(12):
        world.change(random.choice([*CHANGES]), random.randrange(10_000), random.randrange(10_000))
    later = home / "second" / "access.duckdb"
    first.leave_parsed(later)
    later.write_bytes(first.data)
    sync_apart(later.parent, sandbox, **OPEN)
    return make_candidate(earlier, later, home / "cand" / "access.duckdb")


def test_both_engines_build_the_same(sandbox, published, cluster, tmp_path):
    """All models of the company, histories included, are the same on both engines after changes."""
    candidate = candidate_of(sandbox, published, tmp_path, 1)

    spark = build_on_spark(cluster, candidate, tmp_path)

    found, rows = compare(build_here(candidate, tmp_path), spark)
    assert {} == found
    assert rows > 4000


def test_what_dies_changes_nothing(published, cluster, tmp_path):
    """A driver that dies ends the build in one sentence. The next build survives a worker that dies
    in the middle, and its tables are those of DuckDB."""
    with Sandbox(generate(300, okta=60)) as sandbox:
        (tmp_path / "company").mkdir()
        first = first_sync(tmp_path / "company", sandbox, another=published)
        candidate = candidate_of(sandbox, first, tmp_path, 2)

    def kill_driver(done: int, _: int) -> None:
        if done == 30:
            cluster.kill("driver")

    def kill_worker(done: int, _: int) -> None:
        if done == 30:
            cluster.kill("worker0")
        if done == 60:
            cluster.start_worker(0)

    with pytest.raises(StorageFailed, match="Spark is gone"):
        build_on_spark(cluster, candidate, tmp_path, kill_driver)
    cluster.start_driver()
    spark = build_on_spark(cluster, candidate, tmp_path, kill_worker)

    found, rows = compare(build_here(candidate, tmp_path), spark)
    assert {} == found
    assert rows > 20_000


def test_a_store_that_spark_does_not_see_is_one_sentence(cluster, tmp_path):
    """If Spark does not see what leaves the candidate, the store is named and how to mend it."""
    places = {"main.runs": tmp_path / "elsewhere"}
    run = Run(Engine(cluster.url, tmp_path), tmp_path, places, {}, {}, [])

    with pytest.raises(StorageFailed, match=r"Spark cannot begin: .*elsewhere") as failed:
        run.build([], None)

    assert failed.value.next.startswith("set TRANSFORM__STORE to a folder that this machine")


@pytest.mark.parametrize("seed", range(HOSTILE))
def test_hostile_payloads_are_read_alike(sandbox, published, cluster, tmp_path, seed):
    """Booleans as texts, numbers for texts, accents apart, blanks of all kinds, missing ids and
    nulls: both engines make the same rows of them, or both refuse them."""
    candidate = candidate_of(sandbox, published, tmp_path, 100 + seed)
    hostile = make_hostile(candidate, Random(seed), 0.2)

    built = build_untested(cluster, candidate, tmp_path)

    assert len(built) != 1, f"seed {seed}: only {built[0].parent.name} refuses nothing"
    found, rows = compare(*built) if built else ({}, 0)
    assert {} == found, f"seed {seed}"
    told = {"payloads": hostile, "rows": rows, "refused": int(not built), "different": 0}
    count("hostile payloads on both engines", worlds=1, **told)


@pytest.fixture
def on_spark(cluster, tmp_path) -> dict[str, str]:
    """Return the settings of Spark."""
    (tmp_path / "store").mkdir()
    return {"TRANSFORM__ON": cluster.url, "TRANSFORM__STORE": str(tmp_path / "store")}


def test_syncs_publish_what_duckdb_would(rollcall, published, on_spark, tmp_path):
    """After a first sync on Spark, one with a removal leaves the tables that DuckDB makes, and the
    removal is in the history."""
    rollcall.has(published).sync(**on_spark)
    grant = rollcall.rows(REMOVABLE)[0]
    rollcall.sandbox.company.pingone.remove_member(grant["user_id"], grant["group_id"])

    rollcall.sync(**on_spark)

    assert {} == differences(rollcall, tmp_path / "all")
    assert [grant["grant_id"]] == rollcall.column(CLOSED)
    assert [] == rollcall.column(f"select table_name from duckdb_tables() where {IS_MODEL}")


def test_a_campaign_runs_on_spark_and_ends_here(rollcall, published, on_spark, tmp_path):
    """A campaign is opened, planned and closed on views, of which only those of decisions are made
    anew. The next sync without Spark makes tables again."""
    store_models(rollcall.has(published).warehouse, tmp_path / "store")
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "q4.toml").write_text(CAMPAIGN)

    opened = rollcall.run("review", "open", "q4", REVIEW__SEAL_KEY=SEAL_KEY, **on_spark)
    assert 0 == opened.code, opened.err
    generations = rollcall.column("select count(distinct generation) from built.stored")
    assert [3] == generations  # the first one, the decisions, and the ledger of the campaign
    plan = rollcall.run("plan", "--out", str(tmp_path / "plan.json"), **on_spark)
    assert 0 == plan.code, plan.err
    closed = rollcall.run("review", "close", "q4", "--undecided", **on_spark)
    assert 0 == closed.code, closed.err
    assert {} == differences(rollcall, tmp_path / "spark")
    histories = rollcall.rows("from grants_history order by all")

    rollcall.sync()

    assert [] == rollcall.column("select table_name from built.stored")
    assert histories == rollcall.rows("from grants_history order by all")
    assert {} == differences(rollcall, tmp_path / "here")
