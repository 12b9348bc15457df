"""Run the commands of a page of docs/ as they stand, as somebody types them into one shell."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from tests.support.product import Rollcall

FROM_ROLLCALL = re.compile(r"(\w+)=\$\(rollcall (.+?) \| (.+)\)")
ASSIGNED = re.compile(r"(\w+)=")


def blocks(page: Path) -> list[str]:
    """Return every shell block of a page."""
    return re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(block: str) -> Iterator[str]:
    """Yield the commands of a block; a here-document is part of its command."""
    lines = iter(block.splitlines())
    for line in lines:
        command = line
        if here := re.search(r"<<'(\w+)'", line):
            for more in lines:
                command += f"\n{more}"
                if more == here[1]:
                    break
        if command.strip():
            yield command


@dataclass
class Shell:
    """One shell in the home of a Rollcall. `rollcall` runs in this process, all else in bash."""

    product: Rollcall
    variables: dict[str, str] = field(default_factory=dict)

    def type(self, block: str) -> str:
        """Run a block, and return the output of its `rollcall` commands. All must succeed."""
        return "".join(map(self._run, commands(block)))

    def _run(self, command: str) -> str:
        if found := FROM_ROLLCALL.fullmatch(command):
            name, arguments, rest = found.groups()
            self.variables[name] = self._bash(rest, self._rollcall(arguments)).strip()
            return ""
        if command.startswith("rollcall "):
            return self._rollcall(command.removeprefix("rollcall "))
        if found := ASSIGNED.match(command):
            name = found[1]
            self.variables[name] = self._bash(f'{command}\nprintf %s "${name}"')
            return ""
        self._bash(command)
        return ""

    def _rollcall(self, arguments: str) -> str:
        words = shlex.split(Template(arguments).safe_substitute(self.variables))
        result = self.product.run(*words)
        assert 0 == result.code, f"rollcall {arguments}: {result.out}{result.err}"
        return result.out

    def _bash(self, command: str, given: str = "") -> str:
        return subprocess.run(
            ["bash", "-ec", command],
            check=True,
            cwd=self.product.home,
            env=os.environ | self.variables,
            input=given,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
