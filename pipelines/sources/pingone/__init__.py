"""PingOne: users, groups, populations, roles, worker applications, and who has what.

Lists are read completely on every sync, but there is no list of memberships or role assignments.
Memberships are read by group or by user, whichever takes fewer calls, and role assignments by
principal. After the first sync only those are read again that the audit feed, the lists or earlier
rows put in doubt.
"""

from __future__ import annotations

import dlt
from dlt.extract import DltResource

from pipelines.http.policy import Counters, Policy
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.pingone.client import Connection, PingOne
from pipelines.sources.pingone.incremental import Delta
from pipelines.sources.pingone.memberships import Memberships
from pipelines.sources.pingone.role_assignments import (
    read_application_roles,
    read_group_roles,
    read_user_roles,
)
from pipelines.sources.raw_rows import make_resource

TITLE = "PingOne"  # the name that reviewers read

# What `rollcall init` writes beside the settings
SETTINGS = {
    "environment_id": "of the environment whose users are read (Settings > Environment)",
    "client_id": "of a worker application (Applications > Applications)",
    "client_secret": "of the same application",
    "region": "com, ca, eu, asia, com.au or sg",
}


def tenant(environment_id: str) -> str:
    """Return the id of the environment, whatever the credential is."""
    return environment_id


def scope(role_assignment_principals: str) -> str:
    """Return the principals whose role assignments are read; empty or `all` means everybody."""
    return role_assignment_principals


def connect(
    *,
    environment_id: str,
    client_id: str,
    client_secret: str,
    region: str,
    base_url: str | None,
    auth_url: str | None,
    worker_environment_id: str | None,
    page_size: int,
    memberships: str,
    role_assignment_principals: str,
    requests_per_second: float,
    concurrency: int,
    counters: Counters,
) -> PingOne:
    """Return the client of one environment; no request is sent yet."""
    connection = Connection(
        environment_id=environment_id,
        client_id=client_id,
        client_secret=client_secret,
        region=region,
        base_url=base_url,
        auth_url=auth_url,
        worker_environment_id=worker_environment_id,
        policy=Policy(requests_per_second=requests_per_second, concurrency=concurrency),
    )
    return PingOne(
        connection,
        counters,
        page_size=page_size,
        memberships=memberships,
        principals=role_assignment_principals,
    )


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
    full_every_days: float = 7.0,
    full: bool = False,
    counters=None,
    earlier=None,
) -> tuple[DltResource, ...]:
    """Read one PingOne environment.

    `memberships` is `cheapest`, `by_group` or `by_user`. `role_assignment_principals` is `all`,
    `groups_and_apps` or `users_matching(<SCIM filter>)`. The latter two do not read the roles of
    other users, which stay as an earlier sync read them.

    `full` reads everything, and so does a run `full_every_days` days after the last full one.
    `counters` counts requests and rows; `earlier` gives the rows of the last complete sync.
    """
    tenant = connect(
        environment_id=environment_id,
        client_id=client_id,
        client_secret=client_secret,
        region=region,
        base_url=base_url,
        auth_url=auth_url,
        worker_environment_id=worker_environment_id,
        page_size=page_size,
        memberships=memberships,
        role_assignment_principals=role_assignment_principals,
        requests_per_second=requests_per_second,
        concurrency=concurrency,
        counters=counters or Counters(),
    )
    delta = Delta(tenant, earlier or EarlierRows(), full=full, full_every_days=full_every_days)
    members = Memberships(delta)
    return (
        make_resource(
            "activities",
            delta.read_new_activities,
            "One row per change of access that was audited.",
            True,
        ),
        make_resource("populations", lambda: tenant.population_list, "One row per population."),
        make_resource(
            "roles", lambda: tenant.role_list, "One row per admin role, custom ones too."
        ),
        make_resource("groups", lambda: tenant.group_list, "One row per group of any kind."),
        make_resource(
            "group_nestings",
            lambda: members.nestings,
            "One row per group: its children or parents.",
        ),
        make_resource(
            "group_members", members.read_group_members, "One row per group: ids of its members."
        ),
        make_resource(
            "user_memberships", members.read_user_memberships, "One row per user: its groups."
        ),
        make_resource("users", lambda: tenant.user_list, "One row per user, disabled ones too."),
        make_resource("applications", lambda: tenant.application_list, "One row per application."),
        make_resource(
            "user_role_assignments",
            lambda: read_user_roles(delta),
            "One row per user: its role assignments.",
        ),
        make_resource(
            "group_role_assignments",
            lambda: read_group_roles(delta),
            "One row per group: its role assignments.",
        ),
        make_resource(
            "application_role_assignments",
            lambda: read_application_roles(delta),
            "One row per worker application: its role assignments.",
        ),
    )
