"""Extract and load of PingOne users, compared with a baseline.

The baseline fetches the same pages over the same HTTP in the same run, and reads them with DuckDB's
own JSON reader, without any other work.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measured import child, measured

USERS = int(os.environ.get("BENCH_USERS", "100000"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))


def run() -> None:
    print(f"  {USERS:,} users, {RUNS} runs each")
    for line in load_against_floor():
        print(f"  {line}")


def load_against_floor() -> list[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox", "serve", "--people", str(USERS)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    try:
        settings = {}
        while len(settings) < 11:
            name, value = re.fullmatch(r"export (\w+)=(.*)\n", server.stdout.readline()).groups()
            settings[name] = value.strip("'")
        with tempfile.TemporaryDirectory() as folder:
            child("tests.bench.load", settings, "floor", folder)  # renders the pages once
            figures = {
                way: [child("tests.bench.load", settings, way, folder) for _ in range(RUNS)]
                for way in ("floor", "ours")
            }
    finally:
        server.terminate()
    floor, ours = figures["floor"], figures["ours"]
    assert {run["rows"] for run in floor + ours} == {USERS}

    def middle(runs: list[dict], name: str) -> float:
        return statistics.median(run[name] for run in runs)

    wall, cpu = (
        middle(ours, "wall") / middle(floor, "wall"),
        middle(ours, "cpu") / middle(floor, "cpu"),
    )
    return [
        f"wall {wall:.2f}x, CPU {cpu:.2f}x the floor (imports left out)",
        *(
            f"{way}: {middle(runs, 'wall'):.2f} s wall, {middle(runs, 'cpu'):.2f} s CPU,"
            f" peak {middle(runs, 'peak') / 2**20:.0f} MiB"
            for way, runs in figures.items()
        ),
        "ours by phase: "
        + ", ".join(
            f"{name} {middle(ours, name):.2f} s" for name in ("extract", "normalize", "load")
        ),
    ]


def ours(folder: str) -> None:
    """Load one resource of the real source into DuckDB, through the real session."""
    import dlt

    from pipelines.http.policy import Counters
    from pipelines.sources.registry import connect_source
    from pipelines.sync.load import destination

    work = Path(tempfile.mkdtemp(dir=folder))
    source = connect_source("pingone", Counters()).with_resources(
        "users"
    )  # imports do not count as work

    def work_through() -> dict:
        pipeline = dlt.pipeline(
            "pingone",
            destination=destination(work / "bench.duckdb"),
            dataset_name="raw_pingone",
            pipelines_dir=str(work),
        )
        marks = [time.perf_counter()]
        pipeline.extract(source, loader_file_format="parquet")
        marks.append(time.perf_counter())
        pipeline.normalize()
        marks.append(time.perf_counter())
        pipeline.load()
        marks.append(time.perf_counter())
        with pipeline.sql_client() as client:
            rows = client.execute_sql("select count(*) from users")[0][0]
        phases = zip(("extract", "normalize", "load"), marks, marks[1:], strict=False)
        return {"rows": rows} | {name: after - before for name, before, after in phases}

    measured(work_through)


def floor(folder: str) -> None:
    """Write the same pages to a file each, and read the files with DuckDB's JSON reader."""
    import duckdb
    import requests as http

    work = Path(tempfile.mkdtemp(dir=folder))
    settings = {
        name.split("__", 2)[2]: os.environ[name] for name in os.environ if "PINGONE__" in name
    }

    def work_through() -> dict:
        session = http.Session()
        token = session.post(
            f"{settings['AUTH_URL']}/{settings['ENVIRONMENT_ID']}/as/token",
            data={"grant_type": "client_credentials"},
            auth=(settings["CLIENT_ID"], settings["CLIENT_SECRET"]),
        ).json()["access_token"]
        url = f"{settings['BASE_URL']}/environments/{settings['ENVIRONMENT_ID']}/users?limit=200"
        page = 0
        while url:
            body = session.get(url, headers={"Authorization": f"Bearer {token}"}).content
            (work / f"{page:05}.json").write_bytes(body)
            page += 1
            link = re.search(
                rb'"next"\s*:\s*\{\s*"href"\s*:\s*"([^"]+)"', body[:2000] + body[-2000:]
            )
            url = link.group(1).decode() if link else None
        connection = duckdb.connect(str(work / "floor.duckdb"))
        connection.execute(
            "create table users as select user->>'id' as id, user as payload from ("
            "  select unnest(_embedded.users) as user from read_json("
            f"    '{work}/*.json', columns = {{_embedded: 'struct(users json[])'}},"
            "    format = 'unstructured', maximum_object_size = 100000000))"
        )
        rows = connection.execute("select count(*) from users").fetchone()[0]
        connection.close()
        return {"rows": rows}

    measured(work_through)


if __name__ == "__main__":
    {"ours": ours, "floor": floor}[sys.argv[1]](sys.argv[2])
