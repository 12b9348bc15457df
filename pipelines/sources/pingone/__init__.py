"""PingOne: users, groups, populations, roles, worker applications, and who holds what.

Lists are read whole on every sync. Memberships and role assignments have no list: they are read by
group or by user, whichever takes fewer calls, and by principal; after the first time only those
that the audit feed, the lists or what is held call into question.
"""

from __future__ import annotations

import dlt
from dlt.extract import DltResource

from pipelines.http.policy import Counters, Policy
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.pingone.client import PingOne
from pipelines.sources.pingone.incremental import Access
from pipelines.sources.raw_rows import make_resource


def tenant(environment_id: str) -> str:
    """Return what identifies the environment, whatever the credential."""
    return environment_id


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
    return PingOne(
        region,
        base_url,
        auth_url,
        environment_id,
        worker_environment_id,
        client_id,
        client_secret,
        page_size,
        memberships,
        role_assignment_principals,
        Policy(requests_per_second=requests_per_second, concurrency=concurrency),
        counters,
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

    `memberships` is `cheapest`, `by_group` or `by_user`; `role_assignment_principals` is `all`,
    `groups_and_apps` or `users_matching(<SCIM filter>)`: the latter two leave users' roles out.
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
    access = Access(tenant, earlier or EarlierRows(), full, full_every_days)
    return (
        make_resource(
            "activities", access.activities, "One row per change of access that was audited.", True
        ),
        make_resource("populations", lambda: tenant.population_list, "One row per population."),
        make_resource(
            "roles", lambda: tenant.role_list, "One row per admin role, custom ones too."
        ),
        make_resource("groups", lambda: tenant.group_list, "One row per group of any kind."),
        make_resource("group_nestings", access.nestings, "One row per group: its direct kin."),
        make_resource(
            "group_members", access.group_members, "One row per group: ids of its members."
        ),
        make_resource("user_memberships", access.user_memberships, "One row per user: its groups."),
        make_resource("users", lambda: tenant.user_list, "One row per user, disabled ones too."),
        make_resource("applications", lambda: tenant.application_list, "One row per application."),
        make_resource(
            "user_role_assignments", access.user_roles, "One row per user: its role assignments."
        ),
        make_resource(
            "group_role_assignments", access.group_roles, "One row per group: what it carries."
        ),
        make_resource(
            "application_role_assignments",
            access.application_roles,
            "One row per worker application: its role assignments.",
        ),
    )
