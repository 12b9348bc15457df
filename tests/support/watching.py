"""A watch of this process, whose runs are processes of their own."""

from __future__ import annotations

import os

import pytest

from pipelines.unattended.watch import Message, Watch
from tests.support.product import Rollcall


class Watching:
    """A watch over one Rollcall that ticks when a test says so."""

    def __init__(self, rollcall: Rollcall, patch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith("SOURCES__")]:
            patch.delenv(name)
        for name, value in rollcall.environment.items():
            patch.setenv(name, value)
        patch.chdir(rollcall.home)
        self.rollcall = rollcall
        self.said: list[str] = []  # during the last tick
        self.told: list[Message] = []  # during the last tick
        self.watch = Watch(self.said.append, self.told.append)

    def tick(self) -> int | None:
        self.said.clear()
        self.told.clear()
        return self.watch.tick()

    @property
    def runs(self) -> list[str]:
        """Return the commands that the last tick ran."""
        ending = ": running"
        return [line.removesuffix(ending) for line in self.said if line.endswith(ending)]

    @property
    def codes(self) -> list[tuple[str, int | None]]:
        """Return whose end the last tick told, and the exit codes."""
        return [(message.words, message.code) for message in self.told]
