"""The part of SCIM filters that PingOne supports: `title eq "Manager" and enabled eq true`.

Every collection names its filterable attributes, and each attribute its operators. Anything else is
refused with the list of supported ones, as PingOne does. There is no `not` and no `ne`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.pingone.switches import Refused

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[A-Za-z][\w.\-]*))'
)
OPERATORS = frozenset({"eq", "sw", "ew", "co", "gt", "ge", "lt", "le"})


@dataclass(frozen=True)
class Attribute:
    """The operators, the kind and the path of one attribute."""

    operators: tuple[str, ...] = ("eq", "sw")
    kind: str = "text"  # or "flag", "time", "id", "rows" (an attribute with a bracket)
    path: str = ""  # where the value is, when not under the attribute's own name


ID = Attribute(("eq",), "id")
NAME = Attribute()
ROWS = Attribute(("eq",), "rows")
TIME = Attribute(("gt", "ge", "lt", "le"), "time")
EQUAL = Attribute(("eq",))
EVERYWHERE = Attribute(("eq", "sw", "ew", "co"))

USERS = (
    dict.fromkeys(["username", "externalId", "accountId", "type", "title", "nickname"], NAME)
    | dict.fromkeys(["locale", "timezone", "preferredLanguage", "photo.href"], NAME)
    | dict.fromkeys(["mobilePhone", "primaryPhone", "startDate", "endDate"], NAME)
    | dict.fromkeys(["name.formatted", "name.middle"], NAME)
    | dict.fromkeys(["name.honorificPrefix", "name.honorificSuffix"], NAME)
    | dict.fromkeys(["address.streetAddress", "address.locality", "address.region"], NAME)
    | dict.fromkeys(["address.postalCode", "address.countryCode"], NAME)
    | {"email": Attribute(("eq", "sw", "ew"))}
    | {"name.given": EVERYWHERE, "name.family": EVERYWHERE}
    | {"enabled": Attribute(("eq",), "flag"), "population.id": ID, "memberOfGroups": ROWS}
)
GROUPS = dict.fromkeys(["name", "displayName", "externalId"], NAME) | {
    "id": ID,
    "population.id": ID,
    "sourceId": EQUAL,
    "memberOfGroups": ROWS,
}
POPULATIONS = {"name": NAME, "id": ID}
ROLES = {"type": EQUAL}
MEMBERSHIPS = {"id": ID, "type": EQUAL, "name": NAME}
ENVIRONMENTS = {"name": NAME, "id": ID, "organization.id": ID, "license.id": ID}
BRACKET = {"id": ID, "type": EQUAL}
ACTIVITIES = (
    {
        "recordedat": replace(TIME, path="recordedAt"),
        "createdat": replace(TIME, path="createdAt"),
        "correlationid": replace(EQUAL, path="correlationId"),
    }
    | dict.fromkeys(["resources.id", "resources.population.id"], ID)
    | dict.fromkeys(["actors.user.id", "actors.client.id"], ID)
    | dict.fromkeys(
        ["action.type", "resources.type", "actors.user.name", "actors.client.name"], EQUAL
    )
)


@dataclass(frozen=True)
class Comparison:
    attribute: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Rows:
    """`memberOfGroups[id eq "…" and type eq "DIRECT"]`. Without a type, any type matches."""

    group_id: str
    type: str | None


@dataclass(frozen=True)
class Joined:
    word: str  # "and", "or"
    parts: tuple[Node, ...]


Node = Comparison | Rows | Joined
Test = Callable[[dict[str, Any]], bool]


def refused(message: str, **inner: Any) -> Refused:
    detail: dict[str, Any] = {"code": "INVALID_FILTER", "target": "filter", "message": message}
    return Refused(400, "INVALID_REQUEST", detail | ({"innerError": inner} if inner else {}))


def stamp(moment: datetime) -> str:
    """Return a timestamp as PingOne writes it: UTC, milliseconds, Z. Sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str, attributes: Mapping[str, Attribute], any_case: bool = False) -> Node:
    """Parse a filter into a tree, or refuse it. With `any_case`, attributes are in lower case."""
    return _Parser(text, attributes, any_case).whole()


