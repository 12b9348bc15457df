"""Shared by the benchmarks: a measurement in a process of its own, and its result."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

FAST = {
    f"SOURCES__{source}__REQUESTS_PER_SECOND": "0"
    for source in ("CHARTHOP", "HALOITSM", "OKTA", "PINGONE")
}


def child(module: str, settings: dict[str, str], *arguments: str) -> dict[str, Any]:
    """Run `python -m <module> <arguments>`, and parse the last line as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | settings | FAST,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measured(work: Callable[[], dict[str, Any]]) -> None:
    """Run the work; print its result with its time, CPU and peak memory."""
    before, cpu = time.perf_counter(), time.process_time()
    found = work()
    found |= {"wall": time.perf_counter() - before, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))
