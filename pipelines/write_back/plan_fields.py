"""Check every field of a plan, because a file that somebody hands over proves nothing by itself."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from pipelines.failures import Refused
from pipelines.sources.writer import ACTION_ORDER, Change

PLAN_FORMAT = "rollcall plan 2"
EARLIER_FORMAT = "rollcall plan 1"  # such a plan can only be undone
NEXT_PLAN = "make a new plan: `rollcall plan`"


def _must_be_time(text: str) -> str:
    if not text.endswith("Z"):
        raise ValueError("it is not a time in UTC")
    datetime.fromisoformat(text)
    return text


def _must_be_object(text: str) -> str:
    if not isinstance(json.loads(text), dict):
        raise ValueError("it is not a JSON object")
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Time = Annotated[str, AfterValidator(_must_be_time)]
State = Annotated[str, AfterValidator(_must_be_object)]
Count = Annotated[int, Field(ge=0)]


class Fields(BaseModel):
    """A part of a plan. An unknown field, or a value of a wrong type, is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Snapshot(Fields):
    data_as_of: Time | None
    runs: dict[Text, Text]


class Totals(Fields):
    changes: Count
    blocked: Count
    by_action: dict[Text, Count]
    by_source: dict[Text, Count]


class Item(BaseModel):
    """The fields of a change that must have a certain form; `Change.of` checks the others."""

    model_config = ConfigDict(extra="ignore", strict=True)

    change_id: Text
    action: Literal[ACTION_ORDER]  # type: ignore[valid-type]
    channel: Literal["api", "ticket"]
    wanted_action: Literal[(*ACTION_ORDER, "modify", None)]  # type: ignore[valid-type]
    inverse_action: Literal[(*ACTION_ORDER, None)]  # type: ignore[valid-type]
    source_name: Text
    through: Text
    expected_state: State | None
    wanted_state: State | None
    reason_kind: Literal["decision", "leaver", "request", "expiry", "push", "undo"]
    reason_id: Text
    due_at: Time | None
    account_created_at: Time | None


class BlockedItem(Item):
    """A change that no plan makes, perhaps because nothing can make it."""

    channel: Literal["api", "ticket", "none"]  # type: ignore[assignment]
    blocked_because: Text
    next_step: str | None = None


class EarlierDocument(Fields):
    format: Literal[EARLIER_FORMAT]  # type: ignore[valid-type]
    rollcall: Text
    made_at: Time
    made_by: Text
    tenants: dict[Text, Text]
    snapshot: Snapshot
    decisions_sha256: Sha256
    undoes: Sha256 | None
    protected: list[Text] | None = None
    exceeded: list[Text]
    totals: Totals
    items: list[dict[str, str | None]]
    blocked: list[dict[str, str | None]]
    digest: Sha256


class Document(EarlierDocument):
    """A plan of this version: what it is about, and what a standing approval must fit."""

    format: Literal[PLAN_FORMAT]  # type: ignore[valid-type]
    kind: Literal["access", "push", "expiry"]
    rules_sha256: Sha256 | None  # the rules that ask for it; null if a person approves it anyway
    limits: dict[Text, int | float] | None
    protected: list[Text]  # type: ignore[assignment]


def check_fields(document: dict[str, Any], what: str) -> None:
    """Raise Refused for the first field of a plan that is not as `plan` writes it."""
    try:
        form = EarlierDocument if document["format"] == EARLIER_FORMAT else Document
        form.model_validate(document)
        for number, item in enumerate(document["items"], 1):
            _check_item(item, Item, f"items.{number}")
        for number, item in enumerate(document["blocked"], 1):
            _check_item(item, BlockedItem, f"blocked.{number}")
        why = _find_contradiction(document) or _find_stranger(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    except ValueError as error:
        why = str(error)
    if why:
        raise Refused(what, why, NEXT_PLAN)


def _check_item(item: dict[str, Any], kind: type[Item], place: str) -> None:
    own = {*kind.model_fields} - {*Item.model_fields}
    try:
        Change.of({key: value for key, value in item.items() if key not in own})
        kind.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(f"{place}.{first['loc'][0]}: {first['msg'].lower()}") from None


def _find_contradiction(document: dict[str, Any]) -> str:
    """Return a text about two fields of a plan that contradict each other; empty if none do."""
    items, totals, snapshot = document["items"], document["totals"], document["snapshot"]
    ids = {item["change_id"] for item in items}
    undone = {item["reason_kind"] == "undo" for item in items}
    if len(ids) != len(items):
        return "a change is in the plan twice"
    if (totals["changes"], totals["blocked"]) != (len(items), len(document["blocked"])):
        return "the totals are not those of the items"
    changed, read = {item["source_name"] for item in items}, {*snapshot["runs"]}
    has_rules = document.get("kind", "access") != "access"  # whose rules read other systems, too
    if not changed <= read or not (has_rules or changed == read):
        return "the snapshot does not name the run of each system"
    if items and not snapshot["data_as_of"]:
        return "data_as_of is missing, so nothing says how old the data of the plan is"
    if items and undone != {bool(document["undoes"])}:
        return "a change is an undo, and the plan undoes nothing, or the other way round"
    return ""


def _find_stranger(document: dict[str, Any]) -> str:
    """Return a text about a field or a change that a plan of this kind has not; empty if none."""
    kind, items = document.get("kind", "access"), document["items"]
    if kind == "access":
        if document.get("rules_sha256") or document.get("limits") is not None:
            return "it has rules or limits of its own, and no plan of access has"
        if any(item["reason_kind"] == "push" for item in items):
            return "a change of a push is in a plan of access"
        return ""
    if not document["rules_sha256"] or document["limits"] is None or document["undoes"]:
        return f"the rules or the limits of the {kind} are missing, or it undoes a plan"
    if any(item["reason_kind"] != kind for item in items):
        return f"a change has another reason than the {kind}"
    if kind == "push" and len({item["source_name"] for item in items}) > 1:
        return "it is a push into several systems"
    return ""
