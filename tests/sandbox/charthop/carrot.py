"""Carrot, ChartHop's query language, as far as its documentation shows it (docs.charthop.com).

A query is terms (`department:sales,marketing`, `startDate<'2020-01-01'`, `is:manager`) joined by
`&&`, `AND` or a blank, and by `||`, which binds less. `!` turns a term or a bracket round. ChartHop
refuses any other form.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.sandbox.charthop.switches import Refused

TOKEN = re.compile(
    r"""\s*(?:(?P<sign>\(|\)|&&|\|\||AND\b|!(?!=))|(?P<name>[\w.]+)\s*(?P<op>!=|<=|>=|[:=<>])\s*"""
    r"""(?P<value>(?:'[^']*'|"[^"]*"|[^\s'"(),&|!]+)(?:,(?:'[^']*'|"[^"]*"|[^\s'"(),&|!]+))*))"""
)
VALUE = re.compile(r"""'([^']*)'|"([^"]*)"|([^,]+)""")
Test = Callable[[str, str, list[str]], bool]  # name, operator, values -> whether a row matches
Query = Callable[[Test], bool]


def parse(text: str) -> Query:
    """Return the query as a function of the test of one term. Raises Refused (400)."""
    tokens = []
    at = 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if found is None:
            raise Refused(400, f"invalid query: {text}")
        tokens.append(found)
        at = found.end()
    reader = _Reader(tokens, text)
    query = reader.read_any() if tokens else (lambda test: True)
    if reader.next() is not None:
        raise Refused(400, f"invalid query: {text}")
    return query


class _Reader:
    def __init__(self, tokens: list[re.Match[str]], text: str) -> None:
        self.tokens, self.text, self.at = tokens, text, 0

    def next(self) -> str | None:
        """Return the next sign, "" before a term, None at the end."""
        return (self.tokens[self.at]["sign"] or "") if self.at < len(self.tokens) else None

    def read_any(self) -> Query:
        parts = [self.read_all()]
        while self.next() == "||":
            self.at += 1
            parts.append(self.read_all())
        return lambda test: any(part(test) for part in parts)

    def read_all(self) -> Query:
        parts = [self.read_one()]
        while self.next() not in (None, "||", ")"):
            if self.next() in ("&&", "AND"):
                self.at += 1
            parts.append(self.read_one())
        return lambda test: all(part(test) for part in parts)

    def read_one(self) -> Query:
        sign = self.next()
        if sign not in ("!", "(", ""):
            raise Refused(400, f"invalid query: {self.text}")
        token = self.tokens[self.at]
        self.at += 1
        if sign == "!":
            inner = self.read_one()
            return lambda test: not inner(test)
        if sign == "(":
            inner = self.read_any()
            if self.next() != ")":
                raise Refused(400, f"invalid query: {self.text}")
            self.at += 1
            return inner
        values = ["".join(found).lower() for found in VALUE.findall(token["value"])]
        return lambda test: test(token["name"], token["op"], values)


def compare(found: object, sign: str, values: list[str]) -> bool:
    """Return whether a row's value stands in this relation to one of the values of a term."""
    text = "" if found is None else str(found).lower()
    first = values[0]
    return {
        ":": any(part in text for part in values),
        "=": text in values,
        "!=": text not in values,
        "<": bool(text) and text < first,
        ">": bool(text) and text > first,
        "<=": bool(text) and text <= first,
        ">=": bool(text) and text >= first,
    }[sign]
