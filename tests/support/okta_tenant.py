"""A small Okta org, served on loopback, and an HTTP client for it.

The vendor's promises are tested here, without any company.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sandbox.okta.server import Okta, Switches
from tests.sandbox.okta.tokens import ASSERTION
from tests.sandbox.server import Server

KIM = {"firstName": "Kim", "lastName": "Lee", "email": "kim@example.com"}
KIM |= {"login": "kim@example.com"}
MARA, NORA, OLD, ADA = (f"00uTenantUser00000{n:03}" for n in (1, 2, 3, 4))
FINANCE, ADMINS, RULED, IMPORTED = (f"00gTenantGroup0000{n:03}" for n in (1, 2, 3, 4))
RULE, PAYROLL, SERVICE = "0prTenantRule00000001", "0oaTenantApp000000001", "0oaTenantApp000000002"
ROLE, SET = "cr0TenantRole00000001", "iamTenantSet00000001"


class Tenant:
    """A client of one served org, with a clock that tests move by hand."""

    def __init__(self, **settings: Any) -> None:
        self.time, self.ticks = datetime(2026, 8, 20, 10, tzinfo=UTC), 0.0
        self.okta = fill(
            Okta(now=lambda: self.time, ticks=lambda: self.ticks, switches=Switches(**settings))
        )
        self.server = Server(self.okta)
        self.root = f"{self.server.url}/api/v1"
        self.token_url = f"{self.server.url}/oauth2/v1/token"
        self.http = requests.Session()
        self.http.headers["authorization"] = f"SSWS {self.okta.token}"

    def ask(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        return self.http.request(method, f"{self.root}/{path}", **more)

    def passes(self, seconds: float) -> None:
        """Let time pass, for dates and for durations."""
        self.ticks += seconds
        self.time += timedelta(seconds=seconds)

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all rows of an array by following its `next` links."""
        found: list[dict[str, Any]] = []
        url: str | None = requests.Request("GET", f"{self.root}/{path}", params=query).prepare().url
        while url:
            answer = self.http.get(url)
            assert answer.status_code == 200, answer.text
            found += answer.json()
            url = answer.links.get("next", {}).get("url")
        return found

    def ids(self, path: str, **query: Any) -> list[str]:
        return [row["id"] for row in self.rows(path, **query)]

    def enveloped(self, path: str, name: str) -> list[dict[str, Any]]:
        """Return all rows of an object with links in its body."""
        found: list[dict[str, Any]] = []
        url = f"{self.root}/{path}"
        while url:
            page = self.http.get(url).json()
            found += page[name]
            url = page["_links"].get("next", {}).get("href")
        return found

    def rows_of_log(self) -> list[dict[str, Any]]:
        """Return every event, oldest first."""
        return self.ask("logs?limit=1000").json()

    def change(self, user_id: str, **profile: Any) -> requests.Response:
        """Change a part of a user's profile."""
        return self.ask(f"users/{user_id}", "POST", json={"profile": profile})

    def step(self, user_id: str, name: str, query: str = "") -> requests.Response:
        """Make one step in the life of a user."""
        return self.ask(f"users/{user_id}/lifecycle/{name}{query}", "POST")

    # service apps

    def add_service_app(self, *scopes: str, dpop: bool = False) -> None:
        """Let the org know the public key of the service app."""
        pem = key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.okta.add_client(SERVICE, {"k1": pem.decode()}, scopes, dpop=dpop)

    def assertion(self, **claims: Any) -> str:
        now = int(self.time.timestamp())
        made = {"iss": SERVICE, "sub": SERVICE, "aud": self.token_url, "iat": now}
        made |= {"exp": now + 300, "jti": str(uuid.uuid4())} | claims
        return jwt.encode(made, key(), "RS256", headers={"kid": "k1"})

    def token(self, scope: str, proof: str = "", **form: str) -> requests.Response:
        """Ask for an access token."""
        body = {"grant_type": "client_credentials", "scope": scope}
        body |= {"client_assertion_type": ASSERTION, "client_assertion": self.assertion()}
        headers = {"dpop": proof} if proof else {}
        return requests.post(self.token_url, data=body | form, headers=headers)

    def sign_in(self, scope: str) -> None:
        """Ask as the service app from now on."""
        text = self.token(scope).json()["access_token"]
        self.http.headers["authorization"] = f"Bearer {text}"

    def proof(self, method: str, url: str, token: str = "", **claims: Any) -> str:
        """Return a DPoP proof for one request."""
        numbers = key().public_key().public_numbers()
        jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        made = {"htm": method, "htu": url, "iat": int(self.time.timestamp())}
        made |= {"jti": str(uuid.uuid4())} | claims
        if token:
            made["ath"] = encoded(hashlib.sha256(token.encode()).digest())
        return jwt.encode(made, key(), "RS256", headers={"typ": "dpop+jwt", "jwk": jwk})


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def fill(okta: Okta) -> Okta:
    """Add Mara, Nora, Ada and a deactivated account. Ada is an administrator through a group."""
    for user_id, first, last, more in (
        (MARA, "Mara", "Lindqvist", {"title": "Manager", "department": "Finance", "badge": 7}),
        (NORA, "Nora", "Lind", {"department": "finance", "userType": "Contractor"}),
        (OLD, "Old", "Account", {}),
        (ADA, "Ada", "Park", {"employeeNumber": "E-4"}),
    ):
        mail = f"{first}.{last}@example.com".lower()
        profile = {"firstName": first, "lastName": last, "login": mail, "email": mail} | more
        okta.users[user_id] = {"id": user_id, "profile": profile}
    okta.users[OLD]["status"] = "DEPROVISIONED"
    for group_id, name, kind in (
        (FINANCE, "Finance", "OKTA_GROUP"),
        (ADMINS, "IT admins", "OKTA_GROUP"),
        (RULED, "Contractors", "OKTA_GROUP"),
        (IMPORTED, "Finance", "APP_GROUP"),
    ):
        okta.groups[group_id] = {"id": group_id, "type": kind, "profile": {"name": name}}
    okta.groups[IMPORTED]["source"] = {"id": PAYROLL}
    pairs = ((MARA, FINANCE), (OLD, FINANCE), (ADA, ADMINS), (NORA, RULED), (NORA, IMPORTED))
    okta.members |= {*pairs}
    rule = {"id": RULE, "type": "group_rule", "name": "Contractors", "status": "ACTIVE"}
    expression = {"value": 'user.userType=="Contractor"', "type": "urn:okta:expression:1.0"}
    rule["conditions"] = {"people": {"users": {"exclude": []}}, "expression": expression}
    okta.rules[RULE] = rule | {"actions": {"assignUserToGroups": {"groupIds": [RULED]}}}
    okta.assignments[ADMINS] = [
        {"id": "gra1", "type": "HELP_DESK_ADMIN", "targets": {"groups": [FINANCE]}}
    ]
    okta.assignments[SERVICE] = [{"id": "cra1", "type": "SUPER_ADMIN"}]
    okta.roles[ROLE] = {"id": ROLE, "label": "Reader", "description": "Reads"}
    okta.roles[ROLE]["permissions"] = ["okta.users.read", "okta.groups.read"]
    okta.resource_sets[SET] = {"id": SET, "label": "All", "description": "All users"}
    okta.bindings[SET, ROLE] = {
        "irb1": {"kind": "user", "principal": NORA},
        "irb2": {"kind": "group", "principal": FINANCE},
        "irb3": {"kind": "client", "principal": SERVICE},
    }
    for app_id, label in ((PAYROLL, "Payroll"), (SERVICE, "Nightly")):
        okta.applications[app_id] = {"id": app_id, "name": label.lower(), "label": label}
        okta.applications[app_id] |= {"status": "ACTIVE"}
    okta.app_groups.add((PAYROLL, FINANCE))
    okta.app_users.add((PAYROLL, NORA))
    okta.attributes["badge"] = {"type": "integer", "mutability": "READ_WRITE"}
    okta.touch()
    return okta


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Return the status and the error code, after a look at the envelope."""
    body = answer.json()
    names = {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}
    assert names == set(body) and body["errorLink"] == body["errorCode"], json.dumps(body)
    return answer.status_code, body["errorCode"]
