"""The text of a new `reviews/policy.toml`: every section, as a comment."""

from __future__ import annotations

POLICY_TEXT = """\
# The company's own rules. Remove the `# ` of a section, and put your own ids into it.
# An id is accounts.account_id or entitlements.entitlement_id; `*` stands for any text.
# `rollcall check` names each rule that matches nothing.

# [leavers]                      # close the accounts of people who have left
# disable_after_days = 0
# delete_after_days = 90

# [expiry]                       # how many accesses may end in 24 hours without a person
# changes = 20

# [approval]                     # who must approve a plan that somebody else applies
# approvers = ["security@example.com", "audit@example.com"]

# [[separation]]                 # duties that one person must not combine
# id = "pay-and-approve"
# title = "Nobody both enters and approves payments"
# severity = "critical"          # critical, high, medium or low
# conditions = [{any = ["*:group:payments:*"]}, {any = ["*:group:approvers:*"]}]

# [[exceptions]]                 # a finding that somebody accepts until a day
# id = "EX-1"
# finding = "account_without_person"
# subject = "*:user:backup"
# reason = "the account of the backup service"
# approved_by = "security@example.com"
# until = 2099-12-31

# [[protected]]                  # what no plan may change
# id = "*:user:emergency"
# reason = "the account for emergencies"

# [[owners]]                     # who decides on an entitlement, or on a whole source
# owner = "finance@example.com"
# entitlement = "*:group:payments:member"
"""
