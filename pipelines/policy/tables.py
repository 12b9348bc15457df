"""Declare schema `policy`: the tables that hold the company's own files in the warehouse."""

from __future__ import annotations

# Table -> what one row is, and its columns
POLICY_SCHEMA: dict[str, tuple[str, dict[str, str]]] = {
    "leavers": (
        "One row: after how many days the accounts of leavers are disabled and deleted;"
        " null where the policy does not ask for it.",
        {"disable_after_days": "integer", "delete_after_days": "integer"},
    ),
    "expiry": (
        "One row if the policy lets approved access end at its end date without a person; none"
        " otherwise.",
        {"changes": "integer"},
    ),
    "approvers": (
        "One row per person who may approve the plan of somebody else; none if no plan needs that.",
        {"approver": "varchar"},
    ),
    "separation_rules": (
        "One row per rule of separation of duties.",
        {"rule_id": "varchar", "title": "varchar", "severity": "varchar"},
    ),
    "separation_conditions": (
        "One row per rule, condition and entitlement pattern. A rule is broken where each of its"
        " conditions is met: kind any (holds one of its patterns), all (holds every one), not_in"
        " (holds none).",
        {"rule_id": "varchar", "condition": "integer", "kind": "varchar", "pattern": "varchar"},
    ),
    "exceptions": (
        "One row per finding that somebody accepts until a day.",
        {
            "exception_id": "varchar",
            "finding": "varchar",
            "subject": "varchar",
            "reason": "varchar",
            "approved_by": "varchar",
            "until": "date",
        },
    ),
    "protected": (
        "One row per account or entitlement that no plan may change.",
        {"pattern": "varchar", "reason": "varchar"},
    ),
    "owners": (
        "One row per entitlement pattern or source, and who decides on it.",
        {"owner": "varchar", "entitlement": "varchar", "source_name": "varchar"},
    ),
    "requests": (
        "One row per access request that was approved.",
        {
            "request_id": "varchar",
            "account_id": "varchar",
            "person_id": "varchar",
            "entitlement_id": "varchar",
            "scope_id": "varchar",
            "reason": "varchar",
            "requested_by": "varchar",
            "approved_by": "varchar",
            "requested_on": "date",
            "until": "date",
        },
    ),
}

DESCRIPTIONS = {
    "account_id": "The account that shall have the entitlement; null if a person is named.",
    "approved_by": "Who approved the request or the exception.",
    "approver": "The mail address of who may approve a plan.",
    "changes": "How many changes that may be in 24 hours.",
    "condition": "Which of the rule's conditions, counted from 0.",
    "delete_after_days": "Days after the last one until a leaver's accounts are deleted.",
    "disable_after_days": "Days after the last one until a leaver's accounts are disabled.",
    "entitlement": "The id of the entitlement that the owner decides on; `*` matches anything.",
    "entitlement_id": "The entitlement that is asked for.",
    "exception_id": "What the company calls this exception.",
    "finding": "The type of finding that is accepted; `*` matches anything.",
    "kind": "`any`, `all` or `not_in`: how the pattern counts in its condition.",
    "owner": "The mail address of who decides.",
    "pattern": "An id; `*` matches anything.",
    "person_id": "The person who shall have the entitlement; null if an account is named.",
    "reason": "Why, in the company's words.",
    "request_id": "What the company calls this request.",
    "requested_by": "Who asked for the access.",
    "requested_on": "The day of the request.",
    "rule_id": "What the company calls this rule.",
    "scope_id": "The part of the system that is asked for; null means all of it.",
    "severity": "How much a breach matters: `critical`, `high`, `medium` or `low`.",
    "source_name": "The source that the owner decides on; null if an entitlement is named.",
    "subject": "The id of what is accepted (account, grant, person, …); `*` matches anything.",
    "title": "What the rule forbids, in words.",
    "until": "The last day of the exception or of the requested access.",
}
