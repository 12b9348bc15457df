"""Pages of Okta's lists: arrays with `Link` headers, and objects with links in their body.

A cursor names the list, its query and the last row of the page before. Rows that come or go between
two pages therefore neither repeat nor hide other rows.
"""

from __future__ import annotations

import base64
import json
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from tests.sandbox.okta import filter as scim
from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.render import Render
from tests.sandbox.okta.switches import Refused, invalid, not_found
from tests.sandbox.okta.tokens import Caller
from tests.sandbox.server import Request, Response

if TYPE_CHECKING:
    from tests.sandbox.okta.server import Okta

Row = Callable[[Any], Thing]  # from a key of the list


class Pages:
    """One request for a list, and who makes it."""

    def __init__(self, live: Okta, request: Request, caller: Caller) -> None:
        self.live, self.request, self.caller = live, request, caller
        self.query, self.switches = request.query, live.switches
        self.host = self.switches.link_host or request.base_url
        self.render = Render(live, self.host)
        kind = request.headers.get("content-type", "")
        _, _, trimmed = kind.partition("okta-response=")
        self.omit = frozenset(trimmed.strip('"; ').split(",")) if trimmed else frozenset[str]()
        self.expand = [name.strip() for name in self.query.get("expand", "").split(",")]

    def order(self, attributes: scim.Attributes) -> tuple[str, bool]:
        """Return what a search is sorted by, and whether downwards."""
        name = self.query.get("sortBy", "id")
        if attributes(name) is None:
            raise Refused(400, "E0000031", causes=[f"unsupported sortBy {name}"])
        return name, self.query.get("sortOrder", "asc").lower().startswith("desc")

    def ordered(
        self, found: list[Thing], order: tuple[str, bool] | None, row: Row, default: int, cap: int
    ) -> Response:
        name, downwards = order or ("id", False)
        path = name.split(".")

        def key(thing: Thing) -> list[str]:
            values = scim.values_at(thing, path)
            return [str(values[0] if values and values[0] is not None else ""), thing["id"]]

        keys = sorted(map(key, found))
        return self.page(keys, lambda one: row(one[1]), default, cap, downwards)

    def page(
        self, keys: Sequence[Any], row: Row, default: int, cap: int, downwards: bool = False
    ) -> Response:
        """Return one page of sorted keys as an array. `next` is there only if there is more."""
        limit = self.number("limit", default, cap)
        slow = self.switches.list_timeout_above
        if slow is not None and limit > slow:
            raise Refused(500, "E0000009")
        rows, more = self.cut(keys, limit, downwards)
        links = {}
        if more:
            kept = {name: one for name, one in self.query.items() if name not in ("after", "limit")}
            links["next"] = {"after": self.cursor(rows[-1]), "limit": limit} | kept
        return Response(200, [row(key) for key in rows], self.links(links))

    def cut(self, keys: Sequence[Any], limit: int, downwards: bool) -> tuple[list[Any], bool]:
        """Return the keys of the page asked for, and whether there are more behind them."""
        start = 0
        if "after" in self.query:
            last = self.open_cursor()
            start = bisect_right(keys, last)
            if downwards:
                start = len(keys) - bisect_left(keys, last)
        ordered = [*reversed(keys)] if downwards else [*keys]
        return ordered[start : start + limit], start + limit < len(ordered)

    def enveloped(self, name: str, keys: list[str], row: Row, limit: int) -> Response:
        """Return one page of sorted keys as an object with links in its body."""
        rows, more = self.cut(keys, limit, False)
        links = {"self": {"href": self.url()}}
        if more:
            after = {"after": self.cursor(rows[-1]), "limit": limit}
            links["next"] = {"href": self.url(after)}
        return Response(200, {name: [row(key) for key in rows], "_links": links})

    def number(self, name: str, default: int, most: int, refused: bool = False) -> int:
        text = self.query.get(name)
        if text is None:
            return min(default, most)
        if not text.isdecimal() or int(text) < 1:
            raise invalid(name, f"{name}: The value must be a positive number")
        if int(text) > most and refused:
            raise invalid(name, f"{name}: The value must not be greater than {most}")
        return min(int(text), most)

    def url(self, query: dict[str, Any] | None = None) -> str:
        wanted = self.query if query is None else query
        text = urlencode(wanted, quote_via=quote)
        return f"{self.host}{quote(self.request.path)}" + (f"?{text}" if text else "")

    def links(self, more: dict[str, dict[str, Any]]) -> dict[str, str | list[str]]:
        """Return the `Link` headers: this page, and pages by relation and query."""
        lines = [f'<{self.url()}>; rel="self"']
        lines += [f'<{self.url(query)}>; rel="{name}"' for name, query in more.items()]
        return {"link": lines if self.switches.links == "separate" else ", ".join(lines)}

    def cursor(self, last: Any) -> str:
        text = json.dumps([self.asked(), last]).encode()
        seal = zlib.crc32(text).to_bytes(4, "big")
        return base64.urlsafe_b64encode(seal + text).decode().rstrip("=")

    def open_cursor(self) -> Any:
        """Return the last key of a cursor that this list issued for this query."""
        given = self.query["after"]
        try:
            sealed = base64.b64decode(given + "=" * (-len(given) % 4), b"-_", validate=True)
            if zlib.crc32(sealed[4:]).to_bytes(4, "big") != sealed[:4]:
                raise ValueError
            asked, last = json.loads(sealed[4:])
        except ValueError:
            asked = last = None
        if asked != self.asked():
            raise invalid("after", "after: The cursor is not valid for this list")
        return last

    def asked(self) -> list[Any]:
        names = ("search", "filter", "sortBy", "sortOrder")
        return [self.request.path, *(self.query.get(name) for name in names)]

    def must(self, wanted: str, known: Any, kind: str) -> None:
        if wanted not in known:
            raise not_found(wanted, kind)
