"""`python -m tests.support.killing_push STRIDE`: run a push into Okta, killed at every n-th step.

The steps are those of `killing`. A push that was killed is run again from what is published, and
killed a stride later, until it is complete.
"""

from __future__ import annotations

import json
import signal
import sys

from pipelines.cli.push import run
from pipelines.sources.okta import writer
from pipelines.unattended import push_run
from tests.support.killing import child

LOADED = (run, writer, push_run)  # imported once, for every child
MOST = 20_000  # steps


def main() -> int:
    at = stride = int(sys.argv[1])
    kills = 0
    while at < MOST:
        code = child(at, True, "push", "run", "okta", "--no-sync")
        if code != -signal.SIGKILL:
            print(json.dumps({"code": code, "kills": kills, "at": at}))
            return 0
        kills, at = kills + 1, at + stride
    return 1


if __name__ == "__main__":
    sys.exit(main())
