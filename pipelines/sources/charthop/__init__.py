"""ChartHop: the people, the groups of every type, and who is in which group today.

Every list is read completely on every sync, because people and groups have no filter "changed
since" (docs.charthop.com, Developer basics). Leavers and future hires are read too. A membership
belongs to a person's job, and the person's calculated `groupIds` shows it. Events since the last
run only say when and by whom a group was given. ChartHop's own login users and their roles are left
out on purpose.
"""

from __future__ import annotations

import dlt
from dlt.extract import DltResource

from pipelines.http.policy import Counters, Policy
from pipelines.sources.asked import Asked
from pipelines.sources.charthop.client import ChartHop, Connection
from pipelines.sources.charthop.events import Feed
from pipelines.sources.charthop.first_days import read_first_and_last_days
from pipelines.sources.charthop.persons import Persons
from pipelines.sources.charthop.queries import read_queries
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import make_resource

TITLE = "ChartHop"  # the name that reviewers read

# What `rollcall init` writes beside the settings
SETTINGS = {
    "org_id": "the id or the slug of the organisation",
    "api_token": "of an app user (Settings > Apps & Integrations)",
    "timezone": "of the organisation, such as Europe/Oslo: a last day ends at midnight there",
}


def tenant(org_id: str) -> str:
    """Return the id of the organisation, whatever the credential is."""
    return org_id


def connect(
    *,
    org_id: str,
    api_token: str,
    base_url: str,
    timezone: str,
    page_size: int,
    requests_per_second: float,
    concurrency: int,
    counters: Counters,
) -> ChartHop:
    """Return the client of one organisation; no request is sent yet."""
    policy = Policy(requests_per_second=requests_per_second, concurrency=concurrency)
    connection = Connection(base_url, org_id, api_token, policy)
    return ChartHop(connection, counters, timezone, page_size)


@dlt.source(name="charthop", max_table_nesting=0)
def source(
    org_id: str = dlt.config.value,
    api_token: str = dlt.secrets.value,
    base_url: str = "https://api.charthop.com",
    timezone: str = "UTC",
    page_size: int = 1000,
    requests_per_second: float = 10.0,
    concurrency: int = 2,
    counters=None,
    earlier=None,
    asked=None,
) -> tuple[DltResource, ...]:
    """Read one ChartHop organisation, named by its id or slug.

    `timezone` is the organisation's, because a leaver has left when the day is over there.
    `counters` counts requests and rows; `earlier` gives the rows of the last complete sync, and
    `asked` what push rules want besides.
    """
    org = connect(
        org_id=org_id,
        api_token=api_token,
        base_url=base_url,
        timezone=timezone,
        page_size=page_size,
        requests_per_second=requests_per_second,
        concurrency=concurrency,
        counters=counters or Counters(),
    )
    feed = Feed(org, earlier or EarlierRows())
    asked = asked or Asked()
    people = Persons(org, asked)
    return (
        make_resource(
            "organization", org.read_organization, "The organisation, and its time zone."
        ),
        make_resource("group_types", org.read_group_types, "One row per kind of group."),
        make_resource(
            "groups",
            lambda: org.group_list,
            "One row per group, archived and future ones included.",
        ),
        make_resource(
            "future_groups", org.read_future_groups, "One row per group that does not exist yet."
        ),
        make_resource(
            "archived_groups", org.read_archived_groups, "One row per group that exists no more."
        ),
        make_resource(
            "persons",
            lambda: people.person_list,
            "One row per person, leavers and future hires included.",
        ),
        make_resource(
            "first_and_last_days",
            lambda: read_first_and_last_days(people),
            "One row per new hire and leaver that push rules are about, as on that day.",
        ),
        make_resource(
            "asked_fields",
            people.read_asked_fields,
            "One row per field that push rules ask for, and whether the tenant refuses it.",
        ),
        make_resource(
            "queries",
            lambda: read_queries(people, asked.queries),
            "One row per query of push rules: whom it finds, or why it is refused.",
        ),
        make_resource(
            "jobs",
            lambda: people.job_list,
            "One row per seat; only where persons come without groupIds.",
        ),
        make_resource(
            "person_groups",
            people.read_person_groups,
            "One row per person read alone; only where neither list has groupIds.",
        ),
        make_resource(
            "events", feed.read_events, "One row per audit event since the first sync.", True
        ),
        make_resource("changes", feed.read_changes, "One row per change that an event names."),
    )
