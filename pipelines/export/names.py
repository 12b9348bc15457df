"""SQL that the exports share: unique names, and every account with its person and its source."""

from __future__ import annotations

# A name is `<type>/<native id>`, because it must be unique over users and resources together.
NAME_MACROS = """
create or replace temp macro name_of(id) as regexp_replace(id, '^[^:]*:([^:]*):', '\\1/');
create or replace temp macro slug_of(slug, scope_id) as
    slug || coalesce('@' || name_of(scope_id), '');
create or replace temp macro key_of(entitlement_id, scope_id) as
    name_of(regexp_replace(entitlement_id, ':[^:]*$', '')) || ':'
    || slug_of(split_part(entitlement_id, ':', -1), scope_id);
create or replace temp macro named(name, scope_type, scope_name, scope_id) as
    name || coalesce(' on ' || coalesce(scope_type || ' ' || scope_name, name_of(scope_id)), '');
create or replace temp macro single_spaced(text) as
    trim(regexp_replace(text, '[\\s\\p{Z}]+', ' ', 'g'))
"""

HOLDERS_SQL = """
with holders as (
    select
        accounts.*,
        people.full_name,
        people.given_name,
        people.family_name,
        people.work_email,
        people.employee_number as person_number,
        people.department,
        people.job_title,
        people.manager_email,
        people.employment_status,
        people.started_on,
        source_states.last_complete_at,
        source_states.is_stale
    from accounts
    left join people on accounts.person_id = people.person_id
    left join source_states on accounts.source_name = source_states.source_name
    where accounts.source_name = {source}
)
"""
