with

source_states as (

    select source_name from "access"."main"."source_states"

),

listed_grants as (

    select distinct source_name, account_id, entitlement_id, scope_id
    from (
    select
        'charthop' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_charthop__grants"
    union all
    select
        source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_declared__grants"
    union all
    select
        'haloitsm' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_haloitsm__grants"
    union all
    select
        'okta' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_okta__grants"
    union all
    select
        'pingone' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_pingone__grants"
    

)

),

effective_grants as (

    select
        source_name,
        grant_id,
        account_id,
        entitlement_id,
        scope_id,
        dangling_reason,
        last_read_at
    from "access"."intermediate"."int_effective_grants"

),

grants as (

    select source_name, grant_id, first_seen_at from "access"."main"."grants"

),

access_review as (

    select grant_id from "access"."main"."access_review"

),

last_campaign as (

    select campaign, opened_at from "access"."main"."review_campaigns"
    order by opened_at desc
    limit 1

),

items as (

    select grant_id from "access"."main"."review_items"
    where campaign in (select campaign from last_campaign)

),

exclusions as (

    select excluded_id as grant_id, reason
    from "access"."main"."review_exclusions"
    where
        kind = 'grant' and campaign in (select campaign from last_campaign)

),

listed as (

    select source_name, count(*) as grants_listed
    from listed_grants
    group by source_name

),

in_marts as (

    select source_name, count(*) as grants_in_marts
    from grants
    group by source_name

),

-- A grant that existed when the campaign was opened, and that is neither an
-- item nor excluded, has no reason: the balance shows it. Before any campaign,
-- `access_review` is what there is to review.
sorted as (

    select
        effective_grants.source_name,
        listed_grants.account_id is null as is_inherited_only,
        effective_grants.dangling_reason is not null as is_dangling,
        effective_grants.last_read_at is not null as is_unread,
        case
            when last_campaign.campaign is null
                then access_review.grant_id is not null
            else items.grant_id is not null
        end as is_reviewed,
        coalesce(
            exclusions.reason,
            'dangling: ' || effective_grants.dangling_reason,
            case
                when grants.first_seen_at > last_campaign.opened_at
                    then 'came after the campaign was opened'
            end
        ) as reason

    from effective_grants

    left join listed_grants
        on
            effective_grants.account_id = listed_grants.account_id
            and effective_grants.entitlement_id = listed_grants.entitlement_id
            and effective_grants.scope_id
            is not distinct from listed_grants.scope_id

    left join last_campaign on true

    left join grants on effective_grants.grant_id = grants.grant_id

    left join access_review
        on effective_grants.grant_id = access_review.grant_id

    left join items on effective_grants.grant_id = items.grant_id

    left join exclusions on effective_grants.grant_id = exclusions.grant_id

),

by_reason as (

    select
        source_name,
        case when not is_reviewed then reason end as reason,
        count(*) filter (is_inherited_only) as inherited_only,
        count(*) filter (is_dangling) as dangling,
        count(*) filter (is_unread) as unread,
        count(*) filter (is_reviewed) as reviewed,
        count(*) filter (not is_reviewed and reason is not null) as excluded
    from sorted
    group by all

),

added_up as (

    select
        source_name,
        sum(inherited_only)::bigint as grants_inherited_only,
        sum(dangling)::bigint as grants_dangling,
        sum(unread)::bigint as grants_not_read,
        sum(reviewed)::bigint as grants_reviewed,
        sum(excluded)::bigint as grants_excluded,
        string_agg(
            reason || ': ' || excluded, '; ' order by reason
        ) filter (excluded > 0) as excluded_because
    from by_reason
    group by source_name

)

select
    source_states.source_name,
    listed.grants_listed,
    in_marts.grants_in_marts,
    (select campaign from last_campaign) as reviewed_in,
    added_up.* exclude (source_name)

from source_states

left join listed on source_states.source_name = listed.source_name

left join in_marts on source_states.source_name = in_marts.source_name

left join added_up on source_states.source_name = added_up.source_name