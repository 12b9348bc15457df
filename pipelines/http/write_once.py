"""A call that changes something: sent one time, and never again.

The session repeats what failed, which is right for reading only: a write whose answer got lost may
have had its effect, and a second one would be a second ticket. What comes of it is one of four
things, and the caller reads before it asks again.
"""

from __future__ import annotations

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
from pipelines.http.policy import NEXT_CHECK, NEXT_SYNC, reason_of
from pipelines.http.rate_limit import read_retry_after
from pipelines.redact import redact_text
from pipelines.sources.reading import Api, Json

NEVER_LEFT = (NewConnectionError, ConnectTimeoutError, ProxyError)
TURNED_AWAY = {401, 425, 429}  # before anybody looked at what was asked
UNDECIDED = {202, 408}


def send_once(
    api: Api, method: str, path: str, body: Json = None, media: str = "application/json"
) -> requests.Response:
    """The answer, 2xx and JSON or empty. Raises Unsent (surely no effect: it did not leave, or was
    turned away unread), Unknown (perhaps an effect) or Rejected (the vendor refused it)."""
    session = api.session
    request = session.prepare_request(
        requests.Request(
            method,
            f"{api.base_url}/{path}",
            headers={"Accept": "application/json"} | ({"Content-Type": media} if body else {}),
            data=dump(body) if body else None,
        )
    )
    name = session.name(request)
    try:
        if session.signer:
            session.signer.sign(request)
    except Failure as failure:
        why = f"it was not sent: {failure.what}: {failure.why}"
        raise Unsent(name, why, failure.next, failure.status) from None
    session.pace.wait()
    with session.tally.lock:
        session.tally.requests += 1
    try:
        response = requests.Session.send(
            session,
            request,
            allow_redirects=False,
            timeout=(session.policy.connect, session.policy.silence),
            **session.merge_environment_settings(request.url, {}, True, None, None),
        )
        session.read_body(response)
    except (requests.RequestException, HTTPError, OSError, Unreadable) as error:
        if has_never_left(error):
            raise Unsent(name, f"it was not sent ({reason_of(error)})", NEXT_SYNC) from None
        why = f"its answer did not arrive ({reason_of(error)})"
        raise Unknown(name, why, NEXT_SYNC) from None
    return classify_response(api, request, response)


def classify_response(
    api: Api, request: requests.PreparedRequest, response: requests.Response
) -> requests.Response:
    """The answer if it says that the call was carried out."""
    session, status = api.session, response.status_code
    name, said = (
        session.name(request),
        redact_text(response.content[:10_000].decode(errors="replace")),
    )
    if status in TURNED_AWAY:
        if status == 401 and session.signer:
            session.signer.renew(request)
        if status == 429:
            pause = read_retry_after(response) or session.policy.wait
            session.pace.slow_down(min(pause, session.policy.longest_wait))  # then it is told again
        raise Unsent(name, f"it was turned away with {status}: {said}", NEXT_SYNC, status)
    if status >= 500 or 300 <= status < 400 or status in UNDECIDED:
        raise Unknown(name, f"the answer was {status}: {said}", NEXT_SYNC, status)
    if status >= 400:
        why = f"the answer was {status}: {said}"
        raise Rejected(name, why, NEXT_CHECK, status, response.content)
    try:
        body = parse(response.content) if response.content else None
    except NotJson:
        raise Unknown(
            name, "what came instead of JSON cannot be read", NEXT_CHECK, status
        ) from None
    response.json = lambda **_: body  # type: ignore[method-assign]
    return response


def has_never_left(error: BaseException) -> bool:
    """Whether there was no connection over which a byte of the request could have gone."""
    inner = error.args[0] if error.args else None
    inner = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(inner, NEVER_LEFT) or "CERTIFICATE_VERIFY_FAILED" in repr(error)
