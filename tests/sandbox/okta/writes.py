"""Every write of the Okta API, with its status and refusals.

A profile is changed in part (POST) or replaced (PUT). Answers show the state after the write, which
an asynchronous transition may still be changing.
"""

from __future__ import annotations

from typing import Any

from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.pages import Pages
from tests.sandbox.okta.render import etag_of
from tests.sandbox.okta.switches import Refused, forbidden, invalid, not_found
from tests.sandbox.server import Response

KINDS = {"users": "user", "groups": "group", "clients": "client"}


class Writes(Pages):
    """The answer to one request that changes something."""

    def answer(self, place: list[str]) -> Response:
        """Make the change that a path below `/api/v1` asks for, and answer it."""
        live, method = self.live, self.request.method
        match [method, *place]:
            case ["POST", "users"]:
                return self.new_user(self.body())
            case [_, "users" | "groups" | "clients" as kind, holder, "roles", *rest]:
                return self.roles(kind, holder, rest)
            case [_, "users", text, *rest]:
                user = live.find_user(text)
                if user is None or not live.is_visible(user["id"]):
                    raise not_found(text, "User")
                self.must_outrank(user["id"], [row for row, _ in live.roles_of(user["id"])])
                return self.user(user, rest)
            case ["POST", "groups"]:
                profile = self.profile()
                known = {"name", "description"}
                more = {name: one for name, one in profile.items() if name not in known}
                self.check_group_attributes(more)
                made = live.add_group(profile.get("name") or "", profile.get("description") or "")
                if more:
                    made = live.update_group(made["id"], made["profile"] | more)
                return Response(200, self.render.group(made, []))
            case [_, "groups", group_id, *rest]:
                self.must(group_id, live.groups, "UserGroup")
                return self.group(group_id, rest)
            case [_, "iam", "resource-sets", set_id, "bindings", *rest]:
                self.must(set_id, live.resource_sets, "ResourceSet")
                return self.binding(set_id, rest)
            case [_, "apps", app_id, "users" | "groups" as kind, *rest]:
                self.must(app_id, live.applications, "AppInstance")
                return self.app(app_id, kind, rest)
        raise Refused(405, "E0000022")

    def must_outrank(self, holder: str, rows: list[Thing]) -> None:
        """Refuse changes of administrators and their groups by those who cannot manage roles."""
        if rows and holder != self.caller.id and "roles.manage" not in self.caller.rights:
            raise forbidden()

    # users

    def new_user(self, body: Thing) -> Response:
        credentials = body.get("credentials") or {}
        password = (credentials.get("password") or {}).get("value")
        provider = credentials.get("provider") if self.flag("provider", False) else None
        made = self.live.add_user(
            self.profile(body),
            activate=self.flag("activate", True),
            password=bool(password),
            provider=provider,
            group_ids=body.get("groupIds") or (),
            user_type=(body.get("type") or {}).get("id", ""),
        )
        return self.told(made["id"])

    def user(self, user: Thing, rest: list[str]) -> Response:
        live, user_id = self.live, user["id"]
        match [self.request.method, *rest]:
            case ["POST" | "PUT" as method]:
                wanted = self.request.headers.get("if-match")
                if wanted not in (None, "*", etag_of(user)):
                    raise Refused(412, "E0000231")
                live.update_profile(user_id, self.profile(), whole=method == "PUT")
                return self.told(user_id)
            case ["DELETE"]:
                live.delete_user(user_id)
                return Response(204)
            case ["POST", "lifecycle", "activate" | "reactivate" as step]:
                send = self.flag("sendEmail", step == "activate")
                made = getattr(live, step)(user_id, send_email=send)
                if token := made.get("activationToken"):
                    made |= {"activationUrl": f"{self.host}/tokens/{token}/verify"}
                return Response(200, made)
            case ["POST", "lifecycle", "deactivate"]:
                live.deactivate(user_id, send_email=self.flag("sendEmail", False))
                return Response(200, {})
            case ["POST", "lifecycle", "suspend" | "unsuspend" | "unlock" as step]:
                getattr(live, step)(user_id)
                return Response(200, {})
        raise Refused(405, "E0000022")

    def told(self, user_id: str) -> Response:
        user = self.live.users[user_id]
        return Response(200, self.render.user(user, single=True), {"etag": etag_of(user)})

    # groups

    def group(self, group_id: str, rest: list[str]) -> Response:
        live = self.live
        self.must_outrank(group_id, live.own_roles(group_id))
        match [self.request.method, *rest]:
            case ["PUT"]:
                profile = self.profile()
                known = {"name", "description"}
                self.check_group_attributes({n: v for n, v in profile.items() if n not in known})
                live.update_group(group_id, profile)
                return Response(200, self.render.group(live.groups[group_id], []))
            case ["DELETE"]:
                live.delete_group(group_id)
                return Response(204)
            case ["PUT" | "DELETE" as method, "users", user_id]:
                self.must(user_id, live.users, "User")
                change = live.add_member if method == "PUT" else live.remove_member
                change(user_id, group_id)
                return Response(204)
        raise Refused(405, "E0000022")

    def check_group_attributes(self, profile: Thing) -> None:
        for name in profile:
            if name not in self.live.group_attributes:
                raise invalid(name, f"{name}: The attribute is not defined in the group schema")

    # roles

    def roles(self, kind: str, holder: str, rest: list[str]) -> Response:
        live = self.live
        self.must(holder, getattr(live, kind), kind.title().rstrip("s"))
        match [self.request.method, *rest]:
            case ["POST"]:
                body = self.body()
                if body.get("type") == "CUSTOM":
                    set_id, role_id = body.get("resource-set"), body.get("role")
                    self.must(set_id, live.resource_sets, "ResourceSet")
                    self.must(role_id, live.roles, "Role")
                    made_id = live.bind(set_id, role_id, KINDS[kind], holder)
                    made = next(row for row in live.own_roles(holder) if row["id"] == made_id)
                else:
                    made = live.assign_role(holder, str(body.get("type")))
                return Response(201, self.render.assignment(made, KINDS[kind].upper(), holder, []))
            case ["DELETE", assignment_id]:
                for (set_id, role_id), members in live.bindings.items():
                    if members.get(assignment_id, {}).get("principal") == holder:
                        live.unbind(set_id, role_id, assignment_id)
                        return Response(204)
                live.remove_role(holder, assignment_id)
                return Response(204)
            case ["DELETE", assignment_id, "targets", "groups", group_id]:
                live.remove_role_target(holder, assignment_id, "groups", group_id)
                return Response(204)
            case ["DELETE", assignment_id, "targets", "catalog", "apps", name, *instance]:
                target = instance[0] if instance else name
                live.remove_role_target(holder, assignment_id, "apps", target)
                return Response(204)
        raise Refused(405, "E0000022")

    def binding(self, set_id: str, rest: list[str]) -> Response:
        live = self.live
        match [self.request.method, *rest]:
            case ["POST"]:
                body = self.body()
                role_id = body.get("role")
                self.must(role_id, live.roles, "Role")
                return self.bound(set_id, role_id, body.get("members"))
            case ["PATCH", role_id, "members"]:
                if (set_id, role_id) not in live.bindings:
                    raise not_found(role_id, "RoleBinding")
                return self.bound(set_id, role_id, self.body().get("additions"))
            case ["DELETE", role_id, "members", member_id]:
                live.unbind(set_id, role_id, member_id)
                return Response(204)
        raise Refused(405, "E0000022")

    def bound(self, set_id: str, role_id: str, hrefs: Any) -> Response:
        """Add the members that these URLs name."""
        if not isinstance(hrefs, list) or not hrefs:
            raise invalid("members", "members: The field cannot be left blank")
        for href in hrefs:
            kind, _, principal = str(href).rpartition("/")
            kind = KINDS.get(kind.rpartition("/")[2], "")
            if not kind:
                raise invalid("members", f"members: {href} is no user, group or client")
            self.live.bind(set_id, role_id, kind, principal)
        return Response(200, self.render.binding(set_id, role_id))

    # applications

    def app(self, app_id: str, kind: str, rest: list[str]) -> Response:
        live = self.live
        match [self.request.method, kind, *rest]:
            case ["POST", "users"]:
                user_id = self.body().get("id")
                self.must(user_id, live.users, "User")
                live.assign_app(app_id, user_id)
                row = live.users_of_app(app_id)[user_id]
                return Response(200, self.render.app_user(app_id, user_id, row))
            case ["DELETE", "users", user_id]:
                live.unassign_app(app_id, user_id)
                return Response(204)
            case ["PUT", "groups", group_id]:
                self.must(group_id, live.groups, "UserGroup")
                live.assign_app_to_group(app_id, group_id)
                return Response(200, self.render.app_group(app_id, group_id))
            case ["DELETE", "groups", group_id]:
                live.unassign_app_from_group(app_id, group_id)
                return Response(204)
        raise Refused(405, "E0000022")

    # bodies

    def body(self) -> Thing:
        """Return the request's JSON object."""
        media = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise Refused(400, "E0000021")
        try:
            body = self.request.json
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "E0000003")
        return body

    def profile(self, body: Thing | None = None) -> Thing:
        body = self.body() if body is None else body
        profile = body.get("profile")
        if not isinstance(profile, dict):
            raise invalid("profile", "profile: The field cannot be left blank")
        return profile

    def flag(self, name: str, default: bool) -> bool:
        text = self.request.query.get(name, str(default)).lower()
        if text not in ("true", "false"):
            raise invalid(name, f"{name}: must be true or false")
        return text == "true"
