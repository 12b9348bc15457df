"""PingOne on loopback: one environment, its tokens, rights, limits and audit log.

One server plays both hosts: the API under `/v1`, tokens under `/{environment}/as/token`. State is
plain dicts (see `Directory`) and changes through the methods of `Changes`, which the API's own
writes use too. Each unknown of the vendor's documents is a switch.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.sandbox.pingone import filter as scim
from tests.sandbox.pingone.changes import Changes
from tests.sandbox.pingone.reads import Reads
from tests.sandbox.pingone.switches import Refused, Switches, not_found
from tests.sandbox.pingone.writes import Writes
from tests.sandbox.server import Request, Response

__all__ = ["Client", "PingOne", "Refused", "Switches"]

HEADERS = {
    "content-type": "application/hal+json;charset=UTF-8",
    "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
    "pragma": "no-cache",
    "expires": "0",
}
READ_PERMISSIONS = {
    "environments": "orgmgt:read:environment",
    "populations": "dir:read:population",
    "applications": "application:read:application",
    "gateways": "gateway:read:gateway",
    "activities": "audit:read:activity",
    "roles": "permissions:read:roles",
}
WRITER = "9c1d7a20-0d0e-4b6f-9a11-5566778899bb"
VERBS = {"GET": "read", "POST": "create", "DELETE": "delete"}


@dataclass
class Client:
    """A worker application's credentials, and the permissions that it lacks."""

    id: str
    secret: str
    name: str
    missing_permissions: set[str]


