"""Changes in PingOne between two syncs; see `worlds`."""

from __future__ import annotations

from typing import Any

from tests.sandbox.company import parts as parts
from tests.support.worlds import CHANGES as CHANGES
from tests.support.worlds import World, happens

ENVIRONMENT = ("ENVIRONMENT", parts.ENVIRONMENT)
REMOVABLE = """
select
    grant_id,
    split_part(account_id, ':', 3) as user_id,
    split_part(entitlement_id, ':', 3) as group_id
from grants where source_name = 'pingone' and is_direct and not is_inherited
    and entitlement_id like 'pingone:group:%:member'
order by all limit 3
"""
ROLES = (parts.IDENTITY_DATA_ADMIN, parts.ENVIRONMENT_ADMIN)


def by_hand(world: World) -> list[str]:
    groups = world.tenant.groups
    return [key for key in groups if not {"userFilter", "sourceType"} & groups[key].keys()]


@happens
def pingone_joins(world: World) -> None:
    world.tenant.add_member(world.a(world.tenant.users), world.another(by_hand(world)))


@happens
def pingone_leaves(world: World) -> None:
    """Remove a member from a group."""
    world.tenant.remove_member(*world.a(world.tenant.members))


@happens
def pingone_swaps(world: World) -> None:
    """Replace one member with another, which leaves all counts equal."""
    user, group = world.a(world.tenant.members)
    members = {member for member, of in world.tenant.members if of == group}
    other = world.another(world.tenant.users.keys() - members)
    world.tenant.remove_member(user, group)
    world.tenant.add_member(other, group)


@happens
def pingone_nests(world: World) -> None:
    """Put one group into another."""
    world.tenant.nest(world.a(by_hand(world)), world.another(by_hand(world)))


@happens
def pingone_unnests(world: World) -> None:
    """Take a group out of another."""
    world.tenant.unnest(*world.a(world.tenant.nestings))


@happens
def pingone_assigns(world: World) -> None:
    """Assign a role to a user, group or worker."""
    tenant = world.tenant
    holder = world.a([*tenant.users, *tenant.groups, *tenant.applications])
    homes = [("POPULATION", key) for key in tenant.populations]
    scope = world.another([ENVIRONMENT, *homes])
    tenant.assign_role(holder, ROLES[world.other % 2], *scope)


@happens
def pingone_unassigns(world: World) -> None:
    """Remove a role assignment."""
    rows = world.tenant.assignments.items()
    world.tenant.remove_assignment(*world.a((key, row["id"]) for key, held in rows for row in held))


@happens
def pingone_hires(world: World) -> None:
    """Create a user."""
    number = world.number()
    mail = f"user.{number}@generated.example"
    world.tenant.add_user({"username": f"user{number}", "email": mail, "title": "Engineer"})


@happens
def pingone_deletes(world: World) -> None:
    """Delete a user."""
    world.tenant.delete_user(world.a(world.tenant.users))


@happens
def pingone_changes_a_user(world: World) -> None:
    """Give a user another title (dynamic groups use it), disable the user, or move it."""
    user = world.a(world.tenant.users)
    home = {"id": world.another(world.tenant.populations)}
    changes: list[dict[str, Any]] = [
        {"title": ("Engineer", "Manager")[world.one % 2]},
        {"enabled": not world.tenant.users[user]["enabled"]},
        {"population": home},
    ]
    world.tenant.update_user(user, **changes[world.other % 3])


@happens
def pingone_signs_on(world: World) -> None:
    """Sign a user on."""
    world.tenant.sign_on(world.a(world.tenant.users))


@happens
def pingone_founds(world: World) -> None:
    """Create a group, sometimes a dynamic one."""
    name = {"name": f"Group {world.number()}"}
    rule = {"userFilter": 'title eq "Manager"'} if world.other % 3 == 0 else {}
    world.tenant.add_group(name | rule)


@happens
def pingone_drops(world: World) -> None:
    """Delete a group."""
    world.tenant.delete_group(world.a(world.tenant.groups))


@happens
def pingone_changes_a_group(world: World) -> None:
    """Rename a group."""
    group = world.a(world.tenant.groups)
    world.tenant.update_group(group, name=f"Renamed {world.number()}")


@happens
def pingone_changes_a_worker(world: World) -> None:
    """Disable or enable a worker application."""
    tenant = world.tenant
    key = world.a(tenant.applications)
    tenant.applications[key] = {
        **tenant.applications[key],
        "enabled": not tenant.applications[key]["enabled"],
    }
    tenant.touch()


@happens
def pingone_drops_a_worker(world: World) -> None:
    """Delete a worker application with its role assignments."""
    key = world.a(world.tenant.applications)
    del world.tenant.applications[key]
    world.tenant.assignments.pop(key, None)
    world.tenant.touch()


@happens
def pingone_makes_a_role(world: World) -> None:
    """Create a custom role, and assign it."""
    role = {"id": world.tenant.new_id(), "environment": {"id": parts.ENVIRONMENT}}
    role |= {"name": f"Role {world.number()}", "type": "CUSTOM", "applicableTo": ["ENVIRONMENT"]}
    world.tenant.roles[role["id"]] = role
    world.tenant.touch()
    holder = world.a([*world.tenant.users, *world.tenant.groups, *world.tenant.applications])
    world.tenant.assign_role(holder, role["id"], *ENVIRONMENT)


@happens
def pingone_drops_a_role(world: World) -> None:
    """Delete a custom role with all of its assignments. No activity reports this."""
    roles, held = world.tenant.roles, world.tenant.assignments
    gone = world.a(key for key, role in roles.items() if role.get("type") == "CUSTOM")
    del roles[gone]
    for key in held:
        held[key] = [row for row in held[key] if row["role"]["id"] != gone]
    world.tenant.touch()


@happens
def pingone_populates(world: World) -> None:
    """Create a population."""
    world.tenant.add_population({"name": f"Population {world.number()}"})


@happens
def pingone_depopulates(world: World) -> None:
    """Delete a population."""
    world.tenant.delete_population(world.a(world.tenant.populations))
