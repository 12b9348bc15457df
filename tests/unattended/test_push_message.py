"""The message about a push names who and what, in 50 lines, and never a value, mail or secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.failures import Refused
from pipelines.push.rules import Definition, Notify, PushRules
from pipelines.sources.writer import Change
from pipelines.unattended.job import Result
from pipelines.unattended.push_run import PushOutcome
from pipelines.unattended.push_text import choose_message, summarize_push
from tests.monitoring.test_notify import webhook as webhook
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing


def change(action: str, number: int = 1, **fields: str) -> Change:
    known = dict.fromkeys(Change.__dataclass_fields__) | {
        "change_id": f"c{number}",
        "action": action,
        "channel": "api",
        "source_name": "okta",
        "through": "okta",
        "reason_kind": "push",
        "reason_id": "okta/fields",
        "account_name": f"Person {number}",
    }
    return Change(**known | fields)


def pushed(*changes: Change, outcome: str = "done", why: str = "") -> PushOutcome:
    results = {one.change_id: Result(one, outcome, why) for one in changes}
    return PushOutcome(subject="push okta", target="okta", results=results)


@pytest.mark.long
def test_a_push_tells_its_addresses_what_it_did(pushing, webhook):
    """PUSH__NOTIFY_URLS get who and what, without values; NOTIFY__URLS get the counts."""
    pushing.approve()
    urls = {"PUSH__NOTIFY_URLS": f"{webhook.url}/push", "NOTIFY__URLS": f"{webhook.url}/all"}
    assert 0 == pushing.run("run", "--no-sync", **urls).code

    by_title = {one["title"]: one["message"].split("\n") for one in webhook.taken}
    told, counts = by_title["rollcall push run okta done"], by_title["rollcall push run done"]
    assert counts[0] == told[0] and told[0].startswith("okta: 3 changes, 3 done, ")
    assert 1 == len(counts)
    assert "done: set title of Ada Park" in told
    assert "done: add Mara Lindqvist to Finance - all" in told
    assert "done: take Olu Marsh out of Finance - all" in told
    assert told[-1].startswith("audit head ")
    assert not [line for line in told if "Engineer" in line or "@" in line]

    webhook.taken.clear()
    assert 0 == pushing.run("run", "--no-sync", **urls).code
    assert [] == webhook.taken  # nothing changed


def test_unapproved_or_wrong_rules_are_told(pushing, webhook):
    """Rules that nobody approved, and rules that cannot be read, are messages, too."""
    pushing.run("run", PUSH__NOTIFY_URLS=webhook.url)
    pushing.write_rules("[fields.title]\nsq = 'job_title'\n")
    pushing.run("run", PUSH__NOTIFY_URLS=webhook.url)

    dry = pushing.run("run", "--dry-run", PUSH__NOTIFY_URLS=webhook.url, NOTIFY__URLS=webhook.url)

    assert 2 == dry.code  # a dry run is told to nobody
    first, second = (one["message"] for one in webhook.taken)
    assert "rollcall push approve okta --digest" in first
    assert "did you mean sql?" in second


@pytest.mark.long
def test_a_dry_run_and_watch_send_nothing(pushing, webhook):
    """A dry run tells nobody, and `watch` sends the messages of its pushes itself."""
    pushing.approve()
    urls = {"PUSH__NOTIFY_URLS": webhook.url}
    assert 0 == pushing.run("run", "--dry-run", "--no-sync", **urls).code
    result = pushing.run("run", "--no-sync", "--for-watch", "--json", **urls)

    assert 0 == result.code and [] == webhook.taken, result.out
    assert "done: add Mara Lindqvist to Finance - all" in result.document["summary"]
    assert ["watch"] == pushing.rollcall.column("select begun_by from pushes")


def test_a_long_push_is_told_in_fifty_lines():
    """What does not fit into 50 lines is counted."""
    lines = summarize_push(pushed(*(change("grant", number) for number in range(80))))

    assert 50 == len(lines) and "and 32 lines more" == lines[-1]
    assert 50 == len(summarize_push(pushed(*(change("grant", number) for number in range(49)))))


def test_no_value_mail_or_secret_is_told():
    """A value of an attribute, a mail address in a name or in a reason is left out."""
    profile = json.dumps({"profile": {"title": "Chief Secret", "department": None}})
    leaky = change("update_account", wanted_state=profile, account_name="ada@x.example")
    lines = "\n".join(summarize_push(pushed(leaky, outcome="failed", why="no bob@x.example")))

    assert "failed: set department, title of <mail>: no <mail>" in lines
    assert "Secret" not in lines


def test_counts_name_nobody():
    """With the detail `counts` only numbers and failures are told."""
    outcome = pushed(change("grant"))
    outcome.failures.append(Refused("push okta", "beyond a limit", "look at it"))

    said = ["okta: 1 change, 1 done, 0 blocked", "push okta: beyond a limit", "  next: look at it"]
    assert said == summarize_push(outcome, "counts")


def test_every_change_has_a_sentence():
    """Each change of a push is told in words: who, what, and the group by name."""
    name = json.dumps({"name": "Remote"})
    told = [
        change("create_account"),
        change("enable_account"),
        change("create_group", wanted_state=name),
        change("rename_group", wanted_state=name, entitlement_name="Away", account_name=None),
        change("grant", entitlement_name="Finance"),
        change("revoke", entitlement_name="Finance"),
    ]
    said = [summarize_push(pushed(one))[-1].removeprefix("done: ") for one in told]

    assert said == [
        "create an account for Person 1",
        "activate the account of Person 1",
        "create the group Remote",
        "rename the group Away to Remote",
        "add Person 1 to Finance",
        "take Person 1 out of Finance",
    ]


@pytest.mark.parametrize(("when", "is_told"), [("changes", False), ("always", True)])
def test_a_push_without_changes_is_told_if_wanted(when, is_told):
    """Without changes and failures there is a message only if the rules say `always`."""
    rules = PushRules("okta", Path("okta.toml"), Definition(notify=Notify(when=when)))

    assert is_told == (choose_message(PushOutcome(target="okta", rules=rules)) is not None)
