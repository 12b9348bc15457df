"""Declare the tables of reviews: campaigns, their frozen items, and every decision.

These rows cannot be built again from the sources. Items and decisions are never changed or deleted:
a superseded decision stays, and names the import that superseded it.
"""

from __future__ import annotations

from pipelines.sql import Table

DECISIONS = ("keep", "revoke", "modify", "not_mine", "unsure")
SETTLED = ("keep", "revoke", "modify")  # the other answers decide nothing

CAMPAIGNS = Table(
    "review_campaigns",
    "One row per review campaign that was opened.",
    {
        "campaign": ("varchar not null", "The campaign: the name of its file."),
        "title": ("varchar not null", "What reviewers read above their list."),
        "due_on": ("date", "The last day for decisions."),
        "status": ("varchar not null", "open or closed."),
        "opened_at": ("timestamptz not null", "When its population was frozen."),
        "opened_by": ("varchar not null", "Who opened it."),
        "closed_at": ("timestamptz", "When it was closed; null while it is open."),
        "closed_by": ("varchar", "Who closed it."),
        "data_as_of": ("timestamptz not null", "The start of the sync whose data it shows."),
        "definition": ("json not null", "The campaign's file as it was read."),
        "definition_sha256": ("varchar not null", "SHA-256 of the campaign's file."),
        "sources": ("json not null", "Per source: last run, last complete run, age, staleness."),
        "accepted": (
            "json not null",
            "What was accepted by name when it was opened: stale sources,"
            " incomplete runs, old full reads, with who and why.",
        ),
        "rollcall": ("varchar not null", "The version of Rollcall that opened it."),
    },
    ("campaign",),
)
ITEMS = Table(
    "review_items",
    "One row per campaign and grant to decide, as it stood when the campaign was opened.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": (
            "varchar not null",
            "The item, in all files: short, stable, unique in its campaign.",
        ),
        "grant_id": ("varchar not null", "The grant that is decided on."),
        "account_id": ("varchar not null", "Who holds it."),
        "entitlement_id": ("varchar not null", "What is held."),
        "scope_id": ("varchar", "Where it applies; null where the system has no scopes."),
        "person_id": ("varchar", "The human behind the account; null if none is known."),
        "source_name": ("varchar not null", "The system that gives it."),
        "reviewer": ("varchar not null", "Who decides, by mail address."),
        "reviewer_rule": (
            "varchar not null",
            "Why they: manager, entitlement_owner, source_owner, named, fallback, second_fallback.",
        ),
        "reviewer_conflict": (
            "varchar",
            "Why the first choice must not decide: self, reciprocal,"
            " left, unknown; null if nothing speaks against it.",
        ),
        "first_choice": (
            "varchar",
            "Whom the campaign's rules name first, by mail address; null if nobody.",
        ),
    },
)
EXCLUSIONS = Table(
    "review_exclusions",
    "One row per campaign and grant or account that is not decided on in it.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "kind": ("varchar not null", "grant or account."),
        "excluded_id": ("varchar not null", "The grant or account."),
        "source_name": ("varchar not null", "The system it is of."),
        "reason": ("varchar not null", "Why it is not in the campaign."),
    },
    ("campaign", "kind", "excluded_id"),
)
FINDINGS = Table(
    "review_findings",
    "One row per campaign and finding, as it stood when the campaign was opened.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "finding_id": ("varchar not null", "The finding, as in findings."),
    },
    ("campaign", "finding_id"),
)
LEDGER = Table(
    "review_ledger",
    "One row per campaign and source: where every grant that the source has told of went.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "source_name": ("varchar not null", "The source."),
    },
    ("campaign", "source_name"),
)
PACKETS = Table(
    "review_packets",
    "One row per packet of files that was written: whoever has its manifest can be held to it.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "manifest_sha256": ("varchar not null", "SHA-256 of the packet's manifest.json."),
        "status": ("varchar not null", "The campaign's status that it shows: open or closed."),
        "written_at": ("timestamptz not null", "When it was first written."),
        "written_by": ("varchar not null", "Who wrote it."),
    },
    ("campaign", "manifest_sha256"),
)
IMPORTS = Table(
    "review_imports",
    "One row per decision file that was taken in.",
    {
        "import_id": ("varchar not null", "The import: its time in UTC and a random part."),
        "campaign": ("varchar not null", "The campaign."),
        "file_name": ("varchar not null", "The file, without its folder."),
        "file_sha256": ("varchar not null", "SHA-256 of the file."),
        "imported_at": ("timestamptz not null", "When."),
        "imported_by": ("varchar not null", "Who took it in: the person at the keyboard."),
        "rows_read": ("bigint not null", "Rows of the file."),
        "rows_decided": ("bigint not null", "Rows whose decision was new."),
        "rows_undecided": ("bigint not null", "Rows without a decision."),
        "rows_rejected": (
            "bigint not null",
            "Rows that were left out because the rest was asked for.",
        ),
    },
    ("import_id",),
)
DECIDED = Table(
    "review_decisions",
    "One row per decision that was ever taken in, superseded ones too.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": ("varchar not null", "The item."),
        "import_id": ("varchar not null", "The file it came with."),
        "decision": ("varchar not null", "keep, revoke, modify, not_mine or unsure."),
        "comment": ("varchar", "The reviewer's words."),
        "decided_by": ("varchar not null", "Who decided, by mail address."),
        "decided_at": (
            "timestamptz not null",
            "When, as the file says, else when it was taken in.",
        ),
        "row_number": ("bigint not null", "The row of the file."),
        "is_current": (
            "boolean not null",
            "Whether it is the item's decision now: false once another superseded it.",
        ),
        "superseded_by": ("varchar", "The import whose decision took its place."),
        "grant_id": ("varchar not null", "The grant of the item."),
        "is_late": ("boolean", "Whether it was taken in after the campaign's last day."),
    },
)

TABLES = (CAMPAIGNS, ITEMS, EXCLUSIONS, FINDINGS, LEDGER, PACKETS, IMPORTS, DECIDED)
