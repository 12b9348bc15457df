"""Checks what the credentials of Okta can read and change. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.sources.okta import translation
from pipelines.sources.okta.check.push import check_adopted_groups, check_attributes
from pipelines.sources.okta.check.reading import Checks, count_rows
from pipelines.sources.okta.check.rights import PUSH_AREAS, check_rights, list_areas
from pipelines.sources.okta.client import GROUPS_RIGHT, Okta
from pipelines.sources.okta.writer import Provisioner
from pipelines.sources.probe import Probe


def probes(okta: Okta) -> Iterator[Probe]:
    """Yield the probes of a sync, without what the settings leave out."""
    checks, choices = Checks(okta), okta.choices
    yield Probe("sign-in", checks.check_sign_in)
    yield Probe("groups", checks.check_groups)
    yield Probe("users", checks.check_users)
    yield Probe("members", lambda: checks.check_members(False))
    yield Probe("members of groups with admin roles", lambda: checks.check_members(True))
    yield Probe("group rules", lambda: count_rows(checks.read_first("groups/rules", GROUPS_RIGHT)))
    yield Probe("System Log", checks.check_log)
    if choices.pushed_fields:
        yield Probe("attributes of users", lambda: check_attributes(okta))
    if choices.adopted_groups:
        yield Probe("groups of push rules", lambda: check_adopted_groups(okta))
    if choices.admin_roles:
        yield Probe("admin roles", checks.check_roles)
    if choices.applications != "none":
        yield Probe("applications", checks.check_applications)
    if choices.admin_roles and choices.applications != "none":
        yield Probe("roles of service apps", checks.check_service_apps)


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
