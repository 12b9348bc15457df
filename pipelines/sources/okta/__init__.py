"""Okta: users, groups, their members and rules, applications, admin roles, and who has what.

Lists of users, groups, rules, roles and applications are read whole on every sync. Members of
groups, and users of applications, take a call each; after the first sync only those are read again
that the System Log, the lists or earlier rows put in doubt. Everyone's members are never read: the
group holds every user that is not deactivated. Deactivated users are read, because they keep their
groups.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import dlt
from dlt.extract import DltResource

from pipelines.http.policy import Counters, Policy
from pipelines.http.session import Session
from pipelines.sources.asked import Asked
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.okta.access import Delta
from pipelines.sources.okta.applications import Applications
from pipelines.sources.okta.choices import parse_domain, read_choices
from pipelines.sources.okta.client import Connection, Okta
from pipelines.sources.okta.credential import Credential
from pipelines.sources.okta.roles import Roles
from pipelines.sources.raw_rows import make_resource

TITLE = "Okta"  # the name that reviewers read
CREDENTIALS = (("api_token",), ("client_id", "private_key", "key_id"))

# What `rollcall init` writes beside the settings
SETTINGS = {
    "domain": "such as acme.okta.com",
    "api_token": "Security > API > Tokens",
    "client_id": "of an API service app; with it the token stays empty",
    "private_key": "of the same app: the path of a file with the key in PEM",
    "key_id": "the id (kid) of that key",
}

# Okta resets its limits every minute, without Retry-After ("Rate limits"). Threads that wait for
# one reset are each counted, so the usual budget would end with the second one.
WAITING_BUDGET = 3600.0


def tenant(domain: str) -> str:
    """Return the host of the org, whatever the credential."""
    return urlsplit(parse_domain(domain)).hostname or ""


def scope(applications: str, admin_roles: str) -> str:
    """Return what the settings leave out; `all` if nothing is."""
    return read_choices(applications, admin_roles).scope


def connect(
    *,
    domain: str,
    api_token: str | None,
    client_id: str | None,
    private_key: str | None,
    key_id: str | None,
    applications: str,
    admin_roles: bool,
    profile_fields: str,
    page_size: int,
    members_page_size: int,
    requests_per_second: float,
    concurrency: int,
    counters: Counters,
    asked: Asked | None = None,
) -> Okta:
    """Return the client of one org; no request is sent yet."""
    base_url = parse_domain(domain)
    asked = asked or Asked()
    pushed, adopted = (part.get("okta", ()) for part in (asked.attributes, asked.groups))
    choices = read_choices(applications, admin_roles, profile_fields, pushed, adopted)
    policy = Policy(
        requests_per_second=requests_per_second, concurrency=concurrency, budget=WAITING_BUDGET
    )
    credential = Credential(
        api_token=api_token, client_id=client_id, private_key=private_key, key_id=key_id
    )
    session = Session("okta", base_url, policy, counters, address_setting="domain")
    connection = Connection(
        base_url=base_url,
        signer=credential.make_signer(
            session, base_url, choices.api_scopes, choices.optional_scopes
        ),
        policy=policy,
        counters=counters,
        page_size=page_size,
        members_page_size=members_page_size,
    )
    return Okta(connection, choices)


@dlt.source(name="okta", max_table_nesting=0)
def source(
    domain: str = dlt.config.value,
    api_token: str | None = None,
    client_id: str | None = None,
    private_key: str | None = None,
    key_id: str | None = None,
    applications: str = "all",
    admin_roles: bool = True,
    profile_fields: str = "",
    page_size: int = 200,
    members_page_size: int = 1000,
    requests_per_second: float = 8.0,
    concurrency: int = 4,
    full_every_days: float = 7.0,
    full: bool = False,
    counters=None,
    earlier=None,
    asked=None,
) -> tuple[DltResource, ...]:
    """Read one Okta org, with an API token or as an API service app (a key in PEM, or its path).

    `applications` is `all`, `groups` (only what groups give) or `none`; with it and `admin_roles`
    off, what is left out stays as an earlier sync read it. `profile_fields` are attributes that are
    kept besides the usual ones, separated by commas; `*` is all.
    `full` reads everything, and so does a run `full_every_days` days after the last full one.
    `counters` counts requests and rows; `earlier` gives the rows of the last complete sync.
    `asked` names the attributes that push rules write: they are kept, and their schema is read.
    """
    okta = connect(
        domain=domain,
        api_token=api_token,
        client_id=client_id,
        private_key=private_key,
        key_id=key_id,
        applications=applications,
        admin_roles=admin_roles,
        profile_fields=profile_fields,
        page_size=page_size,
        members_page_size=members_page_size,
        requests_per_second=requests_per_second,
        concurrency=concurrency,
        counters=counters or Counters(),
        asked=asked,
    )
    delta = Delta(okta, earlier or EarlierRows(), full=full, full_every_days=full_every_days)
    apps = Applications(delta)
    roles = Roles(delta, apps)
    resources = (
        ("group_rules", lambda: delta.rules, "One row per group rule."),
        ("groups", lambda: delta.group_tables, "One row per group of any type."),
        ("users", lambda: delta.users, "One row per user, deactivated ones too."),
        ("group_members", lambda: delta.members, "One row per group but Everyone: its members."),
        ("user_role_assignments", lambda: roles.of_users, "One row per user with roles."),
        ("group_role_assignments", lambda: roles.of_groups, "One row per group with roles."),
        ("client_role_assignments", lambda: roles.of_clients, "One row per service app."),
        ("roles", roles.read_roles, "One row per custom admin role, with its permissions."),
        ("resource_sets", lambda: roles.resource_sets, "One row per resource set."),
        ("role_bindings", roles.read_bindings, "One row per custom role of a resource set."),
        ("applications", lambda: apps.tables, "One row per application."),
        ("application_groups", lambda: apps.groups, "One row per application: its groups."),
        ("application_users", apps.read_users, "One row per application: its users."),
        ("user_schemas", okta.read_user_schemas, "One row per type of user: its attributes."),
    )
    events = make_resource(
        "log_events", lambda: delta.log.read_events(), "One row per event about access.", True
    )
    return (events, *(make_resource(*resource) for resource in resources))
