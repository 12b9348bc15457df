"""PingOne's unknowns as switches, so that tests can play each answer, and its refusals."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

SENTENCES = {
    "INVALID_DATA": "One or more validation errors were in the request.",
    "INVALID_REQUEST": "There was an issue with the request.",
    "ACCESS_FAILED": "You do not have access to this resource.",
    "NOT_FOUND": "The requested resource was not found.",
    "REQUEST_LIMITED": "The request limit was exceeded.",
    "UNEXPECTED_ERROR": "An unexpected error occurred.",
}


@dataclass
class Switches:
    """Behaviour that the vendor's documents leave open, or that differs from tenant to tenant."""

    # tokens and rights
    token_auth_method: Literal["CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST"] = "CLIENT_SECRET_BASIC"
    token_lifetime: float = 3600
    expires_in_missing: bool = False
    token_has_scope: bool = False  # an empty `scope` in the token answer
    missing_permissions: set[str] = field(default_factory=set)  # of every client: 403
    filter_needs_membership_right: bool = True  # users by memberOfGroups[...]
    unknown_environment: Literal[403, 404] = 404
    hidden_populations: set[str] = field(default_factory=set)  # a narrow role hides them
    permissions_have_ids: bool = True  # of roles in their list
    assigner_must_hold_role: bool = False  # the worker needs the role that it assigns

    # pages
    users_cap: int = 200  # or 1000
    groups_cap: int = 1000
    populations_cap: int = 250
    memberships_cap: int = 1000
    activities_cap: int = 500
    environments_cap: int = 1000
    page_default: int | None = None  # for users and groups without `limit`; else the cap
    memberships_default: int = 100
    activities_default: int = 100
    count: Literal["right", "missing"] | int = "right"  # a number: wrong by that many

    # filters
    updated_at_filter: bool = False
    group_filter_supported: bool = True  # `memberOfGroups[...]` on /groups
    case_sensitive: bool = False  # `eq` and its kind, and the uniqueness of usernames
    custom_attributes: set[str] = field(default_factory=set)  # STRING attributes of the schema

    # memberships
    dynamic_type: Literal["INDIRECT", "DIRECT"] | None = "INDIRECT"
    external_type: Literal["INDIRECT", "DIRECT"] | None = "DIRECT"
    membership_type_missing: bool = False  # missing in the answers; filters still know the type
    nesting_type: Literal["direct", "closure", "untyped"] = "direct"
    direct_member_counts: Literal["present", "missing"] = "present"
    total_counts_nested: bool = False
    member_ids_indirect: bool = True  # in `memberOfGroupIDs` of a single user
    add_existing_member: Literal[201, 400] = 400

    # role assignments
    inherited_assignments: Literal["none", "marked", "unmarked"] = "none"
    inheritance_key: Literal["type", "inheritance", "inheritanceType"] = "inheritanceType"
    inherited_ids: Literal["shared", "own"] = "shared"  # shared: the group assignment's id
    read_only_delete_status: int = 400

    # time
    membership_moves_user_updated_at: bool = True
    membership_moves_group_updated_at: bool = False
    read_lag: float = 0  # seconds until a read shows a write
    mfa_default: bool = False  # `mfaEnabled` of a new user

    # limits: requests per second; None is no limit
    rate_limit: int | None = None
    audit_rate_limit: int | None = 10
    retry_after: int = 1
    retry_after_as_date: bool = False
    header_limit: int = 6144

    # audit
    emit_activities: bool = True
    role_href_bare: bool = False  # a role assignment's `href` without /v1


class Refused(Exception):
    """An error answer in PingOne's envelope."""

    def __init__(
        self,
        status: int,
        code: str,
        *details: dict[str, Any],
        message: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status, self.code, self.details = status, code, details
        self.message = message or f"The request could not be completed. {SENTENCES[code]}"
        self.headers = headers or {}
        super().__init__(f"{status} {code}: {[*details] or self.message}")

    def envelope(self) -> dict[str, Any]:
        body = {"id": str(uuid.uuid4()), "code": self.code, "message": self.message}
        return body | ({"details": [*self.details]} if self.details else {})


def not_found() -> Refused:
    return Refused(404, "NOT_FOUND")


def invalid(code: str, target: str, message: str, **inner: Any) -> Refused:
    """Return a 400 with one detail: `invalid("REQUIRED_VALUE", "email", "must not be empty")`."""
    detail: dict[str, Any] = {"code": code, "target": target, "message": message}
    return Refused(400, "INVALID_DATA", detail | ({"innerError": inner} if inner else {}))
