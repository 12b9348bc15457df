"""The interface of a vendor's `writer` module: how one change is looked up and made."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import quote

from pipelines.failures import Refused


@dataclass(frozen=True)
class Action:
    """One kind of change: whether it is work on a ticket, whether something is taken away so that
    the change is also done if what it would remove is gone, and the action that undoes it."""

    name: str
    is_ticket_work: bool = False
    takes: bool = False
    inverse: str | None = None


# In the order in which a plan makes them: what takes access away comes first, and what makes an
# account or a group comes before what needs it. dbt_project.yml has the inverses, too.
ACTIONS = (
    Action("disable_account", takes=True, inverse="enable_account"),
    Action("revoke", takes=True, inverse="grant"),
    Action("open_ticket", is_ticket_work=True, inverse="close_ticket"),
    Action("enable_account", inverse="disable_account"),
    Action("create_account", inverse="delete_account"),
    Action("update_account", inverse="update_account"),
    Action("create_group"),
    Action("rename_group", inverse="rename_group"),
    Action("grant", inverse="revoke"),
    Action("delete_account", takes=True),
    Action("reopen_ticket", is_ticket_work=True, inverse="close_ticket"),
    Action("comment_ticket", is_ticket_work=True),
    Action("close_ticket", is_ticket_work=True, takes=True, inverse="reopen_ticket"),
)
ACTION_ORDER = tuple(action.name for action in ACTIONS)
COUNTED_ACTIONS = tuple(action.name for action in ACTIONS if not action.is_ticket_work)
REMOVING_ACTIONS = tuple(action.name for action in ACTIONS if action.takes)


# Fields of a change that the plans of earlier versions lack
LATER_FIELDS = {"account_email", "source_title", "how_to_revoke"}


@dataclass(frozen=True)
class Change:
    """One item of a plan, with the columns of the table planned_changes.

    `expected_state` and `wanted_state` are JSON texts:

    action            what the wanted state has
    create_account    username, email, given_name, family_name, employee_number, population_id,
                      is_enabled; from a push also profile and user_type
    update_account    profile: attribute -> value, null for none. The expected state has the same
                      attributes with the values at the last sync, and from a push
                      schema_sha256: what the target said about them then
    enable_account    status; from a push also source_status and sends_mail
    create_group      name and description
    rename_group      name and description; the expected state has both, too

    For an action on an existing ticket the expected state has its ticket_id and reference.
    """

    change_id: str
    action: str  # the name of one of ACTIONS
    channel: str  # api or ticket
    wanted_action: str | None  # what a ticket asks for
    source_name: str  # the system that is changed
    through: str  # the source whose API is called: source_name, or the one for tickets
    account_id: str | None
    entitlement_id: str | None
    scope_type: str | None
    scope_id: str | None
    grant_id: str | None
    source_grant_id: str | None
    expected_state: str | None
    wanted_state: str | None
    reason_kind: str
    reason_id: str
    reason: str | None
    approved_by: str | None
    campaign: str | None
    item_id: str | None
    due_at: str | None  # ISO 8601 in UTC
    inverse_action: str | None
    account_name: str | None
    entitlement_name: str | None
    person_id: str | None
    residual: str | None
    account_username: str | None = None  # at the last sync; if it differs now, nothing is done
    account_created_at: str | None = None  # if it differs now, the whole apply stops
    resource_name: str | None = None  # of the entitlement
    account_email: str | None = None
    source_title: str | None = None  # of a declared system, with how access is taken away there
    how_to_revoke: str | None = None

    @classmethod
    def of(cls, item: dict[str, Any]) -> Change:
        """Return the change that an item of a plan file describes. Raises Refused."""
        names, given = set(cls.__dataclass_fields__), set(item)
        if not names - LATER_FIELDS <= given <= names or any(
            not isinstance(value, str | None) for value in item.values()
        ):
            raise Refused("plan", "an item has other fields than a change", "make a new plan")
        return cls(**item)

    def item(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def asks_for(self) -> str:
        """Return the action on the access, whether an API or a ticket brings it about."""
        return (self.wanted_action or self.action) if self.action == "open_ticket" else self.action


@dataclass(frozen=True)
class Seen:
    """What the live system says about a change.

    pending: it must be made. done: it is in place. absent: the access or its account is gone.
    drift: the state is not the expected one, so nothing is done. wrong: the id belongs to another
    person or thing now, so the whole apply stops. For a ticket `why` says how it differs from what
    was asked for, and the facts have ticket_id and reference.

    If the facts of a change that is in place have account_id or entitlement_id, the change made
    that account or group; changed_fields are the sorted names of attributes, and schema_sha256 is
    that of the expected state. All four are columns of applied_changes.
    """

    state: Literal["pending", "done", "absent", "drift", "wrong"]
    why: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  # ids and states, for the audit log
    step: str = ""  # the next call, if a change takes several
    unlogged: dict[str, Any] = field(default_factory=dict, repr=False)  # values for the next call


@dataclass(frozen=True)
class Receipt:
    """The vendor's answer to a call that it accepted."""

    native_id: str | None = None  # of the new user, role assignment or ticket
    reference: str | None = None  # the unique text that a ticket carries
    facts: dict[str, Any] = field(default_factory=dict)


