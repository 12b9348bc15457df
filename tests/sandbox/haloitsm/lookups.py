"""HaloITSM's configuration lists: the statuses, types, fields and requesters of tickets.

Ids differ in every instance: a reader has to find out which status means closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.haloitsm.switches import Refused, flag, number

if TYPE_CHECKING:
    from tests.sandbox.haloitsm.server import HaloITSM


class Lookups:
    """Lists by id. Keys that begin with an underscore are never shown."""

    def __init__(self, halo: HaloITSM) -> None:
        self.halo = halo
        self.statuses: dict[int, dict] = {}  # `_closed` marks the statuses that end a ticket
        self.ticket_types: dict[int, dict] = {}
        self.priorities: list[dict] = []
        self.categories: list[dict] = []
        self.fields: dict[int, dict] = {}
        self.users: dict[int, dict] = {}
        self.clients: dict[int, dict] = {}
        self.sites: dict[int, dict] = {}

    def looked_up(self, parts: list[str], query: dict[str, str]) -> Any:
        """Return one list, or one item of a list."""
        match parts:
            case ["status"]:
                return self._statuses(query)
            case ["tickettype"]:
                return self._types(query)
            case ["tickettype", key]:
                kind = self._one(self.ticket_types, key)
                fields = [{"fieldid": i, "technew": 1} for i in kind.get("fieldidlist", ())]
                return kind | ({"fields": fields} if flag(query, "includedetails") else {})
            case ["priority"]:
                return self.priorities
            case ["category"]:
                wanted = number(query, "type_id")
                return [c for c in self.categories if wanted in (0, c.get("type_id"))]
            case ["fieldinfo"]:
                hidden = set() if flag(query, "includevalues") else {"values"}
                return [
                    {key: value for key, value in row.items() if key not in hidden}
                    for row in self.fields.values()
                    if number(query, "typeid") in (0, row.get("usage", 1))
                ]
            case ["users"]:
                return self._users(query)
            case ["users", key]:
                return self._one(self.users, key)
            case ["client"]:
                return self._listed(list(self.clients.values()), query, "clients")
            case ["site"]:
                return self._listed(list(self.sites.values()), query, "sites")
        raise Refused(404, "Not Found")

    @staticmethod
    def _one(things: dict[int, dict], key: str) -> dict:
        if not key.isdecimal() or int(key) not in things:
            raise Refused(404, "Not Found")
        return things[int(key)]

    def _listed(
        self, rows: list[dict], query: dict[str, str], key: str, show: Any = list
    ) -> dict[str, Any]:
        """Return one page, or all rows with their count."""
        if order := query.get("order"):
            down = flag(query, "orderdesc")
            rows = sorted(rows, key=lambda row: row.get(order) or 0, reverse=down)
        if flag(query, "pageinate"):
            return self.halo.page(rows, query, key, show)
        rows = rows[: number(query, "count") or None]
        return {"record_count": len(rows), key: show(rows)}

    def _statuses(self, query: dict[str, str]) -> list[dict]:
        open_only = flag(query, "excludeclosed") and not self.halo.switches.excludeclosed_ignored
        return [
            {key: value for key, value in row.items() if not key.startswith("_")}
            for row in sorted(self.statuses.values(), key=lambda row: row["sequence"])
            if not (open_only and row.get("_closed"))
        ]

    def _types(self, query: dict[str, str]) -> list[dict]:
        need, inactive = flag(query, "can_create_only"), flag(query, "showinactive")
        rows = self.ticket_types.values()
        return [
            row
            for row in rows
            if (row.get("cancreate") or not need) and (row.get("visible", True) or inactive)
        ]

    def _users(self, query: dict[str, str]) -> dict[str, Any]:
        """Answer the list of end users: those who request, not those who work."""
        active = flag(query, "includeactive", default=True)
        inactive = flag(query, "includeinactive")
        text, client = query.get("search", "").lower(), number(query, "client_id")
        rows = [
            user
            for user in self.users.values()
            if (inactive if user.get("inactive") else active)
            and text in f"{user['name']} {user.get('emailaddress', '')}".lower()
            and client in (0, user.get("client_id"))
        ]
        return self._listed(rows, query, "users")
