with

source_states as (

    select source_name from {{ ref('source_states') }}

),

listed_grants as not materialized (

    select
        source_name,
        account_id,
        entitlement_id,
        scope_id,
        hash(source_name, account_id, entitlement_id, scope_id) as grant_hash
    from ({{ union_sources('grants') }})

),

-- Grants with different hashes differ: only the others have to be compared
listed_alike as (

    select grant_hash from listed_grants
    group by grant_hash
    having count(*) > 1

),

listed as (

    select source_name, count(*) as grants_listed
    from (
        select listed_grants.source_name from listed_grants
        anti join listed_alike
            on listed_grants.grant_hash = listed_alike.grant_hash
        union all
        select source_name from (
            select distinct
                listed_grants.source_name,
                listed_grants.account_id,
                listed_grants.entitlement_id,
                listed_grants.scope_id
            from listed_grants
            semi join listed_alike
                on listed_grants.grant_hash = listed_alike.grant_hash
        )
    )
    group by source_name

),

effective as (

    select
        source_name,
        count(*) filter (not is_listed) as grants_inherited_only,
        count(*) filter (dangling_reason is not null) as grants_dangling,
        count(*) filter (last_read_at is not null) as grants_not_read
    from {{ ref('int_effective_grants') }}
    group by source_name

),

dangling_grants as (

    select
        source_name,
        {{ grant_id('grants') }} as grant_id,
        dangling_reason
    from {{ ref('int_effective_grants') }} as grants
    where dangling_reason is not null

),

grants as not materialized (

    select source_name, grant_id, first_seen_at from {{ ref('grants') }}

),

in_marts as (

    select source_name, count(*) as grants_in_marts
    from grants
    group by source_name

),

last_campaign as (

    select campaign, opened_at from {{ source('rollcall', 'review_campaigns') }}
    order by opened_at desc
    limit 1

),

items as (

    select grant_id from {{ source('rollcall', 'review_items') }}
    where campaign in (select campaign from last_campaign)

),

exclusions as (

    select excluded_id as grant_id, reason
    from {{ source('rollcall', 'review_exclusions') }}
    where
        kind = 'grant' and campaign in (select campaign from last_campaign)

),

-- A grant that existed when the campaign was opened, and that is neither an
-- item nor excluded, has no reason: the balance shows it
of_campaign as (

    select
        effective_grants.source_name,
        items.grant_id is not null as is_reviewed,
        coalesce(
            exclusions.reason,
            'dangling: ' || effective_grants.dangling_reason,
            case
                when effective_grants.first_seen_at > last_campaign.opened_at
                    then 'came after the campaign was opened'
            end
        ) as reason

    from (
        select *, null as dangling_reason from grants
        union all by name
        select *, null::timestamptz as first_seen_at from dangling_grants
    ) as effective_grants

    cross join last_campaign

    left join items on effective_grants.grant_id = items.grant_id

    left join exclusions on effective_grants.grant_id = exclusions.grant_id

),

-- Before any campaign, `access_review` is what there is to review
before_any as (

    select source_name, true as is_reviewed, null as reason
    from {{ ref('access_review') }}

    union all

    select source_name, false, 'dangling: ' || dangling_reason
    from dangling_grants

),

sorted as (

    select * from of_campaign
    union all
    select * from before_any
    where (select count(*) from last_campaign) = 0

),

by_reason as (

    select
        source_name,
        case when not is_reviewed then reason end as reason,
        count(*) filter (is_reviewed) as reviewed,
        count(*) filter (not is_reviewed and reason is not null) as excluded
    from sorted
    group by all

),

reviewed as (

    select
        source_name,
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
    effective.grants_inherited_only,
    effective.grants_dangling,
    effective.grants_not_read,
    (select campaign from last_campaign) as reviewed_in,
    reviewed.grants_reviewed,
    reviewed.grants_excluded,
    reviewed.excluded_because

from source_states

left join listed on source_states.source_name = listed.source_name

left join in_marts on source_states.source_name = in_marts.source_name

left join effective on source_states.source_name = effective.source_name

left join reviewed on source_states.source_name = reviewed.source_name
