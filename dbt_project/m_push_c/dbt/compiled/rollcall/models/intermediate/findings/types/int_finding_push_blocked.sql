with

push_changes as (

    select * from "access"."intermediate"."int_push_changes"
    where blocked_because is not null

),

accounts as (

    select account_id, username from "access"."main"."accounts"

),

people as (

    select person_id, full_name from "access"."main"."people"

),

-- What a reason says of one account only is no part of its kind
blocked as (

    select
        push_changes.source_name,
        push_changes.blocked_because,
        regexp_replace(
            regexp_extract(
                lower(push_changes.blocked_because),
                '^(the login belongs to|[^:]*)'
            ),
            '[^a-z0-9]+', '_', 'g'
        ) as reason_kind,
        coalesce(
            accounts.username, people.full_name, push_changes.reason
        ) as what

    from push_changes

    left join accounts on push_changes.account_id = accounts.account_id

    left join people on push_changes.person_id = people.person_id

)

select
    source_name || '/' || reason_kind as subject,
    source_name,
    'low' as severity,
    concat(
        min(blocked_because), '; ', count(*), ' blocked',
        case when count(*) > 3 then ', such as ' else ': ' end,
        list_aggregate(
            list(what order by what, blocked_because)[:3], 'string_agg', ', '
        )
    ) as evidence
from blocked
group by source_name, reason_kind