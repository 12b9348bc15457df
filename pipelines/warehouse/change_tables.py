"""Declare the tables of write-back: plans that were applied, the outcome of each change, and what
ran without a person."""

from __future__ import annotations

from pipelines.sql import Table

PLANS = Table(
    "change_plans",
    "One row per plan that was applied, wholly or in part.",
    {
        "plan_digest": ("varchar not null", "SHA-256 of the plan's canonical JSON."),
        "made_at": ("timestamptz not null", "When the plan was made."),
        "made_by": ("varchar not null", "Who made the plan."),
        "data_as_of": (
            "timestamptz not null",
            "The start of the sync whose data the plan was made from.",
        ),
        "changes": ("bigint not null", "Changes in the plan."),
        "applied_by": ("varchar not null", "Who applied the plan."),
        "approved_by": (
            "varchar",
            "Who approved the plan besides, by mail address, as whoever applied it claimed; null if"
            " nobody was named.",
        ),
        "completed_at": ("timestamptz", "When the outcome of every change was known; null before."),
        "audit_head": (
            "varchar",
            "The hash of the last audit record about the plan."
            " `rollcall audit verify` looks for the hash in the log.",
        ),
    },
    ("plan_digest",),
)


APPLIED = Table(
    "applied_changes",
    "One row per plan and change whose outcome is known.",
    {
        "plan_digest": ("varchar not null", "The plan."),
        "change_id": ("varchar not null", "The change, as in planned_changes."),
        "action": (
            "varchar not null",
            "grant, revoke, create_account, update_account, enable_account, disable_account,"
            " delete_account, create_group, rename_group, open_ticket, close_ticket, reopen_ticket"
            " or comment_ticket.",
        ),
        "wanted_action": (
            "varchar",
            "What the ticket asks for: revoke, grant, …; null for a change by API.",
        ),
        "source_name": ("varchar not null", "The system that was changed."),
        "person_id": ("varchar", "The person whose account it is; null if nobody is known."),
        "account_id": ("varchar", "The account that was changed or created."),
        "changed_fields": (
            "varchar[]",
            "The names of the account's attributes that the change sets, sorted; never values.",
        ),
        "schema_sha256": (
            "varchar",
            "SHA-256 of what the target said about these attributes when the change was planned;"
            " null where nobody recorded it.",
        ),
        "entitlement_id": (
            "varchar",
            "The entitlement, or the one of the group; null for a change of the account itself.",
        ),
        "scope_id": ("varchar", "The scope in which the entitlement was held."),
        "grant_id": ("varchar", "The grant, as in grants."),
        "reason_kind": ("varchar not null", "decision, leaver, request, expiry, push or undo."),
        "reason_id": (
            "varchar not null",
            "The decision (campaign/item), person, request or push rule (target/rule) behind it.",
        ),
        "outcome": (
            "varchar not null",
            "done: carried out. already: the wanted state was there. ticketed: a ticket asks for"
            " the change. drift: the live state was not the one that the plan expected."
            " failed: see why.",
        ),
        "why": ("varchar", "The reason, where the change was not carried out."),
        "known_at": ("timestamptz not null", "When the outcome became known."),
        "ticket_id": ("varchar", "The ticket: <source>:ticket:<native id>."),
        "reference": ("varchar", "The unique reference that the ticket carries."),
    },
    ("plan_digest", "change_id"),
)


AUDIT_HEADS = Table(
    "audit_heads",
    "One row per last record (head) of the audit log that a sync or an apply found. Rows are"
    " only added, so a log that somebody wrote anew is noticed: it lacks earlier heads.",
    {
        "audit_head": ("varchar not null", "The hash of the last audit record at that time."),
        "records": ("bigint not null", "Records in the log at that time."),
        "noted_at": ("timestamptz not null", "When the head was noted."),
    },
    ("audit_head",),
)


PUSHES = Table(
    "pushes",
    "One row per push that began. A push that was killed has no end.",
    {
        "push_id": (
            "varchar not null",
            "The push: its start in UTC and a random part. Sorts by time.",
        ),
        "target": ("varchar not null", "The source that was changed."),
        "begun_by": ("varchar not null", "command: `rollcall push run`. watch: `rollcall watch`."),
        "rules_sha256": ("varchar not null", "The digest of the rules, as it was approved."),
        "approved_by": (
            "varchar not null",
            "Who approved the rules; where the push made a plan of its own digest, who gave it.",
        ),
        "started_at": ("timestamptz not null", "When the push began."),
        "ended_at": ("timestamptz", "When the push ended; null before, or if it was killed."),
        "rounds": ("bigint", "How often the push planned and made changes."),
        "changes": ("bigint", "Changes that were planned, of all rounds."),
        "done": ("bigint", "Changes that are in place, also those that were before."),
        "failed": (
            "bigint",
            "Changes that were planned and are not in place, for whatever reason.",
        ),
        "blocked": ("bigint", "Changes that the rules want and that no push makes, in the end."),
        "code": ("bigint", "The exit code; null before the end, or if it was killed."),
    },
    ("push_id",),
)


APPROVALS = Table(
    "push_approvals",
    "One row per standing approval of push rules. The last one of a target counts.",
    {
        "target": ("varchar not null", "The source that the rules change."),
        "rules_sha256": ("varchar not null", "The digest of the rules with their limits."),
        "tenant": ("varchar not null", "The tenant of the target that the approval is for."),
        "approved_by": ("varchar not null", "Who approved the rules."),
        "approved_at": ("timestamptz not null", "When the approval was given."),
        "until": ("date not null", "The last day of the approval, in UTC."),
    },
    ("target", "approved_at"),
)


UNREAD_TABLES = (AUDIT_HEADS, PUSHES, APPROVALS)  # no model depends on them
TABLES = (PLANS, APPLIED, *UNREAD_TABLES)
