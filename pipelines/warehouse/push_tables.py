"""Declare schema `push`: what push rules want of the people of this warehouse.

A sync writes these tables anew. Without rules they are empty.
"""

from __future__ import annotations

import duckdb

from pipelines.sql import Table, has_table

TARGET = ("varchar not null", "The source that the rules change.")
PERSON = ("varchar not null", "The person, as in people.")
TARGETS = Table(
    "targets",
    "One row per target with push rules: what the rules say of its accounts.",
    {
        "target": TARGET,
        "refused_because": ("varchar", "Why the rules have no answer at all; null if they have."),
        "creates_accounts": ("boolean not null", "Whether accounts are created."),
        "reactivates": ("boolean not null", "Whether accounts of re-hires are activated again."),
        "activates": (
            "varchar not null",
            "When an account that a push created is activated: never, on_start (the first day) or"
            " at_once.",
        ),
        "sends_mail": ("boolean not null", "Whether the target mails the person then."),
        "user_type": ("varchar", "The type of accounts that are created; null for the default."),
        "rules_sha256": ("varchar not null", "SHA-256 of the rules that were answered."),
    },
    schema="push",
)
RULES = Table(
    "rules",
    "One row per rule of a target, for an attribute or a group.",
    {
        "target": TARGET,
        "kind": ("varchar not null", "field or group."),
        "rule_id": ("varchar not null", "The attribute, or what the rules call the group."),
        "name": ("varchar", "The name of the group; null for an attribute."),
        "description": ("varchar", "What the group's description begins with; null for nothing."),
        "adopts": ("varchar", "The id of a group that exists already; null for none."),
        "removes_members": ("boolean not null", "Whether members who are not wanted are removed."),
        "clears": ("boolean not null", "Whether an attribute is emptied where HR has nothing."),
        "identifies": ("boolean not null", "Whether an attribute may be one that identifies."),
        "refused_because": ("varchar", "Why the rule has no answer; null if it has."),
    },
    schema="push",
)
PEOPLE = Table(
    "people",
    "One row per target and person whom the push is about.",
    {"target": TARGET, "person_id": PERSON, "login": ("varchar", "The login by the rules.")},
    schema="push",
)
MEMBERS = Table(
    "wanted_members",
    "One row per target, rule of a group and person who shall be in it.",
    {
        "target": TARGET,
        "rule_id": ("varchar not null", "What the rules call the group."),
        "person_id": PERSON,
    },
    schema="push",
)
PROFILES = Table(
    "wanted_profiles",
    "One row per target and person whom the push is about: the attributes that the rules give.",
    {
        "target": TARGET,
        "person_id": PERSON,
        "profile": (
            "json not null",
            "The values by the attributes' names in the target; null if a value is blank.",
        ),
    },
    schema="push",
)
TABLES = (TARGETS, RULES, PEOPLE, MEMBERS, PROFILES)
# An older Rollcall wrote one row per target, attribute and person
OLDER_SQL = """
insert into push.wanted_profiles
select target, person_id, json_group_object(field, wanted_value)
from push.wanted_fields group by target, person_id;
drop table push.wanted_fields
"""


def convert_older_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring what an older Rollcall wrote into the form of the tables, which exist."""
    if has_table(connection, "wanted_fields", "push"):
        connection.execute(OLDER_SQL)
