"""Histories for hypothesis: a random company, its tenants' switches, changes and faults.

Changes happen between two syncs, faults during one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.sandbox import Sandbox
from tests.sandbox.generate import generate
from tests.sandbox.server import Fault
from tests.support import faults, oracle
from tests.support.faults import LISTS, Effect, status
from tests.support.worlds import World
from tests.support.worlds_pingone import CHANGES
from tests.sync.test_sync import CHARTHOP, HALOITSM, PINGONE

SOURCES = ("charthop", "haloitsm", "pingone")
SYNCS = 3  # of one history, before the final full sync
APART = 1000  # the range of numbers for one company

# Faults that end after so many answers, and faults that fail the source; see `strike`
PASSING: dict[str, tuple[Effect, int]] = {
    "429": (status(429, retry_after="0"), 1),
    "503": (status(503), 2),
    "hung up": (faults.hang_up, 1),
    "cut": (faults.cut, 1),
    "short gzip": (faults.short_gzip, 2),
    "marked": (faults.marked, 3),
}
LASTING: dict[str, Effect] = {
    "404": status(404),
    "error object": status(200, {"error": "no"}),
    "null": status(200, b"null"),
}
# A limit on requests costs a second per history, and has its own tests
OPEN = {
    "charthop": [{}, *CHARTHOP],
    "haloitsm": [{}, *(switches for switches in HALOITSM if "token_lifetime" not in switches)],
    "pingone": [{}, *(switches for switches in PINGONE if "rate_limit" not in switches)],
}


@dataclass(frozen=True)
class Step:
    """The changes before one sync, and the faults in it.

    Each source's fault is a name and the number of answers before it.
    """

    changes: tuple[tuple[str, int, int], ...]
    trouble: dict[str, tuple[str, int]]

    def fails(self, source: str) -> bool:
        return self.trouble.get(source, ("", 0))[0] in LASTING


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
    passing = st.tuples(st.sampled_from([*PASSING]), st.integers(0, 3))
    lasting = st.tuples(st.sampled_from([*LASTING]), st.just(0))

    def step(*trouble: st.SearchStrategy[tuple[str, int]]) -> st.SearchStrategy[Step]:
        troubles = {source: st.one_of(*trouble) for source in SOURCES}
        return st.builds(
            Step,
            st.lists(changes, min_size=1, max_size=12).map(tuple),
            st.fixed_dictionaries({}, optional=troubles),
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
        steps=st.tuples(step(passing), *[step(passing, lasting)] * (SYNCS - 2), step(passing)),
    )


def strike(sandbox: Sandbox, step: Step) -> list[Fault]:
    """Set the faults of this step. Each must have `fired` when the sync has ended."""
    struck = []
    for source, (name, after) in step.trouble.items():
        if name in LASTING:
            path = LISTS[source]
            fault = Fault(
                lambda request, path=path: request.path.endswith(path), LASTING[name], times=10_000
            )
        else:
            effect, times = PASSING[name]
            fault = Fault(lambda request: True, effect, times=times, after=after)
        getattr(sandbox, source).faults = [fault]
        struck.append(fault)
    return struck


@dataclass
class Truth:
    """The expected published data of one source: its state at the last complete read."""

    accounts: dict[str, str]
    entitlements: set[str]
    grants: dict[tuple[str, str, str | None], tuple[bool, bool, tuple[str, ...]]]

    @classmethod
    def of(cls, facts: oracle.Facts) -> Truth:
        return cls(dict(facts.accounts), set(facts.entitlements), facts.grants())

    @property
    def cells(self) -> int:
        return len(self.accounts) + len(self.entitlements) + len(self.grants)


def truths(world: World, step: Step, before: dict[str, Truth]) -> dict[str, Truth]:
    now = oracle.facts(world.company)
    return {
        source: before[source] if step.fails(source) else Truth.of(now[source])
        for source in SOURCES
    }


def together(truths: list[Truth]) -> Truth:
    whole = Truth({}, set(), {})
    for truth in truths:
        whole.accounts |= truth.accounts
        whole.entitlements |= truth.entitlements
        whole.grants |= truth.grants
    return whole
