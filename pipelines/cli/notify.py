"""Send the result of a command to chat, mail or a webhook.

The addresses are Apprise's, secrets separated by commas. NOTIFY__URLS get counts without names, and
PUSH__NOTIFY_URLS get what a push did. Notification never affects the result of a command. A child
process sends the message, is killed after a timeout, and its output is discarded because it could
contain an address.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from pipelines import redact

NOTIFYING_VERBS = ("sync", "plan", "apply", "push run", "expiry run")
DEFAULT_SECONDS = 15.0  # for all addresses together
SEPARATOR = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # an address may have a comma


def send_summary(verb: str, code: int | None, lines: list[str], urls: str = "notify.urls") -> None:
    """Send the result of a command to the addresses of a setting, in at most NOTIFY__SECONDS. Print
    on stderr how many addresses failed. A command without a code goes on."""
    import dlt  # slow to import, and most commands send nothing

    from pipelines import settings

    try:
        text = str(dlt.secrets.get(urls) or "").strip()
    except Exception:  # the settings cannot be read, and the command has already said so
        return
    addresses = [address for address in SEPARATOR.split(text) if address]
    if not addresses:
        return
    redact.hide(*addresses)
    ended = {None: "goes on", 0: "done"}.get(code, f"ended with exit code {code}")
    message = {"urls": addresses, "title": f"rollcall {verb} {ended}", "body": "\n".join(lines)}
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
        failed = len(addresses) - int(sent or 0)
        why = f"{failed} of {len(addresses)} addresses did not accept the message"
    except subprocess.TimeoutExpired:
        failed, why = 1, "sending took too long"
    except (OSError, ValueError) as error:
        failed, why = 1, type(error).__name__
    if failed:
        print(f"notify: {why}; the result of the command is not affected", file=sys.stderr)


def _send() -> None:
    """Send the message on stdin, and print how many addresses accepted it."""
    from apprise import Apprise, NotifyFormat

    message = json.load(sys.stdin)
    accepted = 0
    for url in message["urls"]:
        apprise = Apprise()
        accepted += bool(
            apprise.add(url)
            and apprise.notify(
                title=message["title"],
                body=message["body"] or message["title"],
                body_format=NotifyFormat.TEXT,
            )
        )
    print(accepted)


if __name__ == "__main__":
    _send()
