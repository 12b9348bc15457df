"""Access that has an end date: requests that ended yesterday, and the policy that ends them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pipelines.policy.tables import POLICY_SCHEMA
from tests.support.product import Rollcall
from tests.support.wanted import DIRECT, may_write

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
TICKETED = "grants.source_name = 'haloitsm' and resource_type = 'team' and is_direct"


def may_expire(rollcall: Rollcall, changes: int = 20) -> Rollcall:
    """Give Rollcall write credentials, and a policy with a limit; return the same Rollcall."""
    (rollcall.home / "reviews").mkdir(exist_ok=True)
    write_policy(rollcall, f"[expiry]\nchanges = {changes}\n")
    return may_write(rollcall)


def write_policy(rollcall: Rollcall, text: str) -> None:
    (rollcall.home / "reviews" / "policy.toml").write_text(text)


def ends(
    rollcall: Rollcall, count: int = 1, where: str = DIRECT, until: date = YESTERDAY, after: int = 0
) -> list[tuple[str, str]]:
    """Give so many of the grants that match `where` an end date, beginning after the first ones;
    return their accounts and entitlements."""
    found = rollcall.rows(
        "select grants.account_id, grants.entitlement_id from grants"
        " join accounts using (account_id) join entitlements using (entitlement_id)"
        f" where {where} and accounts.status = 'enabled'"
        f" order by grant_id limit {count} offset {after}"
    )
    pairs = [(row["account_id"], row["entitlement_id"]) for row in found]
    assert count == len(pairs)
    path, columns = rollcall.home / "reviews" / "requests.csv", POLICY_SCHEMA["requests"][1]
    if not path.exists():
        path.write_text(",".join(columns) + "\n")
    with path.open("a") as file:
        for account, entitlement in pairs:
            row = {
                "request_id": f"R-{account[-4:]}-{entitlement[-11:]}",
                "account_id": account,
                "entitlement_id": entitlement,
                "reason": "audit",
                "approved_by": "grace.okoye@lanternfish.example",
                "until": until.isoformat(),
            }
            file.write(",".join(row.get(name, "") for name in columns) + "\n")
    return pairs


def approve(rollcall: Rollcall, *arguments: str) -> None:
    """Approve the limit of the policy as it is."""
    digest = rollcall.run("expiry", "status", "--json").document["rules_sha256"]
    result = rollcall.run("expiry", "approve", "--digest", digest, *arguments)
    assert 0 == result.code, result.err


def held_in_pingone(rollcall: Rollcall, pairs: list[tuple[str, str]]) -> int:
    """Return how many of these memberships still exist."""
    members = rollcall.sandbox.company.pingone.members
    return sum((who.split(":")[2], what.split(":")[2]) in members for who, what in pairs)
