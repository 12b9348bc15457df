"""A SCIM 2.0 server on loopback, by RFC 7643, RFC 7644 and RFC 9865.

It holds users and groups, and refuses what the RFCs refuse, with errors in their form. What servers
may do in one way or another is a switch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.server import Request, Response

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MESSAGE = "urn:ietf:params:scim:api:messages:2.0:"
TOKEN = "token-of-the-directory"
KNOWN_QUERY = {"startIndex", "count", "cursor", "attributes", "excludedAttributes"}
# Attributes that an answer always has (RFC 7643, 3.1 and 7)
ALWAYS = ("id", "schemas")

Resource = dict[str, Any]


class Refusal(Exception):
    """A request that SCIM refuses (RFC 7644, 3.12)."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.status, self.kind = status, kind

    def answer(self) -> Response:
        body = {"schemas": [f"{MESSAGE}Error"], "status": str(self.status), "detail": str(self)}
        return Response(self.status, body | ({"scimType": self.kind} if self.kind else {}), SCIM)


SCIM: dict[str, str | list[str]] = {"content-type": "application/scim+json"}


@dataclass
class ScimServer:
    """One service provider. Its base address is `<url>/scim/v2`."""

    resources: dict[str, dict[str, Resource]] = field(
        default_factory=lambda: {"Users": {}, "Groups": {}}
    )
    largest_page: int = 3  # smaller than what most clients ask for
    pages_by: tuple[str, ...] = ("index",)  # "cursor", or both
    describes_itself: bool = True
    ignores_paging: bool = False
    counts_pages: bool = False  # totalResults is that of the page, which no RFC allows
    says_total: bool = True  # with cursors, it may be left out
    leaves_out_no_resources: bool = True  # Resources, when there are none
    lists_members: bool = True
    shows_members: bool = True  # when a group is asked for by its id
    takes_attributes: bool = True
    leaves_out_empty: bool = True  # attributes without a value
    types_members: bool = True
    credential: str = f"Bearer {TOKEN}"

    def __post_init__(self) -> None:
        self.numbers = itertools.count(1)

    # ---- what a test does to it

    def add_user(self, key: str, **attributes: Any) -> Resource:
        user = {"schemas": [f"{CORE}User", ENTERPRISE], "id": key, "userName": key, **attributes}
        return self._keep("Users", "User", user)

    def add_group(self, key: str, *members: str, **attributes: Any) -> Resource:
        """Add a group. A member is the id of a user or of a group that is there."""
        listed = []
        for member in members:
            kind = "Groups" if member in self.resources["Groups"] else "Users"
            listed.append({"value": member, "type": kind[:-1], "$ref": f"../{kind}/{member}"})
        group = {"schemas": [f"{CORE}Group"], "id": key, "displayName": key, "members": listed}
        return self._keep("Groups", "Group", group | attributes)

    def _keep(self, endpoint: str, kind: str, resource: Resource) -> Resource:
        resource["meta"] = {
            "resourceType": kind,
            "created": "2026-01-05T08:00:00Z",
            "lastModified": "2026-03-02T10:30:00.000Z",
            "location": f"../{endpoint}/{resource['id']}",
        }
        self.resources.setdefault(endpoint, {})[resource["id"]] = resource
        return resource

    # ---- HTTP

    def handle(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refusal.answer()

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != self.credential:
            raise Refusal(401, "authentication is needed")
        if "application/scim+json" not in request.headers.get("accept", ""):
            raise Refusal(406, "the answer is application/scim+json")  # RFC 7644, 3.8
        base, _, path = request.path.partition("/scim/v2/")
        endpoint, _, key = path.partition("/")
        if base or (endpoint == "ServiceProviderConfig" and not self.describes_itself):
            raise Refusal(404, "there is no such endpoint")
        if endpoint == "ServiceProviderConfig":
            return Response(200, self._describe(), SCIM)
        if endpoint not in self.resources:
            raise Refusal(404, "there is no such endpoint")
        actions: dict[str, Callable[[], Response]] = {
            "GET": lambda: (
                self._one(endpoint, key, request) if key else self._list(endpoint, request)
            ),
            "POST": lambda: self._create(endpoint, request),
            "DELETE": lambda: self._delete(endpoint, key),
        }
        if request.method not in actions:
            raise Refusal(501, "this is not offered")
        return actions[request.method]()

    def _describe(self) -> Resource:
        """RFC 7643, 5, and RFC 9865, 4."""
        off = {"supported": False}
        return {
            "schemas": [f"{CORE}ServiceProviderConfig"],
            "patch": off,
            "bulk": off | {"maxOperations": 0, "maxPayloadSize": 0},
            "filter": off | {"maxResults": self.largest_page},
            "changePassword": off,
            "sort": off,
            "etag": off,
            "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Bearer"}],
            "pagination": {
                "cursor": "cursor" in self.pages_by,
                "index": "index" in self.pages_by,
                "defaultPaginationMethod": self.pages_by[0],
                "maxPageSize": self.largest_page,
            },
        }

    def _list(self, endpoint: str, request: Request) -> Response:
        """RFC 7644, 3.4.2."""
        query = request.query
        if unknown := query.keys() - KNOWN_QUERY:
            raise Refusal(400, f"{', '.join(unknown)} is not known", "invalidValue")
        everything = [*self.resources[endpoint].values()]
        begin, size, more = self._find_page(query, len(everything))
        if self.ignores_paging:
            begin, size, more = 0, len(everything), {}
        page = everything[begin : begin + size]
        shown = [self._show(one, query, self.lists_members) for one in page]
        body: Resource = {"schemas": [f"{MESSAGE}ListResponse"], **more}
        if self.says_total:
            body["totalResults"] = len(page) if self.counts_pages else len(everything)
        if shown or not self.leaves_out_no_resources:
            body |= {"Resources": shown, "itemsPerPage": len(shown)}
        return Response(200, body, SCIM)

    def _find_page(self, query: dict[str, str], rows: int) -> tuple[int, int, Resource]:
        """Return where a page begins, its size, and what the answer says of it."""
        by = "cursor" if "cursor" in query else "index" if "startIndex" in query else ""
        by = by or self.pages_by[0]
        if by not in self.pages_by:
            raise Refusal(501, f"pages by {by} are not offered")
        try:
            count = max(int(query.get("count", self.largest_page)), 0)
            size = min(count, self.largest_page)
            if by == "index":
                begin = max(int(query.get("startIndex", 1)), 1) - 1
                return begin, size, {"startIndex": begin + 1}
            begin = int(query.get("cursor", "").removeprefix("at-") or 0)
        except ValueError:
            raise Refusal(400, "this is no number", "invalidValue") from None
        return begin, size, {"nextCursor": f"at-{begin + size}"} if begin + size < rows else {}

    def _one(self, endpoint: str, key: str, request: Request) -> Response:
        """RFC 7644, 3.4.1."""
        found = self.resources[endpoint].get(key)
        if found is None:
            raise Refusal(404, f"Resource {key} not found")
        return Response(200, self._show(found, request.query, self.shows_members), SCIM)

    def _show(self, resource: Resource, query: dict[str, str], with_members: bool) -> Resource:
        """Return the attributes that were asked for (RFC 7644, 3.9)."""
        shown = deepcopy(resource)
        asked = {one.strip() for one in query.get("attributes", "").split(",")} - {""}
        asked = asked if self.takes_attributes else set()
        if not with_members and "members" not in asked:
            shown.pop("members", None)
        if asked:
            shown = {name: shown[name] for name in shown if name in asked or name in ALWAYS}
        if not self.types_members:
            for member in shown.get("members", ()):
                del member["type"], member["$ref"]
        if self.leaves_out_empty:
            shown = {name: value for name, value in shown.items() if value not in (None, [], {})}
        return shown

    def _create(self, endpoint: str, request: Request) -> Response:
        """RFC 7644, 3.3."""
        given = request.json
        if not isinstance(given, dict) or not given.get("schemas"):
            raise Refusal(400, "a resource has schemas", "invalidSyntax")
        name = "userName" if endpoint == "Users" else "displayName"
        if not given.get(name):
            raise Refusal(400, f"{name} is required", "invalidValue")
        if endpoint == "Users" and given[name] in self._user_names():
            raise Refusal(409, f"{name} is taken", "uniqueness")
        made = self._keep(endpoint, endpoint[:-1], given | {"id": f"new-{next(self.numbers)}"})
        return Response(201, made, SCIM | {"location": made["meta"]["location"]})

    def _user_names(self) -> Iterator[str]:
        return (user["userName"] for user in self.resources["Users"].values())

    def _delete(self, endpoint: str, key: str) -> Response:
        """RFC 7644, 3.6. The groups no longer have who is deleted."""
        if self.resources[endpoint].pop(key, None) is None:
            raise Refusal(404, f"Resource {key} not found")
        for group in self.resources["Groups"].values():
            group["members"] = [one for one in group["members"] if one["value"] != key]
        return Response(204)

    def touch(self) -> None: ...
