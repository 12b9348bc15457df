"""What Okta refuses in a user's profile. One bad key refuses the whole change."""

from __future__ import annotations

import re
from typing import Any

from tests.sandbox.okta.directory import Directory, Thing, folded
from tests.sandbox.okta.memberships import EXISTS, refuse_four_bytes
from tests.sandbox.okta.switches import Refused, invalid

MAIL = re.compile(r"[^@\s]+@[^@\s]+")
SOURCED = ("ACTIVE_DIRECTORY", "LDAP", "IMPORT")
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
}


def changed_profile(directory: Directory, user: Thing, change: Thing) -> Thing:
    """Return a user's profile with a change: null removes a value, an empty text is kept."""
    for name, value in change.items():
        _check_master(directory, user, name)
        _check_value(directory, name, value)
    made = {**user["profile"], **change}
    return check_whole(directory, user["id"], made)


def check_whole(directory: Directory, user_id: str, profile: Thing) -> Thing:
    """Return a whole profile without its nulls, or refuse it."""
    for name, value in profile.items():
        _check_value(directory, name, value)
    made = {name: value for name, value in profile.items() if value is not None}
    for name, attribute in directory.user_attributes().items():
        if attribute.get("required") and made.get(name) in (None, ""):
            raise invalid(name, f"{name}: The field cannot be left blank")
    if not MAIL.fullmatch(made["login"]):
        raise invalid("login", "login: Username must be in the form of an email address")
    if not MAIL.fullmatch(made["email"]):
        raise invalid("email", "email: Does not match required pattern")
    if directory.logins.get(folded(made["login"]), user_id) != user_id:
        raise invalid("login", f"login: {EXISTS}")
    return made


def _check_master(directory: Directory, user: Thing, name: str) -> None:
    """Refuse an attribute that the user's source decides about, unchanged or null ones too."""
    attribute = directory.user_attributes().get(name, {})
    mutability = attribute.get("mutability", "READ_WRITE")
    if mutability in ("READ_ONLY", "IMMUTABLE"):
        raise Refused(403, "E0000077" if mutability == "READ_ONLY" else "E0000078")
    provider = user["credentials"].get("provider", {}).get("type", "OKTA")
    is_sourced = provider in SOURCED or (
        provider == "FEDERATION" and directory.switches.federation_is_source
    )
    if not is_sourced:
        return
    master = attribute.get("master", {}).get("type", "PROFILE_MASTER")
    if master != "OKTA" or directory.switches.sourced_refuses_all:
        raise Refused(403, "E0000023")


def _check_value(directory: Directory, name: str, value: Any) -> None:
    attribute = directory.user_attributes().get(name)
    if attribute is None:
        code = directory.switches.unknown_attribute
        why = f"{name}: The attribute is not defined in the user schema"
        raise Refused(400, code, f"Api validation failed: {name}", [why])
    if value is None:
        return
    kinds = TYPES[attribute["type"]]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise invalid(name, f"{name}: Must be of the type {attribute['type']}")
    allowed = attribute.get("enum")
    if allowed and value not in allowed:
        raise invalid(name, f"{name}: Must be one of {allowed}")
    size = len(value) if isinstance(value, str) else 0
    if size > attribute.get("maxLength", size) or 0 < size < attribute.get("minLength", 0):
        raise invalid(name, f"{name}: The field has a wrong number of characters")
    refuse_four_bytes({name: value})
