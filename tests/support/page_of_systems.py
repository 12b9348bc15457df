"""The sections of docs/systems.md: their blocks, and their commands as the tests run them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.product import Result, Rollcall

PAGE = Path(__file__).parents[2] / "docs" / "systems.md"


def read_section(heading: str) -> dict[str, str]:
    """Return the blocks of a section, by their language. Skips the test if there is no section."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    _, found, rest = page.partition(f"## {heading}\n")
    if not found:
        pytest.skip(f"docs/systems.md has no section {heading}")
    section = rest.split("\n## ")[0]
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
    return results
