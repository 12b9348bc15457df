"""A tool of no vendor that changes at random, and the forms in which it can be read.

Its state is users, roles, who holds which role, and which role includes which. Each form writes the
whole state, as an administrator's export, a database, an API or a connector would. No code of the
product is imported here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Tool:
    """One tool. `users` has name and state by key, `roles` the title by key."""

    name: str
    chance: random.Random
    users: dict[str, tuple[str, bool]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    held: set[tuple[str, str]] = field(default_factory=set)
    includes: set[tuple[str, str]] = field(default_factory=set)
    number: int = 0

    def __post_init__(self) -> None:
        for _ in range(3):
            self.add_role()
        for _ in range(6):
            self.add_user()
            self.grant()

    def new_key(self) -> str:
        self.number += 1
        return f"{self.number:03d}"

    def add_user(self) -> None:
        key = self.new_key()
        self.users[key] = (self.chance.choice(NAMES) + f" {key}", self.chance.random() < 0.8)

    def remove_user(self) -> None:
        key = self.chance.choice(sorted(self.users))
        if self.keep({pair for pair in self.held if pair[0] != key}):
            del self.users[key]

    def switch_user(self) -> None:
        key = self.chance.choice(sorted(self.users))
        name, is_active = self.users[key]
        self.users[key] = (name, not is_active)

    def rename_user(self) -> None:
        key = self.chance.choice(sorted(self.users))
        self.users[key] = (self.chance.choice(NAMES) + f" {key}", self.users[key][1])

    def add_role(self) -> None:
        key = f"r{self.new_key()}"
        self.roles[key] = f"{self.chance.choice(TITLES)} {key}"

    def remove_role(self) -> None:
        key = self.chance.choice(sorted(self.roles))
        if self.keep({pair for pair in self.held if pair[1] != key}):
            del self.roles[key]
            self.includes = {pair for pair in self.includes if key not in pair}

    def grant(self) -> None:
        self.held.add(
            (self.chance.choice(sorted(self.users)), self.chance.choice(sorted(self.roles)))
        )

    def revoke(self) -> None:
        self.keep(self.held - {self.chance.choice(sorted(self.held))})

    def keep(self, held: set[tuple[str, str]]) -> bool:
        """Leave these grants, and return True, unless they are so few that the guard would refuse
        what is left, which has tests of its own."""
        if len(held) >= FEW:
            self.held = held
        return len(held) >= FEW

    def nest(self) -> None:
        first, second = sorted(self.chance.choice(sorted(self.roles)) for _ in range(2))
        if first != second:  # never in a circle
            self.includes.add((first, second))

    def unnest(self) -> None:
        if self.includes:
            self.includes.discard(self.chance.choice(sorted(self.includes)))

    def change(self) -> None:
        """Make a few changes, as some hours bring them."""
        for _ in range(self.chance.randint(1, 6)):
            self.chance.choice(CHANGES)(self)

    def inherited(self) -> set[tuple[str, str]]:
        """Return who has which role through another one."""
        found: set[tuple[str, str]] = set()
        new = {*self.held}
        while new:
            new = {
                (user, given) for user, held in new for one, given in self.includes if one == held
            } - found
            found |= new
        return found


NAMES = ("Ada", "Björn", "Çelik", "Đorđe", "O'Neil", 'Dee "D"', "Eve, Jr", "=Fay", "Grün;er")
TITLES = ("Clerk", "Chief", "Préposé", "Read, only", "Admin|Root")
FEW = 2  # grants
CHANGES = (
    *(Tool.add_user, Tool.remove_user, Tool.switch_user, Tool.rename_user, Tool.add_role),
    *(Tool.remove_role, Tool.grant, Tool.grant, Tool.revoke, Tool.nest, Tool.unnest),
)
