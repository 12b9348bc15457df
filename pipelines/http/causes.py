"""Why a call of a vendor failed, and what to do about each cause.

Every command says the same sentences, because they are in this module only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from requests.exceptions import ConnectTimeout, ProxyError, SSLError, Timeout
from urllib3.exceptions import DecodeError

from pipelines.http.policy import NEXT_CHECK, NEXT_SYNC

AT_ONCE, SOON_AGAIN, LATER_AGAIN = 1, 3, 6  # attempts at a call that fails so


@dataclass(frozen=True)
class Place:
    """What is called: a source, its host, the setting that holds the address, and the one that
    names the tenant there."""

    source: str
    host: str
    setting: str
    tenant_setting: str


@dataclass(frozen=True)
class Cause:
    """Why no usable response came, what to do about it, and how many attempts are worth it.

    The sentences may name `{host}` and `{setting}`.
    """

    why: str
    remedy: str
    attempts: int = AT_ONCE


# Kind of exception, a pattern in its text, and the cause; the first that fits counts
CAUSES: tuple[tuple[type[BaseException], str, Cause], ...] = (
    (
        ProxyError,
        "407",
        Cause(
            "the proxy asks for a name and a password",
            "put them into HTTPS_PROXY: http://NAME:PASSWORD@HOST:PORT",
        ),
    ),
    (
        ProxyError,
        "tunnel connection failed",
        Cause(
            "the proxy refused the request",
            "ask whoever runs the proxy to allow {host}, or name the host in NO_PROXY",
        ),
    ),
    (
        ProxyError,
        "",
        Cause("the proxy cannot be reached", "check HTTPS_PROXY, or name {host} in NO_PROXY"),
    ),
    (
        SSLError,
        "mismatch|not valid for|doesn't match",
        Cause("the certificate of {host} is of another host", "check {setting}"),
    ),
    (
        SSLError,
        "expired|not yet valid",
        Cause(
            "the certificate of {host} is not valid today",
            "check the clock of this machine; if it is right, the vendor must renew it",
        ),
    ),
    (
        SSLError,
        "certificate",
        Cause(
            "the certificate of {host} is not trusted",
            "check {setting}; if a proxy of your company opens TLS, set REQUESTS_CA_BUNDLE to the"
            " file with its certificate authority",
        ),
    ),
    (SSLError, "", Cause("{host} does not speak TLS", "check {setting} and its port")),
    (
        OSError,
        "ca certificate bundle",
        Cause("REQUESTS_CA_BUNDLE names a file that is missing", "correct REQUESTS_CA_BUNDLE"),
    ),
    (
        ConnectTimeout,
        "",
        Cause(
            "{host} cannot be reached (timed out)",
            "let the firewall pass this machine to {host}, or set HTTPS_PROXY if a proxy leads out",
            SOON_AGAIN,
        ),
    ),
    (Timeout, "", Cause("{host} was silent", NEXT_SYNC, SOON_AGAIN)),
    (DecodeError, "", Cause("{host} sent a broken body", NEXT_SYNC, SOON_AGAIN)),
    (
        Exception,
        "nameresolution|name or service not known",
        Cause(
            "{host} cannot be reached (unknown host name)",
            "check {setting}, and whether this machine can look up names (DNS)",
            LATER_AGAIN,
        ),
    ),
    (
        Exception,
        "refused",
        Cause(
            "{host} cannot be reached (connection refused)",
            "check {setting}: no service answers there",
            LATER_AGAIN,
        ),
    ),
    (
        Exception,
        "unreachable|no route",
        Cause(
            "{host} cannot be reached (no way to the network)",
            "check {setting} and the network of this machine",
            LATER_AGAIN,
        ),
    ),
    (
        Exception,
        "incompleteread",
        Cause("{host} cannot be reached (the body was cut short)", NEXT_SYNC, LATER_AGAIN),
    ),
    (
        Exception,
        "",
        Cause(
            "{host} cannot be reached (the connection broke)",
            "check {setting} and the network, then run the command again",
            LATER_AGAIN,
        ),
    ),
)


def find_cause(error: BaseException, place: Place) -> Cause:
    """Return why a connection failed, and the remedy, for one place."""
    text = repr(error)
    found = next(
        cause
        for kind, pattern, cause in CAUSES
        if isinstance(error, kind) and re.search(pattern, text, re.IGNORECASE)
    )
    words = {"host": place.host, "setting": place.setting}
    return Cause(found.why.format(**words), found.remedy.format(**words), found.attempts)


def find_status_remedy(status: int, place: Place, credential: str) -> str:
    """Return what to do about a status; `credential` is the remedy for one that is refused."""
    if status == 401:
        return credential
    if status == 403:
        return f"give the credential of {place.source} the right to this, then {NEXT_CHECK}"
    if status == 429 or status >= 500:
        return NEXT_SYNC
    settings = " and ".join(dict.fromkeys([place.setting, place.tenant_setting]))
    return f"check {settings}"


def find_page_remedy(place: Place) -> str:
    """Return what to do about a web page that came instead of data."""
    return f"check {place.setting}: it must be the address of the API, then {NEXT_CHECK}"
