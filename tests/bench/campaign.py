"""The cost of opening a campaign over many grants: freezing them, and writing all files.

The company is written into the raw tables of a really synced warehouse, and dbt builds it before
the clock starts. The baseline is DuckDB writing the frozen items as one CSV.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from pipelines.warehouse.dbt_build import transform
from tests.sandbox import Sandbox

GRANTS = int(os.environ.get("BENCH_GRANTS", "1000000"))
EACH = 50  # groups of one person
GROUPS = 1000
TEAM = 40  # people of one manager

DEFINITION = """
title = "bench"
due = 2099-01-01
fallback = "security@lanternfish.example"
second_fallback = "audit@lanternfish.example"
[scope]
source = "pingone"
resource_type = "group"
"""

COMPANY = """
create temp table numbers as select unnest(range({people})) as number;

insert into raw_charthop.persons by name
select
    format('65f0dddd{{:016d}}', number) as id,
    md5(number::varchar) as row_hash,
    json_object(
        'id', format('65f0dddd{{:016d}}', number), 'name.full', format('Person {{}}', number),
        'jobId', format('job{{}}', number), 'title', 'Clerk',
        'department.name', format('Department {{}}', number // 500),
        'contact.workEmail', format('person{{}}@lanternfish.example', number),
        'manager.contact.workEmail',
        format('person{{}}@lanternfish.example', greatest(number - number % {team} - 1, 0)),
        'employment', 'FULL', 'startDateOrg', '2023-01-09', 'groupIds', []
    ) as payload
from numbers;

insert into raw_pingone.users by name
select
    format('bbbbbbbb-0000-4000-8000-{{:012d}}', number) as id,
    md5(number::varchar) as row_hash,
    json_object(
        'id', format('bbbbbbbb-0000-4000-8000-{{:012d}}', number),
        'email', format('person{{}}@lanternfish.example', number),
        'username', format('person{{}}', number), 'enabled', true,
        'account', json_object('canAuthenticate', true, 'status', 'OK'),
        'createdAt', '2023-01-09T08:00:00.000Z', 'mfaEnabled', true,
        'lastSignOn', json_object('at', '2026-11-24T07:30:00.000Z'),
        'population', json_object('id', 'dddddddd-0000-4000-8000-000000000001')
    ) as payload
from numbers;

insert into raw_pingone.groups by name
select
    format('bbbbcccc-0000-4000-8000-{{:012d}}', range) as id,
    md5(range::varchar) as row_hash,
    json_object(
        'id', format('bbbbcccc-0000-4000-8000-{{:012d}}', range),
        'name', format('Group {{}}', range), 'description', 'one of many'
    ) as payload
from range({groups});

insert into raw_pingone.group_members by name
select
    format('bbbbcccc-0000-4000-8000-{{:012d}}', (number * 7 + turn) % {groups}) as id,
    md5(id) as row_hash,
    json_object(
        'direct', list(format('bbbbbbbb-0000-4000-8000-{{:012d}}', number))
    ) as payload
from numbers
cross join (select unnest(range({each})) as turn)
group by all;

update run_resources set rows_read = found, rows_loaded = found, reported_total = found
from (
    select 'charthop' as of_source, 'persons' as of_resource, count(*) as found
    from raw_charthop.persons
    union all select 'pingone', 'users', count(*) from raw_pingone.users
    union all select 'pingone', 'groups', count(*) from raw_pingone.groups
    union all select 'pingone', 'group_members', count(*) from raw_pingone.group_members
)
where source_name = of_source and resource = of_resource;
"""


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warehouse = home / "data" / "access.duckdb"
        grown(home, warehouse)
        (home / "reviews").mkdir()
        (home / "reviews" / "bench.toml").write_text(DEFINITION, encoding="utf-8")
        opened = seconds(lambda: rollcall(home, "review", "open", "bench", "--quiet"))
        packet = home / "data" / "reviews" / "bench" / "opened"
        counts = json.loads((packet / "manifest.json").read_text())
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            floor = seconds(
                lambda: connection.execute(
                    f"copy (from review_items order by item_id) to '{home}/floor.csv'"
                )
            )
        size = sum(path.stat().st_size for path in packet.rglob("*") if path.is_file())
        verified = seconds(lambda: rollcall(home, "review", "verify", str(packet), "--quiet"))
        print(
            f"  opened: {opened:.0f} s for {counts['counts']['items']:,} grants, with a workbook"
            f" and a CSV for each of {len(counts['reviewers']):,} reviewers ({size >> 20:,} MiB);"
            f" {opened / floor:.0f} times one CSV of them by DuckDB ({floor:.1f} s)"
        )
        print(f"  verified: {verified:.0f} s")


def grown(home: Path, warehouse: Path) -> None:
    """Fill a warehouse with a company in which many people are in many groups."""
    with Sandbox() as sandbox:
        rollcall(home, "sync", "--quiet", **sandbox.environment())
    warehouse.chmod(0o600)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            COMPANY.format(people=GRANTS // EACH, groups=GROUPS, each=EACH, team=TEAM)
        )
    transform(warehouse, home / "work")
    warehouse.chmod(0o400)


def rollcall(home: Path, *arguments: str, **settings: str) -> None:
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-m", "pipelines", *arguments],
        env=os.environ | {"PYTHONPATH": str(root)} | settings,
        cwd=home,
        check=True,
    )


def seconds(run) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


if __name__ == "__main__":
    run()
