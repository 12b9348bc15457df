"""A request that changes something: sent once, never retried.

`Session.send` retries, which is right for reads only. A write whose response was lost may have
taken effect, and a second write could open a second ticket. A write therefore ends in one of four
ways: a response, Unsent, Unknown or Rejected. After Unknown the caller reads before it writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
)

from pipelines.failures import Failure, Rejected, Unknown, Unreadable, Unsent
from pipelines.files.json_text import NotJson, dump, parse
from pipelines.http.causes import find_cause
from pipelines.http.policy import NEXT_CHECK, NEXT_SYNC
from pipelines.http.rate_limit import read_asked_pause
from pipelines.http.session import Session
from pipelines.redact import redact_text

NOT_CONNECTED = (NewConnectionError, ConnectTimeoutError, ProxyError)
REFUSED_UNREAD = {401, 425, 429}  # the vendor has not looked at the request
UNDECIDED = {202, 408}


def send_once(
    session: Session,
    method: str,
    url: str,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    """Return the response, which is 2xx and either JSON or empty.

    A POST or PUT without a body has the header `Content-Length: 0`. Raises Unsent (certainly no
    effect), Unknown (perhaps an effect) or Rejected (by the vendor).
    """
    sent = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
    sent |= headers or {}
    data = dump(body) if body else None
    request = session.prepare_request(requests.Request(method, url, sent, data=data))
    name = session.describe(request)
    options = {
        "allow_redirects": False,
        "timeout": (session.policy.connect_timeout, session.policy.read_timeout),
        **session.merge_environment_settings(request.url, {}, True, None, None),
    }
    try:
        with session.pace.turn():
            _sign(session, request)
            response = session.send_in_time(request, options)
    except Unreadable as failure:  # the run is over, or the response is too large
        why = f"its response did not arrive ({failure.why})"
        raise Unknown(name, why, failure.next) from None
    except (requests.RequestException, HTTPError, OSError) as error:
        cause = find_cause(error, session.place)
        if is_never_sent(error):
            raise Unsent(name, f"it was not sent: {cause.why}", cause.remedy) from None
        why = f"its response did not arrive: {cause.why}"
        raise Unknown(name, why, NEXT_SYNC) from None
    return classify_response(session, request, response)


def _sign(session: Session, request: requests.PreparedRequest) -> None:
    try:
        if session.signer:
            session.signer.sign(request)
    except Failure as failure:
        why = f"it was not sent: {failure.what}: {failure.why}"
        raise Unsent(session.describe(request), why, failure.next, failure.status) from None


def classify_response(
    session: Session, request: requests.PreparedRequest, response: requests.Response
) -> requests.Response:
    """Return the response if it says that the write was done, else raise like `send_once`."""
    name, status = session.describe(request), response.status_code
    text = redact_text(response.content[:10_000].decode(errors="replace"))
    if status in REFUSED_UNREAD:
        if status == 401 and session.signer:
            session.signer.renew(request)
        if status == 429:
            pause = read_asked_pause(response) or session.policy.wait
            session.pace.slow_down(min(pause, session.policy.longest_wait))
        raise Unsent(name, f"the vendor refused it unread with {status}: {text}", NEXT_SYNC, status)
    if status >= 500 or 300 <= status < 400 or status in UNDECIDED:
        raise Unknown(name, f"the answer was {status}: {text}", NEXT_SYNC, status)
    if status >= 400:
        why = f"the answer was {status}: {text}"
        raise Rejected(name, why, NEXT_CHECK, status, response.content)
    try:
        body = parse(response.content) if response.content else None
    except NotJson:
        raise Unknown(name, "its response is not JSON", NEXT_CHECK, status) from None
    response.json = lambda **_: body  # type: ignore[method-assign]
    return response


def is_never_sent(error: BaseException) -> bool:
    """Return whether no byte of the request was sent, because there was no connection for it."""
    inner = error.args[0] if error.args else None
    inner = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(inner, NOT_CONNECTED) or "CERTIFICATE_VERIFY_FAILED" in repr(error)
