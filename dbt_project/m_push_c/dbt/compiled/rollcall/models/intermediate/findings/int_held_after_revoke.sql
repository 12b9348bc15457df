with

last_decisions as (

    select * from "access"."intermediate"."int_last_decisions"

),

changes as (

    select
        *,
        coalesce(wanted_action, action) as wanted
    from "access"."main"."applied_changes"
    where outcome in ('done', 'already', 'ticketed')

),

grants as (

    select grant_id, is_direct, first_seen_at from "access"."main"."grants"

),

history as (

    select grant_id, is_direct, valid_to from "access"."main"."grants_history"
    where valid_to is not null

),

revokes as (

    select
        grant_id,
        'campaign ' || last_campaign as revoked_by,
        last_imported_at as revoked_at
    from last_decisions
    where last_decision = 'revoke'

    union all

    select
        grant_id,
        'plan ' || left(plan_digest, 12) as revoked_by,
        known_at as revoked_at
    from changes
    where wanted = 'revoke' and grant_id is not null

),

last_revokes as (

    select
        grant_id,
        max_by(revoked_by, revoked_at) as revoked_by,
        max(revoked_at) as revoked_at
    from revokes
    group by grant_id

),

-- A later keep or grant allows the access again
allowed as (

    select grant_id, last_imported_at as allowed_at from last_decisions
    where last_decision = 'keep'

    union all

    select grant_id, known_at as allowed_at from changes
    where wanted = 'grant' and grant_id is not null

),

in_force as (

    select last_revokes.* from last_revokes

    anti join allowed
        on
            last_revokes.grant_id = allowed.grant_id
            and last_revokes.revoked_at < allowed.allowed_at

),

-- After the revoke, the last time at which the grant was only inherited
without_direct as (

    select
        in_force.grant_id,
        max(history.valid_to) as direct_again_at

    from in_force

    join history on in_force.grant_id = history.grant_id

    where
        not history.is_direct
        and history.valid_to > in_force.revoked_at
    group by in_force.grant_id

)

select
    in_force.*,
    case
        when grants.first_seen_at > in_force.revoked_at
            then grants.first_seen_at
        when grants.is_direct then without_direct.direct_again_at
    end as back_since

from in_force

join grants on in_force.grant_id = grants.grant_id

left join without_direct on in_force.grant_id = without_direct.grant_id