with

decisions as (

    select * from "access"."main"."review_decisions"
    where is_current

),

campaigns as (

    select * from "access"."main"."review_campaigns"

),

imports as (

    select * from "access"."main"."review_imports"

),

last_decisions as (

    select
        decisions.grant_id,
        decisions.campaign as last_campaign,
        decisions.decision as last_decision,
        decisions.decided_by as last_decided_by,
        decisions.decided_at as last_decided_at,
        imports.imported_at as last_imported_at

    from decisions

    join campaigns on decisions.campaign = campaigns.campaign

    join imports on decisions.import_id = imports.import_id

    qualify
        row_number() over (
            partition by decisions.grant_id
            order by campaigns.opened_at desc, imports.imported_at desc
        ) = 1

)

select * from last_decisions