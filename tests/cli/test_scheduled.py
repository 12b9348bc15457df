"""Every line that the pages give to a scheduler, run as it stands, passes on the exit code.

Only the places are others: `/opt/rollcall`, `/var/lib/rollcall` and the log.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.warehouse import publish
from tests.support.product import Rollcall

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
UNITS = sorted((ROOT / "docs" / "deploy" / "systemd").glob("*.service"))
CRON = re.compile(r"^```cron\n((?:.+\n)+)```", re.MULTILINE)
TIME = re.compile(r"^(?:\S+ ){5}")  # the five fields before a command of cron
LOG = "/var/log/rollcall.log"
UNIT = re.compile(r"^ExecStart=(.+)$", re.MULTILINE)


def find_lines(page: Path) -> list[str]:
    """Return what cron and systemd would run."""
    text = page.read_text()
    tables = [line for table in CRON.findall(text) for line in table.splitlines()]
    return [TIME.sub("", line) for line in tables] + UNIT.findall(text)


LINES = [line for page in (*PAGES, *UNITS) for line in find_lines(page)]
[README_LINE] = find_lines(ROOT / "README.md")


def call(line: str, opt: Path, log: Path, **settings: str) -> int:
    """Run a line as cron does, in a directory of no use. Return its exit code."""
    (opt / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    command = opt / ".venv" / "bin" / "rollcall"
    if not command.exists():
        command.symlink_to(Path(sys.executable).parent / "rollcall")
    for place, other in (("/opt/rollcall", opt), ("/var/lib/rollcall", opt), (LOG, log)):
        line = line.replace(place, str(other))
    with log.open("a") as output:
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "HOME": str(opt), "PYTHONPATH": str(ROOT)} | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
        ).returncode


def test_a_held_lock_reaches_cron_as_75(rollcall: Rollcall, tmp_path):
    """README's line of cron ends with 75 while another run holds the lock, and the log says so."""
    opt, log = tmp_path / "opt", tmp_path / "log"
    (opt / "data").mkdir(parents=True)
    del rollcall.environment["WAREHOUSE"]
    with publish.lock_warehouse(opt / "data" / "access.duckdb"):
        code = call(README_LINE, opt, log, **rollcall.environment)

    assert (75, True) == (code, "another run is writing it" in log.read_text()), log.read_text()


@pytest.mark.parametrize("line", LINES)
def test_a_missing_setting_reaches_the_scheduler_as_2(tmp_path, line):
    """Every line ends with 2 where nothing is configured, and the log says where it looked."""
    opt, log = tmp_path / "opt", tmp_path / "log"
    code = call(line, opt, log)

    assert (2, True) == (code, str(opt) in log.read_text()), log.read_text()


def test_no_page_lets_a_scheduler_call_make():
    """Make ends with 2 whatever failed, so no scheduler calls it."""
    assert 4 <= len(LINES)
    assert [] == [
        line for line in LINES if not line.startswith("/opt/rollcall/.venv/bin/rollcall ")
    ]