class Provisioner(Protocol):
    """The writer of one tenant."""

    def own_accounts(self) -> set[str]:
        """Return the accounts that Rollcall itself uses; no plan may change them."""
        ...

    def begin(self, changes: list[Change]) -> None:
        """Say which changes a plan has, in their order, before the first `look`.

        Optional; some may be settled. The writer may then read once what many of them need, and
        answer the first `look` for a change from what it read at most a minute before. Every other
        `look` reads anew.
        """
        ...

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        """Return the live state, by reads only. Raises Denied or Unreadable.

        `asked_at` is the time at which a call of unknown effect began. A read may lag behind that
        call, so the change is pending only if it still is after a wait.
        """
        ...

    def act(self, change: Change, seen: Seen) -> Receipt:
        """Send exactly one write for a change that was just seen as pending; never retry it.

        Raises Unsent (certainly no effect), Unknown (perhaps one) or Rejected (by the vendor).
        """
        ...


def wait_until_settled(
    see: Callable[[], Seen],
    asked_at: datetime | None,
    settle: float,
    waits: Callable[[Seen], bool] = lambda seen: seen.state == "pending",
) -> Seen:
    """Return what `see` finds. Repeat `see` while `waits` is true for its result, until time is up.

    For `settle` seconds after `asked_at`, when a call of unknown effect began, a read may still
    show the old state.
    """
    left = settle - (datetime.now(UTC) - asked_at).total_seconds() if asked_at else 0.0
    end = time.monotonic() + min(left, settle)
    pause = 0.1
    while waits(seen := see()) and (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 2, 2.0)
    return seen


def to_native_id(key: str | None) -> str:
    """Return the vendor's id that an id of ours contains: `<id>` in `pingone:group:<id>:member`."""
    parts = (key or "").split(":")
    return quote(parts[2] if len(parts) > 2 else parts[-1], safe="")


def is_same(live: Any, wanted: Any) -> bool:
    """Return whether the live value has everything that is wanted; letters may differ in case."""
    if isinstance(wanted, dict):
        known = live if isinstance(live, dict) else {}
        return all(is_same(known.get(name), value) for name, value in wanted.items())
    return str(live or "").strip().casefold() == str(wanted).strip().casefold()


def find_drift(change: Change, *, created_at: Any, username: Any) -> Seen | None:
    """Return a sign that this is not the account that the last sync read; None if there is none."""
    live, known = _parse_moment(created_at), _parse_moment(change.account_created_at)
    facts = {"created_at": created_at}
    if live and known and abs(live - known) >= timedelta(seconds=1):
        return Seen("wrong", "the id belongs to an account that was created at another time", facts)
    if change.account_username and not is_same(username, change.account_username):
        return Seen("drift", "the account now has another username", facts)
    return None


def _parse_moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
