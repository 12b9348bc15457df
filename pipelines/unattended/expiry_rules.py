"""The rules of expiry: how much access may end at its end date without a person, and where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pipelines.failures import Misconfigured
from pipelines.files.json_lines import to_canonical
from pipelines.policy.company_files import policy_folder, read_policy
from pipelines.sources import registry, write_access
from pipelines.write_back.plan import Basis

FORMAT = "rollcall expiry 1"  # raise this when the same policy would be read in another way
EXPIRY = "expiry"  # the subject of the approval, and the kind of the plan


@dataclass(frozen=True)
class ExpiryRules:
    """The limit of the policy, and the tenants for which a person approves it."""

    changes: int  # in 24 hours
    tenants: dict[str, str]  # of each configured source that can be changed

    @property
    def sha256(self) -> str:
        """Return the digest by which a person approves these rules."""
        content = {"format": FORMAT, "changes": self.changes, "tenants": self.tenants}
        return hashlib.sha256(to_canonical(content)).hexdigest()

    @property
    def tenant(self) -> str:
        """Return all tenants as one text."""
        return ", ".join(f"{source} {tenant}" for source, tenant in sorted(self.tenants.items()))

    @property
    def basis(self) -> Basis:
        """Return what a plan is made from: the data of every configured source must be fresh."""
        sources = tuple(registry.choose_sources([]))
        return Basis(EXPIRY, None, sources, self.sha256, {"changes": self.changes})


def has_expiry_rules() -> bool:
    """Return whether the policy lets access end without a person. Raises Misconfigured."""
    return bool(read_policy(policy_folder())["expiry"])


def read_expiry_rules() -> ExpiryRules:
    """Return the rules of the policy as it is now.

    Raises Misconfigured if it has none, or if no configured source can be changed.
    """
    folder = policy_folder()
    limits = read_policy(folder)["expiry"]
    if not limits:
        why = "there is no table [expiry], so no access ends without a person"
        raise Misconfigured(str(folder / "policy.toml"), why, "add [expiry] with changes = 20")
    writable = write_access.writable_sources()
    configured = [name for name in registry.choose_sources([]) if name in writable]
    if not configured:
        why = "none of the configured sources can be changed"
        raise Misconfigured(EXPIRY, why, "configure one (docs/write-back.md)")
    tenants = {source: write_access.writable_tenant(source) for source in configured}
    return ExpiryRules(limits[0][0], tenants)
