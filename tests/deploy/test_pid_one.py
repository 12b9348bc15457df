"""Rollcall as the first process of a container, which the kernel spares unhandled signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from tests.sandbox.server import Fault, Request, Response

NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
LONG = 60  # seconds, until a test gives up


def can_unshare() -> bool:
    return bool(shutil.which("unshare")) and not subprocess.run([*NAMESPACE, "true"]).returncode


@pytest.mark.skipif(not can_unshare(), reason="this user may not make a process namespace")
def test_the_first_process_ends_when_it_is_told(rollcall, published):
    """SIGTERM ends a sync that is process 1 with 143. Nothing is published, and nothing is left."""
    rollcall.has(published)
    reached, opened = Event(), Event()

    def hold(request: Request, honest: Response | None) -> Response:
        reached.set()
        opened.wait(LONG)
        return honest or Response(503)

    rollcall.sandbox.charthop.faults = [Fault(lambda request: True, hold)]
    process = subprocess.Popen(
        [*NAMESPACE, sys.executable, "-m", "pipelines", "sync"],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())} | rollcall.environment,
        cwd=rollcall.home,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert reached.wait(LONG)
        [first] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGTERM)
        _, errors = process.communicate(timeout=LONG)
    finally:
        opened.set()
        process.kill()

    assert 143 == process.returncode
    assert errors.endswith("interrupted, nothing was published\n")
    assert published.data == rollcall.warehouse.read_bytes()
    work = rollcall.warehouse.parent / ".access.duckdb.work"
    assert {"lock", "dbt"} >= {path.name for path in work.iterdir()}
