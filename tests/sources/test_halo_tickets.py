"""A change that no API can make becomes one ticket, which is tracked until it is closed.

Lost answers never lead to a second ticket.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.failures import Misconfigured, Rejected, Unknown, Unreadable, Unsent
from pipelines.http.policy import Policy
from pipelines.sources import write_access
from pipelines.sources.haloitsm.ticket_text import make_reference
from pipelines.sources.writer import Change, Provisioner, Seen
from tests.sandbox import Sandbox
from tests.sandbox.haloitsm.tickets import Desk
from tests.sandbox.server import Fault, Request
from tests.support.faults import cut, hang_up, silent, status, then

SUMMARY = "In haloitsm, take the access Network from Olu Marsh"


@pytest.fixture
def settings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in (sandbox.environment() | sandbox.write_environment()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROVISION__HALOITSM__SETTLE_SECONDS", "2")
    least = "read:tickets edit:tickets read:customers"
    monkeypatch.setenv("PROVISION__HALOITSM__SCOPE", least)
    hasty = functools.partial(Policy, wait=0.002, longest_wait=0.02, read_timeout=0.4)
    monkeypatch.setattr("pipelines.sources.haloitsm.writer.Policy", hasty)
    return monkeypatch


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    """Return the service desk with an old ticket of somebody else."""
    made = sandbox.company.haloitsm.desk
    old = made.upsert({"summary": "The coffee machine asks for a password", "tickettype_id": 1})
    del made.tickets[old["id"]]["_logged"]
    return made


@pytest.fixture
def writer(settings: pytest.MonkeyPatch, desk: Desk) -> Provisioner:
    return write_access.connect_writer("haloitsm")


def change(action: str = "open_ticket", key: str = "c1", **more: Any) -> Change:
    said = {"change_id": key, "action": action, "channel": "ticket", "wanted_action": "revoke"}
    said |= {"source_name": "haloitsm", "through": "haloitsm", "account_id": "haloitsm:agent:19"}
    said |= {"entitlement_id": "haloitsm:team:2:member", "entitlement_name": "Network"}
    said |= {"account_name": "Olu Marsh", "reason_kind": "decision", "reason_id": "q4/4411"}
    said |= {"reason": "Joan Diaz: changed teams", "approved_by": "Joan Diaz"}
    said |= {"due_at": "2026-12-01T00:00:00Z", "residual": "Change Board through a role"}
    return Change(**dict.fromkeys(Change.__dataclass_fields__) | said | more)


def about(ticket: Seen, action: str, key: str, reason: str) -> Change:
    expected = {name: ticket.facts[name] for name in ("ticket_id", "reference")}
    return change(action, key, expected_state=json.dumps(expected), reason=reason)


def opened(writer: Provisioner, wanted: Change) -> Seen:
    seen = writer.look(wanted)
    assert "pending" == seen.state
    writer.act(wanted, seen)
    return writer.look(wanted)


def ours(desk: Desk) -> list[dict[str, Any]]:
    return [ticket for ticket in desk.tickets.values() if "RC-" in ticket.get("summary", "")]


def is_post(request: Request) -> bool:
    return request.method == "POST" and not request.path.endswith("/token")


def test_a_ticket_says_what_to_do_for_whom_why_and_by_when(writer, desk, sandbox):
    """A ticket says what to do, for whom, why and by when."""
    seen = writer.look(change())
    receipt = writer.act(change(), seen)
    [ticket] = ours(desk)
    assert f"[{make_reference('c1')}] {SUMMARY}" == ticket["summary"]
    assert (str(ticket["id"]), make_reference("c1")) == (receipt.native_id, receipt.reference)
    for words in (
        f"{SUMMARY}.",
        "Olu Marsh (haloitsm:agent:19)",
        "Network (haloitsm:team:2:member)",
        "Why: Joan Diaz: changed teams (q4/4411)",
        "Approved by: Joan Diaz",
        "Due: 2026-12-01T00:00:00Z",
        "What stays: Change Board",
        make_reference("c1"),
    ):
        assert words in ticket["details"]
    named = {"tickettype_id": 3, "status_id": 21, "priority_id": 3, "category_1": "Access>Removal"}
    named |= {"team": "Service Desk", "user_id": 451, "client_id": 12, "site_id": 18}
    assert named == {name: ticket[name] for name in named}

    assert ("done", "") == (writer.look(change()).state, writer.look(change()).why)
    assert f"haloitsm:ticket:{ticket['id']}" == writer.look(change()).facts["ticket_id"]
    assert 1 == sum(map(is_post, sandbox.haloitsm.seen))


def test_a_ticket_holds_no_secret_and_keeps_its_mark(writer, desk):
    """A ticket holds no secret, and a long name does not cut off its reference."""
    name = "Very\n\x00 long <b>name</b> " * 40
    opened(writer, change(account_name=name, reason="the key is halo-writer-secret"))
    [ticket] = ours(desk)
    assert len(ticket["summary"]) <= 200 and "\n" not in ticket["summary"]
    assert "halo-writer-secret" not in ticket["details"] and "<secret>" in ticket["details"]
    new = {"username": "kim", "email": "kim@example.com", "is_enabled": False}
    asked = change(key="c2", wanted_action="create_account", wanted_state=json.dumps(new))
    opened(writer, asked)
    assert "email: kim@example.com" in ours(desk)[1]["details"]


@pytest.mark.parametrize("effect", [hang_up, cut, silent, status(500), status(502), status(202)])
@pytest.mark.parametrize("search", ["text", "ignored"])
def test_a_lost_answer_never_makes_a_second_ticket(writer, desk, sandbox, effect, search):
    """A lost answer never leads to a second ticket."""
    desk.halo.switches.search = search
    lost = Fault(is_post, effect)
    sandbox.haloitsm.faults = [lost]
    seen, began = writer.look(change()), datetime.now(UTC)
    with pytest.raises(Unknown):
        writer.act(change(), seen)

    after_a_restart = write_access.connect_writer("haloitsm")
    assert "done" == after_a_restart.look(change(), began).state
    assert (1, 1) == (lost.seen, len(ours(desk)))


@pytest.mark.parametrize(
    "build",
    [
        {"search": "text"},
        {"search": "ignored"},  # every search finds every ticket
        {"search": "words"},  # a search finds every ticket with RC in it
        {"search": "details"},
        {"search": "nothing"},
        {"search": "ignored", "order_ignored": True},
        {"search": "text", "search_lag": 9, "list_lag": 0.2},
        {"search": "nothing", "page_cap": 2, "order_ignored": True},
        {"one_in_a_list": True, "summary_cap": 24, "post_status": 201},
    ],
    ids=str,
)
def test_every_ticket_is_found_again_whatever_search_means_here(writer, desk, build):
    """Every ticket is found again, whatever the instance's search does."""
    switches, lags = desk.halo.switches, [name for name in build if name.endswith("lag")]
    for name, value in build.items():
        setattr(switches, name, value)
    for number in range(4):
        began = datetime.now(UTC)
        wanted = change(key=f"c{number}")
        assert "pending" == writer.look(wanted).state
        writer.act(wanted, Seen("pending"))
        assert "done" == writer.look(wanted, began if lags else None).state
        desk.upsert({"summary": "Another matter", "tickettype_id": 1})
    again = write_access.connect_writer("haloitsm")
    began = datetime.now(UTC) if lags else None
    assert {"done"} == {again.look(change(key=f"c{number}"), began).state for number in range(4)}
    assert "pending" == again.look(change(key="other")).state
    assert 4 == len(ours(desk))


