"""The line by which cron runs a sync on this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def describe_schedule(project: Path) -> str:
    """Return the line of a crontab that syncs every hour, from any directory."""
    command = shlex.join([*_find_program(), "--project-dir", str(project), "sync"])
    log = shlex.quote(str(project / "rollcall.log"))
    line = f"17 * * * * {command} >> {log} 2>&1"
    return line.replace("%", r"\%")  # cron ends a command at a percent sign


def _find_program() -> list[str]:
    """Return the absolute path of the running `rollcall`, or how Python runs it."""
    program = shutil.which(sys.argv[0])
    if program and not program.endswith(".py"):
        return [os.path.abspath(program)]  # noqa: PTH100 - a link, such as pipx makes, stays a link
    return [sys.executable, "-m", "pipelines"]
