"""Signs in to PingOne as a worker application."""

from __future__ import annotations

import base64
from typing import Any

from pipelines.failures import Denied
from pipelines.http.auth import ClientCredentials
from pipelines.redact import hide


class WorkerToken(ClientCredentials):
    """The token of a worker application.

    Each application is configured to send its secret in a Basic header or in the form. The header
    is tried first, and the form if PingOne refuses the header as unsupported.
    """

    basic = True

    def build_access_token_request(self) -> dict[str, Any]:
        if not self.basic:
            return super().build_access_token_request()
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        hide(pair)
        return {
            "headers": {"Authorization": f"Basic {pair}"},
            "data": {"grant_type": "client_credentials"},
        }

    def obtain_token(self) -> None:
        try:
            super().obtain_token()
        except Denied as denied:
            if not self.basic or b"unsupported authentication method" not in denied.body.lower():
                raise
            self.basic = False
            super().obtain_token()
