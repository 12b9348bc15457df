"""The second person who approves one plan, as whoever applies the plan names them.

The digest of a plan proves that what is applied is what was read, and not who read it. The name of
the second person is a claim, which the audit log keeps: somebody who can run commands here can
claim anything, and has signed for it with the user and the host that they ran them as. Where the
policy names approvers, nothing is applied without such a claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb

from pipelines.failures import Misconfigured, Refused
from pipelines.policy import company_files
from pipelines.sql import has_table
from pipelines.write_back.plan import Plan

FLAG = "--approved-by"
MAIL = re.compile(r"[^\s'\"\\{}@]+@[^\s'\"\\{}@]+")
NEXT_CLAIM = f"let an approver named in policy.toml read the plan, then add {FLAG} with the address"
NEXT_OTHER = "let somebody else read and approve the plan"


def check_second_person(
    plan: Plan, claimed: str | None, actor: str, warehouse: duckdb.DuckDBPyConnection
) -> str | None:
    """Return the address of who approved a plan, as `claimed`; None if nobody is claimed or needed.

    Raises Refused where the policy asks for an approver and none is named, for an address that is
    none of its approvers, and for somebody who has another hand in the plan. Raises Misconfigured
    for a text that is no address.
    """
    approvers = _read_approvers(warehouse)
    if claimed is None:
        if approvers:
            why = "policy.toml asks for the approval of a second person, and nobody is named"
            raise Refused(f"plan {plan.digest[:12]}", why, NEXT_CLAIM)
        return None
    mail = claimed.strip().lower()
    if not MAIL.fullmatch(mail):
        raise Misconfigured(FLAG, "this is not a mail address", "give the address of who approved")
    if approvers and mail not in approvers:
        raise Refused(FLAG, "the address is none of the approvers in policy.toml", NEXT_CLAIM)
    for why in _find_hands(plan, mail, actor, warehouse):
        raise Refused(FLAG, f"that is no second person: {why}", NEXT_OTHER)
    return mail


def _read_approvers(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the approvers of policy.toml. Raises Refused if it no longer asks for any, although
    the published policy does."""
    rules = company_files.read_policy(company_files.policy_folder())
    if found := {mail for (mail,) in rules["approvers"]}:
        return found
    is_published = (
        has_table(warehouse, "approvers", "policy")
        and warehouse.execute("select 1 from policy.approvers limit 1").fetchone()
    )
    if is_published:
        why = "it names no approvers any more, and the published policy does"
        raise Refused("policy.toml", why, "restore `[approval]`, or run `rollcall sync` without it")
    return set()


def _find_hands(
    plan: Plan, mail: str, actor: str, warehouse: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    """Yield what else this person has to do with a plan."""
    if _is_of(actor, mail):
        yield "the same person applies the plan"
    if _is_of(plan.document["made_by"], mail):
        yield "the same person made the plan"
    changes = plan.changes
    if mail in {(change.approved_by or "").strip().lower() for change in changes}:
        yield "the same person decided on a change of the plan, or approved its request"
    asked = _read_mails(
        warehouse,
        "select requested_by from policy.requests where request_id in (select unnest(?))",
        [change.reason_id for change in changes if change.reason_kind in ("request", "expiry")],
    )
    if mail in asked:
        yield "the same person asked for a change of the plan"
    about = "select work_email from people where person_id in (select unnest(?))"
    if mail in _read_mails(warehouse, about, [one.person_id for one in changes if one.person_id]):
        yield "the plan changes the access of the same person"


def _is_of(actor: str, mail: str) -> bool:
    """Return whether an actor, `claim (user@host)` or `user@host`, may be who has this address: the
    claim has the address, or the user has its name."""
    machine = actor.rpartition("(")[2].rstrip(")")
    user = machine.partition("@")[0].strip().lower()
    return mail in actor.lower() or user == mail.partition("@")[0]


def _read_mails(warehouse: duckdb.DuckDBPyConnection, sql: str, ids: list[str]) -> set[str]:
    if not ids:
        return set()
    found = warehouse.execute(sql, [ids]).fetchall()
    return {mail.strip().lower() for (mail,) in found if mail}
