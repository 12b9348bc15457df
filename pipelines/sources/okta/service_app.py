"""Signs in to Okta as an API service app: with a private key, and with DPoP.

A service app proves itself to the org authorization server with a signed assertion
(developer.okta.com, "Implement OAuth for Okta with a service app"). Where the app asks for DPoP,
every attempt carries a proof of its own, which names method, address and token ("Configure OAuth
2.0 Demonstrating Proof-of-Possession"). The key of the proofs is made for one run and never stored.
"""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipelines.failures import Denied, Misconfigured
from pipelines.files.json_text import read_text_field
from pipelines.http.auth import ClientCredentials
from pipelines.http.policy import origin_of
from pipelines.http.session import Session
from pipelines.redact import hide

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300  # Okta accepts an hour at most
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
PrivateKey = rsa.RSAPrivateKey | EllipticCurvePrivateKey


def load_private_key(setting: str, text: str) -> PrivateKey:
    """Return the key in a PEM text (PKCS#1 or PKCS#8, also with `\\n` for line ends), or in the
    file that the text is the path of. Raises Misconfigured without repeating the text."""
    text = text.strip().replace("\\n", "\n")
    if "-----BEGIN" not in text:
        text = _read_key_file(setting, text)
    hide(text, *(line for line in text.splitlines() if not line.startswith("-----")))
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        why, remedy = "the key is encrypted", "store it without a passphrase"
    except ValueError:
        why, remedy = "it is no private key in PEM format", "copy the key as PEM, not as JSON"
    else:
        if isinstance(key, rsa.RSAPrivateKey) or getattr(key, "curve", None):
            return key  # type: ignore[return-value]
        why, remedy = f"it is of a kind that Okta does not use ({type(key).__name__})", "use RSA"
    raise Misconfigured(setting, why, f"{remedy}, and set {setting} again")


def _read_key_file(setting: str, text: str) -> str:
    if text.startswith("{"):
        raise Misconfigured(
            setting, "it is a key in JSON (JWK)", f"copy the key as PEM, and set {setting} again"
        )
    try:
        return Path(text).expanduser().read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise Misconfigured(
            setting,
            f"it is neither a key in PEM format nor the path of one ({why.lower()})",
            f"set {setting} to the PEM text, or to the path of its file",
        ) from None


def find_algorithm(key: PrivateKey) -> str:
    return "RS256" if isinstance(key, rsa.RSAPrivateKey) else CURVES.get(key.curve.name, "ES256")


class Proofs:
    """Makes the DPoP proofs of one run; shared by threads. Each origin has a nonce of its own."""

    def __init__(self) -> None:
        self.nonces: dict[str, str] = {}
        self.lacking: set[str] = set()  # proofs that were refused for their nonce

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def public_key(self) -> dict[str, Any]:
        found = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {name: found[name] for name in ("kty", "n", "e")}

    def sign(self, request: requests.PreparedRequest, store: str, token: str = "") -> None:
        """Put a new proof on a request. `store` says where its nonce is kept."""
        url = str(request.url).split("?")[0].split("#")[0]
        claims = {"htm": request.method, "htu": url, "iat": int(time.time()), "jti": _new_id()}
        if nonce := self.nonces.get(store):
            claims["nonce"] = nonce
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        headers = {"typ": "dpop+jwt", "jwk": self.public_key}
        request.headers["DPoP"] = jwt.encode(claims, self.key, "RS256", headers)

    def note(self, response: requests.Response, store: str) -> None:
        """Keep a new nonce, and which proof lacked it."""
        nonce = response.headers.get("dpop-nonce")
        if nonce and nonce != self.nonces.get(store):
            self.nonces[store] = nonce
            if response.status_code in (400, 401):
                self.lacking.add(str(response.request.headers.get("DPoP")))

    def was_refused_for_nonce(self, request: requests.PreparedRequest) -> bool:
        """Return whether a proof was refused for its nonce, once for each proof."""
        proof = str(request.headers.get("DPoP"))
        lacked = proof in self.lacking
        self.lacking.discard(proof)
        return lacked


