"""Every read of the PingOne API: lists page by page, single objects, the audit log.

A cursor names the list, its filter and the last id of the page before. Rows that come or go between
two pages therefore neither repeat nor hide other rows. Roles, applications and role assignments are
not paged and ignore `limit`.
"""

from __future__ import annotations

import base64
import json
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from tests.sandbox.pingone import filter as scim
from tests.sandbox.pingone.changes import Changes
from tests.sandbox.pingone.directory import Directory
from tests.sandbox.pingone.render import Render, dumps, is_custom
from tests.sandbox.pingone.switches import Refused, invalid, not_found
from tests.sandbox.server import Request

HOLDERS = ("users", "groups", "applications", "gateways")
Ids = Callable[[str], list[str]]  # from a filter


class Reads:
    """The answers to one request, as JSON text."""

    def __init__(self, live: Changes, request: Request, query: dict[str, str]) -> None:
        self.live, self.request, self.query = live, request, query
        self.view: Directory = live.as_read()
        self.switches = live.switches
        _ = self.view.index  # fills in what a hand-made object left out
        self.render = Render(self.view, request.base_url)

    def answer(self, place: list[str]) -> str:
        """Return the JSON text for a path below the environment."""
        view, render, query = self.view, self.render, self.query
        expand = query.get("expand", "").split(",")
        include = [name.strip() for name in query.get("include", "").split(",") if name]
        match place:
            case ["users"]:
                return self.page("users", view.user_ids, render.user, self.switches.users_cap)
            case ["users", user_id, *rest]:
                self.must(user_id, view.users)
                return self.of_user(user_id, rest, include, expand)
            case ["groups"]:
                cap = self.switches.groups_cap
                return self.page("groups", view.group_ids, render.group, cap)
            case ["groups", group_id]:
                self.must(group_id, view.groups)
                return render.group(group_id, total="totalMemberCounts" in include)
            case ["groups", group_id, "memberOfGroups"]:
                self.must(group_id, view.groups)
                rows = [render.nesting(group_id, one) for one in self.above(group_id)]
                return self.all("groupMemberships", rows)
            case ["groups", group_id, "memberOfGroups", parent_id]:
                self.must(group_id, view.groups)
                if parent_id not in self.above(group_id):
                    raise not_found()
                return render.nesting(group_id, parent_id)
            case ["populations"]:
                cap = self.switches.populations_cap
                return self.page("populations", self.populations, render.population, cap)
            case ["populations", population_id]:
                self.must(population_id, {one: {} for one in self.populations("")})
                return render.population(population_id)
            case ["applications"]:
                rows = [render.application(one) for one in sorted(view.applications)]
                return self.all("applications", rows, counted=False)
            case ["applications", application_id]:
                self.must(application_id, view.applications)
                return render.application(application_id)
            case ["gateways"]:
                return self.all("gateways", [render.gateway(one) for one in view.gateways])
            case ["roles"]:
                wanted = view.find(self.typed_roles(), query.get("filter", ""), scim.ROLES)
                return self.all("roles", [render.role(one) for one in wanted])
            case ["roles", role_id]:
                self.must(role_id, view.roles)
                return render.role(role_id)
            case ["activities"]:
                cap, default = self.switches.activities_cap, self.switches.activities_default
                return self.page("activities", self.recent, self.activity, cap, default)
            case ["activities", activity_id]:
                self.must(activity_id, self.log)
                return self.activity(activity_id)
            case [kind, holder_id, "roleAssignments", *rest] if kind in HOLDERS:
                self.must(holder_id, getattr(view, kind))
                return self.assignments(kind, holder_id, rest, "role" in expand)
        raise not_found()

    def of_user(self, user_id: str, rest: list[str], include: list[str], expand: list[str]) -> str:
        view, render = self.view, self.render
        user, path = view.users[user_id], f"users/{user_id}"
        match rest:
            case []:
                return render.user(user_id, include)
            case ["enabled"]:
                links = render.links(self=f"{path}/enabled", user=path)
                return dumps({"_links": links, "enabled": user["enabled"]})
            case ["population"]:
                links = render.links(self=f"{path}/population", user=path)
                return dumps({"_links": links, "id": user["population"]["id"]})
            case ["memberOfGroups", *group]:
                groups = view.groups_of(user_id)

                def item(group_id: str) -> str:
                    return render.membership(user_id, group_id, groups[group_id], "group" in expand)

                if group:
                    if len(group) > 1 or group[0] not in groups:
                        raise not_found()
                    return item(group[0])

                def ids(filter_text: str) -> list[str]:
                    if not filter_text:
                        return sorted(groups)
                    rows = {
                        one: {"id": one, "type": kind, "name": view.groups[one]["name"]}
                        for one, kind in groups.items()
                    }
                    return view.find(rows, filter_text, scim.MEMBERSHIPS)

                cap, default = self.switches.memberships_cap, self.switches.memberships_default
                return self.page("groupMemberships", ids, item, cap, default)
            case ["roleAssignments", *row]:
                return self.assignments("users", user_id, row, "role" in expand)
        raise not_found()

    def assignments(self, kind: str, holder_id: str, wanted: list[str], expand: bool) -> str:
        rows = {
            row_id: self.render.assignment(kind, holder_id, row, via, expand)
            for row_id, (row, via) in self.view.assignments_of(kind, holder_id).items()
        }
        if wanted:
            if len(wanted) > 1 or wanted[0] not in rows:
                raise not_found()
            return rows[wanted[0]]
        return self.all("roleAssignments", [*rows.values()])

    def built_in_roles(self, rest: list[str]) -> str:
        """Answer `/roles` outside of any environment: the roles of every tenant."""
        roles = {one: role for one, role in self.view.roles.items() if not is_custom(role)}
        if rest:
            self.must(rest[0], roles if len(rest) == 1 else {})
            return self.render.role(rest[0], built_in=True)
        return self.all("roles", [self.render.role(one, True) for one in sorted(roles)])

    # the rows of a list

    def above(self, group_id: str) -> list[str]:
        if self.switches.nesting_type == "closure":
            return sorted(self.view.parents(group_id))
        return sorted(self.view.index.parents.get(group_id, ()))

    def populations(self, filter_text: str) -> list[str]:
        ids = self.view.find(self.view.populations, filter_text, scim.POPULATIONS)
        return [one for one in ids if one not in self.switches.hidden_populations]

    def typed_roles(self) -> dict[str, dict[str, Any]]:
        return {
            one: {"id": one, "type": "CUSTOM" if is_custom(role) else "PLATFORM"}
            for one, role in self.view.roles.items()
        }

    def recent(self, filter_text: str) -> list[str]:
        """Return activities of a required time range, with at most one other condition."""
        if not filter_text:
            raise scim.refused("A filter on recordedat or createdat is required")
        node = scim.parse(filter_text, scim.ACTIVITIES, any_case=True)
        asked = [*scim.comparisons(node)]
        others = [one for one in asked if scim.ACTIVITIES[one.attribute].kind != "time"]
        if len(others) == len(asked) or scim.has_or(node):
            raise scim.refused("A filter on recordedat or createdat is required")
        if len(others) > 1:
            raise scim.refused("At most one attribute besides the date range")
        test = scim.compiled(node, scim.ACTIVITIES, self.switches.case_sensitive)
        return sorted(one["id"] for one in self.log.values() if test(one))

    @cached_property
    def log(self) -> dict[str, dict[str, Any]]:
        return self.live.recent()

    def activity(self, activity_id: str) -> str:
        return self.render.activity(self.log[activity_id])

    def must(self, wanted: str, known: dict[str, Any]) -> None:
        if wanted not in known or not self.view.visible(known[wanted]):
            raise not_found()

    # envelopes

    def all(self, name: str, rows: list[str], counted: bool = True) -> str:
        links = {"self": {"href": self.request.base_url + quote(self.request.path)}}
        return self.envelope(links, name, rows, len(rows) if counted else None)

    def page(
        self,
        name: str,
        ids_of: Ids,
        item: Callable[[str], str],
        cap: int,
        default: int | None = None,
    ) -> str:
        """Return one page of a list. `next` is present only if there are more rows."""
        path = self.request.base_url + quote(self.request.path)
        limit = self.number("limit", default or self.switches.page_default or cap, 1)
        limit = min(limit, cap)
        filter_text, start = self.query.get("filter", "").strip(), 0
        if "cursor" in self.query:
            filter_text, last = self.open_cursor(filter_text)
            ids = ids_of(filter_text)
            start = bisect_right(ids, last)
        else:
            ids = ids_of(filter_text)
            start = self.number("offset", 0, 0) if name == "activities" else 0
        rows = ids[start : start + limit]
        query = f"?{urlencode(self.query, quote_via=quote)}" if self.query else ""
        links = {"self": {"href": path + query}}
        if start + limit < len(ids):
            kept = {name: self.query[name] for name in ("expand",) if name in self.query}
            after = {"cursor": self.cursor(filter_text, rows[-1]), "limit": limit} | kept
            links["next"] = {"href": f"{path}?{urlencode(after, quote_via=quote)}"}
        return self.envelope(links, name, map(item, rows), len(ids))

    def envelope(
        self, links: dict[str, Any], name: str, rows: Iterable[str], count: int | None
    ) -> str:
        rows = [*rows]
        tail = f'"size" : {len(rows)}'
        if count is not None and self.switches.count != "missing":
            off = 0 if self.switches.count == "right" else self.switches.count
            tail = f'"count" : {max(count + off, 0)}, {tail}'
        body = ", ".join(rows)
        return f'{{"_links" : {dumps(links)}, "_embedded" : {{"{name}" : [{body}]}}, {tail}}}'

    def number(self, name: str, default: int, least: int) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isdecimal():
            raise invalid("INVALID_PARAMETER", name, "must be a number")
        if int(text) < least:
            raise invalid("OUT_OF_RANGE", name, f"must be at least {least}")
        return int(text)

    def cursor(self, filter_text: str, last: str) -> str:
        text = json.dumps([self.request.path, filter_text, last]).encode()
        seal = zlib.crc32(text).to_bytes(4, "big")
        return base64.urlsafe_b64encode(seal + text).decode().rstrip("=")

    def open_cursor(self, filter_text: str) -> tuple[str, str]:
        """Return the filter and the last id of a cursor that this list issued."""
        given = self.query["cursor"]
        try:
            sealed = base64.b64decode(given + "=" * (-len(given) % 4), b"-_", validate=True)
            if zlib.crc32(sealed[4:]).to_bytes(4, "big") != sealed[:4]:
                raise ValueError
            path, own_filter, last = json.loads(sealed[4:])
        except ValueError:
            path = own_filter = last = ""
        if path != self.request.path or filter_text not in ("", own_filter):
            detail = {"code": "INVALID_PARAMETER", "target": "cursor", "message": "is invalid"}
            raise Refused(400, "INVALID_REQUEST", detail)
        return own_filter, last
