"""A log has one line for each sync, and says below it what a person has to know."""

from __future__ import annotations

import os
import pty
import re
import struct
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.sandbox.server import Fault, Response
from tests.support.product import Rollcall

LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) sync (?P<run>\S+) (?P<end>ok|exit \d+):"
    r" (?P<said>.+); \d+ s"
)


def read_line(text: str) -> re.Match[str]:
    found = LINE.fullmatch(text.splitlines()[0])
    assert found, text
    return found


def test_even_a_quiet_sync_counts_what_was_found(published):
    """A first sync, even a quiet one, says how many grants it found; nothing was "added"."""
    line = read_line(published.said)

    assert "ok" == line["end"] and 1 == published.said.count("\n")
    assert re.fullmatch(
        r"published charthop, haloitsm, okta, pingone;"
        r" 341 grants on the first sync of charthop, haloitsm, okta, pingone;"
        r" 44 new findings \(1 critical, 9 high, 20 medium, 14 low\); \d+ requests",
        line["said"],
    )


@pytest.mark.long
def test_a_later_source_adds_no_grants(rollcall, published):
    """Grants of a source that is read for the first time were given before: none is "added"."""
    published.leave_parsed(rollcall.warehouse)
    rollcall.sync("haloitsm")

    later = read_line(rollcall.sync("okta").out)

    assert "published okta; 132 grants on the first sync of okta; " in later["said"]
    assert "+" not in later["said"]
    assert " · 132 on the first sync of their source" in rollcall.run("status").out


def test_a_log_says_what_changed_and_what_failed(rollcall, published):
    """A removed grant, a source that denies, and a wrong setting: three blocks of a log."""
    pingone = rollcall.has(published).sandbox.company.pingone
    user = next(key for key in sorted(pingone.assignments) if key in pingone.users)
    pingone.remove_assignment(user, pingone.assignments[user][0]["id"])
    pingone.switches.missing_permissions = {"audit:read:activity"}

    changed = rollcall.sync("pingone")
    again = rollcall.sync("pingone")
    status = rollcall.run("status").out
    denied = rollcall.run("sync", "okta", SOURCES__OKTA__API_TOKEN="wrong-token-here")
    misspelt = rollcall.run("sync", SOURCES__OKTA__PAGE_SISE="5")

    line = read_line(changed.out)
    assert "published pingone; grants +0 -1; no new findings" in line["said"]
    assert line["said"].endswith("; 1 warning") and "audit" in changed.err
    assert re.search("grants [+]0 -0; .*; 1 warning as before$", read_line(again.out)["said"])
    assert ("", 1) == (again.err, again.out.count("\n"))
    assert "pingone: warning: " in status
    assert line["run"] in rollcall.column("select run_id from runs")
    for result, code in ((denied, 3), (misspelt, 2)):
        first, *details = result.err.splitlines()
        assert (code, "", f"exit {code}") == (result.code, result.out, read_line(first)["end"])
        assert all(one.startswith("  ") for one in details)
        assert read_line(first)["said"].startswith("nothing published")
    failed = rollcall.rows("from runs where status = 'failed' order by run_id, source_name")
    assert ["okta", "charthop", "haloitsm", "okta", "pingone"] == [
        row["source_name"] for row in failed
    ]
    assert read_line(misspelt.err)["run"] == failed[-1]["run_id"]
    assert "did you mean page_size?" in failed[-1]["remedy"]


def run_on_terminal(rollcall: Rollcall, *arguments: str) -> tuple[int, str]:
    """Run a command on a terminal of its own; return its exit code and what came to the screen."""
    child, screen = pty.fork()
    if not child:
        ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        path = {"PYTHONPATH": str(Path.cwd())}
        os.chdir(rollcall.home)
        call = [sys.executable, "-m", "pipelines", *arguments]
        os.execve(sys.executable, call, os.environ | rollcall.environment | path)
    shown = b""
    try:
        while piece := os.read(screen, 65_536):
            shown += piece
    except OSError:  # the command has ended
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_a_terminal_sees_progress_and_each_result_once(rollcall, published):
    """A terminal sees how far the transform is, then what changed; the bars are gone again."""
    pingone = rollcall.has(published).sandbox.company.pingone
    user = next(key for key in sorted(pingone.assignments) if key in pingone.users)
    pingone.remove_assignment(user, pingone.assignments[user][0]["id"])
    rollcall.sandbox.charthop.faults = [
        Fault(lambda request: True, lambda request, honest: Response(401), times=99)
    ]

    code, shown = run_on_terminal(rollcall, "sync", "pingone", "charthop")

    assert 3 == code
    assert re.search(r"transforming and testing: .* 1\d\d/1\d\d ", shown)
    left = shown[shown.rindex("\r  ") :].replace("\r", "").strip().splitlines()  # without bars
    assert left[0].startswith("pingone: complete, ") and left[3].startswith("published: ")
    assert ["pingone: 0 grants added, 1 removed, 0 changed", "no new findings"] == left[1:3]
    for line in left:
        assert 1 == shown.count(line), line
    assert 1 == shown.count("  next: ") and LINE.search(shown) is None
