"""HaloITSM's unknowns and differences between builds as switches, and its refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

AREAS = (
    *("tickets", "calendar", "customers", "crm", "timesheets", "contracts", "suppliers"),
    *("items", "projects", "sales", "quotes", "sos", "pos", "invoices", "reporting"),
    *("software", "softwarelicensing", "kb", "assets"),
)
SCOPES = {
    *("all", "all:standard", "admin", "access:chat", "access:adpasswordreset"),
    *(f"{verb}:{area}" for verb in ("read", "edit") for area in AREAS),
}


@dataclass
class Switches:
    """One build of HaloITSM with its administrator's settings."""

    build: str = "new"  # "old": agents as a bare array, paging and newer parameters ignored
    list_has_teams: bool = True
    list_roles: str = "roles"  # or "role_list", "none": the field that `includeroles` fills
    role_separator: str = ", "
    teams_detail: str = "sections"  # `agents` of one team: membership rows; or "agents", "missing"
    managers_in_list: bool = True  # whether the build knows `include_managers`
    roles_list_has_teams: bool = True
    inherited_teams_in_agent: bool = True  # rows with a `role_id` among an agent's teams
    agents_key: str = "results"  # or "agents"
    page_default: int = 50
    page_cap: int = 100
    record_count_wrong_by: int = 0
    record_count_of_page: bool = False  # counts the rows of the page, not of the list
    bare_pages: bool = False  # a page is a bare array, like a whole list
    lookups_paged: bool = False  # teams and roles always come in pages of 50
    past_the_end: str = "empty"  # a page beyond the last; or "last" (repeated), "404"
    nulls: str = "absent"  # or "null"
    token_lifetime: float = 3600
    expires_in_missing: bool = False
    refresh_token: bool = False
    tenant_required: bool = False
    invalid_client_status: int = 401  # or 400
    roles_need_admin: bool = False  # `admin` or `all` for GET /Roles, else 403
    agent_writes_need_admin: bool = True
    agent_is_admin: bool = True  # whether the acting agent is an administrator
    restricted_agents: set[int] = field(default_factory=set)  # hidden from the acting agent
    teams_need_showall: bool = False  # else only the acting agent's own teams
    nested_arrays: str = "replace"  # or "merge"
    error_style: str = "Message"  # or "resultCode", "ClassName", "error", "text", "html"
    unset_date: str = "1900-01-01T00:00:00"  # or 1899-12-30, or "" for none
    search: str = "text"  # or "words" (any of them), "details", "nothing", "ignored"
    search_lag: float = 0  # seconds until a search finds a new ticket
    list_lag: float = 0  # seconds until the list contains a new ticket
    order_ignored: bool = False
    drops: tuple[str, ...] = ()  # fields of a new ticket that get lost without notice
    summary_cap: int = 0  # longer summaries are cut without notice
    excludeclosed_ignored: bool = False
    new_status_ignored: bool = False  # of an action
    one_in_a_list: bool = False  # one posted element is answered as a list of one
    search_finds_custom_fields: bool = False
    list_has_custom_fields: bool = False
    ticket_update_dates_filter: bool = False  # whether lastupdatefromdate filters
    date_columns: tuple[str, ...] = ("dateoccured", "dateoccurred", "datecleared")
    actions_need_outcome_id: bool = False
    closing_needs_note: bool = False
    post_status: int = 200  # or 201


class Refused(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def body(self, style: str) -> tuple[Any, str]:
        """Return the body in one of the known styles, and its content type."""
        text = self.message
        bodies: dict[str, Any] = {
            "Message": {"Message": text},
            "resultCode": {"resultCode": self.status, "errorMessage": text},
            "ClassName": {"ClassName": "System.Exception", "Message": text},
            "error": {"error": text},
            "text": text.encode(),
            "html": f"<!DOCTYPE html><html><body><h1>{text}</h1></body></html>".encode(),
        }
        kind = {"text": "text/plain", "html": "text/html"}.get(style, "application/json")
        return bodies[style], kind


def flag(query: dict[str, str], name: str, default: bool = False) -> bool:
    """Parse a boolean parameter: the words true and false."""
    value = query.get(name, "") or str(default).lower()
    if value not in ("true", "false"):
        raise Refused(400, f"The value '{value}' is not valid for {name}.")
    return value == "true"


def number(query: dict[str, str], name: str, default: int = 0) -> int:
    """Parse an integer parameter."""
    try:
        return int(query.get(name) or default)
    except ValueError:
        raise Refused(400, f"The value '{query[name]}' is not valid for {name}.") from None


def numbers(query: dict[str, str], name: str) -> set[int]:
    """Parse comma-separated integers. A missing parameter gives the empty set."""
    return {number({name: word}, name) for word in query.get(name, "").split(",") if word}
