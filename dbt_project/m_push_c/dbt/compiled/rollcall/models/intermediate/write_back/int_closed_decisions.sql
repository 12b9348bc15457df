with

closed_campaigns as (

    select
        *,
        coalesce(
            (definition ->> 'remediate_within_days')::integer, 30
        ) as within_days
    from "access"."main"."review_campaigns"
    where status = 'closed'

),

review_items as (

    select * from "access"."main"."review_items"

),

review_decisions as (

    select * from "access"."main"."review_decisions"
    where is_current and decision in ('keep', 'revoke', 'modify')

),

-- The campaign that was closed last overrules earlier ones
decided as (

    select
        review_decisions.campaign,
        review_decisions.item_id,
        review_decisions.grant_id,
        review_decisions.decision,
        nullif(trim(review_decisions.comment, '	
                  　'), '') as comment,
        review_decisions.decided_by,
        review_decisions.decided_at,
        review_items.account_id,
        review_items.entitlement_id,
        review_items.scope_id,
        review_items.person_id,
        review_items.source_name,
        closed_campaigns.closed_at,
        closed_campaigns.closed_at + to_days(closed_campaigns.within_days)
            as due_at,
        first_value(review_decisions.campaign) over last_word as last_campaign,
        first_value(review_decisions.decision) over last_word as last_decision

    from review_decisions

    join closed_campaigns
        on review_decisions.campaign = closed_campaigns.campaign

    join review_items
        on
            review_decisions.campaign = review_items.campaign
            and review_decisions.item_id = review_items.item_id

    window last_word as (
        partition by review_decisions.grant_id
        order by closed_campaigns.closed_at desc, review_decisions.campaign desc
    )

)

select
    *,
    campaign = last_campaign as is_last_word
from decided