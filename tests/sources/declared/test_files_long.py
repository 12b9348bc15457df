"""Kind `files`: a large export is read row by row, completely, within little memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.exports import NAME

ROOT = Path(__file__).parents[3]
ROWS = 1_000_000
ROWS_SQL = f"""
select 'u' || (range // 10) as "User", 'Person, "' || (range // 10) || '"' as "Name",
    'Role ' || (range * 7 % 1000) as "Role"
from range({ROWS})
"""
# In a process of its own, whose memory is that of the read alone
READ = f"""
import json
from pathlib import Path
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.mapping import map_tables
from pipelines.sources.declared.read_tables import ReadTables
tables = ReadTables(System({NAME!r}), Path("work"))
tables.system.declaration.read_tables(tables)
map_tables(tables)
print(json.dumps(tables.counters.rows_read))
"""


@pytest.mark.long
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "parquet"])
def test_a_million_rows_are_read(exports, ending):
    """Every row of a million becomes a grant, and the process stays below 1 GiB."""
    exports.declare(f'path = "users.{ending}"')
    path = exports.write(f"users.{ending}", b"")
    options = {
        "csv": "format csv, header",
        "csv.gz": "format csv, header, compression gzip",
        "jsonl": "format json",
        "parquet": "format parquet",
    }
    duckdb.execute(f"copy ({ROWS_SQL}) to '{path}' ({options[ending]})")

    done = subprocess.run(
        [sys.executable, exports.write("read.py", READ)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024

    found = json.loads(done.stdout)
    assert (ROWS, ROWS, ROWS // 10, 1000) == tuple(
        found[name] for name in ("rows", "mapped_grants", "mapped_accounts", "mapped_entitlements")
    )
    assert peak < 2**30
