"""Okta's credentials: API tokens of users, service apps with a signed assertion, DPoP proofs.

A token's rights are those of the admin roles of its user or service app. A service app's are cut to
the scopes that it asked for.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.sandbox.okta.assignments import Assignments
from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.switches import OAuthRefused, Refused
from tests.sandbox.server import Request

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
UNUSED_DAYS = 30 * 86_400  # an API token that nobody uses expires
LONGEST_ASSERTION = 3600
READ = {"users.read", "groups.read", "apps.read", "schemas.read", "userTypes.read", "logs.read"}
MANAGE_USERS = {"users.read", "users.manage", "schemas.read", "userTypes.read"}
MANAGE_GROUPS = {"groups.read", "groups.manage", "groups.members.manage"}
MANAGE_APPS = {"apps.read", "apps.manage"}
EVERY = READ | MANAGE_USERS | MANAGE_GROUPS | MANAGE_APPS | {"roles.read", "roles.manage"}
ROLE_RIGHTS = {
    "SUPER_ADMIN": EVERY,
    "ORG_ADMIN": READ | MANAGE_USERS | MANAGE_GROUPS,
    "APP_ADMIN": {"users.read", "groups.read", "schemas.read"} | MANAGE_APPS,
    "USER_ADMIN": MANAGE_USERS | MANAGE_GROUPS,
    "GROUP_MEMBERSHIP_ADMIN": {"users.read", "groups.read", "groups.members.manage"},
    "HELP_DESK_ADMIN": {"users.read", "groups.read"},
    "READ_ONLY_ADMIN": READ,
    "REPORT_ADMIN": {"logs.read"},
}


@dataclass
class ApiToken:
    """An API token. It belongs to a user, and dies with the user's account."""

    id: str
    user_id: str
    used: float  # the last time, in ticks


@dataclass
class Client:
    """A service app that may get access tokens: its public keys by key id, and granted scopes."""

    id: str
    name: str
    keys: dict[str, str]  # PEM
    scopes: set[str]
    dpop: bool = True  # as new service apps are


@dataclass
class AccessToken:
    client_id: str
    scopes: set[str]
    until: float
    thumbprint: str = ""  # of the DPoP key that it is bound to


@dataclass
class Caller:
    """Who makes a request, and what they may do."""

    id: str
    rights: set[str]
    has_role: bool
    scopes: set[str] | None = None  # None: an API token, which has no scopes


@dataclass
class Nonces:
    """The DPoP nonces and proofs of one server: the token endpoint and the API each have theirs."""

    current: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    seen: set[str] = field(default_factory=set)


