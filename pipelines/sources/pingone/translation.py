"""What a change asks for in PingOne's own words, and what PingOne's refusals of it mean.

Refusals are told apart by status and code, never by their words, save one that has no code
(developer.pingidentity.com, "Error codes").
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from pipelines.failures import Rejected
from pipelines.files.json_text import NotJson, parse, to_text_id
from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, Seen

WIDER = ("ORGANIZATION", "ENVIRONMENT")  # than the scopes named after them
MEANINGS = {  # of the vendor's codes
    "UNIQUENESS_VIOLATION": "it is so already, or somebody else has it",
    "INSUFFICIENT_PERMISSIONS": "the write credential lacks a right",
    "LICENSE_EXCEEDED": "the licence allows no more",
    "NOT_FOUND": "it is not there any more",
    "INVALID_VALUE": "a value is not allowed here, as for a group whose members a rule decides",
    "REQUIRED_VALUE": "a value is missing",
}
READ_ONLY = "cannot be deleted as it is read only"


def native(key: str | None) -> str:
    """PingOne's own id in one of ours: `pingone:group:<id>:member`, or the id itself."""
    parts = (key or "").split(":")
    return quote(parts[2] if len(parts) > 2 else parts[-1], safe="")


def is_of(kind: str, change: Change) -> bool:
    return (change.entitlement_id or "").startswith(f"pingone:{kind}:")


def profile(change: Change) -> Row:
    """What a new account is made with; what is not known is left out."""
    wanted = json.loads(change.wanted_state or "{}")
    name = {"given": wanted.get("given_name"), "family": wanted.get("family_name")}
    made = {
        "username": wanted.get("username"),
        "email": wanted.get("email"),
        "externalId": wanted.get("employee_number"),
        "name": {part: text for part, text in name.items() if text},
        "population": {"id": native(wanted["population_id"])}
        if wanted.get("population_id")
        else {},
    }
    return {name: value for name, value in made.items() if value}


def is_wanted_enabled(change: Change) -> bool:
    return str(json.loads(change.wanted_state or "{}").get("is_enabled")).lower() != "false"


def is_same(live: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there, in whatever case."""
    if isinstance(wanted, dict):
        known = live if isinstance(live, dict) else {}
        return all(is_same(known.get(name), value) for name, value in wanted.items())
    return str(live or "").strip().casefold() == str(wanted).strip().casefold()


def drift_of(change: Change, user: Row) -> Seen | None:
    """What speaks against this being the account as the last sync saw it."""
    made, before = moment(user.get("createdAt")), moment(change.account_created_at)
    facts = {"created_at": user.get("createdAt")}
    if made and before and abs(made - before) >= timedelta(seconds=1):
        return Seen("wrong", "the id is of an account that was made at another time", facts)
    if change.account_username and not is_same(user.get("username"), change.account_username):
        return Seen("drift", "the account has another username by now", facts)
    return None


def moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def assigns(row: Row) -> tuple[str | None, str, str | None]:
    """Role, scope type and scope id of a role assignment."""
    role, scope = (
        row[name] if isinstance(row.get(name), dict) else {} for name in ("role", "scope")
    )
    return to_text_id(role.get("id")), str(scope.get("type")).upper(), to_text_id(scope.get("id"))


def covers(row: Row, scope: tuple[str, str]) -> bool:
    """Whether it is for a wider scope: an environment holds all but the organization."""
    kind = assigns(row)[1]
    return kind in WIDER and (scope[0] not in WIDER or WIDER.index(kind) < WIDER.index(scope[0]))


def is_inherited(row: Row) -> bool:
    """As some tenants tell; no document says under which name."""
    said = " ".join(str(row.get(name)) for name in ("type", "inheritance", "inheritanceType"))
    return "INDIRECT" in said.upper() or "INHERIT" in said.upper()


def codes(body: bytes) -> list[str]:
    """The code of an error, then those of its details ("Error codes")."""
    try:
        said = parse(body)
    except NotJson:
        return []
    details = said.get("details") if isinstance(said, dict) else None
    rows = [said, *(details if isinstance(details, list) else ())]
    return [str(row.get("code")) for row in rows if isinstance(row, dict) and row.get("code")]


def explain_rejection(refused: Rejected, right: str) -> Rejected:
    """A refusal with what it means before what was said."""
    known = [MEANINGS[code] for code in reversed(codes(refused.body)) if code in MEANINGS]
    if READ_ONLY in refused.why:
        known = ["the assignment is read-only: what made it must take it away"]
    next = f"give the write credential {right}" if refused.status == 403 else refused.next
    why = f"{known[0]}: {refused.why}" if known else refused.why
    return Rejected(refused.what, why, next, refused.status, refused.body)
