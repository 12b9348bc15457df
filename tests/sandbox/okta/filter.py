"""The filters of Okta's lists: `status eq "ACTIVE" and lastUpdated gt "2026-01-01T00:00:00.000Z"`.

Every list names its attributes, and each attribute its operators. Anything else is refused.
Attribute names are case-sensitive, operators are not, values stand in double quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.okta.switches import Refused

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()])|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])'
    r"|(?P<word>[A-Za-z_][\w.\-]*))"
)
RANGE = ("gt", "ge", "lt", "le")


@dataclass(frozen=True)
class Attribute:
    """The operators and the kind of one attribute: "text", "exact" (with case) or "time"."""

    operators: tuple[str, ...]
    kind: str = "text"


Attributes = Callable[[str], Attribute | None]
Test = Callable[[dict[str, Any]], bool]


def among(known: Mapping[str, Attribute]) -> Attributes:
    return known.get


TIME = Attribute(("eq", *RANGE), "time")
EQUAL = Attribute(("eq",), "exact")
USER_FILTER = among(
    {"lastUpdated": TIME}
    | dict.fromkeys(["status", "id", "profile.login", "profile.email"], EQUAL)
    | dict.fromkeys(["profile.firstName", "profile.lastName"], EQUAL)
)
GROUP_FILTER = among(
    dict.fromkeys(["lastUpdated", "lastMembershipUpdated"], TIME)
    | dict.fromkeys(["id", "type"], EQUAL)
)
TIMES = {"created", "activated", "statusChanged", "lastUpdated", "lastMembershipUpdated"}
LOG_OPERATORS = ("eq", "ne", "co", "sw", "ew", "pr", *RANGE)
CONTAINS = {"profile.firstName", "profile.lastName", "profile.email", "profile.login"}


def user_search(profile: set[str], with_pr: bool) -> Attributes:
    """Return what users can be searched by; `profile` holds the attributes of the schema."""
    pr = ("pr",) if with_pr else ()

    def attribute(name: str) -> Attribute | None:
        if name in TIMES - {"lastMembershipUpdated"}:
            return Attribute((*TIME.operators, *pr), "time")
        if name in ("id", "status", "type.id") or is_of_profile(name, profile):
            more = ("co",) if name in CONTAINS else ()
            numeric = RANGE if name.startswith("profile.") else ()
            return Attribute(("eq", "sw", *more, *numeric, *pr))
        return None

    return attribute


def group_search(profile: set[str]) -> Attributes:
    """Return what groups can be searched by."""

    def attribute(name: str) -> Attribute | None:
        if name in TIMES - {"activated", "statusChanged"}:
            return TIME
        if name in ("profile.name", "profile.description"):
            return Attribute(("eq", "sw", "co"))
        if name in ("id", "type", "source.id") or is_of_profile(name, profile):
            return Attribute(("eq", "sw"))
        return None

    return attribute


def is_of_profile(name: str, profile: set[str]) -> bool:
    return name.startswith("profile.") and name.removeprefix("profile.") in profile


def log_filter(name: str) -> Attribute | None:
    """Return what events can be filtered by: everything but the time."""
    return None if name == "published" else Attribute(LOG_OPERATORS)


def stamp(moment: datetime) -> str:
    """Return a timestamp as Okta writes it: UTC, milliseconds, Z. Sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> str:
    """Return a client's date as a timestamp, or refuse it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, "E0000030") from None
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def compile_filter(text: str, attributes: Attributes, code: str) -> Test:
    """Return the test of a filter, or refuse the filter with the error code of its list."""
    return _Parser(text, attributes, code).whole()


class _Parser:
    def __init__(self, text: str, attributes: Attributes, code: str) -> None:
        self.attributes, self.code, self.text = attributes, code, text
        self.tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = TOKEN.match(text, at)
            if not found:
                raise self.refused(f"unexpected character at {at}")
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def refused(self, why: str) -> Refused:
        if self.code == "E0000053":
            return Refused(400, self.code, f"Invalid filter '{self.text}': {why}")
        return Refused(400, self.code, causes=[why])

    def whole(self) -> Test:
        test = self.joined("or")
        if self.tokens[self.at][0] != "end":
            raise self.refused(f"unexpected {self.tokens[self.at][1]}")
        return test

    def take(self, *kinds: str) -> str:
        kind, text = self.tokens[self.at]
        if kind not in kinds:
            raise self.refused(f"expected a {kinds[0]}, got {text or 'the end'}")
        self.at += 1
        return text

    def joined(self, word: str) -> Test:
        """Parse operands joined by `word`. `and` binds closer than `or`."""
        parts = [self.joined("and") if word == "or" else self.term()]
        while (joiner := self.tokens[self.at])[0] == "word" and joiner[1].lower() == word:
            self.at += 1
            parts.append(self.joined("and") if word == "or" else self.term())
        if len(parts) == 1:
            return parts[0]
        some = any if word == "or" else all
        return lambda thing: some(part(thing) for part in parts)

    def term(self) -> Test:
        if self.tokens[self.at] == ("mark", "("):
            self.at += 1
            test = self.joined("or")
            if self.take("mark") != ")":
                raise self.refused("expected )")
            return test
        name = self.take("word")
        attribute = self.attributes(name)
        if attribute is None:
            raise self.refused(f"unsupported attribute {name}")
        operator = self.take("word").lower()
        if operator not in attribute.operators:
            raise self.refused(f"unsupported operator {operator} for {name}")
        path = name.split(".")
        if operator == "pr":
            return lambda thing: any(one is not None for one in values_at(thing, path))
        return self.comparison(path, operator, attribute.kind)

    def comparison(self, path: list[str], operator: str, kind: str) -> Test:
        is_text = self.tokens[self.at][0] == "text"
        word = self.take("text", "number", "word")
        try:
            wanted = json.loads(word)
        except ValueError:
            raise self.refused(f"{word} is no value: texts stand in double quotes") from None
        if kind == "time":
            wanted = parse_time(wanted if is_text else "")
        if operator in ("sw", "ew", "co") and not isinstance(wanted, str):
            raise self.refused(f"{operator} takes a text")
        fold = kind == "text" and isinstance(wanted, str)
        wanted = wanted.casefold() if fold else wanted
        compare = COMPARE[operator]

        def test(thing: dict[str, Any]) -> bool:
            found = values_at(thing, path)
            if operator == "ne":
                return all(not matches(one) for one in found)
            return any(matches(one) for one in found)

        def matches(value: Any) -> bool:
            if type(value) is not type(wanted):
                return False
            return compare(value.casefold() if fold else value, wanted)

        return test


def values_at(thing: Any, path: list[str]) -> list[Any]:
    """Return the values at a path: every entry's, where a list is on the way."""
    found = [thing]
    for name in path:
        found = [one.get(name) for one in _spread(found) if isinstance(one, dict)]
    return _spread(found)


def _spread(values: list[Any]) -> list[Any]:
    return [entry for one in values for entry in (one if isinstance(one, list) else [one])]


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, wanted: one == wanted,
    "ne": lambda one, wanted: one == wanted,
    "sw": lambda one, wanted: one.startswith(wanted),
    "ew": lambda one, wanted: one.endswith(wanted),
    "co": lambda one, wanted: wanted in one,
    "gt": lambda one, wanted: one > wanted,
    "ge": lambda one, wanted: one >= wanted,
    "lt": lambda one, wanted: one < wanted,
    "le": lambda one, wanted: one <= wanted,
}
