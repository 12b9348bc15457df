"""Ping a dead man's switch after each sync: HEALTHCHECK__URL, which is a secret.

`push run` and `expiry run` have switches of their own, because one switch cannot tell which of
several runs is missing. The service alarms when no ping comes. A success calls the address as it
is. A failure calls `/fail/<exit code>` behind it, and where the service does not know that path,
`/<exit code>`, as healthchecks.io defines it. A ping never affects the result of a run.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from pipelines import redact
from pipelines.monitoring.send import send

MAX_SECONDS = 25.0


def read_address(name: str = "url") -> str:
    """Return the address of a dead man's switch, and hide it from all output; empty without.

    The name is that of the setting: `url`, `push_url` or `expiry_url`.
    """
    import dlt

    try:
        address = str(dlt.secrets.get(f"healthcheck.{name}") or "").strip()
    except Exception:  # the settings cannot be read, and the command says so
        return ""
    redact.hide(address)
    return address


def ping(code: int, name: str = "url") -> None:
    """Tell a dead man's switch how a run ended. Print on stderr why a ping did not arrive."""
    address = read_address(name)
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
        why = f"HEALTHCHECK__{name.upper()} is no address that begins with https:// or http://"
    if not 200 <= status < 300:
        why = why or f"the service {f'answered {status}' if status else 'did not answer'}"
        print(f"healthcheck: {why}; the result of the run is not affected", file=sys.stderr)


def _append(address: str, suffix: str) -> str:
    """Return the address with a suffix behind its path; a query stays at the end."""
    if not suffix:
        return address
    parts = urlsplit(address)
    return parts._replace(path=parts.path.rstrip("/") + suffix).geturl()
