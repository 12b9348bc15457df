"""Notifications contain no names, and change neither results nor exit codes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pipelines.cli import watch
from pipelines.monitoring import notify
from pipelines.unattended.watch import Message
from tests.sandbox.server import Request, Response, Server


class Webhook:
    """A receiver that is slow, refuses, or accepts everything."""

    def __init__(self) -> None:
        self.taken: list[dict] = []
        self.status, self.delay = 200, 0.0

    def handle(self, request: Request) -> Response:
        time.sleep(self.delay)
        self.taken.append(request.json)
        return Response(self.status, {})


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Server(Webhook()) as server:
        server.vendor.url = server.url.replace("http://", "json://somebody:s3cret-pass@")
        yield server.vendor


def test_a_sync_says_how_it_went_in_counts(rollcall, webhook):
    """A sync notifies every address of its exit code and its counts per source."""
    both = f"{webhook.url}/hook, {webhook.url}/second"
    ended = rollcall.run(
        "sync", "charthop", NOTIFY__URLS=both, SOURCES__CHARTHOP__API_TOKEN="wrong-token-here"
    )

    assert 3 == ended.code
    assert ["rollcall sync ended with exit code 3"] * 2 == [one["title"] for one in webhook.taken]
    assert webhook.taken[0]["message"].startswith("charthop: failed, 0 rows, ")


def test_a_plan_says_how_many_changes_it_has(rollcall, published, webhook):
    """A plan notifies the number of its changes."""
    rollcall.has(published)

    planned = rollcall.run("plan", NOTIFY__URLS=webhook.url)

    assert (0, "rollcall plan done") == (planned.code, webhook.taken[0]["title"])
    assert "0 changes, 0 blocked" == webhook.taken[0]["message"]


def test_a_command_that_fails_says_so_and_ends_as_it_would(rollcall, webhook):
    """A failing command sends a notification and keeps its exit code."""
    (rollcall.home / "reviews").mkdir()
    (rollcall.home / "reviews" / "policy.toml").write_text("[leavers\n")

    ended = rollcall.run("sync", NOTIFY__URLS=webhook.url)

    assert 2 == ended.code
    assert ["rollcall sync ended with exit code 2"] == [one["title"] for one in webhook.taken]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("refuses", "1 of 2 addresses did not accept the message"),
        ("slow", "sending took too long"),
        ("nonsense", "1 of 2 addresses did not accept the message"),
        ("nobody", "1 of 2 addresses did not accept the message"),
    ],
)
def test_a_failed_notification_changes_nothing_else(webhook, trouble, said, monkeypatch, capfd):
    """A failed notification keeps results and exit codes unchanged, and no secret is printed."""
    fine = webhook.url
    other = {
        "nonsense": "slak://s3cret-pass/x",
        "nobody": "json://somebody:s3cret-pass@127.0.0.1:9/",
    }.get(trouble, f"{webhook.url}/s3cret-pass")
    if trouble == "refuses":
        honest, webhook.handle = webhook.handle, None
        webhook.handle = lambda request: (
            Response(500, {}) if "s3cret" in request.path else honest(request)
        )
    if trouble == "slow":
        webhook.delay = 30
        monkeypatch.setenv("NOTIFY__SECONDS", "3")
    monkeypatch.setenv("NOTIFY__URLS", f"{fine},{other}")

    assert None is notify.send_summary("apply", 7, ["done: 3", "failed: 1"])

    heard = capfd.readouterr()
    assert said in heard.err
    assert "s3cret-pass" not in heard.err + heard.out


def test_what_a_watch_runs_sends_no_message_itself(rollcall, webhook):
    """A command that a watch runs every minute leaves the messages to the watch."""
    ended = rollcall.run(
        *("sync", "charthop", "--for-watch"),
        NOTIFY__URLS=webhook.url,
        SOURCES__CHARTHOP__API_TOKEN="wrong-token-here",
    )

    assert (3, []) == (ended.code, webhook.taken)


def test_a_watch_sends_who_only_to_those_who_push(webhook, monkeypatch, capfd):
    """PUSH__NOTIFY_URLS get what a push did; NOTIFY__URLS get counts, and what it lacks.

    What is printed has everything once.
    """
    monkeypatch.setenv("NOTIFY__URLS", f"{webhook.url}/all")
    monkeypatch.setenv("PUSH__NOTIFY_URLS", f"{webhook.url}/push")
    failure = {"what": "push okta", "why": "1 open", "next": "nothing", "code": 7}
    lines = ["okta: 1 change, 1 open, 0 blocked", "push okta: 1 open", "open: add Vera to Finance"]
    watch.tell(Message("push run okta", 7, lines, [failure], is_push=True))
    watch.tell(Message("watch", None, ["the events of charthop cannot be read"], [failure]))

    title = "rollcall push run okta ended with exit code 7"
    assert [
        (title, "\n".join(lines)),
        (title, lines[0]),
        ("rollcall watch goes on", "the events of charthop cannot be read"),
    ] == [(one["title"], one["message"]) for one in webhook.taken]
    said = capfd.readouterr().err
    assert 2 == said.count("push okta: 1 open") and 1 == said.count("Vera")


def test_without_an_address_nothing_is_started(monkeypatch):
    """Without an address no notification process is started."""
    monkeypatch.delenv("NOTIFY__URLS", raising=False)
    monkeypatch.setattr("sys.executable", "/nowhere")

    assert None is notify.send_summary("sync", 0, [])
