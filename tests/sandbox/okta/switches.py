"""Okta's unknowns as switches, so that tests can play each answer, and its refusals."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

SUMMARIES = {
    "E0000003": "The request body was not well-formed.",
    "E0000004": "Authentication failed",
    "E0000006": "You do not have permission to perform the requested action",
    "E0000008": "The requested path was not found",
    "E0000009": "Internal Server Error",
    "E0000011": "Invalid token provided",
    "E0000016": "Activation failed because the user is already active",
    "E0000019": "Bad request.  Accept and/or Content-Type headers likely do not match supported"
    " values.",
    "E0000021": "Bad request.  Accept and/or Content-Type headers likely do not match supported"
    " values.",
    "E0000022": "The endpoint does not support the provided HTTP method",
    "E0000023": "Operation failed because user profile is mastered under another system",
    "E0000030": "Bad request. Invalid date. Dates must be of the form yyyy-MM-dd'T'HH:mm:ss.SSSZZ,"
    " e.g. 2013-01-01T12:00:00.000-07:00.",
    "E0000031": "Invalid search criteria.",
    "E0000032": "Unlock is not allowed for this user.",
    "E0000033": "Bad request. Can't specify a search query and filter in the same request.",
    "E0000038": "This operation is not allowed in the user's current status.",
    "E0000047": "API call exceeded rate limit due to too many requests.",
    "E0000053": "Invalid filter",
    "E0000077": "Cannot modify the attribute because it is read-only.",
    "E0000078": "Cannot modify the attribute because it is immutable.",
    "E0000090": "Duplicate role assignment",
    "E0000093": "Target count limit exceeded",
    "E0000112": "The user is being activated: try again in a few minutes.",
    "E0000192": "Role assignment is not supported for a group with a group rule",
    "E0000193": "Role assignment is not supported for a group of more than 5000 members",
    "E0000194": "Role assignment is not supported for this type of group",
    "E0000211": "Role assignment is not supported for a built-in group",
    "E0000263": "The role is assigned already",
    "E0000231": "The If-Match header does not match the current version of the resource.",
}


@dataclass
class Switches:
    """Behaviour that the vendor's documents leave open, or that differs from org to org."""

    # tokens and rights
    token_lifetime: float = 3600
    ungranted_scope: Literal["refused", "dropped"] = "refused"  # clients have seen both
    bearer_401_body: bool = True  # the error's body for OAuth tokens is in no document
    users_without_role: Literal["empty", "refused"] = "empty"  # seen live: 200 and no users
    admin_groups_need_roles_right: bool = True  # to read the members of a group with roles
    dpop_nonce_of_api: bool = True  # the API asks for a nonce of its own
    hidden_users: set[str] = field(default_factory=set)  # a narrow role hides them, not the counts

    # pages
    users_cap: int = 200
    groups_cap: int = 10000
    groups_default: int = 200
    members_cap: int = 1000  # more is silently 1000
    user_groups_page: int = 200  # paged, although no parameter is documented
    apps_cap: int = 200
    app_users_cap: int = 500
    app_groups_cap: int = 200
    over_cap: Literal["capped", "refused"] = "capped"  # of apps and their users
    iam_page: int = 100  # of custom roles, resource sets and bindings
    binding_members_page: int = 100  # BATON reads one page only, so there are tenants with more
    list_timeout_above: int | None = None  # a larger `limit` takes too long: 500
    links: Literal["separate", "joined"] = "separate"  # header lines; clients have seen both
    link_host: str = ""  # links name another host than the request, as at `-admin` hosts

    # searches
    pr_in_search: bool = True  # used in production, but not on the operation's page
    search_length: int = 5000  # a longer search is refused; no number is documented
    index_lag: float = 0  # seconds until a search shows a write; reads by id show it at once

    # users
    nulls: Literal["present", "omitted"] = "present"  # of timestamps
    transition: float = 0  # seconds that activating and deactivating take
    activating_status: bool = False  # shows ACTIVATING meanwhile
    activated_without_password: Literal["PROVISIONED", "ACTIVE"] = "PROVISIONED"
    suspend_provisioned: bool = False  # the vendor's sources disagree
    update_deprovisioned: Literal["ignored", "missing", "allowed"] = "ignored"  # an org option
    unknown_attribute: Literal["E0000001", "E0000003"] = "E0000001"  # code in no document
    sourced_refuses_all: bool = False  # any profile key of a user that is sourced elsewhere
    federation_is_source: bool = False  # of profiles, as the user's provider does not tell
    membership_moves_user: bool = False  # the user's lastUpdated

    # groups
    deprovisioned_stay_members: bool = True  # the vendor's help says so
    everyone_has_deprovisioned: bool = False
    stats_count_deprovisioned: bool = True
    deletion_moves_groups: bool = True  # a deleted user's groups, their lastMembershipUpdated
    group_names_unique: bool = True  # among native groups; only a help page says so
    add_deprovisioned_member: Literal[400, 403] = 400
    remove_absent_member: Literal[204, 404] = 204

    # rules
    rule_lag: float = 0  # seconds until a rule has filled its groups
    rule_events: bool = True  # the events' text is generic
    exclude_on_explicit_add: bool = False  # seen: an added member becomes an exclusion
    rule_exclusions: int = 100

    # roles
    assignees_through_groups: bool = True  # users whose only role comes from a group
    empty_targets: Literal["absent", "empty"] = "absent"  # of a role for the whole org

    # limits: requests per minute by bucket; what is not named here has `rate_limit`
    rate_limits: dict[str, int] = field(default_factory=dict)
    rate_limit: int = 60_000
    token_share: float = 0.5  # what one token may use of it
    concurrency_refusals: int = 0  # refuse so many requests as too many at once

    # log
    log_lag: float = 0  # seconds until an event can be read
    since_over_180_days: Literal["refused", "answered"] = "refused"  # one sample error says so


class Refused(Exception):
    """An error answer in Okta's envelope."""

    def __init__(
        self,
        status: int,
        code: str,
        summary: str = "",
        causes: Iterable[str] = (),
        headers: dict[str, str | list[str]] | None = None,
    ) -> None:
        self.status, self.code = status, code
        self.summary, self.causes = summary or SUMMARIES[code], [*causes]
        self.headers = headers or {}
        super().__init__(f"{status} {code}: {self.causes or self.summary}")

    def envelope(self) -> dict[str, Any]:
        return {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": f"oae{secrets.token_urlsafe(16)}",
            "errorCauses": [{"errorSummary": cause} for cause in self.causes],
        }


class OAuthRefused(Exception):
    """An error answer in OAuth's own format."""

    def __init__(
        self, status: int, error: str, why: str, headers: dict[str, str | list[str]] | None = None
    ) -> None:
        self.status, self.headers = status, headers or {}
        self.body = {"error": error, "error_description": why}
        super().__init__(f"{status} {error}: {why}")


def not_found(thing: str, kind: str) -> Refused:
    """Return the 404 of an unknown id: `not_found("00u1", "User")`."""
    return Refused(404, "E0000007", f"Not found: Resource not found: {thing} ({kind})")


def invalid(field_name: str, *causes: str) -> Refused:
    """Return the 400 of a validation: `invalid("login", "login: The field is required")`."""
    return Refused(400, "E0000001", f"Api validation failed: {field_name}", causes)


def forbidden() -> Refused:
    return Refused(403, "E0000006")
