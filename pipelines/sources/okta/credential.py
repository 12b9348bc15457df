"""The settings that sign in to Okta: an API token (SSWS), or the key of an API service app."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.http.auth import FixedToken, check_secret
from pipelines.http.policy import Signer
from pipelines.http.session import Session

TOKEN_REMEDY = (
    "set {} to a token that Okta shows as active (Security > API > Tokens), then run"
    " `rollcall check okta`"
)
APP_REMEDY = (
    "set {}, {} and {} as the API service app shows them (Applications > Applications), then run"
    " `rollcall check okta`"
)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """The settings that sign in to an org: an API token, or the key of an API service app."""

    section: str = "SOURCES"  # or PROVISION
    api_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    private_key: str | None = field(default=None, repr=False)
    key_id: str | None = None

    def make_signer(
        self,
        session: Session,
        base_url: str,
        scopes: tuple[str, ...],
        optional: tuple[str, ...] = (),
    ) -> Signer:
        """Return what signs requests. `session` fetches the tokens of a service app, with `scopes`,
        and with those of `optional` that the app was granted. Raises Misconfigured."""
        token, client_id, private_key, key_id = (
            f"{self.section}__OKTA__{name}"
            for name in ("API_TOKEN", "CLIENT_ID", "PRIVATE_KEY", "KEY_ID")
        )
        if self.api_token:
            secret = check_secret(token, self.api_token)
            return FixedToken(secret, TOKEN_REMEDY.format(token), "SSWS")
        # only here: an API token needs no cryptography, which takes long to import
        from pipelines.sources.okta.service_app import Assertions, ServiceAppToken, load_private_key

        assertions = Assertions(
            check_secret(client_id, self.client_id or ""),
            load_private_key(private_key, self.private_key or ""),
            check_secret(key_id, self.key_id or ""),
            scopes,
            optional,
        )
        remedy = APP_REMEDY.format(client_id, private_key, key_id)
        return ServiceAppToken(session, f"{base_url}/oauth2/v1/token", assertions, remedy)
