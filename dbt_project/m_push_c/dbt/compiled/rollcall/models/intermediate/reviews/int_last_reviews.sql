with

campaigns as (

    select campaign, opened_at from "access"."main"."review_campaigns"
    where status = 'closed'

),

reviewed as (

    select distinct campaign, source_name
    from "access"."main"."review_items"

),

last_reviews as (

    select
        reviewed.source_name,
        max(campaigns.opened_at) as last_review_at

    from reviewed

    join campaigns on reviewed.campaign = campaigns.campaign

    group by reviewed.source_name

)

select * from last_reviews