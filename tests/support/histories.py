"""Histories for hypothesis: a random company, its tenants' switches, changes and troubles.

Changes happen between two syncs, a trouble during one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.sandbox.generate import generate
from tests.support import oracle
from tests.support.troubles import CLOCKS, HIDDEN, LASTING, NARROW, NARROWED, SOURCES, kinds
from tests.support.worlds import World
from tests.support.worlds_okta import CHANGES
from tests.sync.test_sync import CHARTHOP, HALOITSM, OKTA, PINGONE

Grant = tuple[str, str, str | None]
SYNCS = 3  # of one history, before the final full sync
APART = 1000  # the range of numbers for one company

# A limit on requests costs a second per history, and has its own tests
OPEN = {
    "charthop": [{}, *CHARTHOP],
    "haloitsm": [{}, *(switches for switches in HALOITSM if "token_lifetime" not in switches)],
    "okta": [{}, *OKTA],
    "pingone": [{}, *(switches for switches in PINGONE if "rate_limit" not in switches)],
}


@dataclass(frozen=True)
class Step:
    """The changes before one sync, and what is wrong during it.

    The trouble of a source is a name and the number of right answers before it. What Rollcall
    refuses is accepted, or nothing is published by this sync. Where `is_misdated`, a wrong clock
    has dated the runs so far.
    """

    changes: tuple[tuple[str, int, int], ...]
    trouble: dict[str, tuple[str, int]]
    accepts: bool
    is_misdated: bool

    def name_of(self, source: str) -> str:
        """Return the name of a source's trouble; empty if there is none."""
        return self.trouble.get(source, ("", 0))[0]

    def fails(self, source: str) -> bool:
        return self.name_of(source) in LASTING[source]

    def hides(self, source: str) -> bool:
        return self.name_of(source) in HIDDEN[source]

    @property
    def is_narrow(self) -> bool:
        return NARROWED in (self.name_of(source) for source in SOURCES)

    @property
    def settings(self) -> dict[str, str]:
        return NARROW if self.is_narrow else {}


