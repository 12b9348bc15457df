"""docs/push.md, tested literally: its rules, every command, and the answer that it prints."""

from __future__ import annotations

import re
import shlex
import signal
import tomllib
from pathlib import Path

import pytest

from pipelines.push.rules import Limits, Notify
from tests.push.test_trial import OBSTACLES
from tests.support.product import Rollcall
from tests.support.wanted import may_write
from tests.warehouse.test_questions import PUSH_QUESTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "push.md").read_text()
PLACE = "--project-dir /opt/rollcall "
VERBS = "push|watch|sync|apply|plan|export|check"
CALL = re.compile(rf"(?:^|[ /])rollcall (?:{PLACE})?((?:{VERBS}) [^>\n]*)", re.MULTILINE)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> list[str]:
    """Return the command lines of the page, in its order."""
    return [line for block in blocks("sh") for line in block.splitlines()]


def fill_in(rollcall: Rollcall, line: str) -> str:
    """Return a line with the digests and the plan that the page has placeholders for."""
    if "RULES_DIGEST" in line:
        status = rollcall.run("push", "status", "okta", "--json").document
        return line.replace("RULES_DIGEST", status["rules_sha256"])
    if "PLAN" not in line:
        return line
    folder = rollcall.home / "data" / "changes"
    first = min(folder.glob("*.plan.json"), key=lambda path: path.stat().st_mtime_ns)
    digest = rollcall.run("apply", str(first), "--json").document["digest"]
    return line.replace("PLAN", first.name).replace("--digest DIGEST", f"--digest {digest}")


def test_every_command_of_the_page_is_known(rollcall):
    """Rollcall knows the verbs and flags of the page. The long suite runs every command."""
    rollcall.environment = {"WAREHOUSE": "data/nothing.duckdb"}
    for line in commands():
        program, *arguments = shlex.split(line)
        result = rollcall.run(*arguments)
        assert "rollcall" == program and "usage: " not in result.err, line


@pytest.mark.long
def test_every_command_of_the_page_works_as_it_stands(rollcall, published):
    """Every command of the page ends well with the rules of the page, from the first export to the
    undo; the first answer is shown."""
    org = rollcall.sandbox.company.charthop
    org.custom_fields.add("costCenter")
    for person in org.persons.values():
        person["fields"] = {"costCenter": "CC-1"}
    org.touch()
    rules, [shown] = blocks("toml")[0], blocks("text")
    may_write(rollcall.has(published))
    (rollcall.home / "push").mkdir()
    (rollcall.home / "push" / "okta.toml").write_text(rules)

    said = {}
    for line in commands():
        command, *arguments = shlex.split(fill_in(rollcall, line))
        result = rollcall.run(*arguments)
        assert ("rollcall", 0) == (command, result.code), line + result.err + result.out
        said[line] = result.out + result.err

    assert shown in said["rollcall push test okta --where \"department = 'Finance'\""]
    assert not [line for line, text in said.items() if "no answer" in text]
    assert "nothing was changed" in said["rollcall push run okta --dry-run"]
    assert "approved" in said["rollcall push status okta"]
    [push] = rollcall.rows("from pushes")
    assert (0, "command", 0) == (push["code"], push["begun_by"], push["failed"])
    assert push["done"] > 0  # the members of the new group
    assert 6 == len(PUSH_QUESTIONS)
    asked = {heading: rollcall.rows(sql.strip(" \n;")) for heading, sql in PUSH_QUESTIONS.items()}
    assert [] == [heading for heading, rows in asked.items() if not rows]


def test_the_scheduled_command_is_one_of_the_page(rollcall, published):
    """Cron runs `push run okta --quiet`. A watch ends when it is told to."""
    [line] = blocks("cron")
    assert ["push run okta --quiet"] == [call.strip() for call in CALL.findall(line)]

    watch = rollcall.has(published).start("watch", "--every", "60")
    assert watch.stderr
    assert watch.stderr.readline()  # it has begun
    watch.send_signal(signal.SIGTERM)
    _, err = watch.communicate(timeout=300)
    assert 0 == watch.returncode, err


def test_the_page_has_every_reason():
    """The page says what to do about each reason for which a group is left alone."""
    named = {why.replace("00gone", "X") for why in OBSTACLES}

    assert set() == {why for why in named if f"`{why}`" not in PAGE}


def test_the_page_has_the_limits_as_they_are():
    """The page has every limit and every entry of a summary with its default."""
    parts = [tomllib.loads(text) for text in blocks("toml")]

    assert [Limits().model_dump()] == [part["limits"] for part in parts if "limits" in part]
    assert [Notify().model_dump()] == [part["notify"] for part in parts if "notify" in part]
