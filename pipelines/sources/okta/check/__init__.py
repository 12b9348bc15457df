"""Checks what the credentials of Okta can read and change. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipelines.sources.okta import translation
from pipelines.sources.okta.check.push import check_adopted_groups, check_attributes
from pipelines.sources.okta.check.reading import LOG_RIGHT, Checks, count_rows
from pipelines.sources.okta.check.rights import PUSH_AREAS, check_rights, list_areas
from pipelines.sources.okta.client import (
    APPLICATIONS_RIGHT,
    GROUPS_RIGHT,
    MEMBERS_RIGHT,
    ROLES_RIGHT,
    SCHEMAS_RIGHT,
    USERS_RIGHT,
    Okta,
)
from pipelines.sources.okta.writer import Provisioner
from pipelines.sources.probe import Probe


def probes(okta: Okta) -> Iterator[Probe]:
    """Yield the probes of a sync, without what the settings leave out."""
    checks, choices = Checks(okta), okta.choices
    yield Probe("sign-in", checks.check_sign_in)
    yield Probe("groups", checks.check_groups, GROUPS_RIGHT, "the groups")
    yield Probe("users", checks.check_users, USERS_RIGHT, "the accounts")
    for what, with_admin_roles in (
        ("members", False),
        ("members of groups with admin roles", True),
    ):
        call = partial(checks.check_members, with_admin_roles)
        yield Probe(what, call, MEMBERS_RIGHT, "who is in which group")
    yield Probe(
        "group rules",
        lambda: count_rows(checks.read_first("groups/rules", GROUPS_RIGHT)),
        GROUPS_RIGHT,
        "which members a rule added",
    )
    yield Probe("System Log", checks.check_log, LOG_RIGHT, "what changed since the last sync")
    if choices.pushed_fields:
        call = partial(check_attributes, okta)
        yield Probe("attributes of users", call, SCHEMAS_RIGHT, "what push rules may write")
    if choices.adopted_groups:
        yield Probe("groups of push rules", lambda: check_adopted_groups(okta))
    if choices.admin_roles:
        yield Probe("admin roles", checks.check_roles, ROLES_RIGHT, "who has which admin role")
    if choices.applications != "none":
        call = checks.check_applications
        yield Probe("applications", call, APPLICATIONS_RIGHT, "who has which application")
    if choices.admin_roles and choices.applications != "none":
        call = checks.check_service_apps
        yield Probe("roles of service apps", call, ROLES_RIGHT, "the admin roles of service apps")


def write_probes(writer: Provisioner) -> Iterator[Probe]:
    """Yield the probes of `apply`, all of which only read."""
    checks = Checks(writer.okta)

    def check_users() -> str:
        writer.live.view.check_users_are_visible()
        return "can be read"

    yield Probe("write: own accounts", lambda: _name_own_accounts(writer))
    yield Probe("write: users", check_users)
    for what, path in (("groups", "groups"), ("group rules", "groups/rules")):
        yield Probe(
            f"write: {what}",
            lambda path=path: count_rows(
                checks.read_first(path, translation.GROUPS_RIGHT, limit=1)
            ),
        )
    yield Probe("write: rights", lambda: check_rights(writer, list_areas(writer)))


def _name_own_accounts(writer: Provisioner) -> str:
    return f"no plan changes {', '.join(sorted(writer.own_accounts()))}"


def push_probes(writer: Provisioner) -> Iterator[Probe]:
    """Yield the probes of what a push changes besides."""
    yield Probe("push: rights", lambda: check_rights(writer, PUSH_AREAS))
