"""The interface of a vendor's `writer` module: how one change is looked at and made."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from pipelines.failures import Refused


@dataclass(frozen=True)
class Change:
    """One item of a plan: the columns of planned_changes, and what identifies its subject.

    `expected_state` and `wanted_state` are JSON texts. For create_account the latter holds
    username, email, given_name, family_name, employee_number, population_id and is_enabled. For
    what becomes of a ticket that is there, the former holds its ticket_id and reference.
    """

    change_id: str
    action: str  # grant, revoke, create_account, disable_account, enable_account,
    # delete_account, open_ticket, close_ticket, reopen_ticket or comment_ticket
    channel: str  # api or ticket
    wanted_action: str | None  # what a ticket asks for
    source_name: str  # the system that is changed
    through: str  # the source whose API carries it out: the same, or the one for tickets
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
    account_username: str | None = None  # as the last sync saw it; another one is a drift
    account_created_at: str | None = None  # another one is another subject: the whole plan stops
    resource_name: str | None = None  # of the entitlement

    @classmethod
    def of(cls, item: dict[str, Any]) -> Change:
        """The change that an item of a plan file says. Raises Refused."""
        names = set(cls.__dataclass_fields__)
        if set(item) != names or any(not isinstance(value, str | None) for value in item.values()):
            raise Refused("plan", "an item has not the fields of a change", "make a new plan")
        return cls(**item)

    def item(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def asks_for(self) -> str:
        """What becomes of the access, whoever does it."""
        return (self.wanted_action or self.action) if self.action == "open_ticket" else self.action


@dataclass(frozen=True)
class Seen:
    """What the live system says about a change.

    pending: it is to be made. done: it is so already. absent: what it would take away, or take it
    from, is not there any more. drift: it is otherwise than expected, and nothing is done about it.
    wrong: the id belongs to somebody or something else now; the whole apply stops. With a ticket
    `why` also tells what it lacks of what was asked for; the facts hold ticket_id and reference.
    """

    state: Literal["pending", "done", "absent", "drift", "wrong"]
    why: str = ""
    facts: dict[str, Any] = field(default_factory=dict)  # ids and states; for the audit log
    step: str = ""  # the call that `act` makes next, where a change takes more than one


@dataclass(frozen=True)
class Receipt:
    """What the vendor answered to a call that it took."""

    native_id: str | None = None  # of what was made: a user, a role assignment, a ticket
    reference: str | None = None  # the unique reference that a ticket carries
    facts: dict[str, Any] = field(default_factory=dict)


class Provisioner(Protocol):
    """One tenant that may be written to."""

    def own_accounts(self) -> set[str]:
        """The accounts that the pipeline itself uses; no plan may touch them."""
        ...

    def look(self, change: Change, asked_at: datetime | None = None) -> Seen:
        """The live state, by reads only. `asked_at` is when a call for it was begun whose effect is
        not known: a list that lags behind is then waited for, before it is called pending. Raises
        Denied or Unreadable."""
        ...

    def act(self, change: Change, seen: Seen) -> Receipt:
        """Exactly one call that may have an effect, for what was just seen as pending; never sent
        again once its bytes may have left. Raises Unsent (surely nothing happened), Unknown (it
        may have happened) or Rejected (the vendor says no)."""
        ...


def wait_until_settled(
    see: Callable[[], Seen],
    asked_at: datetime | None,
    settle: float,
    waits: Callable[[Seen], bool] = lambda seen: seen.state == "pending",
) -> Seen:
    """What is seen, once it is not worth waiting for any more: for `settle` seconds after a call of
    unknown effect a read may still show the state before it."""
    left = settle - (datetime.now(UTC) - asked_at).total_seconds() if asked_at else 0.0
    end = time.monotonic() + min(left, settle)
    pause = 0.1
    while waits(seen := see()) and (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 2, 2.0)
    return seen
