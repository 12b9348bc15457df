"""The rules of a push: one file `<target>.toml` in the folder PUSH__FOLDER (default `push`).

The file says which facts of the HR system are brought into a target, and how much one run may
change without a person. A wrong entry or an unknown name ends the command.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import Strict, Text, find_folder, parse_toml
from pipelines.settings import refuse_name
from pipelines.sources import vendor_names
from pipelines.sources.asked import Asked
from pipelines.sql_text import check_expression, check_query, find_keys

FORMAT = "rollcall push 1"  # raise this when the same file would be read in another way
DEFAULT_FOLDER = Path("push")  # in the project directory
HR_FIELDS = "hr_fields"  # the column of `people`
TODAY = "use the column `today`, the day in the time zone of the organisation"

# The HR system gets these names in one list, separated by commas
HrField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$")]
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,60}$")]
Share = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Part(Strict):
    """A part of the file. A text is no number, and no number is a truth value."""

    model_config = ConfigDict(strict=True)


class People(Part):
    """Whom the push is about, and what the rules know of them."""

    where: Text = "employment_status = 'active'"
    days_before_start: Count = 0
    days_after_end: Count = 0
    remote_as_default: bool = False
    remote_value: Text = "Remote"
    hr_fields: list[HrField] = Field([])


class Profiles(Part):
    """Which accounts the push creates and activates."""

    create: bool = False
    login: Text = "work_email"
    activate: Literal["never", "on_start", "at_once"] = "never"
    activation_mail: bool = False
    reactivate: bool = False
    user_type: str = ""


class FieldRule(Part):
    """One attribute of an account: a field of the HR system, or an expression over `people`."""

    field: HrField | None = None
    sql: Text | None = None
    when_blank: Literal["keep", "clear"] = "keep"
    identifies: bool = False


class GroupRule(Part):
    """One group: whom a condition or a query over `people`, or the HR system itself, finds."""

    name: Text
    description: str = ""
    where: Text | None = None
    carrot: Text | None = None
    sql: Text | None = None
    members: Literal["exact", "add_only"] = "exact"
    adopt: str = ""


class Limits(Part):
    """What one run may change without a person."""

    changes: Count = 50
    percent_of_accounts: Share = 5.0
    creates: Count = 10
    reactivations: Count = 2
    percent_of_members: Share = 20.0
    one_field_percent: Share = 20.0
    few: Count = 5
    blanked: Count = 5


class Notify(Part):
    """When a summary of a run is sent, and how much of it."""

    when: Literal["changes", "always"] = "changes"
    detail: Literal["changes", "counts"] = "changes"


class Definition(Part):
    """The whole of the file."""

    people: People = People()
    profiles: Profiles = Profiles()
    fields: dict[Attribute, FieldRule] = Field({})
    groups: dict[RuleId, GroupRule] = Field({})
    limits: Limits = Limits()
    notify: Notify = Notify()


@dataclass(frozen=True)
class PushRules:
    """The checked rules of one target."""

    target: str
    path: Path
    definition: Definition

    def digest(self, tenant: str) -> str:
        """Return the SHA-256 of the rules for this tenant. Comments and order make no difference,
        and neither does a default that is written out."""
        content = {
            "format": FORMAT,
            "target": self.target,
            "tenant": tenant,
            "rules": self.definition.model_dump(mode="json"),
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def asked(self) -> Asked:
        """Return what these rules want to know of the HR system and of the target."""
        rules = self.definition
        fields = {rule.field for rule in rules.fields.values() if rule.field}
        queries = {rule.carrot for rule in rules.groups.values() if rule.carrot}
        adopted = {rule.adopt for rule in rules.groups.values() if rule.adopt}
        return Asked(
            tuple(sorted({*rules.people.hr_fields, *fields})),
            tuple(sorted(queries)),
            {self.target: tuple(sorted(rules.fields))},
            {self.target: tuple(sorted(adopted))},
            rules.people.days_before_start,
            rules.people.days_after_end,
        )


def push_folder() -> Path:
    """Return the folder of the rules: PUSH__FOLDER, else `push`."""
    return find_folder("push.folder", DEFAULT_FOLDER)


def find_targets() -> list[str]:
    """Return the targets that have a file of rules."""
    names = sorted(path.stem for path in push_folder().glob("*.toml"))
    return [name for name in names if not name.startswith(".")]  # an editor's own


def read_all_rules() -> list[PushRules]:
    """Return the rules of all targets. Raises Misconfigured for the first wrong entry."""
    return [read_rules(name) for name in find_targets()]


def read_rules(target: str) -> PushRules:
    """Return the rules of one target. Raises Misconfigured if the file is missing or wrong."""
    path = push_folder() / f"{target}.toml"
    if target not in vendor_names():
        refuse_name(str(path), target, vendor_names(), "target")
    if not path.is_file():
        raise Misconfigured(str(path), "there is no such file", "write it, or set PUSH__FOLDER")
    rules = PushRules(target, path, parse_toml(path, Definition))
    _check_rules(path, rules)
    return rules


def find_asked() -> Asked:
    """Return what the rules of all targets want to know of the HR system and of each target."""
    asked = [rules.asked for rules in read_all_rules()]
    fields = {name for one in asked for name in one.fields}
    queries = {query for one in asked for query in one.queries}
    attributes = {target: names for one in asked for target, names in one.attributes.items()}
    groups = {target: ids for one in asked for target, ids in one.groups.items()}
    return Asked(
        tuple(sorted(fields)),
        tuple(sorted(queries)),
        attributes,
        groups,
        max((one.days_before_start for one in asked), default=0),
        max((one.days_after_end for one in asked), default=0),
    )


def find_hr_fields(rule: FieldRule | GroupRule) -> set[str]:
    """Return the fields of the HR system that a rule reads."""
    if isinstance(rule, GroupRule):
        return find_read_fields(rule.where) if rule.where else find_keys(rule.sql or "", HR_FIELDS)
    return {rule.field} if rule.field else find_read_fields(rule.sql or "")


def find_read_fields(expression: str) -> set[str]:
    """Return the fields of the HR system that an expression reads."""
    return find_keys(f"select {expression}\n", HR_FIELDS)


def _check_rules(path: Path, rules: PushRules) -> None:
    definition = rules.definition
    for place, text in (
        ("people.where", definition.people.where),
        ("profiles.login", definition.profiles.login),
    ):
        check_expression(f"{path} {place}", text, TODAY)
        _must_be_asked(f"{path} {place}", find_read_fields(text), rules.asked)
    for name, field in definition.fields.items():
        check_field(f"{path} fields.{name}", field, rules.asked)
    for name, group in definition.groups.items():
        check_group(f"{path} groups.{name}", group, rules.asked)


def check_field(what: str, rule: FieldRule, asked: Asked) -> None:
    """Raise Misconfigured unless a rule has one expression, or one field, that can be answered."""
    _must_be_one(what, field=rule.field, sql=rule.sql)
    if rule.sql:
        check_expression(f"{what}.sql", rule.sql, TODAY)
    _must_be_asked(what, find_hr_fields(rule), asked)


def check_group(what: str, rule: GroupRule, asked: Asked) -> None:
    """Raise Misconfigured unless a rule has one query that can be answered."""
    _must_be_one(what, where=rule.where, carrot=rule.carrot, sql=rule.sql)
    if rule.where:
        check_expression(f"{what}.where", rule.where, TODAY)
    if rule.sql:
        check_query(f"{what}.sql", rule.sql, TODAY)
    _must_be_asked(what, find_hr_fields(rule), asked)


def _must_be_asked(what: str, fields: set[str], asked: Asked) -> None:
    """Raise Misconfigured for SQL that reads a field that the file does not ask for: a misspelt
    name would be a blank value of everybody."""
    for name in sorted(fields - {*asked.fields}):
        if not name:
            why = "it reads hr_fields without the name of a field"
            raise Misconfigured(what, why, "write (hr_fields->>'name'), with the brackets")
        near = difflib.get_close_matches(name, asked.fields, 1)
        remedy = f"did you mean {near[0]}?" if near else f"add {name} to people.hr_fields"
        raise Misconfigured(what, f"nothing asks the HR system for the field {name}", remedy)


def _must_be_one(what: str, **ways: str | None) -> None:
    """Raise Misconfigured unless exactly one of these entries is set."""
    if sum(value is not None for value in ways.values()) != 1:
        names = ", ".join(f"`{name}`" for name in ways)
        raise Misconfigured(what, f"it needs exactly one of {names}", "keep one of them")
