"""Every write of the PingOne API, with its media type, status and refusals.

A profile is replaced (PUT) or merged (PATCH). Read-only attributes in the request are ignored, as
is `enabled` in a PATCH. Attributes outside the schema are refused.
"""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.pingone.changes import Changes
from tests.sandbox.pingone.directory import Thing, population_of
from tests.sandbox.pingone.filter import stamp
from tests.sandbox.pingone.render import Render, dumps
from tests.sandbox.pingone.switches import Refused, invalid, not_found
from tests.sandbox.server import Request

JSON = "application/json"
VENDOR = "application/vnd.pingidentity."
IMPORT = f"{VENDOR}user.import+json"
SCIM_PATCH = f"{VENDOR}user.scim.patch+json"
LOCK, UNLOCK = f"{VENDOR}account.lock+json", f"{VENDOR}account.unlock+json"
SET_PASSWORD = f"{VENDOR}password.set+json"
PROFILE = (
    {"username", "email", "externalId", "accountId", "startDate", "endDate", "name"}
    | {"nickname", "title", "type", "locale", "preferredLanguage", "timezone"}
    | {"primaryPhone", "mobilePhone", "photo", "address"}
)
READ_ONLY = (
    {"id", "_links", "environment", "population", "account", "createdAt", "updatedAt"}
    | {"enabled", "emailVerified", "identityProvider", "lastSignOn", "lifecycle"}
    | {"mfaEnabled", "verifyStatus", "memberOfGroupIDs", "memberOfGroupNames", "password"}
)
GROUP = ("name", "description", "externalId", "customData", "userFilter")
Answer = tuple[int, str]  # status and JSON text


