"""The published tables have the names and types that users of Rollcall rely on."""

from __future__ import annotations

import pytest

TABLES = {
    "people": """
        person_id full_name given_name family_name preferred_name work_email employee_number
        job_title department location employment_type employment_status started_on ended_on
        manager_person_id manager_email hr_groups hr_fields
    """,
    "accounts": """
        account_id source_name source_account_id account_type display_name username email status
        source_status mfa_enabled last_login_at created_at updated_at person_id match_rule
        first_seen_at last_seen_at
    """,
    "entitlements": """
        entitlement_id source_name resource_type resource_id resource_name slug display_name
        description parent_resource_id is_privileged is_rule_managed first_seen_at last_seen_at
    """,
    "grants": """
        grant_id source_name account_id entitlement_id scope_type scope_id is_direct is_inherited
        inherited_from source_grant_id granted_at first_seen_at last_seen_at
    """,
    "push_accounts": "target person_id account_id match_rule state why returns",
    "push_fields": """
        target account_id person_id field rule current_value wanted_value state why
    """,
    "push_groups": """
        target rule_id entitlement_id name state members to_add to_remove blocked why
    """,
    "push_members": "target rule_id entitlement_id account_id person_id state why",
    "pushes": """
        push_id target begun_by rules_sha256 approved_by started_at ended_at rounds changes done
        failed blocked code
    """,
    "push_approvals": "target rules_sha256 tenant approved_by approved_at until",
    "accounts_history": "account_id valid_from valid_to",
    "entitlements_history": "entitlement_id valid_from valid_to",
    "grants_history": "grant_id valid_from valid_to",
    "runs": """
        run_id source_name mode status started_at ended_at requests retries error
    """,
    "run_resources": "run_id source_name resource pages rows_read rows_loaded reported_total",
}

COUNTS = {
    *("requests", "retries", "pages", "rows_read", "rows_loaded", "reported_total"),
    *("members", "to_add", "to_remove", "blocked"),
    *("rounds", "changes", "done", "failed", "code"),
}


def kind(column: str) -> str:
    """Return the type that a column's name promises."""
    if column.startswith(("is_", "mfa_")):
        return "BOOLEAN"
    if column.endswith("_at") or column.startswith("valid_"):
        return "TIMESTAMP WITH TIME ZONE"
    if column.endswith("_on") or column == "until":
        return "DATE"
    if column in COUNTS:
        return "BIGINT"
    if column == "hr_fields":
        return "JSON"
    return "VARCHAR[]" if column in ("inherited_from", "hr_groups", "returns") else "VARCHAR"


def test_every_promised_table_and_column_is_there(rollcall, published):
    """Every promised table and column exists, with its type."""
    rollcall.has(published)

    found = {
        (row["table_name"], row["column_name"]): row["data_type"]
        for row in rollcall.rows(
            "from duckdb_columns() where schema_name = 'main' and not internal"
        )
    }
    promised = {
        (table, column): kind(column)
        for table, columns in TABLES.items()
        for column in columns.split()
    }
    assert promised == {name: found.get(name) for name in promised}


def test_words_are_from_the_agreed_lists_and_ids_are_readable(rollcall, published):
    """Columns hold only the agreed words, and ids are readable."""
    rollcall.has(published)

    def words(sql: str) -> set[str]:
        return {*rollcall.column(f"select distinct {sql}")}

    assert words("employment_status from people") <= {"active", "leaver", "future", "unknown"}
    assert words("account_type from accounts") <= {"human", "service", "unknown"}
    assert words("status from accounts") <= {"enabled", "disabled", "unknown"}
    kinds = {"group", "team", "role", "population", "application"}
    assert words("resource_type from entitlements") <= kinds
    assert words("slug from entitlements") <= {"member", "manager", "assigned"}
    for table, key in (("accounts", "account_id"), ("entitlements", "entitlement_id")):
        pattern = r"^(charthop|haloitsm|okta|pingone):[a-z]+:[^:]+(:(member|manager|assigned))?$"
        assert not words(f"{key} from {table} where not regexp_matches({key}, '{pattern}')")


def test_the_people_of_the_invented_company_are_told_as_they_are(rollcall, published):
    """The people of the invented company are matched and described as their stories say."""
    rollcall.has(published)
    people = {row["full_name"]: row for row in rollcall.rows("from people")}
    accounts = rollcall.rows("from accounts where source_name = 'pingone'")
    by_name = {row["username"]: row for row in accounts}

    assert ("leaver", "future") == (
        people["Nora Lind"]["employment_status"],
        people["Theo Vance"]["employment_status"],
    )
    assert "enabled" == by_name["nora.lind"]["status"]
    assert people["Nora Lind"]["person_id"] == by_name["nora.lind"]["person_id"]
    assert (None, "none") == (
        by_name["casey.byrne"]["person_id"],
        by_name["casey.byrne"]["match_rule"],
    )
    assert (None, "ambiguous") == (
        by_name["warehouse"]["person_id"],
        by_name["warehouse"]["match_rule"],
    )
    assert "email" == by_name["anna.kowalska"]["match_rule"]  # two spellings of one mail
    assert "employee_number" == by_name["ines.faria"]["match_rule"]  # her name has changed since
    assert ("enabled", True) == (
        by_name["lena.fuchs"]["status"],
        "LOCKED" in by_name["lena.fuchs"]["source_status"],
    )
    assert "service" == by_name["svc-backup"]["account_type"]


@pytest.mark.long
def test_a_manager_is_found_by_mail_and_decides(rollcall, published):
    """The manager decides on a person's access, and the owner on accounts without a person."""
    owner = "security@lanternfish.example"
    rollcall.has(published).sync("haloitsm", REVIEW__OWNER=owner)

    review = rollcall.rows("from access_review")
    nora = [row for row in review if row["full_name"] == "Nora Lind"]
    ada = [row for row in review if row["full_name"] == "Ada Park"]
    casey = [row for row in review if row["username"] == "casey.byrne"]
    assert nora and all(row["is_leaver"] for row in nora)
    assert {("manager", "joan.diaz@lanternfish.example")} == {
        (row["reviewer_rule"], row["reviewer"]) for row in ada
    }
    assert {("owner", owner, True)} == {
        (row["reviewer_rule"], row["reviewer"], row["is_unmatched"]) for row in casey
    }
    assert all(row["access_path"] for row in review)
