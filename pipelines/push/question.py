"""What `push test` is asked, and the rules that answer it: those of the file, or one in its place.

A query that is tried takes the place of the rule that is named with it, or that has the same query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pipelines.failures import Misconfigured
from pipelines.push.rules import FieldRule, GroupRule, PushRules, check_field, check_group
from pipelines.settings import refuse_name
from pipelines.sources.registry import find_people
from pipelines.sql import quote
from pipelines.sql_text import write_plainly

UNNAMED = "(query)"  # no rule of a file has this id


@dataclass(frozen=True)
class Question:
    """What is tried: a query, a rule of the file, or the whole file if nothing is given.

    A query with `group` is tried instead of that rule's own, and `sql` with `field` likewise.
    """

    where: str | None = None
    sql: str | None = None
    carrot: str | None = None
    group: str | None = None
    field: str | None = None

    @property
    def query(self) -> dict[str, str]:
        """Return the query that is tried, by its language; empty if the saved one is."""
        texts = {"where": self.where, "sql": self.sql, "carrot": self.carrot}
        return {kind: text for kind, text in texts.items() if text is not None}


@dataclass(frozen=True)
class Trial:
    """The rules to answer, and those of them that the question is about.

    `query` is the query that is tried, and `found` is whom the HR system finds by it.
    """

    rules: PushRules
    groups: dict[str, GroupRule]
    fields: dict[str, FieldRule]
    query: dict[str, str]
    found: tuple[str, ...] | None = None

    @contextmanager
    def name_flag(self) -> Iterator[None]:
        """Name the flag, not the place in the file, in a failure about the query that is tried."""
        places = [f"groups.{name}" for name in self.groups]
        places += [f"fields.{name}" for name in self.fields]
        try:
            yield
        except Misconfigured as failure:
            place = failure.what.removeprefix(f"{self.rules.path} ")
            if self.query and place.startswith(tuple(places)):
                [flag] = self.query
                raise Misconfigured(f"--{flag}", failure.why, failure.next) from None
            raise


def choose_rules(rules: PushRules, question: Question) -> Trial:
    """Return the rules that answer a question. Raises Misconfigured for a wrong query or name.

    Only a query in Carrot is sent to the HR system.
    """
    definition, query = rules.definition, question.query
    for kind, text in query.items():
        if not text.strip():
            raise Misconfigured(f"--{kind}", "the query is empty", "write one")
    if question.group is not None:
        _must_know(f"{rules.path} groups", question.group, definition.groups)
    if question.field is not None:
        return _try_field(rules, question.field, query)
    if query:
        return _try_query(rules, question.group or _find_same(definition.groups, query), query)
    if question.group is not None:
        groups = {question.group: definition.groups[question.group]}
        return Trial(_replace(rules, fields={}), groups, {}, {})
    return Trial(rules, definition.groups, definition.fields, {})


def _try_field(rules: PushRules, name: str, query: dict[str, str]) -> Trial:
    fields = rules.definition.fields
    if not query:
        _must_know(f"{rules.path} fields", name, fields)
    elif not name.isidentifier():
        raise Misconfigured("--field", f"{name} is no name of an attribute", "correct it")
    field = fields.get(name, FieldRule())
    if query:
        field = field.model_copy(update={"field": None} | query)
    trial = Trial(_replace(rules, fields={name: field}), {}, {name: field}, query)
    with trial.name_flag():
        check_field(f"{rules.path} fields.{name}", field, rules.asked)
    return trial


def _try_query(rules: PushRules, name: str, query: dict[str, str]) -> Trial:
    groups, found = rules.definition.groups, None
    if "carrot" in query:
        found = tuple(_ask(query["carrot"]))
    asked = {"where": f"person_id in ({', '.join(map(quote, found))})"} if found else {}
    texts = query if found is None else asked or {"where": "false"}
    rule = groups.get(name, GroupRule(name=UNNAMED))
    rule = rule.model_copy(update=dict.fromkeys(("where", "sql", "carrot")) | texts)
    tried = _replace(rules, groups=groups | {name: rule}, fields={})
    trial = Trial(tried, {name: rule}, {}, query, found)
    with trial.name_flag():
        check_group(f"{rules.path} groups.{name}", rule, rules.asked)
    return trial


def _replace(rules: PushRules, **update: Any) -> PushRules:
    return replace(rules, definition=rules.definition.model_copy(update=update))


def _must_know(what: str, name: str, known: dict[str, Any]) -> None:
    if not known:
        raise Misconfigured(what, f"there is no rule {name}, and no other", "write it")
    if name not in known:
        refuse_name(what, name, [*known], "rule")


def _ask(query: str) -> list[str]:
    try:
        return find_people(query)
    except Misconfigured as failure:
        what = "--carrot" if failure.what == "the query" else failure.what
        raise Misconfigured(what, failure.why, failure.next) from None


def _find_same(groups: dict[str, GroupRule], query: dict[str, str]) -> str:
    """Return the rule that has this query already, whatever its blanks; UNNAMED if none has."""
    [(kind, text)] = query.items()
    write = str.strip if kind == "carrot" else write_plainly
    for name, rule in groups.items():
        saved = getattr(rule, kind)
        if saved and write(saved) == write(text):
            return name
    return UNNAMED
