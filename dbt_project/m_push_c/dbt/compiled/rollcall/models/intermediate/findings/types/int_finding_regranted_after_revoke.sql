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