@dataclass(frozen=True)
class History:
    """One history. A failing test prints it, to be pasted into an `@example`."""

    people: int
    seed: int
    groups: int
    nested: float
    administrators: float
    switches: dict[str, dict[str, Any]]
    page_sizes: dict[str, int]
    memberships: str
    clock_error: float
    steps: tuple[Step, ...]

    def world(self, first: int = 0) -> World:
        company = generate(
            self.people,
            self.seed,
            groups=self.groups,
            agents=max(2, self.people // 2),
            roles=3,
            memberships=3,
            nested=self.nested,
            administrators=self.administrators,
            workers=2,
            okta=self.people,
            first=first,
        )
        for source, switches in self.switches.items():
            for name, value in switches.items():
                setattr(getattr(company, source).switches, name, value)
        company.touch()
        return World(company, first)

    def settings(self) -> dict[str, str]:
        sizes = {
            f"SOURCES__{source}__PAGE_SIZE".upper(): str(size)
            for source, size in self.page_sizes.items()
        }
        return sizes | {"SOURCES__PINGONE__MEMBERSHIPS": self.memberships}


def histories() -> st.SearchStrategy[History]:
    changes = st.tuples(st.sampled_from([*CHANGES]), st.integers(0, 10_000), st.integers(0, 10_000))

    def step(*chosen: str, later: bool = False) -> st.SearchStrategy[Step]:
        """Draw a step with these kinds of trouble. A `later` one may publish nothing."""
        troubles = {}
        for source in SOURCES:
            names = [st.sampled_from(kinds(source)[kind]) for kind in chosen if kinds(source)[kind]]
            troubles[source] = st.tuples(st.one_of(names), st.integers(0, 3))
        return st.builds(
            Step,
            changes=st.lists(changes, min_size=1, max_size=12).map(tuple),
            trouble=st.fixed_dictionaries(troubles)
            if later
            else st.fixed_dictionaries({}, optional=troubles),
            accepts=st.booleans() if later else st.just(True),
            is_misdated=st.booleans() if later else st.just(False),
        )

    return st.builds(
        History,
        people=st.integers(1, 16),
        seed=st.integers(0, 10**6),
        groups=st.integers(1, 8),
        nested=st.sampled_from((0.0, 0.3, 0.9)),
        administrators=st.sampled_from((0.0, 0.1, 0.5)),
        switches=st.fixed_dictionaries(
            {source: st.sampled_from(OPEN[source]) for source in SOURCES}
        ),
        page_sizes=st.fixed_dictionaries(
            {source: st.sampled_from((1000, 200, 5, 2)) for source in SOURCES}
        ),
        memberships=st.sampled_from(("by_group", "by_user", "cheapest")),
        clock_error=st.sampled_from((0.0, *CLOCKS.values())),
        steps=st.tuples(
            step("passing", "lying"),
            *[step(*kinds("pingone"), later=True)] * (SYNCS - 2),
            step("passing", "lying"),
        ),
    )


@dataclass
class Truth:
    """The expected published data of one source: its state at the last complete read.

    `direct` are the direct grants, as read. Accounts in `unseen` may have the status `unknown`.
    Grants in `unread` may still be inherited: they are roles of users, which were not read.
    """

    accounts: dict[str, str]
    entitlements: set[str]
    grants: dict[Grant, tuple[bool, bool, tuple[str, ...]]]
    direct: set[Grant] = field(default_factory=set, compare=False)
    unseen: set[str] = field(default_factory=set, compare=False)
    unread: set[Grant] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, facts: oracle.Facts) -> Truth:
        return cls(dict(facts.accounts), set(facts.entitlements), facts.grants(), facts.direct)

    @property
    def cells(self) -> int:
        return len(self.accounts) + len(self.entitlements) + len(self.grants)

    def as_seen(self, there: Truth) -> Truth:
        """Return this truth with the unknown statuses and unread grants that may be, and are."""
        seen = {key: "unknown" for key in self.unseen if there.accounts.get(key) == "unknown"}
        kept = {}
        for grant in self.unread & there.grants.keys():
            is_direct, is_inherited, _ = self.grants.get(grant, (False, False, ()))
            if there.grants[grant][1] and not is_inherited:
                kept[grant] = (is_direct, True, ())
        return Truth(self.accounts | seen, self.entitlements, self.grants | kept)


def truths(
    world: World, step: Step, before: dict[str, Truth], refused: set[str], accepted: set[str]
) -> dict[str, Truth]:
    """Return what must be published after a step, by source.

    `refused` sources were not published by this sync. A hidden field leaves a new or changed
    status in doubt, and any other one only if that was `accepted`.
    """
    now = oracle.facts(world.company)
    found = {}
    for source in SOURCES:
        if step.fails(source) or source in refused:
            found[source] = before[source]
            continue
        is_narrow = step.name_of(source) == NARROWED
        if is_narrow:
            _keep_unread(now[source], before[source])
        found[source] = Truth.of(now[source])
        if is_narrow:
            inherited = (grant for grant, (_, is_so, _) in before[source].grants.items() if is_so)
            found[source].unread = {*filter(is_role_of_user, inherited)}
        if step.hides(source):
            known = set() if source in accepted else before[source].accounts.items()
            found[source].unseen = {key for key, _ in found[source].accounts.items() - known}
    return found


def is_role_of_user(grant: Grant) -> bool:
    return grant[0].startswith("pingone:user:") and grant[1].startswith("pingone:role:")


def _keep_unread(facts: oracle.Facts, before: Truth) -> None:
    """Replace the roles of users by those that were read before."""
    facts.direct = {grant for grant in facts.direct if not is_role_of_user(grant)}
    facts.direct |= {*filter(is_role_of_user, before.direct)}


def together(truths: list[Truth]) -> Truth:
    whole = Truth({}, set(), {})
    for truth in truths:
        whole.accounts |= truth.accounts
        whole.entitlements |= truth.entitlements
        whole.grants |= truth.grants
        whole.unseen |= truth.unseen
        whole.unread |= truth.unread
    return whole
