"""The columns of a reviewer's file: some are only shown, some filled in, some checked on import.

They are in the order in which a reviewer needs them: who has what in which system, the decision,
what speaks for it, all other facts. The ids, which only the import needs, are at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sql import quote

YES_SQL = "case when {0} then 'yes' when not {0} then 'no' else 'unknown' end"
DAY_SQL = "strftime({0}, '%Y-%m-%d')"
DAY_IN_WORDS_SQL = "strftime({0}, '%-d %B %Y')"
# HR systems spell these in capitals; any other type is shown in small letters
EMPLOYMENT_TYPE_SQL = """case upper(regexp_replace(employment_type, '[\\s_-]+', '', 'g'))
    when 'FULL' then 'employee, full time'
    when 'FULLTIME' then 'employee, full time'
    when 'PART' then 'employee, part time'
    when 'PARTTIME' then 'employee, part time'
    when 'CONTRACT' then 'contractor'
    when 'INTERN' then 'intern'
    when 'TEMP' then 'temporary employee'
    else coalesce('employed, ' || lower(replace(employment_type, '_', ' ')), 'employed')
end"""
SYSTEM_SQL = "coalesce(source_title, source_name)"  # items of earlier versions have no title
NOBODY, EARLIER_NOBODY = "nobody in HR", "nobody that HR knows"  # earlier versions named no account
MAX_SHOWN_CHARACTERS = 8_000  # of a text that is only shown; a cell holds 32,767 at most
# Characters that programs drop, act on, or end a text at. They are sent out as U+FFFD, and texts
# that come back are compared in this form.
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}]"


@dataclass(frozen=True)
class Column:
    """One column of a reviewer's file: its header, the SQL of its text, its width in a workbook.

    The column is empty if an older version froze the items without a column that this one `needs`.
    It is left out of a campaign in which every text is empty or one of `empty_words`.
    """

    header: str
    sql: str
    width: int = 14
    needs: tuple[str, ...] = ()
    empty_words: tuple[str, ...] = ()
    is_wrapped: bool = False


# The import compares `Person`, `Account`, `Access` and `Where` with what was sent, so their texts
# may change between versions in blanks and marks only, or files of open campaigns are refused.
SUBJECT_COLUMNS = (
    Column(
        "Person",
        f"coalesce(full_name, account_name || ' ({NOBODY})', {quote(NOBODY)})",
        20,
        is_wrapped=True,
    ),
    Column("Access", "entitlement_name", 26, is_wrapped=True),
    Column("System", SYSTEM_SQL, 10),
)
WHY = Column(
    "Why",
    "coalesce(recommendation_reason, recommendation_because)",
    46,
    ("recommendation_reason", "recommendation_because"),
    is_wrapped=True,
)
REASON_COLUMNS = (
    Column("Recommendation", "recommendation", 16, ("recommendation",)),
    WHY,
    Column("Findings", "findings", 28, ("findings",), is_wrapped=True),
    Column(
        "Where",
        "concat_ws(' ', replace(scope_type, '_', ' '), coalesce(scope_name, scope_id))",
        18,
        is_wrapped=True,
    ),
)
FACT_COLUMNS = (
    Column(
        "Account",
        "concat_ws(' · ', account_name, nullif(username, account_name), account_type)",
        30,
    ),
    Column("Job title", "job_title", 20),
    Column("Department", "department", 16),
    Column(
        "Employment",
        "case when person_id is null then 'unknown'"
        " when employment_status = 'leaver'"
        f" then concat('left', ' on ' || {DAY_IN_WORDS_SQL.format('ended_on')})"
        " when employment_status = 'future'"
        f" then concat('starts', ' on ' || {DAY_IN_WORDS_SQL.format('started_on')})"
        f" when employment_status = 'active' then {EMPLOYMENT_TYPE_SQL}"
        " else 'unknown' end",
        20,
        empty_words=("unknown",),
    ),
    Column("Manager", "manager_name", 20),
    Column("Account status", "account_status", 11, empty_words=("unknown",)),
    Column(
        "Last sign-in",
        f"coalesce({DAY_SQL.format('last_login_at')}, 'unknown')",
        12,
        empty_words=("unknown",),
    ),
    Column("What it is", "concat_ws(': ', resource_type, entitlement_description)", 30),
    Column("Privileged", YES_SQL.format("is_privileged"), 10, empty_words=("no",)),
    Column(
        "Held",
        "case when is_direct and is_inherited then 'directly, and through others'"
        " when is_direct then 'directly' else 'through others' end",
        14,
        empty_words=("directly",),
    ),
    Column("How it came", "access_path", 30, empty_words=("direct",)),
    Column("Every way", "nullif(access_paths, access_path)", 30, ("access_paths",)),
    Column(
        "If this one went",
        "case when not is_direct then 'it cannot go by itself'"
        " when remains_without is null then 'the access ends'"
        " else 'it stays: ' || regexp_replace(remains_without, '^it stays: ', '') end",
        26,
        ("remains_without",),
        ("the access ends",),
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
        "peers_with || ' of ' || peers_total || ' in ' || peer_group",
        22,
        ("peers_with", "peers_total", "peer_group"),
    ),
    Column(
        "New since last review",
        "case when is_new_since_last_review is null then 'never reviewed'"
        " when is_new_since_last_review then 'new' else 'no' end",
        14,
        ("is_new_since_last_review",),
        ("never reviewed",),
    ),
    Column(
        "Last decision",
        "concat_ws(', ', last_decision, 'by ' || last_decided_by,"
        f" {DAY_SQL.format('last_decided_at')},"
        " last_campaign)",
        26,
        ("last_decision", "last_decided_by", "last_decided_at", "last_campaign"),
    ),
)
SHOWN_COLUMNS = (*SUBJECT_COLUMNS, *REASON_COLUMNS, *FACT_COLUMNS)
ALWAYS_SHOWN = {column.header for column in (*SUBJECT_COLUMNS, *REASON_COLUMNS[:2])}
ANSWER_COLUMNS = ("decision", "comment")  # a reviewer fills in these
DECISION_COLUMNS = (*ANSWER_COLUMNS, "decided_by", "decided_at")
IDENTITY_COLUMNS = ("account_id", "entitlement_id", "scope_id", "reviewer", "campaign")
SEALED_COLUMNS = ("item_id", "account_id", "entitlement_id", "scope_id")
HIDDEN_COLUMNS = ("item_id", *IDENTITY_COLUMNS, "seal")
HEADERS = (
    *(column.header for column in SUBJECT_COLUMNS),
    *ANSWER_COLUMNS,
    *(column.header for column in (*REASON_COLUMNS, *FACT_COLUMNS)),
    *DECISION_COLUMNS[len(ANSWER_COLUMNS) :],
    *HIDDEN_COLUMNS,
)
ROW_ORDER = "account_id, entitlement_id, scope_id nulls first, grant_id"
# In a reviewer's file, rows that need eyes come first: those that are recommended to be revoked,
# then those to look at; among these, accounts of nobody that HR knows.
EYES_FIRST = (
    "case recommendation when 'revoke' then 0 when 'look' then 1 else 2 end,"
    f" full_name nulls first, {ROW_ORDER}"
)


def replace_controls_sql(name: str) -> str:
    """Return SQL for a text with U+FFFD for each CONTROL character."""
    return f"regexp_replace({name}, '{CONTROL}', chr(65533), 'g')"
