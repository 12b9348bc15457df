"""What came of a sync, a plan or an apply, told to chat, mail or any webhook: counts, no names.

The addresses are Apprise's (NOTIFY__URLS, a secret, separated by commas). Whatever happens here
changes nothing else: the message is sent by a process of its own, which is ended when it takes too
long, and whose output, in which an address could stand, nobody sees.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from pipelines import redact

NOTIFYING_VERBS = ("sync", "plan", "apply")  # whose end is told
DEFAULT_SECONDS = 15.0  # for all addresses together
NEXT = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # a comma may be part of an address


def send_summary(verb: str, code: int, lines: list[str]) -> None:
    """Tell all addresses what came of a command, in at most NOTIFY__SECONDS. What cannot be told
    is said on stderr, by the number of addresses."""
    import dlt  # most commands tell nobody, and need none of it

    from pipelines import settings

    urls = [url for url in NEXT.split(str(dlt.secrets.get("notify.urls") or "").strip()) if url]
    if not urls:
        return
    redact.hide(*urls)
    ended = "done" if code == 0 else f"ended with exit code {code}"
    message = {"urls": urls, "title": f"rollcall {verb} {ended}", "body": "\n".join(lines)}
    try:
        sent = subprocess.run(
            [sys.executable, "-m", __name__],
            input=json.dumps(message),
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=float(settings.read_setting("notify.seconds", str(DEFAULT_SECONDS))),
        ).stdout
        failed = len(urls) - int(sent or 0)
        why = f"{failed} of {len(urls)} addresses did not take the message"
    except subprocess.TimeoutExpired:
        failed, why = 1, "it took too long"
    except (OSError, ValueError) as error:
        failed, why = 1, type(error).__name__
    if failed:
        print(f"notify: {why}; nothing else is changed by that", file=sys.stderr)


def _send() -> None:
    """Send the message on stdin; how many addresses took it goes to stdout."""
    from apprise import Apprise, NotifyFormat

    message = json.load(sys.stdin)
    taken = 0
    for url in message["urls"]:
        one = Apprise()
        taken += bool(
            one.add(url)
            and one.notify(
                title=message["title"],
                body=message["body"] or message["title"],
                body_format=NotifyFormat.TEXT,
            )
        )
    print(taken)


if __name__ == "__main__":
    _send()