def test_a_list_that_broke_off_is_read_again_from_its_beginning(writer, desk, sandbox):
    """An incomplete list is read again from its start.

    The references of older tickets were not read, so those tickets must not count as missing.
    """
    opened(writer, change())
    desk.halo.switches.search, desk.halo.switches.page_cap = "nothing", 2
    for number in range(4):
        desk.upsert({"summary": f"Another matter {number}", "tickettype_id": 1})
    again = write_access.connect_writer("haloitsm")
    third = Fault(lambda request: request.query.get("page_no") == "3", status(404))
    sandbox.haloitsm.faults = [third]
    with pytest.raises(Unreadable):
        again.look(change())
    assert third.fired and "done" == again.look(change()).state


def test_what_did_not_leave_or_was_refused_is_told(writer, desk, sandbox, settings):
    """Unsent requests and refusals are reported as such."""
    seen = writer.look(change())
    desk.halo.expire_tokens()
    with pytest.raises(Unsent, match="401"):
        writer.act(change(), seen)
    sandbox.haloitsm.faults = [Fault(is_post, status(429, retry_after="0"), before=True)]
    with pytest.raises(Unsent, match="429"):
        writer.act(change(), seen)
    del desk.statuses[21]
    with pytest.raises(Rejected, match="status_id 21 does not exist"):
        writer.act(change(), seen)
    settings.setenv("PROVISION__HALOITSM__SCOPE", "read:tickets read:customers")
    settings.delenv("PROVISION__HALOITSM__TICKET_STATUS")
    reader = write_access.connect_writer("haloitsm")
    with pytest.raises(Rejected, match="403") as refused:
        reader.act(change(), reader.look(change()))
    assert "edit:tickets" in refused.value.next
    sandbox.haloitsm.faults = [Fault(is_post, then(lambda body: {}))]
    settings.setenv("PROVISION__HALOITSM__SCOPE", "edit:tickets read:customers")
    with pytest.raises(Unknown, match="no id"):
        write_access.connect_writer("haloitsm").act(change(), seen)
    assert 1 == len(ours(desk))


