with

agents as (

    select * from {{ ref('base_haloitsm__agents') }}

),

team_rows as (

    select * from {{ ref('base_haloitsm__team_rows') }}

),

role_holders as (

    select * from {{ ref('base_haloitsm__role_holders') }}

),

held as (

    select
        agent_id,
        'team:' || team_id || ':member' as entitlement,
        role_id is not null as is_inherited
    from team_rows
    where is_member

    union

    select
        agent_id,
        'team:' || team_id || ':manager' as entitlement,
        role_id is not null as is_inherited
    from team_rows
    where is_manager

    union

    select
        agent_id,
        'role:' || role_id || ':assigned' as entitlement,
        false as is_inherited
    from role_holders

),

grants as (

    select

        ---------- ids
        'haloitsm:agent:' || agent_id as account_id,
        'haloitsm:' || entitlement as entitlement_id,
        null::varchar as scope_id,
        null::varchar as source_grant_id,

        ---------- strings
        null::varchar as scope_type,
        null::varchar as scope_name,

        ---------- booleans
        is_inherited,
        null::boolean as is_read_only,

        ---------- timestamps
        null::timestamptz as last_read_at,
        null::timestamptz as granted_at,
        null::varchar as granted_by

    from held

    -- Agent 1 is "Unassigned", unless the list has another agent with this id
    where agent_id <> '1' or agent_id in (select id from agents)

)

select * from grants
