"""What the mapping of a declared system gives: the tables, their columns, and the types.

The names are those of the staging models. A key is the system's own word for a thing. Rollcall
makes ids of the keys: `<system>:user:<key>` for accounts, and for entitlements
`<system>:<resource type>:<key>:<slug>`.
"""

from __future__ import annotations

TEXT, BOOLEAN, TIME = "varchar", "boolean", "timestamptz"

ACCOUNT_TYPES = ("human", "service", "unknown")
STATUSES = ("enabled", "disabled", "unknown")
SLUGS = ("assigned", "member", "manager")
UNCHANGEABLE = ("rule_managed", "external", "mandatory", "gives_admin_role")
# The texts that a column may have; a status with other words is unknown
WORDS = {
    "account_type": ACCOUNT_TYPES,
    "status": STATUSES,
    "slug": SLUGS,
    "unchangeable_because": UNCHANGEABLE,
}
TYPE_NAMES = ("resource_type", "scope_type")  # are parts of ids

SCOPE = {"scope_type": TEXT, "scope_id": TEXT, "scope_name": TEXT}

TABLES = {
    "accounts": {
        "account_id": TEXT,
        "account_type": TEXT,
        "display_name": TEXT,
        "username": TEXT,
        "email": TEXT,
        "employee_number": TEXT,
        "person_id": TEXT,
        "status": TEXT,
        "source_status": TEXT,
        "mfa_enabled": BOOLEAN,
        "last_login_at": TIME,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "entitlements": {
        "entitlement_id": TEXT,
        "resource_type": TEXT,
        "resource_id": TEXT,
        "resource_name": TEXT,
        "slug": TEXT,
        "display_name": TEXT,
        "description": TEXT,
        "parent_resource_id": TEXT,
        "is_privileged": BOOLEAN,
        "is_rule_managed": BOOLEAN,
        "unchangeable_because": TEXT,
    },
    "grants": {
        "account_id": TEXT,
        "entitlement_id": TEXT,
        "inherited_through": TEXT,
        **SCOPE,
        "source_grant_id": TEXT,
        "granted_at": TIME,
        "granted_by": TEXT,
        "is_inherited": BOOLEAN,
        "is_read_only": BOOLEAN,
    },
    "implications": {"entitlement_id": TEXT, "implied_entitlement_id": TEXT, **SCOPE},
}
OPTIONAL_TABLES = ("implications",)
KEYS = {
    "accounts": ("account_id",),
    "entitlements": ("entitlement_id",),
    "grants": ("account_id", "entitlement_id"),
    "implications": ("entitlement_id", "implied_entitlement_id"),
}
