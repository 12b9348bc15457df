"""Okta's objects as JSON: links with the host name of the request, and what Okta computes."""

from __future__ import annotations

import json
import zlib
from typing import Any

from tests.sandbox.okta.directory import ADMINISTRATORS, TIMESTAMPS, Directory, Thing

LIFECYCLE = {
    "STAGED": ("activate", "deactivate"),
    "PROVISIONED": ("reactivate", "suspend", "deactivate"),
    "ACTIVE": ("suspend", "deactivate"),
    "SUSPENDED": ("unsuspend", "deactivate"),
    "DEPROVISIONED": ("activate", "delete"),
    "LOCKED_OUT": ("unlock", "deactivate"),
}
GROUP_TARGETS = ("USER_ADMIN", "HELP_DESK_ADMIN", "GROUP_MEMBERSHIP_ADMIN")


class Render:
    """Renders the objects of one directory for one host name."""

    def __init__(self, directory: Directory, host: str) -> None:
        self.directory = directory
        self.switches = directory.switches
        self.host = host
        self.api = f"{host}/api/v1"

    def link(self, path: str) -> Thing:
        return {"href": f"{self.api}/{path}"}

    def user(self, user: Thing, single: bool = False, omit: frozenset[str] = frozenset()) -> Thing:
        made = {name: one for name, one in user.items() if not name.startswith("_")}
        if self.switches.nulls == "omitted":
            made = {n: one for n, one in made.items() if one is not None or n not in TIMESTAMPS}
        if "omitCredentials" in omit:
            made.pop("credentials", None)
        elif "credentials" in made:
            mail = {"value": user["profile"]["email"], "status": "VERIFIED", "type": "PRIMARY"}
            made["credentials"] = {"emails": [mail]} | made["credentials"]
        if "omitTransitioningToStatus" in omit:
            made.pop("transitioningToStatus", None)
        path = f"users/{user['id']}"
        links = {"self": self.link(path)}
        if single:
            for step in LIFECYCLE.get(user["status"], ()):
                if step != "delete":
                    links[step] = self.link(f"{path}/lifecycle/{step}") | {"method": "POST"}
        return made | {"_links": links}

    def group(self, group: Thing, expand: list[str]) -> Thing:
        made = {name: one for name, one in group.items() if not name.startswith("_")}
        path, source = f"groups/{group['id']}", group.get("source")
        logo = f"{self.host}/img/logos/groups/okta-medium.png"
        links: Thing = {"logo": [{"name": "medium", "href": logo, "type": "image/png"}]}
        links |= {"users": self.link(f"{path}/users"), "apps": self.link(f"{path}/apps")}
        if source:
            links["source"] = self.link(f"apps/{source['id']}")
        embedded: Thing = {}
        if "stats" in expand:
            links_of_stats = {"users": links["users"], "apps": links["apps"]}
            embedded["stats"] = self.directory.stats(group["id"]) | {"_links": links_of_stats}
        if "app" in expand and source:
            app = self.directory.applications.get(source["id"], {"id": source["id"]})
            names = ("id", "name", "label", "signOnMode")
            embedded["app"] = {name: app[name] for name in names if name in app}
        return made | ({"_embedded": embedded} if embedded else {}) | {"_links": links}

    def rule(self, rule: Thing, expand: list[str]) -> Thing:
        made = {name: one for name, one in rule.items() if not name.startswith("_")}
        if "groupIdToGroupNameMap" in expand:
            ids = rule["actions"]["assignUserToGroups"]["groupIds"]
            names = {id_: self.directory.groups[id_]["profile"]["name"] for id_ in ids}
            made["_embedded"] = {"groupIdToGroupNameMap": names}
        return made

    def assignment(self, row: Thing, kind: str, holder: str, expand: list[str]) -> Thing:
        """Return a role assignment; `kind` is "USER", "GROUP" or "CLIENT", whoever holds it."""
        targets = row.get("targets") or {}
        made = {name: one for name, one in row.items() if name != "targets"}
        made.setdefault("label", ADMINISTRATORS.get(row["type"], row["type"]))
        made |= {"assignmentType": kind}
        links: Thing = {"assignee": {"href": self.holder(kind, holder)}}
        if "resource-set" in row:
            set_path = f"iam/resource-sets/{row['resource-set']}"
            links["resource-set"] = self.link(set_path)
            links["role"] = self.link(f"iam/roles/{row['role']}")
            links["permissions"] = self.link(f"iam/roles/{row['role']}/permissions")
            members = f"{set_path}/bindings/{row['role']}/members"
            links["member"] = self.link(f"{members}/{row['id']}")
        embedded: Thing = {}
        empty = self.switches.empty_targets == "empty"
        if "targets/groups" in expand and row["type"] in GROUP_TARGETS:
            wanted = [id_ for id_ in targets.get("groups", ()) if id_ in self.directory.groups]
            groups = [self.group(self.directory.groups[id_], []) for id_ in wanted]
            if groups or empty:
                embedded["groups"] = groups
        if "targets/catalog/apps" in expand and row["type"] == "APP_ADMIN":
            apps = [self.app_target(one) for one in targets.get("apps", ())]
            if apps or empty:
                embedded["catalog"] = {"apps": apps}
        if embedded:
            made["_embedded"] = {"targets": embedded}
        return made | {"_links": links}

    def app_target(self, wanted: str) -> Thing:
        """Return an application that a role is limited to: an instance, or one of the catalogue."""
        app = self.directory.applications.get(wanted)
        if app is None:
            return {"name": wanted, "displayName": wanted.title(), "status": "ACTIVE"}
        made = {"id": wanted, "name": app["name"], "displayName": app["label"]}
        return made | {"status": app["status"], "_links": {"self": self.link(f"apps/{wanted}")}}

    def holder(self, kind: str, holder: str) -> str:
        if kind == "CLIENT":
            return f"{self.host}/oauth2/v1/clients/{holder}"
        return f"{self.api}/{kind.lower()}s/{holder}"

    def role(self, role: Thing) -> Thing:
        path = f"iam/roles/{role['id']}"
        made = {name: one for name, one in role.items() if name != "permissions"}
        links = {"self": self.link(path), "permissions": self.link(f"{path}/permissions")}
        return made | {"_links": links}

    def permission(self, role: Thing, label: str) -> Thing:
        path = f"iam/roles/{role['id']}"
        made = {"label": label, "created": role["created"], "lastUpdated": role["lastUpdated"]}
        links = {"role": self.link(path), "self": self.link(f"{path}/permissions/{label}")}
        return made | {"_links": links}

    def resource_set(self, one: Thing) -> Thing:
        path = f"iam/resource-sets/{one['id']}"
        made = {name: value for name, value in one.items() if name != "resources"}
        links = {name: self.link(f"{path}/{name}") for name in ("resources", "bindings")}
        return made | {"_links": {"self": self.link(path)} | links}

    def binding(self, set_id: str, role_id: str) -> Thing:
        path = f"iam/resource-sets/{set_id}/bindings/{role_id}"
        links = {"self": self.link(path), "members": self.link(f"{path}/members")}
        return {"id": role_id, "_links": links}

    def binding_member(self, member_id: str, member: Thing) -> Thing:
        created = member.get("created")
        made = {"id": member_id, "created": created, "lastUpdated": created}
        href = self.holder(member["kind"].upper(), member["principal"])
        return made | {"_links": {"self": {"href": href}}}

    def application(self, app: Thing) -> Thing:
        path = f"apps/{app['id']}"
        made = {name: one for name, one in app.items() if not name.startswith("_")}
        links = {name: self.link(f"{path}/{name}") for name in ("users", "groups")}
        return made | {"_links": {"self": self.link(path)} | links}

    def app_user(self, app_id: str, user_id: str, row: Thing) -> Thing:
        user = self.directory.users[user_id]
        links = {"app": self.link(f"apps/{app_id}"), "user": self.link(f"users/{user_id}")}
        if "group" in row:
            links["group"] = self.link(f"groups/{row['group']}")
        return {
            "id": user_id,
            "externalId": None,
            "created": user["created"],
            "lastUpdated": user["lastUpdated"],
            "scope": row["scope"],
            "status": "ACTIVE",
            "statusChanged": user["created"],
            "syncState": "DISABLED",
            "credentials": {"userName": user["profile"]["login"]},
            "profile": {},
            "_links": links,
        }

    def app_group(self, app_id: str, group_id: str) -> Thing:
        made = {"id": group_id, "priority": 0, "profile": {}}
        made["lastUpdated"] = self.directory.groups[group_id]["lastUpdated"]
        links = {"app": self.link(f"apps/{app_id}"), "group": self.link(f"groups/{group_id}")}
        links["self"] = self.link(f"apps/{app_id}/groups/{group_id}")
        return made | {"_links": links}

    def user_schema(self, key: str = "default") -> Thing:
        directory = self.directory
        key = directory.user_type if key == "default" else key
        every = directory.user_attributes()
        base = {name: one for name, one in every.items() if name not in directory.attributes}
        needed = [name for name, one in base.items() if one.get("required")]
        parts = {"base": (base, needed), "custom": (directory.attributes, [])}
        return {
            "id": f"{self.api}/meta/schemas/user/{key}",
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": "user",
            "title": "User",
            "type": "object",
            "lastUpdated": "2026-01-09T08:00:00.000Z",
            "created": "2023-01-09T08:00:00.000Z",
            "definitions": {
                name: {"id": f"#{name}", "type": "object", "properties": one, "required": required}
                for name, (one, required) in parts.items()
            },
            "properties": {
                "profile": {"allOf": [{"$ref": f"#/definitions/{name}"} for name in parts]}
            },
            "_links": {"self": self.link(f"meta/schemas/user/{key}")},
        }

    def group_schema(self) -> Thing:
        base = {
            "name": {"title": "Name", "type": "string", "required": True, "maxLength": 255},
            "description": {"title": "Description", "type": "string", "maxLength": 1024},
        }
        parts = {"base": base, "custom": self.directory.group_attributes}
        return {
            "id": f"{self.api}/meta/schemas/group/default",
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": "group",
            "title": "Okta group",
            "type": "object",
            "definitions": {
                name: {"id": f"#{name}", "type": "object", "properties": one}
                for name, one in parts.items()
            },
            "_links": {"self": self.link("meta/schemas/group/default")},
        }

    def user_type(self, key: str) -> Thing:
        name = self.directory.other_types.get(key, "user")
        made = {"id": key, "name": name, "displayName": name.title()}
        made["default"] = key == self.directory.user_type
        made |= {"description": "Okta user profile template with default permission settings"}
        made |= {"created": "2023-01-09T08:00:00.000Z", "lastUpdated": "2023-01-09T08:00:00.000Z"}
        links = {"self": self.link(f"meta/types/user/{key}")}
        return made | {"_links": links | {"schema": self.link(f"meta/schemas/user/{key}")}}


def etag_of(user: Thing) -> str:
    """Return the ETag of a user: it moves with every change."""
    return f'W/"{zlib.crc32(json.dumps(user, sort_keys=True).encode()):08x}"'


def only(made: Thing, fields: str) -> Thing:
    """Return the fields that a client asked for: `id,status,profile:(login,email)`."""
    wanted: dict[str, Any] = {}
    depth, name, inner = 0, "", ""
    for letter in fields + ",":
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        elif letter == "," and not depth:
            wanted[name.strip().rstrip(":")] = [part.strip() for part in inner.split(",") if part]
            name = inner = ""
        elif depth:
            inner += letter
        else:
            name += letter
    found = {"id": made["id"]} | {key: one for key, one in made.items() if key in wanted}
    for key, parts in wanted.items():
        if parts and isinstance(found.get(key), dict):
            found[key] = {part: found[key][part] for part in parts if part in found[key]}
    return found
