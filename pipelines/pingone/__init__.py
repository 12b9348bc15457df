"""PingOne: users, groups, populations, roles, worker applications, and who holds what.

Lists are read whole on every sync. Memberships and role assignments have no list: they are read by
group or by user, whichever takes fewer calls, and by principal.
"""

from __future__ import annotations

import dlt
from dlt.extract import DltResource

from pipelines.http import Policy, Tally
from pipelines.pingone.client import PingOne
from pipelines.raw import resource


@dlt.source(name="pingone", max_table_nesting=0)
def source(
    environment_id: str = dlt.config.value,
    client_id: str = dlt.secrets.value,
    client_secret: str = dlt.secrets.value,
    region: str = "com",
    base_url: str | None = None,
    auth_url: str | None = None,
    worker_environment_id: str | None = None,
    page_size: int = 200,
    memberships: str = "cheapest",
    role_assignment_principals: str = "all",
    requests_per_second: float = 10.0,
    concurrency: int = 4,
    tally=None,
) -> tuple[DltResource, ...]:
    """One PingOne environment. `tally` counts what was asked.

    `memberships` is `cheapest`, `by_group` or `by_user`; `role_assignment_principals` is `all`,
    `groups_and_apps` or `users_matching(<SCIM filter>)`: the latter two leave users' roles out.
    """
    tally = tally or Tally()
    policy = Policy(requests_per_second=requests_per_second, concurrency=concurrency)
    tenant = PingOne(
        region, base_url, auth_url, environment_id, worker_environment_id, client_id,
        client_secret, page_size, memberships, role_assignment_principals, policy,
        tally,
    )  # fmt: skip
    tally.client = tenant
    return (
        resource("populations", tenant.populations, "One row per population."),
        resource("roles", tenant.roles, "One row per admin role, built-in and custom."),
        resource("groups", tenant.groups, "One row per group, dynamic and external ones included."),
        resource("group_nestings", tenant.group_nestings, "One row per group: its direct kin."),
        resource("group_members", tenant.group_members, "One row per group: ids of its members."),
        resource("user_memberships", tenant.user_memberships, "One row per user: its groups."),
        resource("users", tenant.users, "One row per user, disabled ones included."),
        resource("applications", tenant.applications, "One row per application of any type."),
        resource(
            "user_role_assignments", tenant.user_roles, "One row per user: its role assignments."
        ),
        resource(
            "group_role_assignments", tenant.group_roles, "One row per group: what it carries."
        ),
        resource(
            "application_role_assignments",
            tenant.application_roles,
            "One row per worker application: its role assignments.",
        ),
    )