def test_properties_that_are_dropped_or_changed_are_told(writer, desk):
    """Fields that the desk dropped or changed are reported."""
    desk.halo.switches.drops = ("team", "priority_id")
    seen = opened(writer, change())
    assert "done" == seen.state
    assert "priority_id None instead of 3" in seen.why and "team None" in seen.why
    ticket = ours(desk)[0]
    desk.delete(str(ticket["id"]))
    desk.halo.switches.search = "nothing"
    assert "pending" == write_access.connect_writer("haloitsm").look(change()).state


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TYPE", None, "TICKET_TYPE: it is not set"),
        ("TYPE", "Project", "no entry is named Project; known: Access Request, Incident"),
        ("STATUS", "Nwe", "no entry is named Nwe; known: Cancelled, Closed, In Progress, New"),
        ("PRIORITY", "Urgent", "TICKET_PRIORITY: no entry is named Urgent"),
        ("CATEGORY", "Access", "known: Access>Removal"),
        ("TEAM", "Old Telephony", "TICKET_TEAM: no entry is named Old Telephony"),
        ("REQUESTER", "nobody@example.com", "TICKET_REQUESTER: no entry is named nobody"),
        ("PRIORITY", "High", "2 entries are named High, with the ids"),
    ],
)
def test_a_name_that_is_not_one_thing_is_one_clear_sentence(
    desk, settings, sandbox, name, value, said
):
    """A name that is missing, unknown or ambiguous gives one clear sentence."""
    desk.priorities.append(desk.priorities[1] | {"id": "other", "priorityid": 22, "slaid": 2})
    variable = f"PROVISION__HALOITSM__TICKET_{name}"
    settings.setenv(variable, value) if value else settings.delenv(variable)
    with pytest.raises(Misconfigured, match=said) as failure:
        write_access.connect_writer("haloitsm").look(change())

    assert variable == failure.value.what and not any(map(is_post, sandbox.haloitsm.seen))


def test_an_id_tells_two_of_one_name_apart(desk, settings):
    """An id distinguishes two priorities of one name."""
    desk.priorities.append(desk.priorities[1] | {"id": "other", "priorityid": 22, "slaid": 2})
    settings.setenv("PROVISION__HALOITSM__TICKET_PRIORITY", "OTHER")
    writer = write_access.connect_writer("haloitsm")
    opened(writer, change())
    assert (22, 2) == (ours(desk)[0]["priority_id"], ours(desk)[0]["sla_id"])


