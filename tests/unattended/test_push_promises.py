"""What a push promises whatever fails: no effect twice, and nothing told that is secret."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.company.parts import okta_id
from tests.sandbox.okta.accounts import CANARY
from tests.sandbox.server import Fault, Request, Response, Server
from tests.support.counted import count
from tests.support.faults import status
from tests.support.oracle_push import Expected, Memory, state
from tests.support.push_days import MEANING as DAYS_MEANING
from tests.support.push_days import spell
from tests.support.push_world import ADA, LONG_AGO, MARA, RAE, seat_groups
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing
from tests.support.pushing import WRITES, Pushing
from tests.sync.test_guard import cure_of

RULES: dict[str, Any] = {
    "people": {"days_before_start": 7, "remote_as_default": True},
    "profiles": {
        "create": True,
        "activate": "at_once",
        "activation_mail": True,
        "reactivate": True,
    },
    "fields": {
        "title": {"sql": "job_title"},
        "officeLocation": {"sql": "location"},
        "charthopTeam": {"sql": "department", "when_blank": "clear"},
    },
    "groups": {
        "finance": {"name": "Finance - all", "where": "department = 'Finance'"},
        "remote": {"name": "Remote", "where": "location = 'Remote'"},
    },
    "limits": dict.fromkeys(("changes", "creates", "reactivations", "few", "blanked"), 9999),
}
MEANING = {**DAYS_MEANING, "department": lambda one: one.department}
LIMITED = {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit"}
STALE = {"errorCode": "E0000231", "errorSummary": "The If-Match header does not match"}


class Webhook:
    """A receiver of messages."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def handle(self, request: Request) -> Response:
        self.taken.append(request.body.decode())
        return Response(200, {})


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Server(Webhook()) as server:
        server.vendor.url = server.url.replace("http://", "json://")
        yield server.vendor


@pytest.fixture
def busy(pushing) -> Pushing:
    """Return the fixture with approved rules that want every kind of change.

    Rae's account may come back: nothing comes back with it that the rules do not give.
    """
    pushing.okta.members.discard((okta_id("user", RAE), okta_id("group", 2)))
    pushing.okta.members.add((okta_id("user", RAE), okta_id("group", 1)))
    pushing.okta.touch()
    pushing.approve(spell(RULES))
    return pushing


def expect(pushing: Pushing) -> tuple[Any, dict[str, Any]]:
    """Return Okta as it is, and the state that a push must lead to."""
    pushing.okta.touch()
    before = deepcopy(pushing.okta)
    there = Expected(pushing.org, before, RULES, MEANING, Memory()).run()
    return before, state(there, before)


def must_be(pushing: Pushing, before: Any, wanted: dict[str, Any]) -> None:
    pushing.okta.touch()
    found = state(pushing.okta, before)
    for name, part in wanted.items():
        assert part == found[name], name


def accepted(pushing: Pushing) -> Counter[str]:
    """Return how often Okta accepted each call that changes something."""
    return Counter(
        f"{request.method} {request.path} {request.body.decode()}"
        for request, (*_, code) in zip(
            pushing.rollcall.sandbox.okta.seen, pushing.rollcall.sandbox.okta.log, strict=True
        )
        if request.method in WRITES and code < 300
    )


def must_have_happened_once(pushing: Pushing) -> None:
    """No call took effect twice, nobody has two accounts, and nobody got two mails."""
    # A fault may have hidden that a call was accepted, so the directory is asked, too
    assert {1} >= {*accepted(pushing).values()}, accepted(pushing).most_common(3)
    numbers = [user["profile"].get("employeeNumber") for user in pushing.okta.users.values()]
    assert {1} == {*Counter(filter(None, numbers)).values()}
    assert {1} >= {*Counter(pushing.okta.outbox).values()}
    names = Counter(group["profile"]["name"] for group in pushing.okta.groups.values())
    assert {1} == {*names.values()}


@pytest.mark.long
def test_killed_at_every_step_okta_becomes_what_hr_says(busy):
    """P3: a push that is killed, again and again, ends where an undisturbed one does.

    The long suite changes a hundred profiles more, and kills at every third step.
    """
    more = int(os.environ.get("ROLLCALL_APPLIED", "0")) // 2
    stride = 3 if more else 23
    for number in range(100, 100 + more):
        name = f"Some One{number}"
        busy.company.hire(number, name, "Agent", seat_groups("Support"), (LONG_AGO, None))
        busy.company.account(number, name, title="Other")
    busy.okta.touch()
    busy.org.touch()
    synced = busy.rollcall.run("sync")
    if more:  # so many new accounts at once are refused in a small company, and right
        synced = busy.rollcall.run(*shlex.split(cure_of(synced)))
    assert 0 == synced.code, synced.err
    before, wanted = expect(busy)
    busy.forget_requests()

    process = subprocess.run(
        [sys.executable, "-m", "tests.support.killing_push", str(stride)],
        env=os.environ | busy.rollcall.environment | {"PYTHONPATH": str(Path.cwd())},
        cwd=busy.rollcall.home,
        capture_output=True,
        text=True,
    )

    assert 0 == process.returncode, process.stderr
    told = json.loads(process.stdout)
    last = busy.run("run")  # what the last of them could not plan from its old data
    assert 0 == last.code, (told, last.err)
    must_be(busy, before, wanted)
    must_have_happened_once(busy)
    assert 0 == busy.rollcall.run("audit", "verify").code
    busy.forget_requests()
    assert 0 == busy.run("run").code and [] == busy.writes()
    count("pushes killed", kills=told["kills"], changes=len(accepted(busy)))


