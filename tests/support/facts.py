"""What an oracle says of one source: accounts, entitlements, grants, and where each comes from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

Entitlement = str
Scope = str | None


@dataclass
class Facts:
    """One source's accounts with status, entitlements, direct grants, and what gives what.

    `gives` holds for every holder. `through` has what an entitlement gives to one account only.
    """

    accounts: dict[str, str] = field(default_factory=dict)
    entitlements: set[Entitlement] = field(default_factory=set)
    direct: set[tuple[str, Entitlement, Scope]] = field(default_factory=set)
    gives: dict[Entitlement, set[tuple[Entitlement, Scope]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    through: set[tuple[str, Entitlement, Entitlement]] = field(default_factory=set)

    def grants(self) -> dict[tuple[str, Entitlement, Scope], tuple[bool, bool, tuple[str, ...]]]:
        """Return (account, entitlement, scope) -> (is_direct, is_inherited, inherited_from)."""
        roots: dict[tuple[str, Entitlement, Scope], set[Entitlement]] = defaultdict(set)
        for account, held, scope in self.direct:
            if scope is not None:
                continue
            for reached in self.reach(held):
                roots[account, *reached].add(held)
        for account, held, given in self.through:
            roots[account, given, None].add(held)
        known = self.direct | roots.keys()
        return {
            grant: (grant in self.direct, bool(roots.get(grant)), tuple(sorted(roots[grant])))
            for grant in known
            if grant[0] in self.accounts and grant[1] in self.entitlements
        }

    def reach(self, start: Entitlement) -> set[tuple[Entitlement, Scope]]:
        """Return everything that a holder of `start` gets, without `start` itself."""
        found: set[tuple[Entitlement, Scope]] = set()
        edge = {(start, None)}
        while edge:
            found |= edge
            edge = {
                given for held, scope in edge if not scope for given in self.gives[held]
            } - found
        return found - {(start, None)}
