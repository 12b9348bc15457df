"""`make soak`: the long suite, and counts of what it did. Everything it publishes must be right.

The suite runs a thousand random histories, two hundred kills with readers attached, and every fault
at every place of every source. It runs two to five syncs at once, and kills an apply of two hundred
changes all along its way. It pushes HR facts on three hundred random days, and kills such a push.
Environment variables of the same names reduce the numbers; arguments are pytest's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.counted import counted

LONG = {
    "ROLLCALL_HISTORIES": "1000",
    "ROLLCALL_SYNCED": "20",
    "ROLLCALL_KILLS": "200",
    "ROLLCALL_CROWDS": "2,3,4,5,5,5",
    "ROLLCALL_APPLIED": "200",
    "ROLLCALL_PUSH_DAYS": "300",
    "ROLLCALL_LONG": "1",
    "EVERY_CELL": "1",
}
FILES = (
    "test_install",
    "test_package",
    "sync/test_guard",
    "sync/test_scope",
    "sync/test_clock",
    "sync/test_histories",
    "warehouse/test_publish",
    "warehouse/test_older_versions",
    "warehouse/test_model_work",
    "sync/test_faults",
    "sync/test_shifting",
    "sources/test_paging",
    "review/test_page_campaign",
    "warehouse/test_storage",
    "sync/test_metamorphic",
    "write_back/test_apply_broken",
    "sync/test_sync",
    "sync/test_vanished_fields",
    "sync/test_one_row",
    "sync/test_incremental",
    "write_back/test_remediations",
    "write_back/test_write_back",
    "unattended/test_push_properties",
    "unattended/test_push_promises",
    "unattended/test_push_scenarios_run",
    "unattended/test_push_scenarios_later",
    "unattended/test_push_run",
    "unattended/test_push_stopped",
    "unattended/test_push_message",
    "unattended/test_expiry",
    "unattended/test_watch",
    "report/test_large_report",
    "unattended/test_watch_stopped",
    "push/test_asked",
    "push/test_push_planned",
    "push/test_push_marts",
    "push/test_push_doc",
    "write_back/test_push_story",
    "sources/test_feeds",
    "cli/test_bad_input",
    "cli/test_init",
    "monitoring/test_run_log",
    "monitoring/test_week",
    "sources/test_content",
    "export/test_formats",
    "cli/test_secrets",
    "deploy/test_container",
)


def main() -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        files = [f"tests/{name}.py" for name in FILES]
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--dist=worksteal", *files, *sys.argv[1:]],
            env=LONG | os.environ | {"ROLLCALL_COUNTS": str(counts)},
        ).returncode
        for part, numbers in sorted(counted(counts).items()):
            told = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
            print(f"{part}: {told}")
    print(f"{(time.monotonic() - begun) / 60:.0f} minutes, exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
