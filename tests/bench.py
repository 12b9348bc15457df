"""`make bench`: what a sync asks and costs, as counts and as ratios within one run.

Seconds differ from machine to machine, so time is told against a floor that is measured in the same
run: the same pages fetched over the same HTTP and read by DuckDB's own JSON reader, nothing else.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from math import ceil
from pathlib import Path

USERS = int(os.environ.get("BENCH_USERS", "100000"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))


def main() -> None:
    print("Requests of one full sync")
    for line in requests():
        print(f"  {line}")
    print(f"\nExtract and load of {USERS:,} PingOne users, against the floor ({RUNS} runs each)")
    for line in load_against_floor():
        print(f"  {line}")


# ---- requests


def requests() -> list[str]:
    from tests.sandbox import Sandbox
    from tests.sandbox.generate import generate

    lines = []
    with Sandbox(generate(5000, groups=300, agents=10)) as sandbox:
        lines.append(f"ChartHop, 5,000 persons, 300 groups: {asked(sandbox, 'charthop')} (7 or 8)")
    with Sandbox(generate(500, agents=498)) as sandbox:
        lines.append(f"HaloITSM, 500 agents, new build: {asked(sandbox, 'haloitsm')} (at most 8)")
    company = generate(2000, groups=200, agents=10)
    with Sandbox(company) as sandbox:
        found = asked(sandbox, "pingone")
        lines.append(
            f"PingOne, 2,000 users, 200 groups: {found} (formula: {formula(company.pingone)})"
        )
    return lines


def asked(sandbox, source: str) -> int:
    """Requests of one extraction, tokens included."""
    with tempfile.TemporaryDirectory() as folder:
        child(sandbox.environment(), "read", source, folder)
    return len(getattr(sandbox, source).log)


def formula(tenant) -> int:
    """The fewest calls for a first full read: lists, members by group or by user, assignments."""
    users, groups = len(tenant.users), len(tenant.groups)
    workers = sum(row["type"] == "WORKER" for row in tenant.applications.values())
    members: dict[str, int] = {}
    for _, group in tenant.members:
        members[group] = members.get(group, 0) + 1
    by_group = 0
    for key, group in tenant.groups.items():
        if group.get("userFilter") or group.get("sourceType"):
            direct = members.get(key, 0)
            by_group += max(1, ceil(len(tenant.members_of(key)) / 200)) + max(1, ceil(direct / 200))
        elif members.get(key):
            by_group += ceil(members[key] / 200)
    parents = len({parent for _, parent in tenant.nestings})
    lists = 1 + ceil(len(tenant.populations) / 250) + 1 + ceil(groups / 200) + ceil(users / 200) + 1
    return lists + min(by_group, users) + parents + users + groups + workers


# ---- extract and load


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
            child(settings, "floor", folder)  # the server renders its pages once
            figures = {
                way: [child(settings, way, folder) for _ in range(RUNS)]
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


def child(settings: dict[str, str], *arguments: str) -> dict:
    """A measurement in a process of its own: its last line of output."""
    fast = {
        f"SOURCES__{source}__REQUESTS_PER_SECOND": "0"
        for source in ("CHARTHOP", "HALOITSM", "PINGONE")
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        env=os.environ | settings | fast,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measured(work) -> None:
    before, cpu = time.perf_counter(), time.process_time()
    found = work()
    found |= {"wall": time.perf_counter() - before, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))


def read(source: str, folder: str) -> dict:
    from pipelines import load

    done = load.extract(source, Path(folder) / "bench.duckdb", Path(folder), None)
    if done.failure:
        raise done.failure
    return {"requests": done.tally.requests}


def ours(folder: str) -> dict:
    """One resource of the real source, through the real session, into DuckDB."""
    import dlt

    from pipelines.http import Tally
    from pipelines.load import destination
    from pipelines.settings import connect

    work = Path(tempfile.mkdtemp(dir=folder))
    source = connect("pingone", Tally()).with_resources("users")  # imports are no part of the work

    def run() -> dict:
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

    measured(run)
    return {}


def floor(folder: str) -> dict:
    """The same pages to a file each, and DuckDB's JSON reader over them."""
    import duckdb
    import requests as http

    work = Path(tempfile.mkdtemp(dir=folder))
    settings = {
        name.split("__", 2)[2]: os.environ[name] for name in os.environ if "PINGONE__" in name
    }

    def run() -> dict:
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

    measured(run)
    return {}


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "read":
        print(json.dumps(read(*sys.argv[2:])))
    else:
        {"ours": ours, "floor": floor}[sys.argv[1]](sys.argv[2])
