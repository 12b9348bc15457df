"""The worked examples of docs/systems.md, run as they stand; only the address is another."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.product import Rollcall

PAGE = Path(__file__).parents[2] / "docs" / "systems.md"


def read_section(heading: str) -> str:
    """Return the section of this heading, up to the next one."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if f"\n## {heading}\n" not in f"\n{text}":
        pytest.skip(f"docs/systems.md has no section {heading!r}")
    return f"\n{text}".split(f"\n## {heading}\n")[1].split("\n## ")[0]


def follow_section(rollcall: Rollcall, heading: str, system: str, **addresses: str) -> None:
    """Write the file of a section, run its commands, and compare its queries with their rows.

    `addresses` has what stands for the address in the file.
    """
    section = read_section(heading)
    [text] = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    [(entry, address)] = addresses.items()
    replaced = re.sub(rf'{entry} = "[^"]*"', f'{entry} = "{address}"', text)
    assert replaced != text
    folder = rollcall.home / "systems"
    folder.mkdir(exist_ok=True)
    (folder / f"{system}.toml").write_text(replaced, encoding="utf-8")

    settings: dict[str, str] = {}
    [commands] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    for line in commands.splitlines():
        command, *arguments = shlex.split(line)
        if command == "export":
            settings |= dict(one.split("=", 1) for one in arguments)
            continue
        result = rollcall.run(*arguments, **settings)
        assert ("rollcall", 0) == (command, result.code), result.err + result.out
    rollcall.environment |= settings
    answers = re.findall(r"```sql\n(.*?);\n```\n\n(\|.*?\|\n)\n", section, re.DOTALL)
    assert answers
    for sql, shown in answers:
        found = [[_spell(value) for value in row.values()] for row in rollcall.rows(sql)]
        assert _read_rows(shown) == found, sql


def _read_rows(table: str) -> list[list[str]]:
    lines = [line.strip("|").split("|") for line in table.strip().splitlines()]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def _spell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
