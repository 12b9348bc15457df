"""baton-file, from which ConductorOne's connector of that name reads one system.

Four lists: users, resources, entitlements, grants. Only what is held directly is a user's grant;
what follows from it is a grant whose principal is an entitlement, and the connector works out who
inherits. So inherited access arrives with its way, and revoking it there takes the right thing.

Facts from github.com/ConductorOne/baton-file: docs/json_instructions.md, docs/excel_instructions.md
and the readers, pkg/connector/file_loader.go and cache.go. What surprises:

* A grant whose principal or entitlement is not in the file is skipped without a word, and so is a
  resource whose parent leads in a circle (syncers.go, List).
* The manual spells a column "Entitlement Granted to Principal", the reader wants "… Prinicpal".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.export import described
from pipelines.failures import Misconfigured
from pipelines.records import fetched, quoted
from pipelines.text_lines import lines_to, new_file
from pipelines.workbook import put_row, workbook

# Names must be unique over users and resources together: `<type>/<native id>`.
NAMES = """
create or replace temp macro name_of(id) as regexp_replace(id, '^[^:]*:([^:]*):', '\\1/');
create or replace temp macro slug_of(slug, scope_id) as
    slug || coalesce('@' || name_of(scope_id), '');
create or replace temp macro key_of(entitlement_id, scope_id) as
    name_of(regexp_replace(entitlement_id, ':[^:]*$', '')) || ':'
    || slug_of(split_part(entitlement_id, ':', -1), scope_id);
create or replace temp macro named(name, scope_type, scope_name, scope_id) as
    name || coalesce(' on ' || coalesce(scope_type || ' ' || scope_name, name_of(scope_id)), '')
"""

USERS = """
with holders as (
    select
        accounts.*,
        case
            when accounts.account_type = 'service' and people.person_id is null then ''
            else trim(coalesce(people.full_name, accounts.display_name, ''))
        end as holder_name,
        people.employee_number as person_number,
        people.department,
        people.job_title,
        people.manager_email,
        people.employment_status,
        source_states.last_complete_at,
        source_states.is_stale
    from accounts
    left join people on accounts.person_id = people.person_id
    left join source_states on accounts.source_name = source_states.source_name
    where accounts.source_name = {source}
)

select
    name_of(account_id) as name,
    coalesce(nullif(display_name, ''), nullif(username, ''), source_account_id) as display_name,
    coalesce(email, '') as email,
    case status when 'disabled' then 'disabled' else 'enabled' end as status,
    coalesce(strftime(last_login_at, '%m/%d/%Y'), '') as last_login,
    case account_type when 'service' then 'service' else 'human' end as type,
    source_account_id as user_id,
    coalesce(
        nullif(regexp_extract(holder_name, '(?s)^(.*\\S)\\s+\\S+$', 1), ''), holder_name
    ) as first_name,
    regexp_extract(holder_name, '(?s)^.*\\S\\s+(\\S+)$', 1) as last_name,
    coalesce(person_number, employee_number, '') as employee_id,
    coalesce(username, '') as login,
    coalesce(nullif(source_status, ''), status) as status_raw,
    coalesce(department, '') as department,
    coalesce(job_title, '') as title,
    coalesce(manager_email, '') as manager_email,
    coalesce(employment_status, '') as employment_status,
    coalesce(strftime(last_complete_at, '%Y-%m-%dT%H:%M:%SZ'), '') as source_as_of,
    coalesce(is_stale::varchar, '') as source_is_stale
from holders
"""

# The connector lists children below their parents only: what no root leads to would be left out
RESOURCES = """
with recursive resources as (
    select
        resource_id,
        min(resource_type) as resource_type,
        min(resource_name) as resource_name,
        min(description) as description,
        min(parent_resource_id) as parent_resource_id
    from entitlements
    where source_name = {source}
    group by resource_id
),

placed (resource_id, parent_resource_id) as (
    select resource_id, null::varchar
    from resources
    where parent_resource_id is null
        or parent_resource_id not in (select resource_id from resources)

    union

    select resources.resource_id, resources.parent_resource_id
    from resources
    join placed on resources.parent_resource_id = placed.resource_id
)

select
    resources.resource_type,
    case resources.resource_type when 'role' then 'role' else 'group' end as resource_function,
    name_of(resources.resource_id) as name,
    coalesce(nullif(resources.resource_name, ''), name_of(resources.resource_id)) as display_name,
    coalesce(resources.description, '') as description,
    coalesce(name_of(placed.parent_resource_id), '') as parent_resource
from resources
left join placed on resources.resource_id = placed.resource_id
"""

# A role that is held for one population only is an entitlement of its own
ENTITLEMENTS = """
with scoped as (
    select entitlement_id, scope_type, scope_id, scope_name
    from grants
    where source_name = {source} and scope_id is not null

    union all

    select implied_entitlement_id, scope_type, scope_id, scope_name
    from intermediate.int_entitlement_implications
    where scope_id is not null
),

scopes as (
    select
        entitlement_id,
        scope_id,
        min(scope_type) as scope_type,
        max(scope_name) as scope_name
    from scoped
    group by entitlement_id, scope_id

    union all

    select entitlement_id, null, null, null
    from entitlements
)

