"""Changes in Okta between two syncs; see `worlds`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.sandbox.company import parts as parts
from tests.sandbox.okta.server import Okta
from tests.support.worlds import World, happens
from tests.support.worlds_pingone import CHANGES as CHANGES

ROLES = ("HELP_DESK_ADMIN", "USER_ADMIN", "APP_ADMIN", "READ_ONLY_ADMIN", "SUPER_ADMIN")
RULE = 'user.title=="Manager"'


def okta(world: World) -> Okta:
    return world.company.okta


def users(world: World) -> list[str]:
    """Return the users that may change: without the owner of the token, Rollcall reads nothing."""
    return [key for key in okta(world).users if key != okta(world).owner]


def groups(world: World, kind: str = "OKTA_GROUP") -> list[str]:
    return [key for key, one in okta(world).groups.items() if one["type"] == kind]


def members(world: World) -> list[tuple[str, str]]:
    """Return the memberships of native groups."""
    native = {*groups(world)}
    return [pair for pair in okta(world).members if pair[1] in native]


def holders(world: World) -> Iterable[str]:
    """Return everything that may hold a role."""
    return [*users(world), *groups(world), *okta(world).clients]


def apps(world: World) -> list[str]:
    """Return the applications that somebody can have: nobody can have a service app."""
    return [key for key in okta(world).applications if key not in okta(world).clients]


@happens
def okta_joins(world: World) -> None:
    okta(world).add_member(world.a(users(world)), world.another(groups(world)))


@happens
def okta_leaves(world: World) -> None:
    """Remove a member from a group. Where a rule gave the membership, it excludes the user."""
    okta(world).remove_member(*world.a(members(world)))


@happens
def okta_swaps(world: World) -> None:
    """Replace one member with another, which leaves all counts equal."""
    user, group = world.a(members(world))
    others = {member for member, of in okta(world).members if of == group}
    other = world.another({*users(world)} - others)
    okta(world).add_member(other, group)
    okta(world).remove_member(user, group)


@happens
def okta_imports(world: World) -> None:
    """Give an imported group the members that its directory has."""
    group = world.a(groups(world, "APP_GROUP"))
    okta(world).import_members(group, [world.a(users(world)), world.another(users(world))])


@happens
def okta_hires(world: World) -> None:
    """Create a user, staged or activated."""
    number = world.number()
    mail = f"user.{number}@generated.example"
    profile = {"login": mail, "email": mail, "firstName": "Neo", "lastName": f"New{number}"}
    okta(world).add_user(profile, activate=world.other % 3 > 0)


@happens
def okta_moves_a_user(world: World) -> None:
    """Put a user into another state. Deactivated users keep groups and lose applications."""
    org, user = okta(world), world.a(users(world))
    steps = (org.activate, org.suspend, org.unsuspend, org.lock, org.unlock, org.sign_in)
    (*steps, org.deactivate, org.deactivate)[world.other % 8](user)


@happens
def okta_deletes(world: World) -> None:
    """Delete a user, who is deactivated first."""
    user = world.a(users(world))
    okta(world).delete_user(user)
    if user in okta(world).users and world.other % 2:
        okta(world).delete_user(user)


@happens
def okta_promotes(world: World) -> None:
    """Give a user another title, which rules read."""
    title = ("Engineer", "Manager")[world.other % 2]
    okta(world).update_profile(world.a(users(world)), {"title": title})


@happens
def okta_founds(world: World) -> None:
    """Create a group, sometimes one of a directory."""
    more = {"type": "APP_GROUP"} if world.other % 3 == 0 else {}
    okta(world).add_group(f"Group {world.number()}", **more)


@happens
def okta_drops(world: World) -> None:
    """Delete a group with its roles and applications."""
    okta(world).delete_group(world.a(groups(world)))


@happens
def okta_renames_a_group(world: World) -> None:
    okta(world).update_group(world.a(groups(world)), {"name": f"Renamed {world.number()}"})


@happens
def okta_rules(world: World) -> None:
    """Let a rule fill a group."""
    rule = okta(world).add_rule(f"Rule {world.number()}", RULE, world.a(groups(world)))
    okta(world).activate_rule(rule["id"])


@happens
def okta_stops_a_rule(world: World) -> None:
    """Stop a rule. The members that it gave stay."""
    okta(world).deactivate_rule(world.a(okta(world).rules))


@happens
def okta_assigns(world: World) -> None:
    """Assign a role to a user, a group or a service app, sometimes for a part of the org only."""
    kind = ROLES[world.other % len(ROLES)]
    okta(world).assign_role(world.a(holders(world)), kind, **_limits(world, kind))


@happens
def okta_limits(world: World) -> None:
    """Limit a role to something else, or to nothing any more."""
    holder, row = _an_assignment(world)
    okta(world).set_role_targets(holder, row["id"], **_limits(world, row["type"]))


@happens
def okta_rests_a_role(world: World) -> None:
    """Switch a role on or off, without a word in the log."""
    holder, row = _an_assignment(world)
    status = {"ACTIVE": "INACTIVE", "INACTIVE": "ACTIVE"}[row["status"]]
    held = okta(world).assignments
    held[holder] = [one | {"status": status} if one is row else one for one in held[holder]]
    okta(world).touch()


@happens
def okta_unassigns(world: World) -> None:
    """Take a role away."""
    holder, row = _an_assignment(world)
    okta(world).remove_role(holder, row["id"])


def _an_assignment(world: World) -> tuple[str, dict[str, Any]]:
    held = okta(world).assignments
    key = world.a(
        (holder, row["id"])
        for holder, rows in held.items()
        for row in rows
        if holder != okta(world).owner
    )
    return key[0], next(row for row in held[key[0]] if row["id"] == key[1])


def _limits(world: World, kind: str) -> dict[str, list[str]]:
    """Return what a role of this kind is limited to; nothing for two of three."""
    if world.one % 3:
        return {}
    if kind == "APP_ADMIN":
        return {"apps": [world.another(okta(world).applications), "salesforce"]}
    return {"groups": [world.another(groups(world))]} if kind in ROLES[:2] else {}


@happens
def okta_makes_a_role(world: World) -> None:
    """Create a custom role, and give it to somebody in a resource set."""
    number = world.number()
    role = okta(world).add_custom_role(f"Role {number}", "okta.users.read", "okta.users.manage")
    _bind(world, role["id"])


@happens
def okta_binds(world: World) -> None:
    """Give a custom role to one more holder."""
    _bind(world, world.another(okta(world).roles))


def _bind(world: World, role: str) -> None:
    org, holder = okta(world), world.a(holders(world))
    kind = "user" if holder in org.users else "group" if holder in org.groups else "client"
    org.bind(world.another(org.resource_sets), role, kind, holder)


@happens
def okta_unbinds(world: World) -> None:
    """Take a custom role away."""
    bindings = okta(world).bindings.items()
    place, member = world.a((place, one) for place, held in bindings for one in held)
    okta(world).unbind(*place, member)


@happens
def okta_drops_a_role(world: World) -> None:
    """Delete a custom role that nobody holds any more."""
    org = okta(world)
    role = world.a(org.roles)
    org.bindings = {place: held for place, held in org.bindings.items() if place[1] != role}
    del org.roles[role]
    org.touch()


@happens
def okta_adds_an_app(world: World) -> None:
    """Create an application, sometimes an API service app."""
    number, kind = world.number(), ("service", "web", "web")[world.other % 3]
    app = parts.okta_app(number, "oidc", f"App {number}", "OPENID_CONNECT", kind)
    okta(world).add_app(**app)
    if kind == "service":
        okta(world).add_client(app["id"], {}, (), app["label"])


@happens
def okta_drops_an_app(world: World) -> None:
    """Delete an application with its assignments and roles."""
    app = world.a(okta(world).applications)
    okta(world).set_app_status(app, "INACTIVE")
    if world.other % 2:
        okta(world).delete_app(app)


@happens
def okta_gives_an_app(world: World) -> None:
    okta(world).assign_app(world.a(apps(world)), world.another(users(world)))


@happens
def okta_takes_an_app(world: World) -> None:
    """Take an application from a user. What comes through a group stays."""
    okta(world).unassign_app(*world.a(okta(world).app_users))


@happens
def okta_gives_a_group_an_app(world: World) -> None:
    okta(world).assign_app_to_group(world.a(apps(world)), world.another(groups(world)))


@happens
def okta_takes_an_app_from_a_group(world: World) -> None:
    okta(world).unassign_app_from_group(*world.a(okta(world).app_groups))
