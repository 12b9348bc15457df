with

 __dbt__cte__int_finding_leaver_with_access as (
select
    account_id as subject,
    account_id,
    case when privileges is null then 'high' else 'critical' end as severity,
    concat(
        'left on ',
        coalesce(ended_on::varchar, 'a day that HR does not say'),
        '; the account is ',
        status,
        privileges_clause
    ) as evidence
from "access"."intermediate"."int_live_accounts"
where employment_status = 'leaver'
),  __dbt__cte__int_finding_access_before_start as (
with

live_accounts as (

    select * from "access"."intermediate"."int_live_accounts"
    where employment_status = 'future'

),

grants as (

    select * from "access"."main"."grants"

),

entitlements as (

    select * from "access"."main"."entitlements"

),

held as (

    select
        grants.account_id,
        list_sort(list(distinct entitlements.display_name)) as names,
        list_sort(list(grants.grant_id)) as grant_ids

    from grants

    join entitlements on grants.entitlement_id = entitlements.entitlement_id

    group by grants.account_id

)

select
    live_accounts.account_id as subject,
    live_accounts.account_id,
    held.grant_ids,
    case when live_accounts.privileges is null then 'medium' else 'high' end
        as severity,
    concat(
        'starts on ',
        live_accounts.started_on,
        '; the account is ',
        live_accounts.status,
        '; it already holds ',
        coalesce(array_to_string(held.names, ', '), 'nothing'),
        live_accounts.privileges_clause
    ) as evidence

from live_accounts

left join held on live_accounts.account_id = held.account_id

-- The HR record of somebody who has not started yet gives no access by itself
where held.account_id is not null or live_accounts.match_rule <> 'hr_record'
),  __dbt__cte__int_finding_account_without_person as (
select
    account_id as subject,
    account_id,
    case
        when privileges is not null then 'high'
        when account_type = 'service' then 'low'
        else 'medium'
    end as severity,
    concat(
        'no person in HR fits this ',
        account_type,
        ' account by number, mail or username',
        privileges_clause
    ) as evidence
from "access"."intermediate"."int_live_accounts"
where match_rule = 'none'
),  __dbt__cte__int_finding_ambiguous_match as (
with

accounts as (

    select * from "access"."intermediate"."int_live_accounts"
    where match_rule = 'ambiguous'

),

-- The people that each rule finds for an account
matches as (

    select
        account_id,
        rule_order,
        match_rule,
        list_sort(list(person_id)) as person_ids
    from "access"."intermediate"."int_account_candidates"
    group by account_id, rule_order, match_rule

),

explained as (

    select
        account_id,
        string_agg(
            concat(
                len(person_ids),
                case when len(person_ids) = 1 then ' person fits by '
                    else ' people fit by '
                end,
                replace(match_rule, '_', ' '),
                ': ',
                array_to_string(person_ids, ', ')
            ),
            '; '
            order by rule_order
        ) as evidence
    from matches
    group by account_id

)

select
    accounts.account_id as subject,
    accounts.account_id,
    case when accounts.privileges is null then 'medium' else 'high' end
        as severity,
    explained.evidence

from accounts

join explained on accounts.account_id = explained.account_id
),  __dbt__cte__int_finding_dormant_account as (
select
    account_id as subject,
    account_id,
    case when privileges is null then 'medium' else 'high' end as severity,
    concat(
        case
            when is_login_ahead
                then
                    'the last sign-in is dated ' || last_login_at::date
                    || ', in the future; nothing shows one since '
                    || coalesce(created_at, first_seen_at)::date
            when last_login_at is not null
                then 'last signed in on ' || last_login_at::date
            else
                'never signed in since '
                || coalesce(created_at, first_seen_at)::date
        end,
        '; the limit for a ',
        account_type,
        ' account is ',
        dormant_after_days,
        ' days',
        privileges_clause
    ) as evidence
from "access"."intermediate"."int_live_accounts"
where is_dormant
),  __dbt__cte__int_finding_privileged_without_mfa as (
select
    account_id as subject,
    account_id,
    case mfa_enabled when false then 'high' else 'low' end as severity,
    case
        when mfa_enabled is null
            then 'Privileged, and whether with a second factor is unknown'
    end as title,
    'privileges: ' || privileges as evidence
from "access"."intermediate"."int_live_accounts"
where
    privileges is not null
    and account_type <> 'service'
    and mfa_enabled is distinct from true
),  __dbt__cte__int_finding_contradicting_sources as (
with

live_accounts as (

    select * from "access"."intermediate"."int_live_accounts"

),

accounts as (

    select * from "access"."main"."accounts"

),

candidates as (

    select * from "access"."intermediate"."int_account_candidates"

),

-- The HR record is not an account that can be closed
by_source as (

    select
        person_id,
        source_name,
        bool_or(status <> 'disabled') as is_live
    from accounts
    where person_id is not null and match_rule <> 'hr_record'
    group by person_id, source_name

),

-- One source has closed all accounts of a person, and another source has not
disagreeing as (

    select
        person_id,
        string_agg(source_name, ', ' order by source_name)
            filter (is_live) as live_in,
        string_agg(source_name, ', ' order by source_name)
            filter (not is_live) as closed_in
    from by_source
    group by person_id
    having bool_or(is_live) and bool_or(not is_live)

),

-- The rules that find exactly one person for an account
clear_matches as (

    select
        account_id,
        rule_order,
        match_rule,
        min(person_id) as person_id
    from candidates
    group by account_id, rule_order, match_rule
    having count(*) = 1

),

-- Two such rules find different people
contradicting_matches as (

    select
        account_id,
        string_agg(
            replace(match_rule, '_', ' ') || ' says ' || person_id,
            ', ' order by rule_order
        ) as rules
    from clear_matches
    group by account_id
    having count(distinct person_id) > 1

),

contradictions as (

    select
        live_accounts.account_id,
        nullif(
            concat_ws(
                '; ',
                'HR says ' || live_accounts.employment_status || ', closed in '
                || disagreeing.closed_in || ', live in '
                || disagreeing.live_in,
                contradicting_matches.rules,
                case
                    when
                        live_accounts.employment_status = 'leaver'
                        -- One more day than the last one: time zones differ
                        and live_accounts.last_login_at::date
                        > live_accounts.ended_on + 1
                        then
                            'left on ' || live_accounts.ended_on
                            || ', and signed in after that'
                    when
                        live_accounts.employment_status = 'future'
                        and live_accounts.last_login_at is not null
                        then
                            'begins on ' || live_accounts.started_on
                            || ', and has signed in already'
                end
            ),
            ''
        ) as evidence

    from live_accounts

    left join disagreeing
        on
            live_accounts.person_id = disagreeing.person_id
            and live_accounts.match_rule <> 'hr_record'

    left join contradicting_matches
        on live_accounts.account_id = contradicting_matches.account_id

)

select
    account_id as subject,
    account_id,
    'medium' as severity,
    evidence
from contradictions
where evidence is not null
),  __dbt__cte__int_finding_mover_with_old_access as (
with

moves as (

    select * from "access"."intermediate"."int_job_moves"

),

accounts as (

    select * from "access"."main"."accounts"

),

grants as (

    select * from "access"."main"."grants"

),

entitlements as (

    select * from "access"."main"."entitlements"

),

last_decisions as (

    select * from "access"."intermediate"."int_last_decisions"

)

select
    concat_ws(':', accounts.account_id, moves.moved_at::date) as subject,
    accounts.account_id,
    list_sort(list(grants.grant_id)) as grant_ids,
    'medium' as severity,
    concat(
        moves.kind,
        ' changed on ',
        moves.moved_at::date,
        ' (',
        moves.move,
        '); direct grants from before that: ',
        count(*)
    ) as evidence

from moves

join accounts on moves.person_id = accounts.person_id

join grants on accounts.account_id = grants.account_id

join entitlements on grants.entitlement_id = entitlements.entitlement_id

left join last_decisions on grants.grant_id = last_decisions.grant_id

where
    accounts.status <> 'disabled'
    and grants.is_direct
    -- A rule or another directory takes the rest away by itself
    and entitlements.is_rule_managed is not true
    and coalesce(entitlements.unchangeable_because, '')
    not in ('external', 'mandatory')
    and coalesce(grants.granted_at, grants.first_seen_at) < moves.moved_at
    and not coalesce(
        last_decisions.last_decision = 'keep'
        and last_decisions.last_decided_at > moves.moved_at,
        false
    )
group by accounts.account_id, moves.moved_at, moves.kind, moves.move
),  __dbt__cte__int_finding_separation_of_duties as (
select
    concat_ws(':', rule_id, coalesce(person_id, account_id)) as subject,
    person_id,
    account_id,
    grant_ids,
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
    ) as evidence
