"""The sections of docs/systems.md: their blocks, and their commands as the tests run them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from tests.support.product import Result, Rollcall

PAGE = Path(__file__).parents[2] / "docs" / "systems.md"


def read_section(heading: str) -> str:
    """Return the section of this heading, up to the next one."""
    _, found, rest = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert found, heading
    return rest.split("\n## ")[0]


def read_blocks(heading: str) -> dict[str, str]:
    """Return the blocks of a section, by their language."""
    section = read_section(heading)
    return dict(re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def run_commands(rollcall: Rollcall, text: str) -> list[Result]:
    """Run each command, with the settings that are exported before it; none may fail."""
    settings: dict[str, str] = {}
    results = []
    for words in map(shlex.split, text.splitlines()):
        if words[0] == "export":
            settings.update([words[1].split("=", 1)])
            continue
        results.append(rollcall.run(*words[1:], **settings))
        assert 0 == results[-1].code, results[-1].err
    rollcall.environment |= settings
    return results


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

    [commands] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    run_commands(rollcall, commands)
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