select
    name_of(entitlements.resource_id) as resource_name,
    slug_of(entitlements.slug, scopes.scope_id) as entitlement,
    named(
        coalesce(nullif(entitlements.display_name, ''), entitlements.slug),
        scopes.scope_type, scopes.scope_name, scopes.scope_id
    ) as display_name,
    coalesce(entitlements.description, '') as description
from entitlements
join scopes on entitlements.entitlement_id = scopes.entitlement_id
where entitlements.source_name = {source}
"""

# What a system calls inherited without saying from where is told as held: it must not be lost
GRANTS = """
select
    0 as place,
    name_of(account_id) as principal,
    key_of(entitlement_id, scope_id) as entitlement_id
from grants
where source_name = {source} and (is_direct or len(inherited_from) = 0)

union

select
    1 as place,
    key_of(entitlement_id, null) as principal,
    key_of(implied_entitlement_id, scope_id) as entitlement_id
from intermediate.int_entitlement_implications
where
    source_name = {source}
    and entitlement_id in (select entitlement_id from entitlements)
    and implied_entitlement_id in (select entitlement_id from entitlements)
"""


@dataclass(frozen=True)
class Section:
    """One list of the file: its rows in order, the headers of its sheet, and for users what belongs
    to the profile."""

    name: str
    sql: str
    order: str
    headers: dict[str, str]
    profile: tuple[str, ...] = ()

    def rows(self, what: str, source: str) -> str:
        rows = self.sql.format(source=quoted(source))
        return f"select {what} from ({rows}) order by {self.order}"


PROFILE = (
    *("user_id", "first_name", "last_name", "employee_id", "login", "status_raw"),
    *("department", "title", "manager_email", "employment_status"),
    *("source_as_of", "source_is_stale"),
)
MISSPELT = "Entitlement Granted to Prinicpal"
SECTIONS = (
    Section(
        "users",
        USERS,
        "name",
        {
            **{name: name.replace("_", " ").title() for name in (
                "name", "display_name", "email", "status", "last_login", "type",
            )},
            **{name: f"Profile: {name}" for name in PROFILE},
        },
        PROFILE,
    ),
    Section(
        "resources",
        RESOURCES,
        "name",
        {name: name.replace("_", " ").title() for name in (
            "resource_type", "resource_function", "name", "display_name", "description",
            "parent_resource",
        )},
    ),
    Section(
        "entitlements",
        ENTITLEMENTS,
        "resource_name, entitlement",
        {
            "resource_name": "Resource Name",
            "entitlement": "Entitlement",
            "display_name": "Entitlement Display Name",
            "description": "Entitlement Description",
        },
    ),
    Section(
        "grants",
        GRANTS,
        "place, principal, entitlement_id",
        {
            "principal": "Principal Receiving Grant",
            "entitlement_id": "Entitlement Granted to Principal",
        },
    ),
)  # fmt: skip


def write_json(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """`<source>.json`: one object with a key per section, one row a line, every value text."""
    path, rows = folder / f"{source}.json", {}
    _must_know_inheritance(warehouse)
    warehouse.execute(NAMES)
    with new_file(path) as file:
        for section in SECTIONS:
            file.write(f'{"," if rows else "{"}\n"{section.name}": [\n'.encode())
            plain = [name for name in section.headers if name not in section.profile]
            made = ", ".join(f"{name} := {name}" for name in plain)
            if section.profile:
                inner = ", ".join(f"{name} := {name}" for name in section.profile)
                made += f", profile := struct_pack({inner})"
            line = f"to_json(struct_pack({made}))::varchar || ',\n'"
            rows[section.name] = lines_to(file, warehouse, section.rows(line, source))
            if rows[section.name]:
                file.seek(-2, 1)  # no comma behind the last one
            file.write(b"\n]")
        file.write(b"\n}\n")
    yield described(path, [section.name for section in SECTIONS], rows)


def write_workbook(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str
) -> Iterator[dict[str, Any]]:
    """`<source>.xlsx`: a sheet per section. Both spellings of the grants' header are there, since
    the connector takes its own, and whoever reads the manual takes the other."""
    path, rows = folder / f"{source}.xlsx", {}
    _must_know_inheritance(warehouse)
    warehouse.execute(NAMES)
    with workbook(path, in_order=True) as book:
        for section in SECTIONS:
            sheet = book.add_worksheet(section.name)
            twice = section.name == "grants"
            put_row(sheet, 0, [*section.headers.values(), *[MISSPELT] * twice])
            result = warehouse.execute(section.rows(", ".join(section.headers), source))
            number = 0
            for number, row in enumerate(fetched(result), 1):
                put_row(sheet, number, [*row, *row[-1:] * twice])
            rows[section.name] = number
    yield described(path, [section.name for section in SECTIONS], rows)


def _must_know_inheritance(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Raise Misconfigured for a warehouse of before this was kept."""
    if not warehouse.execute(
        "select 1 from duckdb_tables() where table_name = 'int_entitlement_implications'"
    ).fetchone():
        raise Misconfigured(
            "the published warehouse",
            "an older Rollcall wrote it, which did not keep what follows from what",
            "run `rollcall sync`",
        )
