"""`make bench`: each part that has a size runs to its end, here with little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PARTS = ("access", "campaign", "decisions", "declared", "load", "push", "review", "sync")
LITTLE = {
    **{"BENCH_GRANTS": "2000", "BENCH_DECISIONS": "200", "BENCH_ITEMS": "2000"},
    **{"BENCH_USERS": "500", "BENCH_PEOPLE": "500", "BENCH_RUNS": "1"},
}


@pytest.mark.long
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_make_bench_runs_to_its_end(part):
    """A part ends without an error, and prints its figures."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", part],
        env=os.environ | LITTLE | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
    )

    assert 0 == ended.returncode, ended.stderr
    assert any(line.startswith("  ") for line in ended.stdout.splitlines()), ended.stdout
