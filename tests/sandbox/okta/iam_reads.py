"""Reads of Okta's admin roles: assignments, custom roles, resource sets and their bindings."""

from __future__ import annotations

from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.pages import Pages
from tests.sandbox.okta.switches import Refused, not_found
from tests.sandbox.server import Response


class IamReads(Pages):
    """The answers about admin roles."""

    def roles(self, rows: list[tuple[Thing, str]], holder: str, wanted: list[str]) -> Response:
        """Answer role assignments, each with the group that it comes from, or none."""
        own = "CLIENT" if holder in self.live.clients else "USER"
        made = {
            row["id"]: self.render.assignment(
                row, "GROUP" if group else own, group or holder, self.expand
            )
            for row, group in rows
        }
        if wanted:
            self.must("/".join(wanted), made, "RoleAssignment")
            return Response(200, made[wanted[0]])
        return Response(200, [*made.values()], self.links({}))

    def iam(self, place: list[str]) -> Response:
        live, render, size = self.live, self.render, self.switches.iam_page
        match place:
            case ["assignees", "users"]:
                ids = [id_ for id_ in live.assignees() if live.is_visible(id_)]
                return self.enveloped("value", ids, self.assignee, self.number("limit", 100, 200))
            case ["roles"]:
                rows = sorted(live.roles)
                return self.enveloped("roles", rows, lambda id_: render.role(live.roles[id_]), size)
            case ["roles", text, *rest]:
                role = live.roles.get(text) or next(
                    (one for one in live.roles.values() if one["label"] == text), None
                )
                if role is None:
                    raise not_found(text, "Role")
                if not rest:
                    return Response(200, render.role(role))
                if rest == ["permissions"]:
                    made = [render.permission(role, label) for label in role["permissions"]]
                    return Response(200, {"permissions": made})
            case ["resource-sets"]:
                sets = live.resource_sets
                return self.enveloped(
                    "resource-sets", sorted(sets), lambda id_: render.resource_set(sets[id_]), size
                )
            case ["resource-sets", set_id, *rest]:
                self.must(set_id, live.resource_sets, "ResourceSet")
                return self.of_resource_set(set_id, rest)
        raise Refused(404, "E0000008")

    def of_resource_set(self, set_id: str, rest: list[str]) -> Response:
        live, render = self.live, self.render
        one, size = live.resource_sets[set_id], self.switches.iam_page
        match rest:
            case []:
                return Response(200, render.resource_set(one))
            case ["resources"]:
                rows = [
                    {"id": f"ire{number:017}", "orn": orn, "_links": {}}
                    for number, orn in enumerate(one.get("resources", ()), 1)
                ]
                return Response(200, {"resources": rows, "_links": {}})
            case ["bindings"]:
                ids = sorted(role for held_in, role in live.bindings if held_in == set_id)
                return self.enveloped("roles", ids, lambda id_: render.binding(set_id, id_), size)
            case ["bindings", role_id, *more] if (set_id, role_id) in live.bindings:
                members = live.bindings[set_id, role_id]

                def member(id_: str) -> Thing:
                    return render.binding_member(id_, members[id_])

                match more:
                    case []:
                        return Response(200, render.binding(set_id, role_id))
                    case ["members"]:
                        page = self.switches.binding_members_page
                        return self.enveloped("members", sorted(members), member, page)
                    case ["members", member_id]:
                        self.must(member_id, members, "RoleBindingMember")
                        return Response(200, member(member_id))
            case ["bindings", role_id, *_]:
                raise not_found(role_id, "RoleBinding")
        raise Refused(404, "E0000008")

    def assignee(self, user_id: str) -> Thing:
        href = f"users/{user_id}"
        links = {"self": self.render.link(href), "roles": self.render.link(f"{href}/roles")}
        return {"id": user_id, "orn": f"orn:okta:{self.live.org_id}:{href.replace('/', ':')}"} | {
            "_links": links
        }
