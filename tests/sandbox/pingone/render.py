"""PingOne's objects as JSON text.

Links use the host name of the request, nulls are left out, keys have the recorded order, and the
server adds its own counts. Users are cached as text, because a large company is read many times and
changed rarely.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from functools import cached_property

from tests.sandbox.pingone.directory import Directory, Thing

USER_LINKS = {
    "self": "",
    "password": "/password",
    "password.set": "/password",
    "password.reset": "/password",
    "password.check": "/password",
    "password.recover": "/password",
    "account.sendVerificationCode": "",
    "linkedAccounts": "/linkedAccounts",
}
POPULATION_ORDER = ("name", "description", "userCount", "default")
GROUP_ORDER = (
    "name",
    "displayName",
    "description",
    "externalId",
    "customData",
    "population",
    "userFilter",
    "sourceType",
    "sourceId",
    "directMemberCounts",
    "totalMemberCounts",
    "createdAt",
    "updatedAt",
    "checkSum",
)
ROLE_ORDER = ("environment", "name", "description", "type", "applicableTo", "permissions")

dumps = json.JSONEncoder(ensure_ascii=False, separators=(", ", " : ")).encode


def without_nulls(thing: Thing) -> Thing:
    return {
        name: without_nulls(one) if isinstance(one, dict) else one
        for name, one in thing.items()
        if one is not None
    }


def ordered(thing: Thing, order: Iterable[str]) -> Thing:
    """Return the thing with the keys of `order` first, then the others in their own order."""
    first = {name: thing[name] for name in order if name in thing}
    return without_nulls(first | thing)


class Render:
    """Renders the objects of one directory as JSON text for one host name."""

    def __init__(self, directory: Directory, base_url: str) -> None:
        self.directory = directory
        self.switches = directory.switches
        self.top = f"{base_url}/v1"
        self.base_url = base_url
        self.root = f"{self.top}/environments/{directory.environment_id}"
        self.environment = {"id": directory.environment_id}

    @cached_property
    def user_links(self) -> str:
        """Return the links of every user, with @ for the id."""
        url = f"{self.root}/users/@"
        return '{"_links" : ' + dumps(
            {name: {"href": url + path} for name, path in USER_LINKS.items()}
        )

    def links(self, /, **paths: str) -> Thing:
        """Return links below the environment, as in `links(self="users/1")`."""
        return {name: {"href": f"{self.root}/{path}"} for name, path in paths.items()}

    def user(self, user_id: str, include: Iterable[str] = ()) -> str:
        body = self.directory.rendered.get(user_id)
        if body is None:
            body = self.directory.rendered[user_id] = dumps(self._user(user_id))[1:]
        text = f"{self.user_links.replace('@', user_id)}, {body}"
        extra: Thing = {}
        groups = [
            group_id
            for group_id, kind in (self.directory.groups_of(user_id) if include else {}).items()
            if kind == "DIRECT" or self.switches.member_ids_indirect
        ]
        if "memberOfGroupIDs" in include:
            extra["memberOfGroupIDs"] = sorted(groups)
        if "memberOfGroupNames" in include:
            names = [self.directory.groups[group_id]["name"] for group_id in groups]
            extra["memberOfGroupNames"] = sorted(names)
        return f"{text[:-1]}, {dumps(extra)[1:]}" if extra else text

    def _user(self, user_id: str) -> Thing:
        user = self.directory.users[user_id]
        account = {"canAuthenticate": user["enabled"], "status": "OK"} | (user.get("account") or {})
        rest = without_nulls({**user, "account": account})
        for name in ("_links", "id", "environment", "password"):
            rest.pop(name, None)
        return {"id": user_id, "environment": self.environment} | dict(sorted(rest.items()))

    def group(self, group_id: str, total: bool = False) -> str:
        group, index = self.directory.groups[group_id], self.directory.index
        made = {name: one for name, one in group.items() if name != "_links"}
        own = index.members.get(group_id, set())
        if self.switches.direct_member_counts == "present":
            counts = {"users": len(own), "groups": len(index.children.get(group_id, ()))}
            made.setdefault("directMemberCounts", counts)
        else:
            made.pop("directMemberCounts", None)
        if total:
            every = own | index.computed.get(group_id, set())
            if self.switches.total_counts_nested:
                every = set(self.directory.members_of(group_id))
            made["totalMemberCounts"] = {"users": len(every)}
        told = {name: one for name, one in group.items() if name != "updatedAt"}
        made.setdefault("checkSum", f"{zlib.crc32(repr(sorted(told.items())).encode()):010d}")
        first = {"id": group_id, "environment": self.environment}
        return self._thing(f"groups/{group_id}", first, ordered(made, GROUP_ORDER))

    def population(self, population_id: str) -> str:
        population = dict(self.directory.populations[population_id])
        population.setdefault("userCount", self.directory.index.populations[population_id])
        first = {"id": population_id, "environment": self.environment}
        made = ordered(population, POPULATION_ORDER)
        return self._thing(f"populations/{population_id}", first, made)

    def application(self, application_id: str) -> str:
        path = f"applications/{application_id}"
        links = self.links(self=path, roleAssignments=f"{path}/roleAssignments")
        links = {"environment": {"href": self.root}} | links
        first = {"_links": links, "environment": self.environment}
        return dumps(first | without_nulls(self.directory.applications[application_id]))

    def gateway(self, gateway_id: str) -> str:
        """Return a gateway, which can hold roles as an application can."""
        return self._thing(f"gateways/{gateway_id}", self.directory.gateways[gateway_id])

    def role(self, role_id: str, built_in: bool = False) -> str:
        """Return a role.

        Its type is shown only where the environment's own roles are listed too.
        """
        role = dict(self.directory.roles[role_id])
        custom = is_custom(role)
        url = f"{self.root if custom else self.top}/roles/{role_id}"
        role["type"] = None if built_in else ("CUSTOM" if custom else "PLATFORM")
        if custom:
            role.setdefault("environment", self.environment)
        if not self.switches.permissions_have_ids:
            role["permissions"] = [{"description": "Reads users"} for _ in role["permissions"]]
        made = ordered(role, ROLE_ORDER)
        return dumps({"_links": {"self": {"href": url}}, "id": role_id} | made)

    def membership(self, user_id: str, group_id: str, kind: str | None, expand: bool) -> str:
        """Return the membership of a user in a group. Its id is the group's id."""
        path = f"users/{user_id}/memberOfGroups/{group_id}"
        links = self.links(self=path, user=f"users/{user_id}", group=f"groups/{group_id}")
        links["environment"] = {"href": self.root}
        made = {"_links": links, "id": group_id, "environment": self.environment}
        if group := self.directory.groups.get(group_id):  # else a membership of a deleted group
            made["name"] = group["name"]
        if kind and not self.switches.membership_type_missing:
            made["type"] = kind
        if expand and group:
            made["_embedded"] = {"group": json.loads(self.group(group_id))}
        return dumps(made)

    def nesting(self, child_id: str, parent_id: str) -> str:
        """Return the membership of a group in a group. Its id is the parent's id."""
        path = f"groups/{child_id}/memberOfGroups/{parent_id}"
        links = self.links(self=path, group=f"groups/{parent_id}")
        made = {"_links": links, "id": parent_id}
        if self.switches.nesting_type != "untyped":
            direct = parent_id in self.directory.index.parents.get(child_id, ())
            made["type"] = "DIRECT" if direct else "INDIRECT"
        return dumps(made)

    def assignment(
        self, kind: str, holder_id: str, row: Thing, via: str | None, expand: bool = False
    ) -> str:
        """Return a role assignment; `via` is the group that a user inherits it from."""
        holder, path = kind.rstrip("s"), f"{kind}/{holder_id}"
        links = self.links(**{"self": f"{path}/roleAssignments/{row['id']}", holder: path})
        links["environment"] = {"href": self.root}
        made: Thing = {
            "_links": links,
            "id": row["id"],
            "scope": row["scope"],
            "role": row["role"],
            "environment": self.environment,
            "readOnly": bool(row.get("readOnly")),
            holder: {"id": holder_id},
        }
        if self.switches.inherited_assignments == "marked" and kind == "users":
            made[self.switches.inheritance_key] = "INDIRECT" if via else "DIRECT"
        if expand and row["role"]["id"] in self.directory.roles:
            made["_embedded"] = {"role": json.loads(self.role(row["role"]["id"]))}
        return dumps(made)

    def activity(self, activity: Thing) -> str:
        """Return an entry of the audit log with absolute paths."""
        actors = {name: self._absolute(one) for name, one in activity["actors"].items()}
        resources = [self._absolute(one) for one in activity.get("resources") or ()]
        made = activity | {"actors": actors, "resources": resources}
        return self._thing(f"activities/{activity['id']}", without_nulls(made))

    def _absolute(self, thing: Thing) -> Thing:
        if thing.get("href", "").startswith("/"):
            return thing | {"href": self.base_url + thing["href"]}
        return thing

    def _thing(self, path: str, *parts: Thing) -> str:
        made: Thing = {"_links": self.links(self=path)}
        for part in parts:
            made |= {name: one for name, one in part.items() if name not in made}
        return dumps(made)


def is_custom(role: Thing) -> bool:
    return role.get("type") == "CUSTOM" or bool(role.get("environment"))
