"""Standing approvals: a person lets a job that runs by itself make what certain rules want.

An approval is the record `approved` in the audit log. It covers one subject ("push TARGET", or
"expiry"), one tenant and one digest, which covers the rules together with their limits. It holds
until its last day, in UTC. The last approval of a subject counts, so a new one ends the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pipelines import clock
from pipelines.failures import Misconfigured, Refused
from pipelines.files.json_lines import Record
from pipelines.write_back import audit_log

PUSH_SUBJECT = "push "  # followed by the target
MAX_YEARS = 2
DEFAULT_YEARS = 1
FACTS = ("subject", "rules_sha256", "tenant", "until")


@dataclass(frozen=True)
class Approval:
    """One standing approval, as the audit log has it."""

    subject: str
    rules_sha256: str
    tenant: str
    until: date  # the last day, in UTC
    approved_by: str
    approved_at: str  # ISO 8601 in UTC
    record: str  # the hash of the audit record

    @classmethod
    def of(cls, record: Record) -> Approval:
        """Return the approval that a record `approved` states. Raises Refused for another one."""
        facts = record["facts"]
        try:
            known = {name: str(facts[name]) for name in FACTS}
            until = date.fromisoformat(known.pop("until"))
        except (KeyError, ValueError):
            why = f"record {record['seq']} is an approval without its facts"
            raise Refused("audit log", why, audit_log.NEXT_AUDIT) from None
        return cls(
            **known,
            until=until,
            approved_by=record["actor"],
            approved_at=record["time"],
            record=record["hash"],
        )


def approve(
    folder: Path, actor: str, subject: str, digest: str, tenant: str, until: date
) -> Record:
    """Write a standing approval into the audit log, and return its record.

    Raises Misconfigured for a day that is past or too far ahead, Refused if the log was edited, and
    Locked while a plan is made or applied.
    """
    today = datetime.now(UTC).date()
    if until < today:
        raise Misconfigured("--until", f"{until} is past", "give a day to come, or none")
    if until > add_years(today, MAX_YEARS):
        latest = add_years(today, MAX_YEARS)
        why = f"{until} is more than {MAX_YEARS} years ahead"
        raise Misconfigured("--until", why, f"give {latest} or an earlier day")
    with audit_log.hold_changes(folder):
        return audit_log.Log(folder, actor).write(
            "approved", subject=subject, rules_sha256=digest, tenant=tenant, until=until.isoformat()
        )


def find_approval(folder: Path, subject: str) -> Approval | None:
    """Return the last approval of a subject, ended or not; None if there was none.

    Raises Refused if the log was edited, cut off or written anew, because an approval that was
    replaced must not count again.
    """
    if not (folder / "audit.jsonl").exists() and not audit_log.read_head(folder):
        return None
    _verify(folder)
    found = [Approval.of(record) for record in audit_log.read_events(folder, ("approved",))]
    return next((one for one in reversed(found) if one.subject == subject), None)


def check_approved(folder: Path, subject: str, digest: str, tenant: str) -> Approval:
    """Return the approval of a subject, if it holds today for exactly these rules and this tenant.

    Raises Refused, with the command that approves them.
    """
    found = find_approval(folder, subject)
    if why := explain_unapproved(found, digest, tenant):
        raise Refused(subject, why, f"read the rules; if they are right: {spell(subject, digest)}")
    assert found is not None
    return found


def explain_unapproved(found: Approval | None, digest: str, tenant: str) -> str:
    """Return why an approval does not cover these rules in this tenant today; empty if it does."""
    if found is None:
        return "nobody has approved these rules"
    if clock.is_ahead(found.approved_at):
        return f"the approval is dated {found.approved_at}, in the future: a clock was wrong"
    if found.tenant != tenant:
        return f"{found.approved_by} approved {found.tenant}, but the settings lead to {tenant}"
    if found.rules_sha256 != digest:
        day = found.approved_at[:10]
        return f"the rules are not those that {found.approved_by} approved on {day}"
    if datetime.now(UTC).date() > found.until:
        return f"the approval by {found.approved_by} ended on {found.until}"
    longest = add_years(datetime.fromisoformat(found.approved_at).date(), MAX_YEARS)
    if found.until > longest:
        return f"the approval by {found.approved_by} is for more than {MAX_YEARS} years"
    return ""


def spell(subject: str, digest: str) -> str:
    """Return the command that approves a subject with this digest."""
    verb, *target = subject.split()
    return " ".join(["rollcall", verb, "approve", *target, "--digest", digest])


def add_years(day: date, years: int) -> date:
    """Return the same day of a later year; 28 February for a 29th that the year lacks."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _verify(folder: Path) -> None:
    """Raise Refused unless every record and every known head of the log is there."""
    # A writer that died leaves an unfinished record, which announces nothing that has begun
    wrong = [why for why in audit_log.verify_log(folder).wrong if audit_log.CUT_OFF not in why]
    if wrong:
        raise Refused(str(folder / "audit.jsonl"), wrong[0], audit_log.NEXT_AUDIT)