class _Parser:
    def __init__(self, text: str, attributes: Mapping[str, Attribute], any_case: bool) -> None:
        self.attributes, self.any_case = attributes, any_case
        self.tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = TOKEN.match(text, at)
            if not found:
                raise refused(f"Unexpected character at {at}: {text[at : at + 20]}")
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def whole(self) -> Node:
        node = self.joined("or")
        if self.tokens[self.at][0] != "end":
            raise refused(f"Unexpected {self.tokens[self.at][1]}")
        return node

    def take(self, kind: str, what: str) -> str:
        token = self.tokens[self.at]
        if token[0] != kind or (kind == "mark" and token[1] != what):
            raise refused(f"Expected {what}, got {token[1] or 'the end'}")
        self.at += 1
        return token[1]

    def joined(self, word: str) -> Node:
        """Parse operands joined by `word`. `and` binds closer than `or`."""
        parts = [self.joined("and") if word == "or" else self.term()]
        while (joiner := self.tokens[self.at])[0] == "word" and joiner[1].lower() == word:
            self.at += 1
            parts.append(self.joined("and") if word == "or" else self.term())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def term(self) -> Node:
        if self.tokens[self.at] == ("mark", "("):
            self.at += 1
            node = self.joined("or")
            self.take("mark", ")")
            return node
        name = self.take("word", "an attribute")
        name = name.lower() if self.any_case else name
        if name not in self.attributes:
            raise refused(f"Unsupported attribute {name}", supportedAttributes=[*self.attributes])
        attribute = self.attributes[name]
        if attribute.kind == "rows":
            return self.rows()
        operator = self.take("word", "an operator").lower()
        if operator not in attribute.operators:
            known = "Unsupported" if operator in OPERATORS else "Unknown"
            raise refused(
                f"{known} operator {operator} for {name}", supportedOperators=[*attribute.operators]
            )
        return Comparison(name, operator, self.value(name, attribute.kind))

    def value(self, name: str, kind: str) -> Any:
        if kind == "flag":
            word = self.take("word", "true or false")
            if word not in ("true", "false"):
                raise refused(f"{name} takes true or false")
            return word == "true"
        text = re.sub(r"\\(.)", r"\1", self.take("text", "a value in double quotes")[1:-1])
        if kind != "time":
            return text
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise refused(f"{name} takes an ISO 8601 time") from None
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def rows(self) -> Rows:
        self.take("mark", "[")
        outer, self.attributes = self.attributes, BRACKET
        inner = self.joined("or")
        self.attributes = outer
        self.take("mark", "]")
        parts = inner.parts if isinstance(inner, Joined) else (inner,)
        known = {part.attribute: part.value for part in parts if isinstance(part, Comparison)}
        if getattr(inner, "word", "and") != "and" or len(known) < len(parts):
            raise refused("memberOfGroups takes id, and optionally type, joined by and")
        if "id" not in known:
            raise refused("memberOfGroups needs an id", supportedAttributes=[*BRACKET])
        return Rows(known["id"], known.get("type"))


def comparisons(node: Node) -> Iterator[Comparison]:
    """Yield every comparison in the tree."""
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, Joined):
        for part in node.parts:
            yield from comparisons(part)


def has_or(node: Node) -> bool:
    return isinstance(node, Joined) and (node.word == "or" or any(map(has_or, node.parts)))


def compiled(
    node: Node,
    attributes: Mapping[str, Attribute],
    case_sensitive: bool,
    holders: Callable[[Rows], set[str]] | None = None,
) -> Test:
    """Compile the tree into one test of an object.

    `holders` returns the ids that a bracket matches.
    """
    if isinstance(node, Joined):
        tests = [compiled(part, attributes, case_sensitive, holders) for part in node.parts]
        if node.word == "and":
            return lambda thing: all(test(thing) for test in tests)
        return lambda thing: any(test(thing) for test in tests)
    if isinstance(node, Rows):
        ids = holders(node) if holders else set()
        return lambda thing: thing["id"] in ids
    kind, wanted = attributes[node.attribute].kind, node.value
    path = (attributes[node.attribute].path or node.attribute).split(".")
    if kind == "flag":
        return lambda thing: _at(thing, path) is wanted
    fold = kind == "text" and not case_sensitive
    wanted = wanted.casefold() if fold else wanted
    compare = COMPARE[node.operator]

    def test(thing: dict[str, Any]) -> bool:
        value = _at(thing, path)
        if isinstance(value, list):
            return any(isinstance(one, str) and compare(one, wanted) for one in value)
        if not isinstance(value, str):
            return False
        return compare(value.casefold() if fold else value, wanted)

    return test


def _at(thing: Any, path: list[str]) -> Any:
    """Return the value at a path; where a list is on the way, the value of each entry."""
    for depth, name in enumerate(path):
        if isinstance(thing, list):
            return [_at(one, path[depth:]) for one in thing]
        thing = thing.get(name) if isinstance(thing, dict) else None
    return thing


COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": str.__eq__,
    "sw": str.startswith,
    "ew": str.endswith,
    "co": str.__contains__,
    "gt": str.__gt__,
    "ge": str.__ge__,
    "lt": str.__lt__,
    "le": str.__le__,
}