@pytest.mark.parametrize("ignored", [False, True])
def test_a_ticket_is_closed_opened_again_and_told_why_once_each(writer, desk, sandbox, ignored):
    """A ticket is closed, reopened and commented once each."""
    desk.halo.switches.excludeclosed_ignored = ignored
    ticket = opened(writer, change())
    [row] = ours(desk)
    sandbox.haloitsm.log.clear()
    told = about(ticket, "comment_ticket", "n1", "the role gives it <again>")
    closing = about(ticket, "close_ticket", "n2", "a complete sync no longer sees it")
    opening = about(ticket, "reopen_ticket", "n3", "it is back")
    for wanted, status_id in ((told, 21), (closing, 24), (opening, 21)):
        seen = writer.look(wanted)
        assert "pending" == seen.state
        writer.act(wanted, seen)
        assert ("done", status_id) == (writer.look(wanted).state, row["status_id"])
    assert "done" == writer.look(told).state
    desk.upsert({"id": row["id"], "status_id": 23})  # cancelled by somebody: that is closed too
    assert "done" == writer.look(closing).state

    notes = [note["note"] for note in desk.actions[row["id"]] if not note.get("_system")]
    assert 3 == len(notes) == sandbox.haloitsm.count("POST")
    assert "the role gives it &lt;again&gt;" in notes[0] and make_reference("n1") in notes[0]


def test_a_note_whose_answer_is_lost_is_not_written_twice(writer, desk, sandbox):
    """A note with a lost answer is not added twice."""
    told = about(opened(writer, change()), "comment_ticket", "n1", "still there")
    sandbox.haloitsm.faults = [Fault(is_post, hang_up)]
    began = datetime.now(UTC)
    with pytest.raises(Unknown):
        writer.act(told, writer.look(told))
    assert "done" == writer.look(told, began).state
    [row] = ours(desk)
    assert 2 == len(desk.actions[row["id"]])  # the logging, and the note


def test_closing_rules_and_outcomes_of_the_instance(writer, desk, settings):
    """An instance's required outcome and closure note are respected."""
    ticket = opened(writer, change())
    closing = about(ticket, "close_ticket", "n2", "gone")
    desk.halo.switches.actions_need_outcome_id = True
    with pytest.raises(Rejected, match="outcome_id is required") as refused:
        writer.act(closing, writer.look(closing))
    assert "NOTE_OUTCOME" in refused.value.next
    settings.setenv("PROVISION__HALOITSM__NOTE_OUTCOME", "7")
    desk.halo.switches.closing_needs_note = True  # the note comes with the new status
    writer = write_access.connect_writer("haloitsm")
    writer.act(closing, writer.look(closing))
    assert "done" == writer.look(closing).state

    desk.halo.switches.new_status_ignored = True
    opening = about(ticket, "reopen_ticket", "n3", "back")
    writer.act(opening, writer.look(opening))
    assert "pending" == writer.look(opening).state
    settings.setenv("PROVISION__HALOITSM__TICKET_CLOSED_STATUS", "In Progress")
    settings.setenv("PROVISION__HALOITSM__TICKET_REOPENED_STATUS", "In Progress")
    desk.halo.switches.new_status_ignored = False
    writer = write_access.connect_writer("haloitsm")
    writer.act(opening, writer.look(opening))
    assert 22 == ours(desk)[0]["status_id"]
    with pytest.raises(Misconfigured, match="does not close a ticket; these do: Cancelled, Closed"):
        writer.act(closing, writer.look(closing))


def test_a_ticket_that_is_gone_or_not_ours_is_left_alone(writer, desk, sandbox):
    """A deleted or foreign ticket is left unchanged."""
    ticket = opened(writer, change())
    closing = about(ticket, "close_ticket", "n2", "gone")
    [row] = ours(desk)
    row["summary"], row["details"] = "rewritten", "by hand"
    assert "drift" == writer.look(closing).state
    desk.delete(str(row["id"]))
    assert "absent" == writer.look(closing).state
    assert "drift" == writer.look(change("close_ticket")).state  # of no ticket at all
    assert "drift" == writer.look(change("revoke")).state
    page = Fault(lambda request: "/api/" in request.path, status(404, b"<html>"), times=9)
    sandbox.haloitsm.faults = [page]
    with pytest.raises(Unreadable):  # a 404 for everything says nothing about a ticket
        write_access.connect_writer("haloitsm").look(closing)


def test_its_own_agents_are_known(writer, sandbox, settings):
    """The writer knows the agents of its own credentials."""
    assert {"haloitsm:agent:2", "haloitsm:agent:3"} == writer.own_accounts()
    assert sandbox.haloitsm.url == write_access.writable_tenant("haloitsm")
    settings.delenv("SOURCES__HALOITSM__CLIENT_SECRET")
    assert {"haloitsm:agent:3"} == write_access.connect_writer("haloitsm").own_accounts()
