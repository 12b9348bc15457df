"""`python -m tests.support.killing PLAN DIGEST STRIDE`: apply a plan, killed at each step.

A step is a record that is written to disk (killed before, during and after the write) or a request
(killed before it and after its answer). Each change is started again, killed a little later each
time, until it is complete. With a stride of 1 that is at every step, otherwise at every n-th step.
For the first change this includes the steps before all changes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter

from pipelines import __main__ as cli
from pipelines.cli import apply
from pipelines.files import json_lines  # imported once, for every child
from pipelines.sources.haloitsm import writer as _halo
from pipelines.sources.pingone import writer as _pingone
from pipelines.write_back import apply as carrying

LOADED = (apply, _halo, _pingone)
MOST = 400  # steps of one change


class Death:
    """Kills this process at its `at`-th step, counted from the first change or from the start."""

    def __init__(self, at: int, from_start: bool) -> None:
        self.left, self.counts = at, from_start
        write, send, carry_out = json_lines._write, HTTPAdapter.send, carrying.apply_plan

        def written(handle: int, data: bytes) -> None:
            self.step()
            if self.left == 1 and self.counts:
                os.write(handle, data[: len(data) // 2])
            self.step()
            write(handle, data)
            self.step()

        def sent(*args: Any, **more: Any) -> Any:
            self.step()
            answer = send(*args, **more)
            self.step()
            return answer

        def carried_out(*args: Any, **more: Any) -> Any:
            self.counts = True
            return carry_out(*args, **more)

        json_lines._write, HTTPAdapter.send, carrying.apply_plan = written, sent, carried_out

    def step(self) -> None:
        if self.counts:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def child(at: int, from_start: bool, *arguments: str) -> int:
    """Return the exit code of a command killed at this step, which is negative if it was killed."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            out = os.open(os.devnull, os.O_WRONLY)
            os.dup2(out, 1)
            Death(at, from_start)
            sys.argv = ["rollcall", *arguments, "--quiet"]
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> int:
    plan, digest, stride = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    journal = plan.with_name(plan.name.replace(".plan.json", ".journal.jsonl"))
    kills = settled = 0
    at = 1
    while at < MOST:
        code = child(at, settled == 0, "apply", str(plan), "--digest", digest)
        if code != -signal.SIGKILL:
            print(json.dumps({"code": code, "kills": kills, "at": at}))
            return 0
        kills += 1
        now = journal.read_bytes().count(b'"event":"outcome"') if journal.exists() else 0
        at, settled = (1 + now % stride, now) if now > settled else (at + stride, settled)
    return 1


if __name__ == "__main__":
    sys.exit(main())
