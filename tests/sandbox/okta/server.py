"""Okta on loopback: one org, its tokens, rights, limits and System Log.

State is plain dicts (see `Directory`) and changes through the methods of `Changes`, which the API's
own writes use too. Each unknown of the vendor's documents is a switch.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime

from tests.sandbox.okta.limits import Limits
from tests.sandbox.okta.log import SYSTEM
from tests.sandbox.okta.reads import Reads
from tests.sandbox.okta.switches import OAuthRefused, Refused, Switches, forbidden
from tests.sandbox.okta.tokens import Caller, Tokens, rights_of
from tests.sandbox.okta.writes import Writes
from tests.sandbox.server import Request, Response

__all__ = ["Okta", "Refused", "Switches"]

JSON = "application/json"


class Okta(Tokens):
    """One Okta org. After editing state or switches by hand, call `touch()`.

    It has the group Everyone and one super administrator, whose API token is `token`.
    """

    def __init__(
        self,
        *,
        org_id: str = "00oRollcallSandbox01",
        everyone: str = "00gEveryone000000001",
        owner: str = "00uTokenOwner0000001",
        domain: str = "okta.example",
        token: str = "okta-token",
        switches: Switches | None = None,
        now: Callable[[], datetime] | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(switches or Switches(), "otyDefaultUserType01", everyone, now, ticks)
        self.org_id, self.token = org_id, token
        self.owner, self.domain = owner, domain
        self.limits = Limits()
        self.groups[self.everyone] = {
            "id": self.everyone,
            "type": "BUILT_IN",
            "profile": {"name": "Everyone", "description": "All users in your organization"},
        }
        self.add_administrator(self.owner, "svc-rollcall", "SUPER_ADMIN")
        self.add_api_token(token, self.owner)

    def add_administrator(self, user_id: str, name: str, role: str) -> None:
        """Add a user who holds a role, such as the owner of a token."""
        mail = f"{name}@{self.domain}"
        profile = {"firstName": "Service", "lastName": name, "login": mail, "email": mail}
        self.users[user_id] = {"id": user_id, "profile": profile}
        assigned = {"id": f"ra1{user_id[3:]}", "type": role, "status": "ACTIVE"}
        self.assignments[user_id] = [assigned]
        self.touch()

    def settings(self, url: str) -> dict[str, str]:
        return {"DOMAIN": url, "API_TOKEN": self.token}

    def write_settings(self) -> dict[str, str]:
        writer = "00uTokenWriter000001"
        self.add_administrator(writer, "svc-writer", "SUPER_ADMIN")
        self.add_api_token("okta-writer-token", writer)
        return {"API_TOKEN": "okta-writer-token"}

    def handle(self, request: Request) -> Response:
        """Answer or refuse one request."""
        self.settle()
        place = request.path.strip("/").split("/") if request.path[-1:] != "/" else []
        limits: dict[str, str | list[str]] = {}
        try:
            if place == ["oauth2", "v1", "token"]:
                response = self._token(request)
            elif place[:2] == ["api", "v1"] or place[:3] == ["oauth2", "v1", "clients"]:
                limits = self.limits.count(self.switches, request, self.now(), self.ticks())
                response = self._api(request, place[2:])
            else:
                raise Refused(404, "E0000008")
        except Refused as refused:
            response = Response(refused.status, refused.envelope(), refused.headers)
            bearer = request.headers.get("authorization", "")[:4] != "SSWS"
            if refused.status == 401 and bearer and not self.switches.bearer_401_body:
                response.body = b""
        except OAuthRefused as refused:
            response = Response(refused.status, refused.body, refused.headers)
        finally:
            self.actor, self.token_id = SYSTEM, ""
        always = {
            "x-okta-request-id": secrets.token_urlsafe(20),
            "cache-control": "no-cache, no-store",
        }
        response.headers = always | limits | response.headers
        return response

    def _token(self, request: Request) -> Response:
        if request.method != "POST":
            raise Refused(405, "E0000022")
        return Response(200, self.issue_token(request))

    def _api(self, request: Request, place: list[str]) -> Response:
        accepted = request.headers.get("accept", "*/*")
        if JSON not in accepted and "*/*" not in accepted:
            raise Refused(400, "E0000019")
        if request.method in ("POST", "PUT") and "content-length" not in request.headers:
            raise Refused(411, "E0000003", "Content-Length is required.")
        caller = self.caller(request)
        self._permit(caller, needed(request.method, place), place)
        answers = Reads if request.method == "GET" else Writes
        return answers(self, request, caller).answer(place)

    def _permit(self, caller: Caller, right: str, place: list[str]) -> None:
        if caller.scopes is not None:
            scopes = set[str]().union(*(rights_of(one) for one in caller.scopes))
            if right not in scopes:
                bad = 'Bearer error="insufficient_scope"'
                raise Refused(403, "E0000006", headers={"www-authenticate": bad})
        empty = self.switches.users_without_role == "empty"
        if place == ["users"] and right == "users.read" and not caller.has_role and empty:
            return
        own = right == "users.read" and place[1:] == ["me"] and caller.scopes is None
        if right not in caller.rights and not own:
            raise forbidden()


def needed(method: str, place: list[str]) -> str:
    """Return the right that a call needs."""
    verb = "read" if method == "GET" else "manage"
    match place:
        case ["users" | "groups" | "clients", _, "roles", *_] | ["iam", *_]:
            return f"roles.{verb}"
        case ["groups", _, "users", *_] if verb == "manage":
            return "groups.members.manage"
        case ["meta", "types", *_]:
            return f"userTypes.{verb}"
        case ["meta", *_]:
            return f"schemas.{verb}"
        case ["users" | "groups" | "apps" | "logs" as kind, *_]:
            return f"{kind}.{verb}"
    raise Refused(404, "E0000008")
