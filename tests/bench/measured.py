"""What the benchmarks share: a measurement in a process of its own, and what it told."""

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
    f"SOURCES__{source}__REQUESTS_PER_SECOND": "0" for source in ("CHARTHOP", "HALOITSM", "PINGONE")
}


def child(module: str, settings: dict[str, str], *arguments: str) -> dict[str, Any]:
    """What `python -m <module> <arguments>` says last, as one JSON document."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | settings | FAST,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def measured(work: Callable[[], dict[str, Any]]) -> None:
    """Do it, and say what it found with its time, CPU and peak memory."""
    before, cpu = time.perf_counter(), time.process_time()
    found = work()
    found |= {"wall": time.perf_counter() - before, "cpu": time.process_time() - cpu}
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))