class Assertions:
    """Signs the calls of the token endpoint: each attempt has a new assertion, and a new proof once
    the app has asked for proofs."""

    def __init__(
        self,
        client_id: str,
        key: PrivateKey,
        key_id: str,
        scopes: tuple[str, ...],
        optional: tuple[str, ...] = (),
    ) -> None:
        self.client_id, self.key, self.key_id = client_id, key, key_id
        self.scopes, self.optional = scopes, optional
        self.proofs, self.has_proofs, self.remedy = Proofs(), False, ""

    def sign(self, request: requests.PreparedRequest) -> None:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.client_id, "sub": self.client_id}
        claims |= {"aud": str(request.url), "iat": now, "exp": now + ASSERTION_SECONDS}
        claims["jti"] = _new_id()
        assertion = jwt.encode(claims, self.key, find_algorithm(self.key), {"kid": self.key_id})
        hide(assertion)
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(self.scopes + self.optional),
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        request.prepare_body(form, None)
        if self.has_proofs:
            self.proofs.sign(request, "token")

    def note(self, response: requests.Response) -> None:
        self.proofs.note(response, "token")

    def renew(self, request: requests.PreparedRequest) -> bool:
        return False


class ServiceAppToken(ClientCredentials):
    """The access token of an API service app, and the proof that goes with it if it needs one.

    A new app asks for proofs by default. A token call without one is then refused with
    `invalid_dpop_proof`, and a first one with `use_dpop_nonce`; each is answered once.
    """

    def __init__(self, session: Session, url: str, assertions: Assertions, remedy: str) -> None:
        session.signer = self.assertions = assertions
        self.granted: list[str] = []  # the scopes of the token
        super().__init__(session, url, assertions.client_id, "", remedy=remedy)

    def build_access_token_request(self) -> dict[str, Any]:
        return {"headers": {"Accept": "application/json"}}  # `Assertions` adds the body

    def obtain_token(self) -> None:
        try:
            self._obtain_token()
        except Denied as denied:
            if not self.assertions.optional or read_oauth_error(denied.body) != "invalid_scope":
                raise
            # Okta may refuse every scope because of one that the app was not granted
            self.assertions.optional = ()
            self._obtain_token()

    def _obtain_token(self) -> None:
        for code in ("invalid_dpop_proof", "use_dpop_nonce"):
            try:
                return super().obtain_token()
            except Denied as denied:
                found = read_oauth_error(denied.body)
                if found not in (code, "use_dpop_nonce"):
                    raise self._explain(denied, found) from None
                self.assertions.has_proofs = True
        return super().obtain_token()

    def _explain(self, denied: Denied, code: str) -> Denied:
        if code == "invalid_scope":
            scopes = ", ".join(self.assertions.scopes)
            denied.next = f"grant the app the scopes {scopes} (Okta API Scopes), then check again"
        return denied

    def check_grant(self, body: dict[str, Any]) -> None:
        """Raise Denied for a token of an unknown type, or one that lacks a scope: Okta may drop a
        scope that was not granted without an error."""
        what = f"{self.session.source}: the token endpoint"
        kind = str(body.get("token_type")).casefold()
        if kind not in ("bearer", "dpop") or (kind == "dpop" and not self.assertions.has_proofs):
            raise Denied(what, f"it gave a token of type {body.get('token_type')}", self.remedy)
        self.assertions.has_proofs = kind == "dpop"
        self.granted = str(body.get("scope") or "").split()
        if lacking := [scope for scope in self.assertions.scopes if scope not in self.granted]:
            raise Denied(
                what,
                f"the token lacks {', '.join(lacking)}",
                "grant the app these scopes (Okta API Scopes), then run `rollcall check`",
            )

    def sign(self, request: requests.PreparedRequest) -> None:
        super().sign(request)
        if self.assertions.has_proofs:
            token = str(self.access_token)
            request.headers["Authorization"] = f"DPoP {token}"
            request.headers["x-okta-user-agent-extended"] = "isDPoP:true"
            self.assertions.proofs.sign(request, origin_of(str(request.url)), token)

    def note(self, response: requests.Response) -> None:
        self.assertions.proofs.note(response, origin_of(str(response.request.url)))

    def renew(self, request: requests.PreparedRequest) -> bool:
        if self.assertions.proofs.was_refused_for_nonce(request):
            return True  # the next attempt has the nonce; the token is good
        return super().renew(request)


def read_oauth_error(body: bytes) -> str:
    """Return the code of an OAuth error; empty if the body is none."""
    return read_text_field(body, "error")


def _new_id() -> str:
    return uuid.uuid4().hex
