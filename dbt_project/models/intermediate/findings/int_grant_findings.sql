with

accounts as (

    select account_id, source_name, person_id, status, account_type
    from {{ ref('accounts') }}

),

entitlements as (

    select * from {{ ref('entitlements') }}

),

grants as (

    select
        grant_id,
        source_name,
        account_id,
        entitlement_id,
        scope_id,
        is_direct,
        granted_at,
        first_seen_at
    from {{ ref('grants') }}

),

dangling_grants as (

    select * from {{ ref('dangling_grants') }}

),

moves as (

    select * from {{ ref('int_job_moves') }}

),

separation_of_duties as (

    select * from {{ ref('int_separation_of_duties') }}

),

last_decisions as (

    select * from {{ ref('int_last_decisions') }}

),

revoked as (

    select * from {{ ref('int_held_after_revoke') }}

),

-- What nobody has said since the move that it may stay, and no rule takes away
from_before_a_move as (

    select
        'mover_with_old_access' as finding_type,
        concat_ws(':', accounts.account_id, moves.moved_at::date) as key,
        'medium' as severity,
        'Access from before a move' as title,
        concat(
            moves.kind,
            ' changed on ',
            moves.moved_at::date,
            ' (',
            moves.move,
            '); direct grants from before that: ',
            count(*)
        ) as evidence,
        accounts.account_id,
        null::varchar as entitlement_id,
        null::varchar as scope_id,
        list_sort(list(grants.grant_id)) as grant_ids

    from moves

    join accounts on moves.person_id = accounts.person_id

    join grants on accounts.account_id = grants.account_id

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    left join last_decisions on grants.grant_id = last_decisions.grant_id

    where
        accounts.status <> 'disabled'
        and grants.is_direct
        and entitlements.unchangeable_because is null
        and coalesce(grants.granted_at, grants.first_seen_at) < moves.moved_at
        and not coalesce(
            last_decisions.last_decision = 'keep'
            and last_decisions.last_decided_at > moves.moved_at,
            false
        )
    group by
        accounts.account_id, moves.moved_at, moves.kind, moves.move

),

united_duties as (

    select
        'separation_of_duties' as finding_type,
        concat_ws(':', rule_id, coalesce(person_id, account_id)) as key,
        severity,
        title,
        concat(
            'rule ',
            rule_id,
            ' is broken by ',
            coalesce(
                nullif(array_to_string(grant_ids, ', '), ''),
                'holding nothing that it asks for'
            )
        ) as evidence,
        person_id,
        account_id,
        null::varchar as entitlement_id,
        null::varchar as scope_id,
        grant_ids
    from separation_of_duties

),

to_deleted as (

    select
        'grant_to_deleted' as finding_type,
        grant_id as key,
        'low' as severity,
        'Grant of something deleted' as title,
        reason as evidence,
        source_name,
        account_id,
        entitlement_id,
        scope_id,
        [grant_id] as grant_ids
    from dangling_grants

),

regranted as (

    select
        'regranted_after_revoke' as finding_type,
        grants.grant_id as key,
        'high' as severity,
        'Granted again after a revoke' as title,
        concat(
            'revoked by ',
            revoked.revoked_by,
            ' on ',
            revoked.revoked_at::date,
            ', gone, and here again since ',
            revoked.back_since::date
        ) as evidence,
        grants.account_id,
        grants.entitlement_id,
        grants.scope_id,
        [grants.grant_id] as grant_ids

    from revoked

    join grants on revoked.grant_id = grants.grant_id

    where revoked.back_since is not null

),

last_administrators as (

    select
        'last_administrator' as finding_type,
        grants.entitlement_id as key,
        'low' as severity,
        'Last administrator' as title,
        concat(
            'only this account holds ',
            coalesce(entitlements.display_name, grants.entitlement_id),
            ' and is not disabled'
        ) as evidence,
        min(grants.account_id) as account_id,
        grants.entitlement_id,
        case when count(*) = 1 then min(grants.scope_id) end as scope_id,
        list_sort(list(grants.grant_id)) as grant_ids

    from grants

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    join accounts on grants.account_id = accounts.account_id

    where entitlements.is_privileged and accounts.status <> 'disabled'
    group by grants.entitlement_id, entitlements.display_name
    having count(distinct grants.account_id) = 1

),

found as (

    select * from from_before_a_move
    union all by name
    select * from united_duties
    union all by name
    select * from to_deleted
    union all by name
    select * from regranted
    union all by name
    select * from last_administrators

)

select
    found.finding_type || ':' || found.key as finding_id,
    found.finding_type,
    found.severity,
    found.title,
    found.evidence,
    coalesce(found.source_name, accounts.source_name) as source_name,
    coalesce(found.person_id, accounts.person_id) as person_id,
    found.account_id,
    found.entitlement_id,
    found.scope_id,
    found.grant_ids

from found

left join accounts on found.account_id = accounts.account_id