class Writes:
    """The answer to one request that changes something."""

    def __init__(self, live: Changes, request: Request, client_id: str) -> None:
        self.live, self.request, self.client_id = live, request, client_id
        self.render = Render(live, request.base_url)
        kind = request.headers.get("content-type", "")
        self.media = kind.partition(";")[0].strip().lower()

    def answer(self, place: list[str]) -> Answer:
        """Make the change that a path below the environment asks for, and answer it."""
        live = self.live
        match [self.request.method, *place]:
            case ["POST", "users"]:
                user = self.new_user(self.body(JSON, IMPORT))
                return 201, self.render.user(live.add_user(user)["id"])
            case [method, "users", user_id, *rest] if user_id in live.users:
                return self.user(method, user_id, rest)
            case ["POST", "groups"]:
                group = live.add_group(self.group_of(self.body(), population=True))
                return 201, self.render.group(group["id"])
            case [method, "groups", group_id, *rest] if group_id in live.groups:
                return self.group(method, group_id, rest)
            case [method, "applications", holder_id, "roleAssignments", *rest] if (
                holder_id in live.applications
            ):
                return self.roles(method, "applications", holder_id, rest)
        raise not_found()

    def user(self, method: str, user_id: str, rest: list[str]) -> Answer:
        live, user, path = self.live, self.live.user(user_id), f"users/{user_id}"
        match [method, *rest]:
            case ["DELETE"]:
                live.delete_user(user_id)
                return 204, ""
            case ["PUT"]:
                kept = {name: one for name, one in user.items() if name in READ_ONLY}
                live.replace_user(kept | self.profile(self.body()))
                return 200, self.render.user(user_id)
            case ["PATCH"]:
                change = self.operations() if self.media == SCIM_PATCH else self.body()
                live.replace_user(merged(user, self.profile(change, keep_nulls=True)))
                return 200, self.render.user(user_id)
            case ["POST"] if self.media in (LOCK, UNLOCK):
                locked = self.media == LOCK
                account: Thing = {"status": "LOCKED" if locked else "OK"}
                if locked:
                    account["lockedAt"] = stamp(live.now())
                action = "USER.LOCKED" if locked else "USER.UNLOCKED"
                live.replace_user({**user, "account": account}, action)
                return 200, self.render.user(user_id)
            case ["POST"]:
                raise Refused(415, "INVALID_REQUEST")
            case ["PUT", "enabled"]:
                enabled = self.body().get("enabled")
                if not isinstance(enabled, bool):
                    raise invalid("INVALID_VALUE", "enabled", "must be true or false")
                live.replace_user({**user, "enabled": enabled})
                links = self.render.links(self=f"{path}/enabled", user=path)
                return 200, dumps({"_links": links, "enabled": enabled})
            case ["PUT", "population"]:
                wanted = self.id_in(self.body())
                live.replace_user({**user, "population": {"id": wanted}})
                links = self.render.links(self=f"{path}/population", user=path)
                return 200, dumps({"_links": links, "id": wanted})
            case ["PUT", "password"]:
                if not self.body(SET_PASSWORD).get("value"):
                    raise invalid("REQUIRED_VALUE", "value", "must not be empty")
                live.password_set(user_id)
                links = self.render.links(self=f"{path}/password", user=path)
                return 200, dumps({"_links": links, "status": "OK"})
            case ["POST", "memberOfGroups"]:
                group_id = self.known_group()
                live.add_member(user_id, group_id)
                return 201, self.render.membership(user_id, group_id, "DIRECT", False)
            case ["DELETE", "memberOfGroups", group_id] if group_id in live.groups:
                live.remove_member(user_id, group_id)
                return 204, ""
            case [_, "roleAssignments", *row]:
                return self.roles(method, "users", user_id, row)
        raise not_found()

    def group(self, method: str, group_id: str, rest: list[str]) -> Answer:
        live, group = self.live, self.live.groups[group_id]
        if not rest and group.get("sourceType"):
            raise invalid("INVALID_VALUE", "sourceType", "External groups are read-only")
        match [method, *rest]:
            case ["DELETE"]:
                live.delete_group(group_id)
                return 204, ""
            case ["PUT"]:
                body = self.body()
                if "population" in body and population_of(body) != population_of(group):
                    raise invalid("INVALID_VALUE", "population.id", "cannot be changed")
                made = dict.fromkeys(GROUP) | self.group_of(body)
                live.update_group(group_id, **made)
                return 200, self.render.group(group_id)
            case ["POST", "memberOfGroups"]:
                parent_id = self.known_group()
                live.nest(group_id, parent_id)
                return 201, self.render.nesting(group_id, parent_id)
            case ["DELETE", "memberOfGroups", parent_id]:
                live.unnest(group_id, parent_id)
                return 204, ""
            case [_, "roleAssignments", *row]:
                return self.roles(method, "groups", group_id, row)
        raise not_found()

    def roles(self, method: str, kind: str, holder_id: str, rest: list[str]) -> Answer:
        live = self.live
        match [method, *rest]:
            case ["POST"]:
                body = self.body()
                role_id, scope = self.id_in(body.get("role"), "role"), body.get("scope")
                scope_id = self.id_in(scope, "scope")
                wanted = (role_id, str(scope.get("type")), scope_id)
                must_hold = live.switches.assigner_must_hold_role
                if must_hold and not live.holds(self.client_id, *wanted):
                    raise Refused(403, "ACCESS_FAILED", {"code": "INSUFFICIENT_PERMISSIONS"})
                row = live.assign_role(holder_id, *wanted)
                return 201, self.render.assignment(kind, holder_id, row, None)
            case ["DELETE", row_id]:
                if live.assignments_of(kind, holder_id).get(row_id, ({}, None))[1]:
                    raise live.read_only(row_id)  # inherited: only the group can lose the role
                live.remove_assignment(holder_id, row_id)
                return 204, ""
        raise not_found()

    # bodies

    def body(self, *media: str) -> Thing:
        """Return the request's JSON object, if its media type is one that this call takes."""
        if self.media not in (media or (JSON,)):
            raise Refused(415, "INVALID_REQUEST")
        try:
            body = self.request.json
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "INVALID_REQUEST", message="The request body is not valid JSON.")
        return body

    def id_in(self, body: Any, target: str = "id") -> str:
        wanted = body.get("id") if isinstance(body, dict) else None
        if not isinstance(wanted, str):
            raise invalid("REQUIRED_VALUE", target, "must not be null")
        return wanted

    def known_group(self) -> str:
        group_id = self.id_in(self.body())
        if group_id not in self.live.groups:
            raise invalid("INVALID_VALUE", "id", "Group not found")
        return group_id

    def new_user(self, body: Thing) -> Thing:
        user = self.profile(body)
        given = ["identityProvider", "population"]
        given += ["lifecycle"] if self.media == IMPORT else []
        user |= {name: body[name] for name in given if body.get(name)}
        if "population" in user:
            user["population"] = {"id": self.id_in(user["population"], "population")}
        if "lifecycle" in user:
            user["lifecycle"] = {"status": user["lifecycle"].get("status", "ACCOUNT_OK")}
        return user

    def profile(self, body: Thing, keep_nulls: bool = False) -> Thing:
        known = PROFILE | self.live.switches.custom_attributes
        for name in body:
            if name not in known and name not in READ_ONLY:
                raise invalid("INVALID_VALUE", name, "is not an attribute of the schema")
        if body.get("email") is not None and "@" not in str(body["email"]):
            raise invalid("INVALID_VALUE", "email", "must be a valid email address")
        for name in ("username", "externalId", "title", "type", "nickname"):
            if not isinstance(body.get(name), str | None):
                raise invalid("INVALID_VALUE", name, "must be a string")
        for name in ("name", "address", "photo"):
            if not isinstance(body.get(name), dict | None):
                raise invalid("INVALID_VALUE", name, "must be an object")
        return {
            name: one
            for name, one in body.items()
            if name in known and (keep_nulls or one is not None)
        }

    def operations(self) -> Thing:
        """Return a SCIM patch as the equivalent merge."""
        change: Thing = {}
        for operation in self.body(SCIM_PATCH).get("Operations") or ():
            if not isinstance(operation, dict):
                raise invalid("INVALID_VALUE", "Operations", "must be objects")
            verb, path = str(operation.get("op")).lower(), str(operation.get("path"))
            if verb not in ("add", "replace", "remove"):
                raise invalid("INVALID_VALUE", "Operations.op", "must be add, replace or remove")
            *outer, last = path.split(".")
            at = change
            for name in outer:
                at = at.setdefault(name, {})
            at[last] = None if verb == "remove" else operation.get("value")
        return change

    def group_of(self, body: Thing, population: bool = False) -> Thing:
        group = {name: body[name] for name in GROUP if body.get(name) is not None}
        if population and body.get("population"):
            group["population"] = {"id": self.id_in(body["population"], "population")}
        return group


def merged(thing: Thing, change: Thing) -> Thing:
    """Return `thing` with `change` applied: objects merge, arrays are replaced, null removes."""
    made = json.loads(json.dumps(thing))
    for name, one in change.items():
        if one is None:
            made.pop(name, None)
        elif isinstance(one, dict) and isinstance(made.get(name), dict):
            made[name] = merged(made[name], one)
        else:
            made[name] = one
    return made
