with

items as (

    select campaign, item_id, reviewer
    from "access"."main"."review_items"

),

reassignments as (

    select campaign, item_id, to_reviewer
    from "access"."main"."review_reassignments"
    where is_current

),

decisions as (

    select * from "access"."main"."review_decisions"
    where is_current

),

asked as (

    select
        items.campaign,
        coalesce(reassignments.to_reviewer, items.reviewer) as reviewer,
        count(*) as items

    from items

    left join reassignments
        on
            items.campaign = reassignments.campaign
            and items.item_id = reassignments.item_id

    group by all

),

-- A decision counts for the one who made it, also if the item is reassigned
answered as (

    select
        campaign,
        decided_by as reviewer,
        count(*) filter (is_settled) as decided,
        count(*) filter (not is_settled) as unsettled,
        count(*) filter (decision = 'keep') as kept,
        count(seconds) filter (is_settled) as timed,
        median(seconds) filter (is_settled) as median_seconds,
        avg(is_bulk::int) filter (is_settled) as bulk_share

    from (
        select *, decision in ('keep', 'revoke', 'modify') as is_settled
        from decisions
    )

    group by all

)

select
    coalesce(asked.campaign, answered.campaign) as campaign,
    coalesce(asked.reviewer, answered.reviewer) as reviewer,
    coalesce(asked.items, 0) as items,
    coalesce(answered.decided, 0) as decided,
    coalesce(answered.unsettled, 0) as unsettled,

    ---------- how the decisions were made
    coalesce(answered.timed, 0) as timed,
    answered.median_seconds,
    answered.bulk_share,
    answered.kept / nullif(answered.decided, 0) as kept_share,
    case
        when answered.decided > 0 then answered.kept = answered.decided
    end as is_all_kept

from asked

full join answered
    on
        asked.campaign = answered.campaign
        and asked.reviewer = answered.reviewer