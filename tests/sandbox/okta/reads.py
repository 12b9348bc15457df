"""Every read of the Okta API: users, groups, rules, applications, the log and the schemas."""

from __future__ import annotations

from tests.sandbox.okta import filter as scim
from tests.sandbox.okta.directory import BASE, DEPROVISIONED, Thing
from tests.sandbox.okta.events import read_log
from tests.sandbox.okta.iam_reads import IamReads
from tests.sandbox.okta.render import etag_of, only
from tests.sandbox.okta.switches import Refused, forbidden, not_found
from tests.sandbox.server import Response


class Reads(IamReads):
    """The answer to one request that changes nothing."""

    def answer(self, place: list[str]) -> Response:
        """Answer a path below `/api/v1`, or `/oauth2/v1/clients`."""
        live = self.live
        match place:
            case ["users"]:
                return self.users()
            case ["users", user_id, *rest]:
                return self.of_user(user_id, rest)
            case ["groups"]:
                return self.groups()
            case ["groups", "rules", *rest]:
                return self.rules(rest)
            case ["groups", group_id, *rest]:
                self.must(group_id, live.groups, "UserGroup")
                return self.of_group(group_id, rest)
            case ["iam", *rest]:
                return self.iam(rest)
            case ["apps"]:
                cap = self.cap(self.switches.apps_cap)
                return self.page(
                    sorted(live.applications), lambda id_: self.application(id_), 20, cap
                )
            case ["apps", app_id, *rest]:
                self.must(app_id, live.applications, "AppInstance")
                return self.of_app(app_id, rest)
            case ["logs"]:
                return read_log(live, self.query, self.links)
            case ["meta", "schemas", "user", key] if key in ("default", *live.user_types):
                return Response(200, self.render.user_schema(key))
            case ["meta", "schemas", "group", "default"]:
                return Response(200, self.render.group_schema())
            case ["meta", "types", "user"]:
                rows = [self.render.user_type(key) for key in live.user_types]
                return Response(200, rows, self.links({}))
            case ["clients", client_id, "roles", *rest]:
                self.must(client_id, live.clients, "PublicClientApp")
                return self.roles([(row, "") for row in live.own_roles(client_id)], client_id, rest)
        raise Refused(404, "E0000008")

    # users

    def users(self) -> Response:
        live, query = self.live, self.query
        if not self.caller.has_role and self.switches.users_without_role == "empty":
            return Response(200, [], self.links({}))
        users, _ = live.searched()
        if sum(name in query for name in ("search", "filter", "q")) > 1:
            raise Refused(400, "E0000033")
        order: tuple[str, bool] | None = None
        if "search" in query:
            if len(query["search"]) > self.switches.search_length:
                raise Refused(400, "E0000031", causes=["the search is too long"])
            known = {*BASE, *live.attributes}
            attributes = scim.user_search(known, self.switches.pr_in_search)
            test = scim.compile_filter(query["search"], attributes, "E0000031")
            order = self.order(attributes)
        elif "filter" in query:
            test = scim.compile_filter(query["filter"], scim.USER_FILTER, "E0000053")
        else:
            users = live.users
            test = self.starts_with(("firstName", "lastName", "email"), hides_gone=True)
        found = [one for one in users.values() if test(one) and live.is_visible(one["id"])]

        def row(user_id: str) -> Thing:
            made = self.render.user(users[user_id], omit=self.omit)
            return only(made, query["fields"]) if "fields" in query else made

        if "q" in query:
            limit = self.number("limit", 10, self.switches.users_cap)
            ids = sorted(one["id"] for one in found)[:limit]
            return Response(200, [row(id_) for id_ in ids], self.links({}))
        return self.ordered(found, order, row, 200, self.switches.users_cap)

    def starts_with(self, names: tuple[str, ...], hides_gone: bool = False) -> scim.Test:
        """Return the test of `q`, which compares beginnings; without `q`, all match."""
        text = self.query.get("q", "").casefold()

        def test(thing: Thing) -> bool:
            if hides_gone and thing["status"] == DEPROVISIONED:
                return False
            values = [str(thing["profile"].get(name) or "") for name in names]
            return any(value.casefold().startswith(text) for value in values)

        return test

    def of_user(self, text: str, rest: list[str]) -> Response:
        live = self.live
        if text == "me":
            if self.caller.scopes is not None:
                raise not_found("me", "User")
            text = self.caller.id
        user = live.find_user(text)
        if user is None or not live.is_visible(user["id"]):
            raise not_found(text, "User")
        match rest:
            case []:
                made = self.render.user(user, single=True)
                if "blocks" in self.expand:
                    made["_embedded"] = {"blocks": []}
                return Response(200, made, {"etag": etag_of(user)})
            case ["groups"]:
                ids = sorted(live.groups_of(user["id"]))
                page = self.switches.user_groups_page
                return self.page(
                    ids, lambda id_: self.render.group(live.groups[id_], []), page, page
                )
            case ["roles", *row]:
                return self.roles(live.roles_of(user["id"]), user["id"], row)
        raise Refused(404, "E0000008")

    # groups

    def groups(self) -> Response:
        live, query = self.live, self.query
        _, groups = live.searched()
        if sum(name in query for name in ("search", "filter", "q")) > 1:
            raise Refused(400, "E0000033")
        order = None
        if "search" in query:
            attributes = scim.group_search({*live.group_attributes, "samAccountName", "dn"})
            test = scim.compile_filter(query["search"], attributes, "E0000031")
            order = self.order(attributes)
        elif "filter" in query:
            test = scim.compile_filter(query["filter"], scim.GROUP_FILTER, "E0000053")
        else:
            groups, test = live.groups, self.starts_with(("name",))
        found = [one for one in groups.values() if test(one)]

        def row(group_id: str) -> Thing:
            if group_id in live.groups:
                return self.render.group(groups[group_id], self.expand)
            return self.render.group(groups[group_id], [])  # deleted, but not yet in the index

        if "q" in query:
            limit = self.number("limit", 300, self.switches.groups_cap)
            ids = sorted(one["id"] for one in found)[:limit]
            return Response(200, [row(id_) for id_ in ids], self.links({}))
        return self.ordered(
            found, order, row, self.switches.groups_default, self.switches.groups_cap
        )

    def of_group(self, group_id: str, rest: list[str]) -> Response:
        live = self.live
        match rest:
            case []:
                return Response(200, self.render.group(live.groups[group_id], self.expand))
            case ["users"]:
                closed = self.switches.admin_groups_need_roles_right and live.own_roles(group_id)
                if closed and "roles.read" not in self.caller.rights:
                    raise forbidden()
                ids = sorted(id_ for id_ in live.members_of(group_id) if live.is_visible(id_))
                cap = self.switches.members_cap
                return self.page(
                    ids, lambda id_: self.render.user(live.users[id_], omit=self.omit), 1000, cap
                )
            case ["roles", *row]:
                rows = [(one, group_id) for one in live.own_roles(group_id)]
                return self.roles(rows, group_id, row)
            case ["apps"]:
                ids = sorted(app for app, group in live.app_groups if group == group_id)
                return self.page(ids, lambda id_: self.application(id_), 20, self.switches.apps_cap)
        raise Refused(404, "E0000008")

    def rules(self, rest: list[str]) -> Response:
        live = self.live
        if rest:
            self.must("/".join(rest), live.rules, "GroupRule")
            return Response(200, self.render.rule(live.rules[rest[0]], self.expand))
        text = self.query.get("search", "").casefold()
        ids = sorted(id_ for id_, one in live.rules.items() if text in one["name"].casefold())
        self.number("limit", 50, 200, refused=True)
        return self.page(ids, lambda id_: self.render.rule(live.rules[id_], self.expand), 50, 200)

    # applications

    def application(self, app_id: str) -> Thing:
        return self.render.application(self.live.applications[app_id])

    def of_app(self, app_id: str, rest: list[str]) -> Response:
        live, switches = self.live, self.switches
        users = live.users_of_app(app_id)
        groups = sorted(group for app, group in live.app_groups if app == app_id)
        match rest:
            case []:
                return Response(200, self.application(app_id))
            case ["users"]:
                ids = sorted(id_ for id_ in users if live.is_visible(id_))
                cap = self.cap(switches.app_users_cap)
                return self.page(
                    ids, lambda id_: self.render.app_user(app_id, id_, users[id_]), 50, cap
                )
            case ["users", user_id]:
                self.must(user_id, users, "AppUser")
                return Response(200, self.render.app_user(app_id, user_id, users[user_id]))
            case ["groups"]:
                cap = self.cap(switches.app_groups_cap)
                return self.page(groups, lambda id_: self.render.app_group(app_id, id_), 20, cap)
            case ["groups", group_id] if group_id in groups:
                return Response(200, self.render.app_group(app_id, group_id))
            case ["groups", group_id]:
                raise not_found(group_id, "ApplicationGroupAssignment")
        raise Refused(404, "E0000008")

    def cap(self, most: int) -> int:
        """Return the largest page; where the org refuses larger ones, refuse them."""
        self.number("limit", 1, most, refused=self.switches.over_cap == "refused")
        return most
