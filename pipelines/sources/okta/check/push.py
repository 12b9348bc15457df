"""Checks what push rules want to write: attributes that can be written, groups that can be ours."""

from __future__ import annotations

from pipelines.failures import Denied, Unreadable
from pipelines.sources.okta.client import GROUPS_RIGHT, SCHEMAS_RIGHT, Okta, says_not_found
from pipelines.sources.okta.live.groups import RULES_PAGE, find_owner
from pipelines.sources.okta.rows import (
    find_unwritable,
    list_rule_targets,
    may_have_admin_role,
    read_attributes,
)
from pipelines.sources.probe import ProbeWarning
from pipelines.sources.raw_rows import Row


def check_attributes(okta: Okta) -> str:
    """Name the attributes of the push rules that no type of user has, or that nobody writes."""
    try:
        schemas = [read_attributes(schema) for _, schema in okta.list_user_schemas()]
    except (Denied, Unreadable) as failure:
        raise ProbeWarning(
            f"cannot be read ({failure.why}), so push rules write no attribute",
            f"give the credential {SCHEMAS_RIGHT}",
        ) from None
    pushed = sorted({*okta.choices.pushed_fields})
    if unknown := [name for name in pushed if not any(name in schema for schema in schemas)]:
        raise ProbeWarning(
            f"there is no attribute {', '.join(unknown)}",
            "add it to the profile of users in Okta, or correct the push rules",
        )
    reasons = {
        f"{name} is {why}"
        for schema in schemas
        for name in pushed
        if name in schema and (why := find_unwritable(schema[name]))
    }
    if reasons:
        raise ProbeWarning(
            f"push rules cannot write all of them: {', '.join(sorted(reasons))}",
            "change the attribute in Okta, or take it out of the push rules",
        )
    return f"push rules write {', '.join(pushed)}"


def check_adopted_groups(okta: Okta) -> str:
    """Name the groups that exist already and that push rules fill, and why they cannot fill one."""
    rules = okta.read_rows("group_rules", "groups/rules", right=GROUPS_RIGHT, size=RULES_PAGE)
    filled, named, reasons = list_rule_targets(rules), [], []
    for key in okta.choices.adopted_groups:
        try:
            group = okta.read_group(key)
        except Unreadable as failure:
            if not says_not_found(failure):
                raise
            reasons.append(f"there is no group {key}")
            continue
        named.append(f"{(group.get('profile') or {}).get('name')} ({key})")
        if why := _find_reason(group, filled):
            reasons.append(f"{named[-1]}: {why}")
    if reasons:
        next = "correct `adopt` in the push rules, or see docs/push.md, section 3"
        raise ProbeWarning("; ".join(reasons), next)
    return f"push rules adopt {', '.join(named)}"


def _find_reason(group: Row, filled: set[str]) -> str:
    if owner := find_owner(group):
        return f"{owner} decides who is in the group"
    if may_have_admin_role(group):
        return "it gives an admin role"
    return "a rule fills it" if group.get("id") in filled else ""
