{#- Create `who_has_what()`: one row per account, with its person and all of its
    entitlements. Disabled accounts and accounts without grants are included. -#}
{% macro create_who_has_what() %}

{%- set held -%}
    entitlements.display_name
    || coalesce(' in ' || coalesce(grants.scope_name, grants.scope_id), '')
{%- endset %}

create or replace macro {{ target.schema }}.who_has_what() as table

select
    people.person_id,
    people.full_name,
    people.department,
    people.job_title,
    people.employment_status,
    people.ended_on,
    accounts.account_id,
    accounts.source_name,
    accounts.username,
    accounts.account_type,
    accounts.status as account_status,
    accounts.last_login_at,
    accounts.match_rule,
    count(grants.grant_id) as grants,
    count(grants.grant_id) filter (grants.is_direct) as direct_grants,
    string_agg(distinct {{ held }}, '; ' order by {{ held }})
        filter (entitlements.is_privileged) as privileges,
    string_agg(distinct {{ held }}, '; ' order by {{ held }}) as access

from {{ target.schema }}.accounts

left join {{ target.schema }}.people on accounts.person_id = people.person_id

left join {{ target.schema }}.grants on accounts.account_id = grants.account_id

left join {{ target.schema }}.entitlements
    on grants.entitlement_id = entitlements.entitlement_id

group by all;

{{ comment_on_macro(
    'who_has_what',
    'One row per account, with its person and all of its entitlements in one
    text. Disabled accounts and accounts without grants are included.'
) }}

{% endmacro %}


{#- Create `access_between(a, b)`: who had what from a to b, and through what,
    with the status of the account. One row per period in which none of this
    changed. For one moment, pass it twice. Names are those at the time b. -#}
{% macro create_access_between() %}

create or replace macro {{ target.schema }}.access_between(a, b) as table

with

people_names as (

    select
        person_id,
        arg_max_null(full_name, valid_from) as full_name
    from {{ target.schema }}.people_history
    where valid_from <= b::timestamptz
    group by person_id

),

entitlement_names as (

    select
        entitlement_id,
        arg_max_null(resource_type, valid_from) as resource_type,
        arg_max_null(resource_name, valid_from) as resource_name,
        arg_max_null(display_name, valid_from) as entitlement_name,
        arg_max_null(is_privileged, valid_from) as is_privileged
    from {{ target.schema }}.entitlements_history
    where valid_from <= b::timestamptz
    group by entitlement_id

),

held as (

    select
        grants_history.*,
        accounts_history.person_id,
        accounts_history.username,
        accounts_history.display_name as account_name,
        accounts_history.status as account_status,
        greatest(grants_history.valid_from, accounts_history.valid_from)
            as held_from,
        least(grants_history.valid_to, accounts_history.valid_to) as held_to

    from {{ target.schema }}.grants_history

    join {{ target.schema }}.accounts_history
        on grants_history.account_id = accounts_history.account_id

    where
        held_from <= {{ known_moment('b') }}
        and coalesce(held_to > a::timestamptz, true)
        and coalesce(held_to > held_from, true)

)

select
    people_names.full_name,
    held.person_id,
    held.account_id,
    held.username,
    held.account_name,
    held.account_status,
    held.source_name,
    held.entitlement_id,
    entitlement_names.resource_type,
    entitlement_names.resource_name,
    entitlement_names.entitlement_name,
    entitlement_names.is_privileged,
    held.scope_id,
    held.scope_name,
    held.is_direct,
    held.is_inherited,
    concat_ws(
        '; ',
        case when held.is_direct then 'direct' end,
        (
            select string_agg(name, '; ' order by name)
            from (
                select
                    coalesce(names.entitlement_name, held_directly.id) as name
                from unnest(held.inherited_from) as held_directly (id)
                left join entitlement_names as names
                    on held_directly.id = names.entitlement_id
            )
        ),
        case
            when held.is_inherited and len(held.inherited_from) = 0
                then 'inherited, and the system does not say from where'
        end
    ) as through,
    held.access_path,
    held.held_from,
    held.held_to

from held

join entitlement_names
    on held.entitlement_id = entitlement_names.entitlement_id

left join people_names on held.person_id = people_names.person_id;

{{ comment_on_macro(
    'access_between',
    'One row per account, entitlement, scope and period: who had what at any time
    from the moment `a` to `b`, and through what, with the status of the account.
    For one moment, pass it twice. `held_to` is null while the access still
    exists. Fails if `b` is before the first complete sync.'
) }}

{% endmacro %}
