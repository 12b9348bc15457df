"""What a review leaves in the warehouse: campaigns, their frozen items, and every decision."""

from __future__ import annotations

from pipelines.records import Table

CAMPAIGNS = Table(
    "review_campaigns",
    "One row per campaign that was opened.",
    {
        "campaign": ("varchar not null", "Its name: that of its file."),
        "title": ("varchar not null", "What it is called in files for people."),
        "due_on": ("date", "Until when decisions are due."),
        "opened_at": ("timestamptz not null", "When its population was frozen."),
        "opened_by": ("varchar", "Who opened it, as the operating system says."),
        "closed_at": ("timestamptz", "When it was closed; null while it is open."),
        "closed_by": ("varchar", "Who closed it, as the operating system says."),
        "definition": ("varchar not null", "The campaign's file, word for word."),
        "definition_sha256": ("varchar not null", "Its SHA-256."),
        "runs": ("json not null", "What it is based on: run id, status, age and mode by source."),
        "accepted": ("varchar", "What was accepted by name when it was opened, such as a stale"
                     " source; null if nothing."),
        "items": ("bigint not null", "Items to decide."),
        "exclusions": ("bigint not null", "Accounts and grants left out, each with its reason."),
        "population_sha256": ("varchar not null", "Digest of the items and exclusions."),
        "seal_key_id": ("varchar not null", "Which key seals its rows: a digest, not the key."),
        "rollcall_version": ("varchar not null", "The version that opened it."),
    },
    ("campaign",),
)  # fmt: skip
ITEMS = Table(
    "review_items",
    "One row per item: a grant that one reviewer decides on in one campaign. What the reviewer was"
    " shown is in review_evidence.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": ("varchar not null", "The item, stable: made from the campaign and the grant."),
        "grant_id": ("varchar not null", "The grant, as in grants when the campaign was opened."),
        "source_name": ("varchar not null", "The source."),
        "account_id": ("varchar not null", "The account that holds it."),
        "entitlement_id": ("varchar not null", "What it holds."),
        "scope_type": ("varchar", "Kind of scope; null where there is none."),
        "scope_id": ("varchar", "Over what; null where there is no scope."),
        "person_id": ("varchar", "Whose account it is, where that is known."),
        "is_direct": ("boolean not null", "Whether the account holds it by itself."),
        "is_inherited": ("boolean not null", "Whether something else it holds leads to it."),
        "inherited_from": ("varchar[] not null", "What it holds directly that leads to it."),
        "source_grant_id": ("varchar", "The vendor's id of the grant, where it has one."),
        "reviewer": ("varchar", "Mail address of who decides; null where nobody could be found."),
        "reviewer_rule": ("varchar not null", "Which rule found the reviewer."),
        "reviewer_conflict": ("varchar", "Why the first choice could not decide: self, reciprocal,"
                              " left; null if it could."),
    },
    ("campaign", "item_id"),
)  # fmt: skip
EXCLUSIONS = Table(
    "review_exclusions",
    "One row per grant or account that a campaign leaves out, and why.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "subject_type": ("varchar not null", "grant or account."),
        "subject_id": ("varchar not null", "The grant or account."),
        "source_name": ("varchar not null", "The source."),
        "account_id": ("varchar not null", "The account."),
        "entitlement_id": ("varchar", "What it holds; null for an account."),
        "reason": ("varchar not null", "Why it is not reviewed."),
    },
    ("campaign", "subject_type", "subject_id"),
)
IMPORTS = Table(
    "review_imports",
    "One row per file of decisions that was taken in.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "import_id": ("varchar not null", "The import: its time in UTC and a digest."),
        "file_name": ("varchar not null", "What the file was called."),
        "file_sha256": ("varchar not null", "Its SHA-256."),
        "imported_at": ("timestamptz not null", "When it was taken in."),
        "imported_by": ("varchar", "Who took it in, as the operating system says."),
        "reviewer": ("varchar not null", "Whose decisions they are, as told by who took it in."),
        "rows_read": ("bigint not null", "Rows with anything in them."),
        "rows_accepted": ("bigint not null", "Decisions that were new."),
        "rows_rejected": ("bigint not null", "Rows that were left out because good ones were asked"
                          " for."),
    },
    ("campaign", "import_id"),
)  # fmt: skip
DECISIONS = Table(
    "review_decisions",
    "One row per decision ever taken in. The one that counts is_current; others were superseded.",
    {
        "campaign": ("varchar not null", "The campaign."),
        "item_id": ("varchar not null", "The item."),
        "import_id": ("varchar not null", "The import that brought it."),
        "row_number": ("bigint not null", "The row of that file, counted as a spreadsheet does."),
        "decision": ("varchar not null", "keep, revoke, modify, not_mine or unsure."),
        "comment": ("varchar", "The reviewer's reason, as written."),
        "decided_by": ("varchar not null", "The reviewer whose file it was in."),
        "decided_at": ("timestamptz not null", "When it was taken in."),
        "is_current": ("boolean not null", "Whether no later one took its place."),
    },
    ("campaign", "item_id", "import_id"),
)
TABLES = (CAMPAIGNS, ITEMS, EXCLUSIONS, IMPORTS, DECISIONS)
