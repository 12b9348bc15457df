with

wanted as (

    select * from "access"."intermediate"."int_wanted_change_states"

),

attempts as (

    select * from "access"."intermediate"."int_change_attempts"

),

-- A decision is followed even where it was met before anybody did anything
still_wanted as (

    select
        wanted.wanted_change_id,
        wanted.campaign,
        wanted.item_id,
        wanted.reason_kind,
        wanted.reason_id,
        wanted.action,
        wanted.source_name,
        wanted.person_id,
        wanted.account_id,
        wanted.entitlement_id,
        wanted.scope_id,
        wanted.grant_id,
        wanted.wanted_at,
        wanted.due_at,
        wanted.is_met,
        wanted.blocked_because,
        wanted.held_through,
        true as is_wanted,
        coalesce(wanted.is_held and not wanted.is_direct, false)
            as is_only_inherited,
        least(wanted.wanted_at, attempts.first_tried_at) as followed_from

    from wanted

    left join attempts on wanted.wanted_change_id = attempts.wanted_change_id

    where
        wanted.reason_kind = 'decision'
        or not wanted.is_met
        or attempts.wanted_change_id is not null

),

-- The account was deleted since, or the request is no longer in the file
no_longer_wanted as (

    select
        attempts.wanted_change_id,
        attempts.reason_kind,
        attempts.reason_id,
        attempts.action,
        attempts.source_name,
        attempts.person_id,
        attempts.account_id,
        attempts.entitlement_id,
        attempts.scope_id,
        attempts.grant_id,
        false as is_wanted,
        false as is_only_inherited,
        attempts.first_tried_at as followed_from

    from attempts

    anti join wanted on attempts.wanted_change_id = wanted.wanted_change_id

)

select * from still_wanted
union all by name
select * from no_longer_wanted