from "access"."intermediate"."int_separation_of_duties"
),  __dbt__cte__int_finding_grant_to_deleted as (
select
    grant_id as subject,
    source_name,
    account_id,
    entitlement_id,
    scope_id,
    [grant_id] as grant_ids,
    'low' as severity,
    reason as evidence
from "access"."main"."dangling_grants"
),  __dbt__cte__int_finding_regranted_after_revoke as (
with

held_after_revoke as (

    select * from "access"."intermediate"."int_held_after_revoke"
    where back_since is not null

),

grants as (

    select * from "access"."main"."grants"

)

select
    grants.grant_id as subject,
    grants.account_id,
    grants.entitlement_id,
    grants.scope_id,
    [grants.grant_id] as grant_ids,
    'high' as severity,
    concat(
        'revoked by ',
        held_after_revoke.revoked_by,
        ' on ',
        held_after_revoke.revoked_at::date,
        ', gone, and here again since ',
        held_after_revoke.back_since::date
    ) as evidence

from held_after_revoke

join grants on held_after_revoke.grant_id = grants.grant_id
),  __dbt__cte__int_finding_last_administrator as (
with

grants as (

    select * from "access"."main"."grants"

),

entitlements as (

    select * from "access"."main"."entitlements"
    where is_privileged

),

accounts as (

    select * from "access"."main"."accounts"
    where status <> 'disabled'

)

select
    grants.entitlement_id as subject,
    min(grants.account_id) as account_id,
    grants.entitlement_id,
    case when count(*) = 1 then min(grants.scope_id) end as scope_id,
    list_sort(list(grants.grant_id)) as grant_ids,
    'low' as severity,
    concat(
        'only this account holds ',
        coalesce(entitlements.display_name, grants.entitlement_id),
        ' and is not disabled'
    ) as evidence

from grants

join entitlements on grants.entitlement_id = entitlements.entitlement_id

join accounts on grants.account_id = accounts.account_id

group by grants.entitlement_id, entitlements.display_name
having count(distinct grants.account_id) = 1
),  __dbt__cte__int_finding_push_blocked as (
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
), accounts as (

    select account_id, source_name, person_id from "access"."main"."accounts"

),

