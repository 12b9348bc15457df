"""Declare the tables of reviews: campaigns, their frozen items, and every decision.

The rows of these tables cannot be built again from the sources. Items and decisions are never
changed or deleted: a superseded decision stays, and names the import that superseded it.
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
        "opened_at": ("timestamptz not null", "When the items were frozen."),
        "opened_by": ("varchar not null", "Who opened the campaign."),
        "closed_at": ("timestamptz", "When the campaign was closed; null while it is open."),
        "closed_by": ("varchar", "Who closed the campaign."),
        "data_as_of": (
            "timestamptz not null",
            "The start of the sync whose data the campaign shows.",
        ),
        "definition": ("json not null", "The content of the campaign's file."),
        "definition_sha256": ("varchar not null", "SHA-256 of the campaign's file."),
        "sources": ("json not null", "Per source: last run, last complete run, age, staleness."),
        "accepted": (
            "json not null",
            "The problems that were accepted by name when the campaign was opened (stale sources,"
            " incomplete runs, old full reads), with who accepted them and why.",
        ),
        "rollcall": ("varchar not null", "The version of Rollcall that opened it."),
        "opening": (
            "varchar",
            "A random text of which the ids of the campaign's items are made; null in campaigns"
            " that an earlier version opened.",
        ),
        "population_sql": (
            "varchar",
            "The SQL that selected the items; null in campaigns that an earlier version opened.",
        ),
        "opened_with": (
            "json",
            "The code that opened the campaign: versions and digests; null in campaigns that an"
            " earlier version opened.",
        ),
        "closed_with": (
            "json",
            "The code that closed the campaign; null while it is open, and where an earlier version"
            " closed it.",
        ),
    },
    ("campaign",),
)
ITEMS = Table(
    "review_items",
    "One row per campaign and grant to decide, as of the opening.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": (
            "varchar not null",
            "The id of the item in all files: short, stable, unique in its campaign.",
        ),
        "grant_id": ("varchar not null", "The grant that is decided on."),
        "account_id": ("varchar not null", "The account that holds the grant."),
        "entitlement_id": ("varchar not null", "The entitlement that is held."),
        "scope_id": ("varchar", "Where it applies; null where the system has no scopes."),
        "person_id": ("varchar", "The person of the account; null if none is known."),
        "source_name": ("varchar not null", "The system of the grant."),
        "source_title": (
            "varchar",
            "What people called the system at the opening; null in campaigns that an earlier"
            " version opened.",
        ),
        "reviewer": (
            "varchar not null",
            "Who decides, by mail address, unless review_reassignments names somebody else.",
        ),
        "reviewer_rule": (
            "varchar not null",
            "Why this reviewer: manager, entitlement_owner, source_owner, named, fallback,"
            " second_fallback.",
        ),
        "reviewer_conflict": (
            "varchar",
            "Why the first choice must not decide: self, reciprocal, left, unknown;"
            " null if the first choice may decide.",
        ),
        "first_choice": (
            "varchar",
            "The first choice of the campaign's rules, by mail address; null if nobody.",
        ),
    },
)
REASSIGNMENTS = Table(
    "review_reassignments",
    "One row per campaign, item and time that the item was given to another reviewer.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": ("varchar not null", "The item."),
        "reassignment_id": (
            "varchar not null",
            "The command that gave the item away: its time in UTC and a random part.",
        ),
        "from_reviewer": ("varchar not null", "Who decided until then, by mail address."),
        "to_reviewer": ("varchar not null", "Who decides since then, by mail address."),
        "reassigned_at": ("timestamptz not null", "When."),
        "reassigned_by": ("varchar not null", "Who ran the command."),
        "because": ("varchar not null", "Why, in the words of whoever ran the command."),
        "is_current": (
            "boolean not null",
            "Whether this is the item's last reassignment; false once there is a later one.",
        ),
    },
    ("campaign", "item_id", "reassignment_id"),
)
REVIEWERS = Table(
    "review_reviewers",
    "One row per campaign and reviewer: who decides, as HR had it then.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "reviewer": ("varchar not null", "The mail address."),
        "kind": (
            "varchar not null",
            "person: HR has the address for one person. shared mailbox: for nobody, or for"
            " several, so a decision names no person.",
        ),
        "person_id": ("varchar", "The person; null for a shared mailbox."),
        "full_name": ("varchar", "The person's name."),
        "job_title": ("varchar", "The person's title."),
        "department": ("varchar", "The person's department."),
    },
    ("campaign", "reviewer"),
)
EXCLUSIONS = Table(
    "review_exclusions",
    "One row per campaign and grant or account that is excluded from it.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "kind": ("varchar not null", "grant or account."),
        "excluded_id": ("varchar not null", "The grant or account."),
        "source_name": ("varchar not null", "The system of the grant or account."),
        "reason": ("varchar not null", "Why the grant or account is excluded."),
    },
    ("campaign", "kind", "excluded_id"),
)
FINDINGS = Table(
    "review_findings",
    "One row per campaign and finding, as of the opening.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "finding_id": ("varchar not null", "The finding, as in findings."),
    },
    ("campaign", "finding_id"),
)
LEDGER = Table(
    "review_ledger",
    "One row per campaign and source: where every grant of the source went.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "source_name": ("varchar not null", "The source."),
    },
    ("campaign", "source_name"),
)
PACKETS = Table(
    "review_packets",
    "One row per packet that was written: its manifest can be checked against this row.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "manifest_sha256": ("varchar not null", "SHA-256 of the packet's manifest.json."),
        "status": ("varchar not null", "The status of the campaign in the packet: open or closed."),
        "written_at": ("timestamptz not null", "When the packet was first written."),
        "written_by": ("varchar not null", "Who wrote the packet."),
    },
    ("campaign", "manifest_sha256"),
)
IMPORTS = Table(
    "review_imports",
    "One row per decision file that was imported.",
    {
        "import_id": ("varchar not null", "The import: its time in UTC and a random part."),
        "campaign": ("varchar not null", "The campaign."),
        "file_name": ("varchar not null", "The file, without its folder."),
        "file_sha256": ("varchar not null", "SHA-256 of the file."),
        "imported_at": ("timestamptz not null", "When the file was imported."),
        "imported_by": ("varchar not null", "Who ran the import."),
        "rows_read": ("bigint not null", "Rows in the file."),
        "rows_decided": ("bigint not null", "Rows whose decision was new."),
        "rows_undecided": ("bigint not null", "Rows without a decision."),
        "rows_rejected": (
            "bigint not null",
            "Rows that were rejected while the good rows were imported.",
        ),
    },
    ("import_id",),
)
DECIDED = Table(
    "review_decisions",
    "One row per decision that was ever imported, superseded ones too.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": ("varchar not null", "The item."),
        "import_id": ("varchar not null", "The import that brought the decision."),
        "decision": ("varchar not null", "keep, revoke, modify, not_mine or unsure."),
        "comment": ("varchar", "The reviewer's comment."),
        "decided_by": ("varchar not null", "Who decided, by mail address."),
        "decided_at": (
            "timestamptz not null",
            "The time of the decision in the file, or else the time of the import.",
        ),
        "row_number": ("bigint not null", "The number of the row in the file."),
        "is_current": (
            "boolean not null",
            "Whether the decision is the last one on its item; false once superseded.",
        ),
        "superseded_by": ("varchar", "The import whose decision superseded this one."),
        "grant_id": ("varchar not null", "The grant of the item."),
        "is_late": ("boolean", "Whether the decision was imported after the campaign's last day."),
        "seconds": (
            "integer",
            "The seconds that the reviewer spent on the decision, as their page counted them;"
            " null if unknown.",
        ),
        "is_bulk": (
            "boolean",
            "Whether the reviewer decided on several items by one act; null if unknown.",
        ),
    },
)

TABLES = (
    *(CAMPAIGNS, ITEMS, REVIEWERS, REASSIGNMENTS, EXCLUSIONS, FINDINGS, LEDGER, PACKETS),
    *(IMPORTS, DECIDED),
)
