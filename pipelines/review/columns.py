"""The columns of a reviewer's file: some are only shown, some filled in, some checked on import."""

from __future__ import annotations

from dataclasses import dataclass

YES_SQL = "case when {0} then 'yes' when not {0} then 'no' else 'unknown' end"
DAY_SQL = "strftime({0}, '%Y-%m-%d')"
MAX_SHOWN_CHARACTERS = 8_000  # of a text that is only shown; a cell holds 32,767 at most
# Characters that programs drop, act on, or end a text at. They are sent out as U+FFFD, and texts
# that come back are compared in this form.
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}]"


@dataclass(frozen=True)
class Column:
    """One column of a reviewer's file: its header, the SQL of its text, its width in a workbook.

    The column is empty if an older version froze the items without a column that this one `needs`.
    """

    header: str
    sql: str
    width: int = 14
    needs: tuple[str, ...] = ()


SHOWN_COLUMNS = (
    Column("Person", "coalesce(full_name, 'nobody that HR knows')", 24),
    Column("Job title", "job_title", 20),
    Column("Department", "department", 16),
    Column(
        "Employment",
        "case when person_id is null then 'unknown'"
        " when employment_status = 'leaver' then concat('LEFT', ' on ' || ended_on)"
        " when employment_status = 'future' then concat('starts', ' on ' || started_on)"
        " else coalesce(employment_status, 'unknown') end || coalesce(', ' || employment_type, '')",
        18,
    ),
    Column("Manager", "manager_name", 20),
    Column("System", "source_name", 11),
    Column(
        "Account",
        "concat_ws(' · ', account_name, nullif(username, account_name), account_type)",
        30,
    ),
    Column("Account status", "account_status", 11),
    Column("Last sign-in", f"coalesce({DAY_SQL.format('last_login_at')}, 'unknown')", 12),
    Column("Access", "entitlement_name", 30),
    Column("What it is", "concat_ws(': ', resource_type, entitlement_description)", 30),
    Column("Where", "concat_ws(' ', scope_type, coalesce(scope_name, scope_id))", 18),
    Column("Privileged", YES_SQL.format("is_privileged"), 10),
    Column(
        "Held",
        "case when is_direct and is_inherited then 'directly, and through others'"
        " when is_direct then 'directly' else 'through others' end",
        14,
    ),
    Column("How it came", "access_path", 30),
    Column("Every way", "access_paths", 30, ("access_paths",)),
    Column(
        "If this one went",
        "case when is_direct then coalesce('still there: ' || remains_without, 'the access ends')"
        " else 'it cannot go by itself' end",
        26,
        ("remains_without",),
    ),
    Column(
        "Since",
        f"coalesce({DAY_SQL.format('granted_at')},"
        f" 'seen since ' || {DAY_SQL.format('first_seen_at')})",
        13,
    ),
    Column("Granted by", "granted_by", 18, ("granted_by",)),
    Column(
        "Peers who have it",
        "concat(peers_with, ' of ', peers_total, ' in ' || peer_group)",
        22,
        ("peers_with", "peers_total", "peer_group"),
    ),
    Column(
        "New since last review",
        "case when is_new_since_last_review is null then 'never reviewed'"
        " when is_new_since_last_review then 'new' else 'no' end",
        14,
        ("is_new_since_last_review",),
    ),
    Column(
        "Last decision",
        "concat_ws(', ', last_decision, 'by ' || last_decided_by,"
        f" {DAY_SQL.format('last_decided_at')},"
        " last_campaign)",
        26,
        ("last_decision", "last_decided_by", "last_decided_at", "last_campaign"),
    ),
    Column("Findings", "findings", 36, ("findings",)),
    Column("Recommendation", "recommendation", 14, ("recommendation",)),
    Column("Because", "recommendation_because", 36, ("recommendation_because",)),
)
DECISION_COLUMNS = ("decision", "comment", "decided_by", "decided_at")
IDENTITY_COLUMNS = ("account_id", "entitlement_id", "scope_id", "reviewer", "campaign")
SEALED_COLUMNS = ("item_id", "account_id", "entitlement_id", "scope_id")
HEADERS = (
    "item_id",
    *(column.header for column in SHOWN_COLUMNS),
    *DECISION_COLUMNS,
    *IDENTITY_COLUMNS,
    "seal",
)
ROW_ORDER = "account_id, entitlement_id, scope_id nulls first, grant_id"


def replace_controls_sql(name: str) -> str:
    """Return SQL for a text with U+FFFD for each CONTROL character."""
    return f"regexp_replace({name}, '{CONTROL}', chr(65533), 'g')"
