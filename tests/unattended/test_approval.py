"""A standing approval covers exactly the rules, the tenant and the days that a person gave it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.failures import Refused
from pipelines.files import json_lines
from pipelines.write_back import approval, audit_log
from pipelines.write_back.approval import check_approved
from tests.support.push_world import TITLE
from tests.support.push_world import known as known
from tests.support.push_world import pushing as pushing

TODAY = datetime.now(UTC).date()
SUBJECT = "push okta"


def test_an_approval_says_what_it_covers(pushing):
    """Approving prints rules, limits, tenant and last day, and the log has the person."""
    pushing.write_rules(TITLE + "[limits]\nchanges = 7\n")
    before = pushing.run("status")
    digest = pushing.digest()
    assert f"rollcall push approve okta --digest {digest}" in before.out

    said = pushing.run("approve", "--digest", digest, REVIEW__ACTOR="kim@x.example")

    year = approval.add_years(TODAY, 1).isoformat()
    assert (0, 0) == (said.code, pushing.requests())
    for part in ("attributes: title", "changes 7", pushing.rollcall.sandbox.okta.url, year):
        assert part in said.out
    [facts] = pushing.records("approved")
    assert (SUBJECT, digest, year) == (facts["subject"], facts["rules_sha256"], facts["until"])
    status = pushing.run("status", "--json").document
    assert (True, None, year) == (status["is_approved"], status["approve"], status["until"])
    assert status["approved_by"].startswith("kim@x.example (")


def test_only_the_digest_of_the_file_is_approved(pushing):
    """The digest of an earlier file is refused, and no record is written."""
    pushing.write_rules(TITLE)
    digest = pushing.digest()
    pushing.write_rules(TITLE.replace("job_title", "department"))

    result = pushing.run("approve", "--digest", digest)

    assert 5 == result.code and f"the digest of these rules is {pushing.digest()}" in result.err
    assert not (pushing.folder / "audit.jsonl").exists()


@pytest.mark.parametrize(
    ("until", "code", "said"),
    [
        (TODAY.isoformat(), 0, ""),
        ((TODAY - timedelta(days=1)).isoformat(), 2, "is past"),
        (approval.add_years(TODAY, 2).isoformat(), 0, ""),
        ((approval.add_years(TODAY, 2) + timedelta(days=1)).isoformat(), 2, "more than 2 years"),
        ("next year", 2, "is not a day"),
    ],
)
def test_the_last_day_is_near_enough(pushing, until, code, said):
    """An approval ends today at the earliest, and in two years at the latest."""
    pushing.write_rules(TITLE)
    result = pushing.run("approve", "--digest", pushing.digest(), "--until", until)

    assert code == result.code and said in result.err


def test_changed_rules_are_not_approved(pushing):
    """Another limit ends the approval; a comment, or the file as it was, does not."""
    pushing.approve(TITLE)
    pushing.write_rules("# a comment\n" + TITLE)
    assert pushing.run("status", "--json").document["is_approved"]

    pushing.write_rules(TITLE + "[limits]\ncreates = 11\n")
    result = pushing.run("status")
    assert "not approved: the rules are not those that" in result.out
    assert f"rollcall push approve okta --digest {pushing.digest()}" in result.out


def test_another_tenant_is_not_approved(pushing):
    """Settings that lead to another tenant are told apart from changed rules."""
    pushing.approve(TITLE)
    url = pushing.rollcall.sandbox.okta.url.replace("127.0.0.1", "localhost")

    result = pushing.run("status", SOURCES__OKTA__DOMAIN=url)

    assert f"but the settings lead to {url}" in result.out


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder of changes of a log with one approval that holds until today."""
    monkeypatch.setenv("WAREHOUSE", str(tmp_path / "access.duckdb"))
    approval.approve(tmp_path / "changes", "kim@host", SUBJECT, "d" * 64, "acme", TODAY)
    return tmp_path / "changes"


def test_an_approval_covers_its_subject_alone(folder):
    """The approval of one target is none for another, and none for access that expires."""
    assert "kim@host" == check_approved(folder, SUBJECT, "d" * 64, "acme").approved_by
    for subject in ("push pingone", "expiry"):
        with pytest.raises(Refused, match="nobody has approved") as raised:
            check_approved(folder, subject, "d" * 64, "acme")
        assert f"rollcall {subject.split()[0]} approve" in raised.value.next


def test_the_last_approval_counts(folder):
    """A newer approval ends the one before, even if that one had the digest of today."""
    approval.approve(folder, "kim@host", SUBJECT, "e" * 64, "acme", TODAY)

    assert check_approved(folder, SUBJECT, "e" * 64, "acme")
    with pytest.raises(Refused, match="the rules are not those"):
        check_approved(folder, SUBJECT, "d" * 64, "acme")


def at(moment: datetime, until, folder) -> approval.Approval:
    """Return an approval that was given at another moment."""
    found = approval.find_approval(folder, SUBJECT)
    return approval.Approval(**vars(found) | {"approved_at": moment.isoformat(), "until": until})


def test_an_approval_ends_after_its_last_day(folder):
    """It holds on its last day, and not on the day after it."""
    given = datetime.now(UTC) - timedelta(days=30)

    def why(until) -> str:
        return approval.explain_unapproved(at(given, until, folder), "d" * 64, "acme")

    assert "" == why(TODAY)
    assert f"ended on {TODAY - timedelta(days=1)}" in why(TODAY - timedelta(days=1))


def test_a_wrong_clock_prolongs_no_approval(folder):
    """An approval from the future, or for more than two years, covers nothing."""
    ahead = datetime.now(UTC) + timedelta(days=400)
    forged = [
        (ahead, approval.add_years(ahead.date(), 2), "in the future: a clock was wrong"),
        (datetime.now(UTC), TODAY + timedelta(days=800), "for more than 2 years"),
    ]
    for moment, until, said in forged:
        found = at(moment, until, folder)
        assert said in approval.explain_unapproved(found, "d" * 64, "acme")


def test_an_edited_or_cut_log_approves_nothing(folder):
    """An approval of an edited log, or of one that lost its end, is refused."""
    log = folder / "audit.jsonl"
    lines = log.read_bytes()
    record = json.loads(lines) | {"actor": "somebody else"}
    log.write_bytes(json_lines.to_canonical(record | {"hash": audit_log.hash_of(record)}))
    with pytest.raises(Refused, match="missing"):
        check_approved(folder, SUBJECT, "d" * 64, "acme")

    log.write_bytes(lines)
    approval.approve(folder, "kim@host", SUBJECT, "e" * 64, "acme", TODAY)
    log.write_bytes(lines)  # the last approval is cut off, and the one before would count again
    with pytest.raises(Refused, match="truncated or written anew"):
        check_approved(folder, SUBJECT, "d" * 64, "acme")


def test_a_writer_that_died_ends_no_approval(folder):
    """An unfinished record at the end announces nothing, so the approval before it holds."""
    with (folder / "audit.jsonl").open("ab") as file:
        file.write(b'{"actor":"kim')

    assert check_approved(folder, SUBJECT, "d" * 64, "acme")