class PingOne(Changes):
    """One PingOne environment. After editing state or switches by hand, call `touch()`.

    `populations`, `users`, `groups`, `roles` and `applications` hold the vendor's objects by id,
    without links; `members`, `external_members` and `nestings` are pairs of ids.
    """

    def __init__(
        self,
        *,
        environment_id: str = "0b6c1d52-6f0e-4a3b-9f0a-2c9d8e7f1a10",
        environment_name: str = "Rollcall sandbox",
        organization_id: str = "5f0c3e1a-8d2b-4c6f-9e7a-1b2c3d4e5f60",
        client_id: str = "4f2a7d10-0d0e-4b6f-9a11-2233445566aa",
        client_secret: str = "pingone-secret",
        worker_environment_id: str | None = None,
        switches: Switches | None = None,
        now: Callable[[], datetime] | None = None,
        new_id: Callable[[], str] | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            environment_id, organization_id, switches or Switches(), now, new_id, ticks
        )
        self.environment: dict[str, Any] = {
            "id": environment_id,
            "name": environment_name,
            "organization": {"id": organization_id},
            "type": "PRODUCTION",
            "region": "EU",
            "status": "ACTIVE",
            "createdAt": "2024-01-15T08:00:00.000Z",
            "updatedAt": "2024-01-15T08:00:00.000Z",
            "license": {"id": "6a1b2c3d-4e5f-4607-8899-aabbccddeeff"},
        }
        self.worker_environment_id = worker_environment_id or environment_id
        self.clients: dict[str, Client] = {}
        self.tokens: dict[str, tuple[str, float]] = {}
        self._asked: dict[str, deque[float]] = {"api": deque(), "audit": deque()}
        self.client_id, self.client_secret = client_id, client_secret
        self.add_client(client_id, client_secret, "Extraction worker")

    def add_client(
        self,
        client_id: str,
        client_secret: str,
        name: str = "Worker",
        missing_permissions: Iterable[str] = (),
    ) -> Client:
        """Add a worker that may get a token, such as the one that writes."""
        client = Client(client_id, client_secret, name, set(missing_permissions))
        self.clients[client_id] = client
        return client

    def settings(self, url: str) -> dict[str, str]:
        return {
            "BASE_URL": f"{url}/v1",
            "AUTH_URL": url,
            "ENVIRONMENT_ID": self.environment_id,
            "CLIENT_ID": self.client_id,
            "CLIENT_SECRET": self.client_secret,
        }

    def write_settings(self) -> dict[str, str]:
        writer = self.add_client(WRITER, "pingone-writer-secret", "Rollcall writer")
        return {"CLIENT_ID": writer.id, "CLIENT_SECRET": writer.secret, "REQUESTS_PER_SECOND": "0"}

    def expire_tokens(self) -> None:
        """Invalidate every token issued so far."""
        self.tokens.clear()

    def handle(self, request: Request) -> Response:
        """Answer or refuse one request."""
        self.correlation_id = str(uuid.uuid4())
        place = request.path.strip("/").split("/") if request.path[-1:] != "/" else []
        try:
            if place[1:] == ["as", "token"]:
                response = self._token(request, place[0])
            elif place[:1] == ["v1"]:
                response = self._api(request, place)
            else:
                raise not_found()
        except Refused as refused:
            response = Response(refused.status, refused.envelope(), refused.headers)
        finally:
            self.actors = {}
        ids = {"correlation-id": self.correlation_id, "x-amzn-requestid": self.correlation_id}
        response.headers = HEADERS | ids | response.headers
        return response

    # the API host

    def _api(self, request: Request, place: list[str]) -> Response:
        self._limit("audit" if "activities" in place else "api")
        size = sum(len(name) + len(value) for name, value in request.headers.items())
        size += len(request.path) + sum(map(len, request.query.values()))
        if size > self.switches.header_limit:
            raise Refused(431, "INVALID_REQUEST", {"code": "SIZE_LIMIT_EXCEEDED"})
        client = self._client_of(request)
        match place:
            case ["v1", "environments"] if request.method == "GET":
                self._permit(client, "orgmgt:read:environment")
                rows = {self.environment_id: self.environment}
                reads = Reads(self, request, request.query)

                def ids(filter_text: str) -> list[str]:
                    return self.find(rows, filter_text, scim.ENVIRONMENTS)

                def item(_: str) -> str:
                    return self._environment(request)

                cap = self.switches.environments_cap
                return self._text(200, reads.page("environments", ids, item, cap))
            case ["v1", "environments", environment_id, *rest]:
                self._environment_must_be(environment_id, self.environment_id)
                return self._in_environment(request, client, rest)
            case ["v1", "roles", *rest] if request.method == "GET":
                self._permit(client, "permissions:read:roles")
                return self._text(200, Reads(self, request, request.query).built_in_roles(rest))
        raise not_found()

    def _in_environment(self, request: Request, client: Client, place: list[str]) -> Response:
        searches = request.method == "POST" and place == ["activities"]
        method = "GET" if searches else request.method
        self._permit(client, permission(method, place))
        by_group = place == ["users"] and "memberOfGroups" in request.query.get("filter", "")
        if by_group and self.switches.filter_needs_membership_right:
            self._permit(client, "dir:read:groupMembership")
        if not place:
            if method != "GET":
                raise not_found()
            return self._text(200, self._environment(request))
        if method == "GET":
            query = request.query | (self._search(request) if searches else {})
            return self._text(200, Reads(self, request, query).answer(place))
        self.actors = {"client": self._actor(client)}
        return self._text(*Writes(self, request, client.id).answer(place))

    def _search(self, request: Request) -> dict[str, str]:
        """Return a search by POST as the same search in the URL."""
        try:
            body = request.json
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "INVALID_REQUEST")
        return {name: str(body[name]) for name in ("filter", "limit", "offset") if name in body}

    def _environment(self, request: Request) -> str:
        url = f"{request.base_url}/v1/environments/{self.environment_id}"
        links = {"self": {"href": url}}
        for name in ("populations", "users", "applications", "activities"):
            links[name] = {"href": f"{url}/{name}"}
        return json.dumps({"_links": links} | self.environment)

    def _environment_must_be(self, asked: str, known: str) -> None:
        if asked == known:
            return
        if self.switches.unknown_environment == 403:
            raise Refused(403, "ACCESS_FAILED", {"code": "INSUFFICIENT_PERMISSIONS"})
        message = f"Unable to find environment with ID: '{asked}'"
        raise Refused(404, "NOT_FOUND", message=message)

    def _client_of(self, request: Request) -> Client:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        client_id, until = self.tokens.get(token, ("", 0.0))
        if scheme.lower() != "bearer" or until <= self.ticks() or client_id not in self.clients:
            message = "The access token is invalid or expired."
            raise Refused(401, "ACCESS_FAILED", {"code": "INVALID_TOKEN", "message": message})
        return self.clients[client_id]

    def _permit(self, client: Client, wanted: str) -> None:
        if wanted in self.switches.missing_permissions | client.missing_permissions:
            detail = {"code": "INSUFFICIENT_PERMISSIONS", "message": "Insufficient permissions"}
            raise Refused(403, "ACCESS_FAILED", detail)

    def _limit(self, kind: str) -> None:
        """Refuse a request above the limit of requests per second."""
        audit = kind == "audit"
        most = self.switches.audit_rate_limit if audit else self.switches.rate_limit
        now, asked = self.ticks(), self._asked[kind]
        while asked and asked[0] <= now - 1:
            asked.popleft()
        if most is not None and len(asked) >= most:
            wait = self.switches.retry_after
            until = format_datetime(self.now() + timedelta(seconds=wait), usegmt=True)
            header = until if self.switches.retry_after_as_date else str(wait)
            inner = {"retryAfter": wait, "quotaLimit": most}
            detail = {"code": "LIMIT_EXCEEDED", "message": "Rate limit exceeded"}
            raise Refused(
                429,
                "REQUEST_LIMITED",
                detail | {"innerError": inner},
                headers={"retry-after": header},
            )
        asked.append(now)

    def _actor(self, client: Client) -> dict[str, Any]:
        home = self.worker_environment_id
        return {
            "id": client.id,
            "name": client.name,
            "type": "CLIENT",
            "environment": {"id": home},
            "href": f"/v1/environments/{home}/applications/{client.id}",
        }

    def _text(self, status: int, text: str) -> Response:
        return Response(status, text.encode())

    # the token host

    def _token(self, request: Request, environment_id: str) -> Response:
        """Issue a token, or answer an error in OAuth's own format."""
        if environment_id != self.worker_environment_id:
            message = f"Unable to find environment with ID: '{environment_id}'"
            raise Refused(404, "NOT_FOUND", message=message)
        if request.method != "POST":
            raise not_found()
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = request.form if media == "application/x-www-form-urlencoded" else {}
        if "grant_type" not in form:
            return self._oauth(400, "invalid_request", "Missing grant_type")
        if form["grant_type"] != "client_credentials":
            return self._oauth(400, "unsupported_grant_type", "Unsupported grant type")
        basic = basic_credentials(request.headers.get("authorization", ""))
        posted = (form["client_id"], form.get("client_secret", "")) if "client_id" in form else None
        wants_basic = self.switches.token_auth_method == "CLIENT_SECRET_BASIC"
        given, wrong = (basic, posted) if wants_basic else (posted, basic)
        if given is None or wrong is not None:
            return self._oauth(401, "invalid_client", "Unsupported authentication method")
        client = self.clients.get(given[0])
        if client is None or not secrets.compare_digest(client.secret.encode(), given[1].encode()):
            return self._oauth(401, "invalid_client", "Invalid client credentials")
        if self.applications.get(client.id, {}).get("enabled") is False:
            return self._oauth(400, "unauthorized_client", "Application is disabled")
        if "p1:" in form.get("scope", ""):
            return self._oauth(400, "invalid_scope", "Scope cannot be granted")
        lifetime = self.switches.token_lifetime
        token = ".".join(secrets.token_urlsafe(size) for size in (48, 240, 256))
        self.tokens[token] = (client.id, self.ticks() + lifetime)
        body: dict[str, Any] = {"access_token": token, "token_type": "Bearer"}
        if not self.switches.expires_in_missing:
            body["expires_in"] = int(lifetime)
        if self.switches.token_has_scope:
            body["scope"] = ""
        return Response(200, body, {"content-type": "application/json;charset=UTF-8"})

    def _oauth(self, status: int, error: str, why: str) -> Response:
        text = f"Request denied: {why} (Correlation ID: {self.correlation_id})"
        body = {"error": error, "error_description": text}
        return Response(status, body, {"content-type": "application/json;charset=UTF-8"})


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Parse an `Authorization: Basic` header; return nothing for any other header."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return (name, secret)


def permission(method: str, place: list[str]) -> str:
    """Return the permission that a call needs, under PingOne's name."""
    verb = VERBS.get(method, "update")
    match place:
        case [kind, _, "roleAssignments", *_]:
            change = "read" if verb == "read" else "update"
            return f"permissions:{change}:{kind.rstrip('s')}RoleAssignments"
        case ["users" | "groups", _, "memberOfGroups", *_]:
            return f"dir:{verb}:groupMembership"
        case ["users" | "groups" as kind, *rest]:
            change = "update" if rest and verb == "create" else verb
            return f"dir:{change}:{kind.rstrip('s')}"
        case [kind, *_]:
            return READ_PERMISSIONS.get(kind, "")
    return READ_PERMISSIONS["environments"]
