with

account_records as (

    select * from "access"."staging"."stg_haloitsm__account_records"

),

team_rows as (

    select * from "access"."staging"."base_haloitsm__team_rows"

),

role_holders as (

    select * from "access"."staging"."base_haloitsm__role_holders"

),

held as (

    select
        agent_id,
        'team:' || team_id || ':member' as entitlement,
        role_id
    from team_rows
    where is_member

    union

    select
        agent_id,
        'team:' || team_id || ':manager' as entitlement,
        role_id
    from team_rows
    where is_manager

    union

    select
        agent_id,
        'role:' || role_id || ':assigned' as entitlement,
        null as role_id
    from role_holders

),

grants as (

    select

        ---------- ids
        'haloitsm:agent:' || held.agent_id as account_id,
        'haloitsm:' || held.entitlement as entitlement_id,
        'haloitsm:role:' || held.role_id || ':assigned'
            as inherited_through,
        null::varchar as scope_id,
        null::varchar as source_grant_id,

        ---------- strings
        null::varchar as scope_type,
        null::varchar as scope_name,

        ---------- booleans
        held.role_id is not null as is_inherited,
        null::boolean as is_read_only,

        ---------- timestamps
        null::timestamptz as last_read_at,
        null::timestamptz as granted_at,
        null::varchar as granted_by

    from held

    left join account_records
        on 'haloitsm:agent:' || held.agent_id = account_records.account_id

    where account_records.left_out_because is null

)

select * from grants