"""A strict API of lists on loopback, which pages in every way that declared systems know.

It refuses an unknown path, a query that it does not know, and a call without its credential.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.sandbox.server import Request, Response

TOKEN = "token-of-the-lists"


@dataclass
class ListsApi:
    """Lists of rows by path. `style` is how pages follow each other; `size` is that of a page."""

    lists: dict[str, Any] = field(default_factory=dict)
    style: str = "cursor"
    size: int = 2
    envelope: str = "data"
    says_total: bool = True
    leaves_out_end: bool = False  # the last page has no word about a next one
    credential: Callable[[Request], bool] = lambda request: (
        request.headers.get("authorization") == f"Bearer {TOKEN}"
    )

    def handle(self, request: Request) -> Response:
        if request.path == "/token":
            asked = request.form
            if (asked.get("client_id"), asked.get("client_secret")) != ("client-1", "secret-1"):
                return Response(401, {"error": "invalid_client"})
            return Response(200, {"access_token": TOKEN, "expires_in": 3600})
        if not self.credential(request):
            return Response(401, {"error": "no such credential"})
        found = self.lists.get(request.path)
        if found is None:
            return Response(404, {"error": "no such path"})
        if isinstance(found, dict):
            return Response(200, found)
        return getattr(self, f"_{self.style}")(request, found)

    def _answer(self, rows: list[Any], everything: list[Any], **more: Any) -> Response:
        meta = {"total": len(everything)} if self.says_total else {}
        meta |= {name: value for name, value in more.items() if value or not self.leaves_out_end}
        return Response(200, {self.envelope: rows, "meta": meta})

    def _cursor(self, request: Request, rows: list[Any]) -> Response:
        asked = json.loads(request.body) if request.method == "POST" else request.query
        if {*asked} - {"cursor", "active", "limit"}:
            return Response(400, {"error": "unknown parameter"})
        begin = int(str(asked.get("cursor") or "c0").removeprefix("c"))
        end = begin + self.size
        cursor = f"c{end}" if end < len(rows) else None
        return self._answer(rows[begin:end], rows, next=cursor, more=cursor is not None)

    def _page(self, request: Request, rows: list[Any]) -> Response:
        number = int(request.query["page"])
        if number < 1:
            return Response(400, {"error": "pages begin with 1"})
        begin = (number - 1) * self.size
        pages = -(-len(rows) // self.size)
        return self._answer(rows[begin : begin + self.size], rows, pages=pages)

    def _offset(self, request: Request, rows: list[Any]) -> Response:
        begin, limit = int(request.query["offset"]), int(request.query["limit"])
        return self._answer(rows[begin : begin + min(limit, self.size)], rows)

    def _link(self, request: Request, rows: list[Any]) -> Response:
        """A bare list, whose next page is in the header `Link`."""
        begin = int(request.query.get("after", 0))
        end = begin + self.size
        link = f'<{request.base_url}{request.path}?{urlencode({"after": end})}>; rel="next"'
        return Response(200, rows[begin:end], {"link": link if end < len(rows) else ""})

    def _json_link(self, request: Request, rows: list[Any]) -> Response:
        begin = int(request.query.get("after", 0))
        end = begin + self.size
        following = f"{request.path}?{urlencode({'after': end})}" if end < len(rows) else None
        return self._answer(rows[begin:end], rows, next=following)

    def touch(self) -> None: ...