class Tokens(Assignments):
    """An org that knows its tokens."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.api_tokens: dict[str, ApiToken] = {}
        self.clients: dict[str, Client] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.token_nonces, self.api_nonces = Nonces(), Nonces()
        self.assertions: set[str] = set()  # each is taken once

    def add_api_token(self, token: str, user_id: str) -> ApiToken:
        """Add an API token that a user made."""
        self.api_tokens[token] = ApiToken(self.new_id("00T"), user_id, self.ticks())
        return self.api_tokens[token]

    def add_client(
        self,
        client_id: str,
        keys: dict[str, str],
        scopes: Iterable[str],
        name: str = "Rollcall",
        dpop: bool = True,
    ) -> Client:
        """Add a service app with its public keys. Its admin roles are in `assignments`."""
        self.clients[client_id] = Client(client_id, name, keys, {*scopes}, dpop)
        return self.clients[client_id]

    def expire_tokens(self) -> None:
        """Invalidate every access token issued so far."""
        self.access_tokens.clear()

    # callers

    def caller(self, request: Request) -> Caller:
        """Return who makes an API request, or refuse them."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme == "SSWS":
            return self._user_of(text)
        if scheme in ("Bearer", "DPoP"):
            return self._client_of(request, scheme, text)
        raise Refused(401, "E0000011")

    def _user_of(self, text: str) -> Caller:
        token = self.api_tokens.get(text)
        owner = self.users.get(token.user_id) if token else None
        if (
            token is None
            or owner is None
            or owner["status"] in ("DEPROVISIONED", "SUSPENDED")
            or self.ticks() - token.used > UNUSED_DAYS
        ):
            raise Refused(401, "E0000011")
        token.used = self.ticks()
        self.actor, self.token_id = self.user_target(token.user_id), token.id
        rows = [row for row, _ in self.roles_of(token.user_id)]
        return Caller(token.user_id, self._rights(rows), bool(rows))

    def _client_of(self, request: Request, scheme: str, text: str) -> Caller:
        token = self.access_tokens.get(text)
        bad = {"www-authenticate": f'{scheme} error="invalid_token"'}
        refused = Refused(401, "E0000011", headers=bad)
        if token is None or token.until <= self.ticks() or token.client_id not in self.clients:
            raise refused
        if bool(token.thumbprint) != (scheme == "DPoP"):
            raise refused
        if token.thumbprint:
            proof = request.headers.get("dpop", "")
            try:
                nonces = self.api_nonces if self.switches.dpop_nonce_of_api else None
                key = self.check_proof(request, proof, self.api_nonces.seen, nonces, text)
            except OAuthRefused as error:
                headers = {"www-authenticate": f'DPoP error="{error.body["error"]}"'}
                raise Refused(401, "E0000011", headers=headers | error.headers) from None
            if key != token.thumbprint:
                raise refused
        client = self.clients[token.client_id]
        self.actor = {"id": client.id, "type": "PublicClientApp", "alternateId": client.id}
        self.actor |= {"displayName": client.name, "detailEntry": None}
        rows = self.own_roles(client.id)
        return Caller(client.id, self._rights(rows), bool(rows), token.scopes)

    def _rights(self, rows: list[Thing]) -> set[str]:
        found: set[str] = set()
        for row in rows:
            if row.get("status", "ACTIVE") != "ACTIVE":
                continue
            if row["type"] == "CUSTOM":
                for label in self.roles[row["role"]].get("permissions", ()):
                    found |= rights_of(label)
            else:
                found |= ROLE_RIGHTS.get(row["type"], set())
        return found

    # the token endpoint

    def issue_token(self, request: Request) -> Thing:
        """Issue an access token to a service app that proves itself by a signed assertion."""
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = request.form if media == "application/x-www-form-urlencoded" else {}
        if form.get("grant_type") != "client_credentials":
            kind = "unsupported_grant_type" if "grant_type" in form else "invalid_request"
            raise OAuthRefused(400, kind, "The grant type is missing or is not supported.")
        client = self._assertion_of(form, request)
        asked = {*form.get("scope", "").split()}
        if not asked:
            raise OAuthRefused(400, "invalid_scope", "The scope parameter must not be empty.")
        granted = asked & client.scopes
        if not granted or (granted != asked and self.switches.ungranted_scope == "refused"):
            why = "One or more scopes are not granted to the client application."
            raise OAuthRefused(400, "invalid_scope", why)
        thumbprint = ""
        if client.dpop or "dpop" in request.headers:
            proof = request.headers.get("dpop", "")
            nonces = self.token_nonces
            thumbprint = self.check_proof(request, proof, nonces.seen, nonces)
        text = ".".join(secrets.token_urlsafe(size) for size in (30, 200, 256))
        until = self.ticks() + self.switches.token_lifetime
        self.access_tokens[text] = AccessToken(client.id, granted, until, thumbprint)
        return {
            "token_type": "DPoP" if thumbprint else "Bearer",
            "expires_in": int(self.switches.token_lifetime),
            "access_token": text,
            "scope": " ".join(sorted(granted)),
        }

    def _assertion_of(self, form: dict[str, str], request: Request) -> Client:
        """Return the client whose assertion this is."""
        text = form.get("client_assertion", "")
        if form.get("client_assertion_type") != ASSERTION or not text:
            why = "Client authentication failed: private_key_jwt is required."
            raise OAuthRefused(401, "invalid_client", why)
        try:
            client_id = jwt.decode(text, options={"verify_signature": False}).get("sub", "")
            client = self.clients[client_id]
            claims = jwt.decode(
                text,
                client.keys[jwt.get_unverified_header(text)["kid"]],
                algorithms=ALGORITHMS,
                audience=f"{request.base_url}{request.path}",
                issuer=client_id,
                subject=client_id,
                options={"require": ["exp", "iss", "sub", "aud"], "strict_aud": True}
                | {"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.InvalidTokenError, KeyError) as error:
            why = f"The client_assertion is not valid: {error}"
            raise OAuthRefused(401, "invalid_client", why) from None
        seen, left = claims.get("jti"), claims["exp"] - self.now().timestamp()
        if not 0 < left <= LONGEST_ASSERTION + 5 or (seen and seen in self.assertions):
            why = "The client_assertion is expired or used already, or expires too far ahead."
            raise OAuthRefused(401, "invalid_client", why)
        self.assertions |= {seen} if seen else set()
        return client

    def check_proof(
        self, request: Request, proof: str, seen: set[str], nonces: Nonces | None, token: str = ""
    ) -> str:
        """Return the thumbprint of the key of a DPoP proof (RFC 9449), or refuse the proof."""
        try:
            header = jwt.get_unverified_header(proof)
            if header.get("typ") != "dpop+jwt" or header.get("jwk", {}).get("kty") != "RSA":
                raise jwt.InvalidTokenError("the header lacks typ dpop+jwt or an RSA jwk")
            if "d" in header["jwk"]:
                raise jwt.InvalidTokenError("the jwk is a private key")
            claims = jwt.decode(
                proof,
                jwt.PyJWK(header["jwk"], header["alg"]).key,
                algorithms=ALGORITHMS[:3],
                options={"require": ["htm", "htu", "iat", "jti"], "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError) as error:
            why = f"The DPoP proof JWT header is missing or not valid: {error}"
            raise OAuthRefused(400, "invalid_dpop_proof", why) from None
        hashed = _base64(hashlib.sha256(token.encode()).digest())
        wrong = (
            claims["htm"] != request.method
            or claims["htu"].partition("?")[0] != f"{request.base_url}{request.path}"
            or abs(claims["iat"] - self.now().timestamp()) > 300
            or claims["jti"] in seen
            or (token and claims.get("ath") != hashed)
        )
        if wrong:
            why = "The DPoP proof is of another request, too old, or used already."
            raise OAuthRefused(400, "invalid_dpop_proof", why)
        if nonces and claims.get("nonce") != nonces.current:
            why = "Authorization server requires nonce in DPoP proof."
            raise OAuthRefused(400, "use_dpop_nonce", why, {"dpop-nonce": nonces.current})
        seen.add(claims["jti"])
        return thumbprint_of(header["jwk"])


def rights_of(label: str) -> set[str]:
    """Return the rights that a scope or a custom role's permission stands for."""
    name = label.removeprefix("okta.").replace("iam.", "roles.")
    found = {name}
    if name.endswith(".manage"):
        found.add(f"{name.split('.')[0]}.read")
    if name == "groups.manage":
        found.add("groups.members.manage")
    return found


def thumbprint_of(jwk: Thing) -> str:
    """Return the thumbprint of a public RSA key (RFC 7638)."""
    needed = {name: jwk[name] for name in ("e", "kty", "n")}
    return _base64(hashlib.sha256(json.dumps(needed, separators=(",", ":")).encode()).digest())


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
