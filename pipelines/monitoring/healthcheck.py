"""Ping a dead man's switch after each sync: HEALTHCHECK__URL, which is a secret.

The service alarms when no ping comes. A success calls the address as it is. A failure calls
`/fail/<exit code>` behind it, and where the service does not know that path, `/<exit code>`, as
healthchecks.io defines it. A ping never affects the result of a sync.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from pipelines import redact
from pipelines.monitoring.send import send

MAX_SECONDS = 25.0


def read_address() -> str:
    """Return the address of the dead man's switch, and hide it from all output; empty without."""
    import dlt

    try:
        address = str(dlt.secrets.get("healthcheck.url") or "").strip()
    except Exception:  # the settings cannot be read, and the command says so
        return ""
    redact.hide(address)
    return address


def ping(code: int) -> None:
    """Tell the dead man's switch how a sync ended. Print on stderr why a ping did not arrive."""
    address = read_address()
    if not address:
        return
    status = 0
    try:
        is_web = urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname
    except ValueError:
        is_web = None
    if is_web:
        suffixes = (f"/fail/{code}", f"/{code}") if code else ("",)
        urls = [_append(address, suffix) for suffix in suffixes]
        status, why = send("ping", MAX_SECONDS, urls=urls)
    else:
        why = "HEALTHCHECK__URL is no address that begins with https:// or http://"
    if not 200 <= status < 300:
        why = why or f"the service {f'answered {status}' if status else 'did not answer'}"
        print(f"healthcheck: {why}; the result of the sync is not affected", file=sys.stderr)


def _append(address: str, suffix: str) -> str:
    """Return the address with a suffix behind its path; a query stays at the end."""
    if not suffix:
        return address
    parts = urlsplit(address)
    return parts._replace(path=parts.path.rstrip("/") + suffix).geturl()
