"""Credentials on requests: a fixed token, or one from an OAuth client-credentials grant.

dlt's auth classes do the work; added here are a margin before a token ends, one renewal when it is
refused, and the refusal of a token answer without a token (which would be sent as "Bearer None").
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
    """A secret from the settings, without the blanks around it. Raises Misconfigured, unsaid."""
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise Misconfigured(
            setting, "it has characters that no credential has, or is empty", f"set {setting} again"
        )
    hide(secret)
    return secret


class FixedToken:
    """A token that is valid until somebody revokes it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def sign(self, request: requests.PreparedRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self.token}"

    def renew(self, request: requests.PreparedRequest) -> bool:
        return False


class ClientCredentials(OAuth2ClientCredentials):
    """A token that is fetched, kept while it lasts, and fetched again; shared by threads."""

    def __init__(
        self, session: Session, url: str, client_id: str, client_secret: str, **form: str
    ) -> None:
        super().__init__(
            access_token_url=url,
            client_id=client_id,
            client_secret=client_secret,
            access_token_request_data=form,
            session=session,
        )
        self.ends = 0.0
        self.lock = threading.Lock()

    def sign(self, request: requests.PreparedRequest) -> None:
        with self.lock:
            self(request)

    def renew(self, request: requests.PreparedRequest) -> bool:
        with self.lock:
            if request.headers.get("Authorization") == f"Bearer {self.access_token}":
                self.ends = 0.0
        return True

    def is_token_expired(self) -> bool:
        return time.monotonic() >= self.ends

    def obtain_token(self) -> None:
        """Fetch a token. Raises Denied for every refusal: asking again would not help."""
        source = self.session.source
        try:
            body = self.session.post(
                self.access_token_url, **self.build_access_token_request()
            ).json()
        except (Denied, Unreadable) as failure:
            if failure.status is None or failure.status >= 500 or failure.status == 429:
                raise
            # no status: this refusal must not look like that of a token that could be renewed
            raise Denied(failure.what, failure.why, NEXT_CHECK, None, failure.body) from None
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.strip():
            raise Denied(
                f"{source}: the token endpoint", "its answer holds no access_token", NEXT_CHECK
            )
        hide(token)
        self.parse_native_representation(token)
        self.ends = time.monotonic() + self.parse_expiration_in_seconds(body)

    def parse_expiration_in_seconds(self, response_json: Any) -> float:
        """How long to use the token: its life less a margin, never over a day."""
        try:
            life = float(response_json.get("expires_in", self.default_token_expiration))
        except (TypeError, ValueError):
            life = 0.0
        life = min(life, DAY) if life > 0 else 300.0
        return life - min(max(60.0, life / 10), life / 2)
