"""`make soak`: the long suite, and counts of what it did. Everything it publishes must be right.

The suite runs a thousand random histories, two hundred kills with readers attached, and every fault
at every place of every source. It runs two to five syncs at once, and kills an apply of two hundred
changes all along its way. It pushes HR facts on a thousand random days, and kills such a push.
It compares the tables of sixty random days with a build of all models, and where Spark is there,
the tables that Spark makes with those of DuckDB, while workers die.
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
    "ROLLCALL_PUSH_DAYS": "1000",
    "ROLLCALL_DAYS": "60",
    "ROLLCALL_HOSTILE": "20",
    "ROLLCALL_LONG": "1",
    "EVERY_CELL": "1",
}
TESTS = Path(__file__).parent


def find_files() -> list[Path]:
    """Return the files that have a long test, or do more by one of the variables."""
    words = ("mark.long", *LONG)
    return [
        path
        for path in sorted(TESTS.rglob("test_*.py"))
        if any(word in path.read_text() for word in words)
    ]


def main() -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        code = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "--dist=worksteal",
                *find_files(),
                *sys.argv[1:],
            ],
            env=LONG | os.environ | {"ROLLCALL_COUNTS": str(counts)},
        ).returncode
        for part, numbers in sorted(counted(counts).items()):
            told = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
            print(f"{part}: {told}")
    print(f"{(time.monotonic() - begun) / 60:.0f} minutes, exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
