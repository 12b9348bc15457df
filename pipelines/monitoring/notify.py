"""Send the result of a command to chat, mail or a webhook.

The addresses are Apprise's, secrets separated by commas. NOTIFY__URLS get counts without names, and
PUSH__NOTIFY_URLS get what a push did. Notification never affects the result of a command.
"""

from __future__ import annotations

import re
import sys

from pipelines import redact
from pipelines.failures import Misconfigured
from pipelines.monitoring.send import send

NOTIFYING_VERBS = ("sync", "plan", "apply", "push run", "expiry run")
DEFAULT_SECONDS = 15.0  # for all addresses together
SEPARATOR = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # an address may have a comma


def send_summary(verb: str, code: int | None, lines: list[str], urls: str = "notify.urls") -> None:
    """Send the result of a command to the addresses of a setting, in at most NOTIFY__SECONDS. Print
    on stderr how many addresses failed. A command without a code goes on."""
    addresses = read_addresses(urls)
    if not addresses:
        return
    ended = {None: "goes on", 0: "done"}.get(code, f"ended with exit code {code}")
    if why := send_message(addresses, f"rollcall {verb} {ended}", lines):
        print(f"notify: {why}; the result of the command is not affected", file=sys.stderr)


def read_addresses(urls: str = "notify.urls") -> list[str]:
    """Return the addresses of a setting, which are hidden in all output from then on."""
    import dlt  # slow to import, and most commands send nothing

    try:
        text = str(dlt.secrets.get(urls) or "").strip()
    except Exception:  # the settings cannot be read, and the command has already said so
        return []
    addresses = [address for address in SEPARATOR.split(text) if address]
    redact.hide(*addresses)
    return addresses


def send_message(addresses: list[str], title: str, lines: list[str]) -> str:
    """Send a message to the addresses, in at most NOTIFY__SECONDS. Return in words why not all of
    them have accepted the message; empty if they have."""
    from pipelines import settings

    try:
        seconds = settings.read_number("notify.seconds")
    except Misconfigured:
        seconds = None
    accepted, why = send(
        "notify",
        DEFAULT_SECONDS if seconds is None else seconds,
        urls=addresses,
        title=title,
        body="\n".join(lines),
    )
    failed = len(addresses) - accepted
    told = why or f"{failed} of {len(addresses)} addresses did not accept the message"
    return told if failed else ""
