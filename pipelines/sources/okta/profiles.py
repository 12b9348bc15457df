"""Builds and compares the profiles of users, whose values stay out of every log and message.

An attribute without a value is null, absent, an empty text or an empty list, which are all the
same here. Null removes a value, while an empty text would be stored as one ("Users").
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.sources.raw_rows import Row
from pipelines.sources.writer import Change, is_same

NEEDED_ATTRIBUTES = ("login", "email", "firstName", "lastName")  # of every account


def read_profile(state: str | None) -> Row:
    """Return the attributes in a state of a change; those without a value are null."""
    profile = json.loads(state or "{}").get("profile") or {}
    return {name: None if is_blank(value) else value for name, value in profile.items()}


def build_profile(change: Change) -> Row:
    """Return the profile of a new account, with only those attributes that have a value. What a
    push rule says about an attribute comes before what every new account gets."""
    wanted = json.loads(change.wanted_state or "{}")
    profile = {
        "login": wanted.get("username"),
        "email": wanted.get("email"),
        "firstName": wanted.get("given_name"),
        "lastName": wanted.get("family_name"),
        "employeeNumber": wanted.get("employee_number"),
    }
    pushed = read_profile(change.wanted_state)
    profile |= {name: value for name, value in pushed.items() if value is not None}
    return {name: value for name, value in profile.items() if not is_blank(value)}


def is_blank(value: Any) -> bool:
    return value is None or value in ("", [])


def is_equal(live: Any, wanted: Any) -> bool:
    """Return whether two values of an attribute are the same, letter by letter."""
    if is_blank(live) or is_blank(wanted):
        return is_blank(live) and is_blank(wanted)
    return isinstance(live, bool) == isinstance(wanted, bool) and live == wanted


def find_new_account_differences(change: Change, profile: Row) -> list[str]:
    """Return the attributes in which a live profile differs from that of a new account. Letters of
    a name or an address may differ in case, those of an attribute of a push rule may not."""
    wanted, pushed = build_profile(change), read_profile(change.wanted_state)
    return [
        name
        for name, value in wanted.items()
        if not (is_equal if name in pushed else is_same)(profile.get(name), value)
    ]
