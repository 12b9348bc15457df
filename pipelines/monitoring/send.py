"""Send what monitoring has to say over the network; nothing else of Rollcall's monitoring does.

A child process sends, so a receiver that hangs holds up no command for longer than a timeout. The
child's errors are discarded, because they could contain an address, which is a secret.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

PING_SECONDS = 5  # for each attempt to connect, and for each answer
MAX_REPEATS = 2
REPEATED_CODES = (429, 500, 502, 503, 504)
NOT_FOUND = 404


def send(kind: str, seconds: float, **message: Any) -> tuple[int, str]:
    """Send a message of one kind of SENDERS in a child process, in at most so many seconds.

    Return the number that the sender returns, and why there is none; then the number is 0.
    """
    import subprocess  # slow to import, and most commands send nothing

    try:
        printed = subprocess.run(
            [sys.executable, "-P", "-m", __name__, kind],
            input=json.dumps(message),
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
        ).stdout
        return int(printed or 0), ""
    except subprocess.TimeoutExpired:
        return 0, "sending took too long"
    except (OSError, ValueError) as error:
        return 0, type(error).__name__


def _notify(urls: list[str], title: str, body: str) -> int:
    """Return how many of Apprise's addresses accept a message."""
    from apprise import Apprise, NotifyFormat

    accepted = 0
    for url in urls:
        apprise = Apprise()
        accepted += bool(
            apprise.add(url)
            and apprise.notify(title=title, body=body or title, body_format=NotifyFormat.TEXT)
        )
    return accepted


def _ping(urls: list[str]) -> int:
    """Call the first address that its service knows. Return the HTTP status; 0 without one."""
    import requests
    from urllib3.util import Retry

    session = requests.Session()
    retry = Retry(
        MAX_REPEATS,
        backoff_factor=1,
        status_forcelist=REPEATED_CODES,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
    status = 0
    for url in urls:
        try:
            status = session.get(url, timeout=PING_SECONDS, allow_redirects=False).status_code
        except requests.RequestException:
            return 0
        if status != NOT_FOUND:
            break
    return status


SENDERS = {"notify": _notify, "ping": _ping}

if __name__ == "__main__":
    print(SENDERS[sys.argv[1]](**json.load(sys.stdin)))
