"""Checks the settings of Okta that decide where it is, and what is read and changed there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.failures import Misconfigured
from pipelines.http.policy import check_url

DOMAIN = "SOURCES__OKTA__DOMAIN"
APPLICATIONS = ("all", "groups", "none")
DISABLINGS = ("suspend", "deactivate", "suspend_else_deactivate")
TRUE, FALSE = ("true", "1", "yes", "on", ""), ("false", "0", "no", "off")


@dataclass(frozen=True)
class Choices:
    """Which part of an org is read, and which attributes of its users are kept."""

    applications: str = "all"  # `groups`: only what groups give; `none`
    admin_roles: bool = True
    profile_fields: tuple[str, ...] = ()
    pushed_fields: tuple[str, ...] = ()  # the attributes that push rules write
    adopted_groups: tuple[str, ...] = ()  # the ids of groups that push rules fill

    @property
    def kept_fields(self) -> tuple[str, ...]:
        """Return the attributes that are kept besides the usual ones."""
        return self.profile_fields + self.pushed_fields

    @property
    def scope(self) -> str:
        """Return what is left out, for the record of runs; `all` if nothing is."""
        parts = [] if self.applications == "all" else [f"applications={self.applications}"]
        parts += [] if self.admin_roles else ["admin_roles=false"]
        return ", ".join(parts) or "all"

    @property
    def api_scopes(self) -> tuple[str, ...]:
        """Return the OAuth scopes that a sync needs."""
        found = ["okta.users.read", "okta.groups.read", "okta.logs.read"]
        found += ["okta.roles.read"] * self.admin_roles
        found += ["okta.apps.read"] * (self.applications != "none")
        return tuple(found)

    @property
    def optional_scopes(self) -> tuple[str, ...]:
        """Return the OAuth scopes without which a sync reads all the rest."""
        return ("okta.schemas.read", "okta.userTypes.read") if self.pushed_fields else ()


@dataclass(frozen=True)
class WriteChoices:
    """What Rollcall may do to an org, beyond what every writer may."""

    disable_by: str = "suspend"  # one of DISABLINGS
    allow_delete: bool = False
    rule_exclusions: bool = False  # remove what a rule gives: it then leaves the user out
    unassign_apps: bool = False

    @property
    def optional_scopes(self) -> tuple[str, ...]:
        """Return the OAuth scopes that only some changes need."""
        return ("okta.roles.manage", *["okta.apps.manage"] * self.unassign_apps)


def read_disable_by(text: str) -> str:
    """Return how accounts are disabled. Raises Misconfigured."""
    found = text.strip().lower()
    if found not in DISABLINGS:
        setting, ways = "PROVISION__OKTA__DISABLE_BY", ", ".join(DISABLINGS)
        raise Misconfigured(setting, f"unknown way: {found}", f"use one of {ways}")
    return found


def read_choices(
    applications: str,
    admin_roles: object,
    profile_fields: str = "",
    pushed_fields: tuple[str, ...] = (),
    adopted_groups: tuple[str, ...] = (),
) -> Choices:
    """Return the choices in these settings. Raises Misconfigured."""
    applications = applications.strip().lower() or "all"
    if applications not in APPLICATIONS:
        raise Misconfigured(
            "SOURCES__OKTA__APPLICATIONS",
            f"unknown part of the applications: {applications}",
            f"use one of {', '.join(APPLICATIONS)}",
        )
    roles = str(admin_roles).strip().lower()
    if roles not in TRUE + FALSE:
        raise Misconfigured(
            "SOURCES__OKTA__ADMIN_ROLES", f"{roles} is neither true nor false", "use true or false"
        )
    fields = tuple(name.strip() for name in profile_fields.split(",") if name.strip())
    return Choices(applications, roles in TRUE, fields, pushed_fields, adopted_groups)


def parse_domain(domain: str) -> str:
    """Return the base URL of an org. Raises Misconfigured, with the right name for an admin host:
    there the links lead to the plain one (developer.okta.com, "REST API overview")."""
    text = domain.strip().rstrip("/").lower()
    bare = re.sub(r"^https?://", "", text)
    host = urlsplit(f"//{bare}").hostname or ""
    is_local = host in ("localhost", "127.0.0.1", "::1")
    first, dot, rest = host.partition(".")
    if first.endswith("-admin"):
        plain = first.removesuffix("-admin") + dot + rest
        raise Misconfigured(
            DOMAIN, f"{host} is the address of the admin console", f"set {DOMAIN} to {plain}"
        )
    if not is_local and (bare != host or not re.fullmatch(r"[a-z0-9.-]+\.[a-z0-9-]+", host)):
        raise Misconfigured(
            DOMAIN, "it must be the host of the org, such as acme.okta.com", f"set {DOMAIN}"
        )
    scheme = "http" if is_local and not text.startswith("https") else "https"
    return check_url(DOMAIN, text if "://" in text else f"{scheme}://{bare}")