def on_writes(effect: Any, **more: Any) -> Fault:
    return Fault(lambda request: request.method in WRITES, effect, **more)


FAULTS = {
    "answers that are lost": on_writes(
        lambda request, answer: Response(200, b"{}", cut_after=1), times=4, after=1
    ),
    "every answer lost": on_writes(status(500, {}), times=2),
    "500s before any effect": on_writes(status(500, {}), times=2, before=True),
    "429": on_writes(status(429, LIMITED, x_rate_limit_reset="1"), times=3, before=True),
    "412": on_writes(status(412, STALE), times=1, before=True),
    "no right to create": Fault(
        lambda request: (request.method, request.path) == ("POST", "/api/v1/users"),
        status(403, {"errorCode": "E0000006"}),
        before=True,
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("name", FAULTS)
def test_whatever_fails_the_next_run_brings_it_about(busy, name):
    """P3: after any failure of a write the next run ends where an undisturbed one does."""
    before, wanted = expect(busy)
    fault = deepcopy(FAULTS[name])
    busy.rollcall.sandbox.okta.faults = [fault]

    first = busy.run("run")

    assert first.code in (0, 7) and fault.fired, first.err
    assert "Traceback" not in first.err
    busy.rollcall.sandbox.okta.faults = []
    for _ in range(2):  # one run finds out that a call did not happen, and one makes it
        again = busy.run("run")
    assert 0 == again.code, again.err
    must_be(busy, before, wanted)
    numbers = [user["profile"].get("employeeNumber") for user in busy.okta.users.values()]
    assert {1} == {*Counter(filter(None, numbers)).values()}
    assert {1} >= {*Counter(busy.okta.outbox).values()}


def test_a_question_and_a_dry_run_change_no_file(pushing):
    """P4: `push test`, `push status` and a dry run write nothing, in Okta or on this machine."""
    pushing.approve()
    before = pushing.files()

    for arguments in (
        ("test",),
        ("test", "--where", "department = 'Finance'"),
        ("test", "--carrot", "department:finance"),
        ("test", "--person", "ada.park@acme.example"),
        ("status",),
        ("run", "--dry-run", "--no-sync"),
        ("run", "--dry-run", "--no-sync", "--json"),
    ):
        assert 0 == pushing.run(*arguments).code, arguments
        assert before == pushing.files(), arguments

    assert [] == pushing.writes()
    out = pushing.rollcall.home / "my.plan.json"
    assert 0 == pushing.run("plan", "--out", str(out)).code
    assert out.is_file() and [] == pushing.writes()


@pytest.mark.long
def test_no_secret_and_no_value_is_told(busy, webhook):
    """P7: tokens, activation links and values of profiles are in no log, journal or message.

    Okta's refusals repeat what they refuse. The plan's own file has the values.
    """
    old, new = "CanaryOfOkta", "CanaryOfHr"
    busy.user(ADA)["profile"]["title"] = busy.user(MARA)["profile"]["title"] = old
    busy.okta.touch()
    busy.job(ADA)["title"] = busy.job(MARA)["title"] = new
    causes = [{"errorSummary": f"title: {new} must not be {old}"}]
    refusal = {"errorCode": "E0000001", "errorSummary": f"{new} {old}", "errorCauses": causes}
    refused = Fault(
        lambda request: new.encode() in request.body, status(400, refusal), times=99, before=True
    )
    busy.rollcall.sandbox.okta.faults = [refused]
    settings = {"PUSH__NOTIFY_URLS": webhook.url, "NOTIFY__URLS": webhook.url}

    results = [busy.run("run", **settings)]
    busy.rollcall.sandbox.okta.faults = []
    results.append(busy.run("run", "--json", **settings))

    assert [7, 0] == [result.code for result in results]
    told = [text for result in results for text in (result.out, result.err)] + webhook.taken
    written = [path for path in busy.folder.rglob("*") if path.is_file()]
    told += [path.read_text() for path in written if ".plan.json" not in path.name]
    secrets = {CANARY, busy.okta.token, "okta-writer-token", "sandbox-token"}
    for text in told:
        found = {word for word in {old, new} | secrets if word in text}
        assert set() == found, text
    assert len(webhook.taken) >= 2
    names = busy.rollcall.rows(
        "select schema_name || '.' || table_name as name from duckdb_tables()"
        " where not internal and schema_name not in ('raw_okta', 'raw_charthop', 'staging')"
    )
    for name in (row["name"] for row in names):
        text = str(busy.rollcall.rows(f"from {name}"))
        assert not any(word in text for word in secrets), name
        has_profiles = any(word in name for word in ("push_fields", "planned", "int_push", "push."))
        assert has_profiles or old not in text, name
        if name in ("main.applied_changes", "main.pushes", "main.push_approvals"):
            assert new not in text, name
