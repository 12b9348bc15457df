"""docs/push.md, tested literally: its rules, every command, and the answer that it prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.push.test_trial import OBSTACLES

PAGE = (Path(__file__).parents[2] / "docs" / "push.md").read_text()


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_of_the_page_works_as_it_stands(rollcall, published):
    """Every command of the page ends well with the rules of the page; the first answer is shown."""
    org = rollcall.sandbox.company.charthop
    org.custom_fields.add("costCenter")
    for person in org.persons.values():
        person["fields"] = {"costCenter": "CC-1"}
    org.touch()
    [rules], [shown] = blocks("toml"), blocks("text")
    rollcall.has(published)
    (rollcall.home / "push").mkdir()
    (rollcall.home / "push" / "okta.toml").write_text(rules)
    lines = [line for block in blocks("sh") for line in block.splitlines()]

    said = {}
    for line in lines:
        command, *arguments = shlex.split(line)
        result = rollcall.run(*arguments)
        assert ("rollcall", 0) == (command, result.code), line + result.err
        said[line] = result.out

    assert 11 == len(said)
    assert shown in said["rollcall push test okta --where \"department = 'Finance'\""]
    assert not [line for line, text in said.items() if "no answer" in text]


def test_the_page_has_every_reason():
    """The page says what to do about each reason for which a group is left alone."""
    named = {why.replace("00gone", "X") for why in OBSTACLES}

    assert set() == {why for why in named if f"`{why}`" not in PAGE}
