"""How a declared system is called over HTTP: where, how fast, and how Rollcall signs in.

The file says the way of signing in. The secrets themselves are settings, and are never in the file.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Annotated, Literal, Self
from urllib.parse import parse_qs, urlsplit

import requests
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.files.toml_file import Strict, Text
from pipelines.http.auth import ClientCredentials, FixedToken, check_secret
from pipelines.http.policy import Counters, Policy, Signer, check_url, origin_of
from pipelines.http.session import Session
from pipelines.redact import hide
from pipelines.sources.declared.declaration import System
from pipelines.sources.declared.read_tables import ReadTables
from pipelines.sources.reading import Api

PerSecond = Annotated[float, Field(gt=0, le=1000)]

# The secrets of each way of signing in, and the other entries that it has
SECRETS = {
    "bearer": {"token": "the token that is sent as `Authorization: Bearer`"},
    "api_key": {"api_key": "the key of the API"},
    "http_basic": {"username": "the user's name", "password": "the user's password"},
    "oauth2_client_credentials": {
        "client_id": "the id of the client",
        "client_secret": "the secret of the client",
    },
}
ENTRIES = {
    "bearer": (),
    "api_key": ("name", "location"),
    "http_basic": ("username",),
    "oauth2_client_credentials": ("access_token_url", "access_token_request_data"),
}


class Auth(Strict):
    """A way of signing in, with the names that dlt's REST source has for it."""

    type: Literal["bearer", "api_key", "http_basic", "oauth2_client_credentials"]
    name: Text = "Authorization"
    location: Literal["header", "query", "param"] = "header"
    username: Text | None = None
    access_token_url: Text | None = None
    access_token_request_data: dict[str, str] = Field({})

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, given: object) -> object:
        return {"type": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for entry in self.model_fields_set - {"type", *ENTRIES[self.type]}:
            raise PydanticCustomError("auth", f"{self.type} has no entry {entry}")
        if self.type == "oauth2_client_credentials" and not self.access_token_url:
            raise PydanticCustomError("auth", "access_token_url is missing")
        return self

    def list_secrets(self) -> dict[str, str]:
        """Return the secrets that this way needs, each with what it is."""
        return {
            name: about
            for name, about in SECRETS[self.type].items()
            if not (name == "username" and self.username)
        }


class ApiKey:
    """A key in a header, or in the query of every request."""

    def __init__(self, key: str, auth: Auth, remedy: str) -> None:
        self.key, self.auth, self.remedy = key, auth, remedy

    def sign(self, request: requests.PreparedRequest) -> None:
        name = self.auth.name
        if self.auth.location == "header":
            request.headers[name] = self.key
        elif name not in parse_qs(urlsplit(str(request.url)).query):  # a retry has it already
            request.prepare_url(str(request.url), {name: self.key})

    def note(self, response: requests.Response) -> None:
        """Learn nothing: the key stays the same."""

    def renew(self, request: requests.PreparedRequest) -> bool:
        return False


def connect_api(
    into: ReadTables,
    entry: str,
    base_url: str,
    auth: Auth | None,
    *,
    requests_per_second: float,
    headers: dict[str, str] | None = None,
) -> Api:
    """Return the client of a system; no request is sent yet. Raises Misconfigured.

    `entry` is the name of the address in the file.
    """
    system, counters = into.system, into.counters
    policy = Policy(requests_per_second=requests_per_second)
    signer = (
        _make_signer(system, auth, entry.removesuffix("base_url"), policy, counters)
        if auth
        else None
    )
    address = check_url(f"{entry} in {system.path}", base_url)
    session = _open_session(system, entry, address, policy, counters, signer)
    api = Api(address, session)
    api.rest.headers |= headers or {}
    return api


def describe_address(base_url: str) -> str:
    """Return an address in one spelling: blanks, cases and a last slash do not count."""
    address = base_url.strip().rstrip("/")
    return f"{origin_of(address)}{urlsplit(address).path}"


def _open_session(
    system: System,
    entry: str,
    address: str,
    policy: Policy,
    counters: Counters,
    signer: Signer | None = None,
) -> Session:
    session = Session(system.name, address, policy, counters, signer)
    spelling = f"{entry} in {system.path}"
    session.place = replace(session.place, setting=spelling, tenant_setting=spelling)
    return session


def _make_signer(
    system: System, auth: Auth, prefix: str, policy: Policy, counters: Counters
) -> Signer:
    secrets = system.secrets
    names = [f"SOURCES__{system.name}__{name}".upper() for name in secrets]
    remedy = f"set {' and '.join(names)} again"
    if auth.type == "bearer":
        return FixedToken(check_secret(names[0], secrets["token"]), remedy)
    if auth.type == "api_key":
        return ApiKey(check_secret(names[0], secrets["api_key"]), auth, remedy)
    if auth.type == "http_basic":
        user = auth.username or secrets["username"]
        pair = base64.b64encode(f"{user}:{secrets['password']}".encode()).decode()
        hide(pair)
        return FixedToken(pair, remedy, "Basic")
    entry = f"{prefix}auth.access_token_url"
    url = check_url(f"{entry} in {system.path}", str(auth.access_token_url))
    token = ClientCredentials(
        _open_session(system, entry, url, policy, counters),
        url,
        secrets["client_id"],
        secrets["client_secret"],
        remedy=remedy,
    )
    token.access_token_request_data = {**auth.access_token_request_data}
    return token
