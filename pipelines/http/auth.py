"""Credentials on requests: a fixed token, or one from an OAuth client-credentials grant.

dlt's auth classes do the work. This module adds a margin before a token expires, one renewal when a
token is refused, and a failure for a response without a token (dlt would send "Bearer None").
"""

from __future__ import annotations

import threading
import time
from typing import Any

import requests
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials

from pipelines.failures import Denied, Misconfigured, Unreadable
from pipelines.http.policy import NEXT_CHECK
from pipelines.http.session import Session
from pipelines.redact import hide

DAY = 86_400.0


def check_secret(setting: str, secret: str) -> str:
    """Return a secret without outer blanks. Raises Misconfigured, which never shows the secret."""
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise Misconfigured(
            setting, "it is empty, or has characters that no credential has", f"set {setting} again"
        )
    hide(secret)
    return secret


class FixedToken:
    """A token that is valid until it is revoked."""

    def __init__(self, token: str, remedy: str = NEXT_CHECK, scheme: str = "Bearer") -> None:
        self.token, self.remedy, self.scheme = token, remedy, scheme

    def sign(self, request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"{self.scheme} {self.token}"

    def note(self, response: requests.Response) -> None:
        """Learn nothing: the token stays the same."""

    def renew(self, request: requests.PreparedRequest) -> bool:
        return False


class ClientCredentials(OAuth2ClientCredentials):
    """A token that is fetched, and fetched again when it expires; shared by threads."""

    def __init__(
        self,
        session: Session,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        remedy: str = NEXT_CHECK,
        **form: str,
    ) -> None:
        super().__init__(
            access_token_url=url,
            client_id=client_id,
            client_secret=client_secret,
            access_token_request_data=form,
            session=session,
        )
        self.expires = 0.0
        self.remedy = remedy
        self.lock = threading.Lock()

    def sign(self, request: requests.PreparedRequest) -> None:
        with self.lock:
            self(request)

    def note(self, response: requests.Response) -> None:
        """Learn nothing: `renew` is called for a refused token."""

    def renew(self, request: requests.PreparedRequest) -> bool:
        with self.lock:
            if str(request.headers.get("Authorization")).endswith(f" {self.access_token}"):
                self.expires = 0.0
        return True

    def is_token_expired(self) -> bool:
        return time.monotonic() >= self.expires

    def obtain_token(self) -> None:
        """Fetch a token. Raises Denied for every refusal, because a retry would not help."""
        source = self.session.source
        try:
            body = self.session.post(
                self.access_token_url, **self.build_access_token_request()
            ).json()
        except (Denied, Unreadable) as failure:
            if failure.status is None or failure.status >= 500 or failure.status == 429:
                raise
            remedy = self.remedy if failure.status in (400, 401, 403) else failure.next
            # no status, because after a 401 `Session.send` would renew the token once more
            raise Denied(failure.what, failure.why, remedy, None, failure.body) from None
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.strip():
            raise Denied(
                f"{source}: the token endpoint", "its response has no access_token", self.remedy
            )
        hide(token)
        self.check_grant(body)
        self.parse_native_representation(token)
        self.expires = time.monotonic() + self.parse_expiration_in_seconds(body)

    def check_grant(self, body: dict[str, Any]) -> None:
        """Raise Denied for a token that is not what was asked for. The base accepts every token."""

    def parse_expiration_in_seconds(self, response_json: Any) -> float:
        """Return the seconds for which a token is used: its lifetime less a margin, up to a day."""
        try:
            lifetime = float(response_json.get("expires_in", self.default_token_expiration))
        except (TypeError, ValueError):
            lifetime = 0.0
        lifetime = min(lifetime, DAY) if lifetime > 0 else 300.0
        return lifetime - min(max(60.0, lifetime / 10), lifetime / 2)
