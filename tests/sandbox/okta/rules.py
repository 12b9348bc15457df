"""The part of Okta's expression language that group rules use here.

`user.department=="Finance" && !isMemberOfAnyGroup("00g1")`. What is not understood is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.sandbox.okta.directory import Thing
from tests.sandbox.okta.switches import invalid

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'[^']*')|(?P<mark>&&|\|\||[=!<>]=|[!()<>,])"""
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*))"
)
Value = Callable[[Thing, set[str]], Any]  # from a profile and the ids of its groups
LITERALS = {"true": True, "false": False, "null": None}
WORDS = {"and": "&&", "or": "||", "not": "!"}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one is not None and other is not None and one < other,
    ">": lambda one, other: one is not None and other is not None and one > other,
    "<=": lambda one, other: one is not None and other is not None and one <= other,
    ">=": lambda one, other: one is not None and other is not None and one >= other,
}
TEXTS: dict[str, Callable[[str, str], bool]] = {
    "String.stringContains": lambda one, other: other in one,
    "String.startsWith": lambda one, other: one.startswith(other),
}


def compile_rule(text: str) -> Value:
    """Return the condition of a rule, or refuse it."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = TOKEN.match(text, at)
            if not found:
                raise self.refused(f"unexpected character at {at}")
            kind, word = found.lastgroup or "", found[found.lastgroup or 0]
            if kind == "word" and word.lower() in WORDS:
                kind, word = "mark", WORDS[word.lower()]
            self.tokens.append((kind, word))
            at = found.end()
        self.tokens.append(("end", ""))
        self.at = 0

    def refused(self, why: str) -> Exception:
        return invalid("conditions.expression", f"Invalid expression: {why}")

    def next(self, *marks: str) -> str:
        """Return the next token if it is one of these marks, else an empty text."""
        kind, text = self.tokens[self.at]
        if kind != "mark" or text not in marks:
            return ""
        self.at += 1
        return text

    def whole(self) -> Value:
        made = self.joined("||")
        if self.tokens[self.at][0] != "end":
            raise self.refused(f"unexpected {self.tokens[self.at][1]}")
        return made

    def joined(self, mark: str) -> Value:
        parts = [self.joined("&&") if mark == "||" else self.comparison()]
        while self.next(mark):
            parts.append(self.joined("&&") if mark == "||" else self.comparison())
        if len(parts) == 1:
            return parts[0]
        some = any if mark == "||" else all
        return lambda profile, groups: some(part(profile, groups) for part in parts)

    def comparison(self) -> Value:
        if self.next("!"):
            negated = self.comparison()
            return lambda profile, groups: not negated(profile, groups)
        left = self.operand()
        mark = self.next(*COMPARE)
        if not mark:
            return left
        right, compare = self.operand(), COMPARE[mark]
        return lambda profile, groups: compare(left(profile, groups), right(profile, groups))

    def operand(self) -> Value:
        if self.next("("):
            inner = self.joined("||")
            self.close()
            return inner
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            value = json.loads(text) if text[0] == '"' else text[1:-1]
            return lambda profile, groups: value
        if kind == "number":
            number = json.loads(text)
            return lambda profile, groups: number
        if text in LITERALS:
            return lambda profile, groups: LITERALS[text]
        if kind == "word" and text.startswith("user."):
            name = text.removeprefix("user.")
            return lambda profile, groups: profile.get(name)
        if kind == "word" and self.next("("):
            return self.call(text)
        raise self.refused(f"unexpected {text or 'end'}")

    def call(self, name: str) -> Value:
        given = [self.operand()]
        while self.next(","):
            given.append(self.operand())
        self.close()
        if name in ("isMemberOfAnyGroup", "isMemberOfGroup"):
            return lambda profile, groups: any(one(profile, groups) in groups for one in given)
        if name in TEXTS and len(given) == 2:
            test, (left, right) = TEXTS[name], given
            return lambda profile, groups: test(
                str(left(profile, groups) or ""), str(right(profile, groups))
            )
        raise self.refused(f"unknown function {name}")

    def close(self) -> None:
        if not self.next(")"):
            raise self.refused("expected )")