found as (

    select
        'leaver_with_access' as finding_type,
        'Leaver with a live account' as usual_title,
        *
    from __dbt__cte__int_finding_leaver_with_access
    union all by name
    select
        'access_before_start' as finding_type,
        'Access before the first day' as usual_title,
        *
    from __dbt__cte__int_finding_access_before_start
    union all by name
    select
        'account_without_person' as finding_type,
        'Account without a person' as usual_title,
        *
    from __dbt__cte__int_finding_account_without_person
    union all by name
    select
        'ambiguous_match' as finding_type,
        'Account that fits more than one person' as usual_title,
        *
    from __dbt__cte__int_finding_ambiguous_match
    union all by name
    select
        'dormant_account' as finding_type,
        'Dormant account' as usual_title,
        *
    from __dbt__cte__int_finding_dormant_account
    union all by name
    select
        'privileged_without_mfa' as finding_type,
        'Privileged without a second factor' as usual_title,
        *
    from __dbt__cte__int_finding_privileged_without_mfa
    union all by name
    select
        'contradicting_sources' as finding_type,
        'Systems contradict each other' as usual_title,
        *
    from __dbt__cte__int_finding_contradicting_sources
    union all by name
    select
        'mover_with_old_access' as finding_type,
        'Access from before a move' as usual_title,
        *
    from __dbt__cte__int_finding_mover_with_old_access
    union all by name
    select
        'separation_of_duties' as finding_type,
        'Separation of duties' as usual_title,
        *
    from __dbt__cte__int_finding_separation_of_duties
    union all by name
    select
        'grant_to_deleted' as finding_type,
        'Grant of something deleted' as usual_title,
        *
    from __dbt__cte__int_finding_grant_to_deleted
    union all by name
    select
        'regranted_after_revoke' as finding_type,
        'Granted again after a revoke' as usual_title,
        *
    from __dbt__cte__int_finding_regranted_after_revoke
    union all by name
    select
        'last_administrator' as finding_type,
        'Last administrator' as usual_title,
        *
    from __dbt__cte__int_finding_last_administrator
    union all by name
    select
        'push_blocked' as finding_type,
        'Push that is blocked' as usual_title,
        *
    from __dbt__cte__int_finding_push_blocked
    
    

)

select
    found.finding_type || ':' || found.subject as finding_id,
    found.finding_type,
    found.severity,
    coalesce(found.title, found.usual_title) as title,
    found.evidence,
    coalesce(found.source_name, accounts.source_name) as source_name,
    coalesce(found.person_id, accounts.person_id) as person_id,
    found.account_id,
    found.entitlement_id,
    found.scope_id,
    found.grant_ids

from found

left join accounts on found.account_id = accounts.account_id