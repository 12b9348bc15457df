with

 __dbt__cte__int_raw_counts as (
with

counted as (

    
    select
        'okta' as source_name,
        'users' as resource,
        count(*) as raw_rows
    from raw_okta.users
    union all
    select
        'okta' as source_name,
        'groups' as resource,
        count(*) as raw_rows
    from raw_okta.groups
    union all
    select
        'okta' as source_name,
        'group_rules' as resource,
        count(*) as raw_rows
    from raw_okta.group_rules
    union all
    select
        'okta' as source_name,
        'group_members' as resource,
        count(*) as raw_rows
    from raw_okta.group_members
    union all
    select
        'okta' as source_name,
        'user_role_assignments' as resource,
        count(*) as raw_rows
    from raw_okta.user_role_assignments
    union all
    select
        'okta' as source_name,
        'group_role_assignments' as resource,
        count(*) as raw_rows
    from raw_okta.group_role_assignments
    union all
    select
        'okta' as source_name,
        'client_role_assignments' as resource,
        count(*) as raw_rows
    from raw_okta.client_role_assignments
    union all
    select
        'okta' as source_name,
        'roles' as resource,
        count(*) as raw_rows
    from raw_okta.roles
    union all
    select
        'okta' as source_name,
        'resource_sets' as resource,
        count(*) as raw_rows
    from raw_okta.resource_sets
    union all
    select
        'okta' as source_name,
        'role_bindings' as resource,
        count(*) as raw_rows
    from raw_okta.role_bindings
    union all
    select
        'okta' as source_name,
        'applications' as resource,
        count(*) as raw_rows
    from raw_okta.applications
    union all
    select
        'okta' as source_name,
        'application_users' as resource,
        count(*) as raw_rows
    from raw_okta.application_users
    union all
    select
        'okta' as source_name,
        'application_groups' as resource,
        count(*) as raw_rows
    from raw_okta.application_groups
    union all
    select
        'okta' as source_name,
        'user_schemas' as resource,
        count(*) as raw_rows
    from raw_okta.user_schemas
    union all
    select
        'okta' as source_name,
        'log_events' as resource,
        count(*) as raw_rows
    from raw_okta.log_events
    union all
    select
        'haloitsm' as source_name,
        'agents' as resource,
        count(*) as raw_rows
    from raw_haloitsm.agents
    union all
    select
        'haloitsm' as source_name,
        'agent_details' as resource,
        count(*) as raw_rows
    from raw_haloitsm.agent_details
    union all
    select
        'haloitsm' as source_name,
        'teams' as resource,
        count(*) as raw_rows
    from raw_haloitsm.teams
    union all
    select
        'haloitsm' as source_name,
        'team_details' as resource,
        count(*) as raw_rows
    from raw_haloitsm.team_details
    union all
    select
        'haloitsm' as source_name,
        'roles' as resource,
        count(*) as raw_rows
    from raw_haloitsm.roles
    union all
    select
        'haloitsm' as source_name,
        'role_agents' as resource,
        count(*) as raw_rows
    from raw_haloitsm.role_agents
    union all
    select
        'haloitsm' as source_name,
        'tickets' as resource,
        count(*) as raw_rows
    from raw_haloitsm.tickets
    union all
    select
        'charthop' as source_name,
        'organization' as resource,
        count(*) as raw_rows
    from raw_charthop.organization
    union all
    select
        'charthop' as source_name,
        'group_types' as resource,
        count(*) as raw_rows
    from raw_charthop.group_types
    union all
    select
        'charthop' as source_name,
        'groups' as resource,
        count(*) as raw_rows
    from raw_charthop.groups
    union all
    select
        'charthop' as source_name,
        'future_groups' as resource,
        count(*) as raw_rows
    from raw_charthop.future_groups
    union all
    select
        'charthop' as source_name,
        'archived_groups' as resource,
        count(*) as raw_rows
    from raw_charthop.archived_groups
    union all
    select
        'charthop' as source_name,
        'persons' as resource,
        count(*) as raw_rows
    from raw_charthop.persons
    union all
    select
        'charthop' as source_name,
        'first_and_last_days' as resource,
        count(*) as raw_rows
    from raw_charthop.first_and_last_days
    union all
    select
        'charthop' as source_name,
        'asked_fields' as resource,
        count(*) as raw_rows
    from raw_charthop.asked_fields
    union all
    select
        'charthop' as source_name,
        'queries' as resource,
        count(*) as raw_rows
    from raw_charthop.queries
    union all
    select
        'charthop' as source_name,
        'jobs' as resource,
        count(*) as raw_rows
    from raw_charthop.jobs
    union all
    select
        'charthop' as source_name,
        'person_groups' as resource,
        count(*) as raw_rows
    from raw_charthop.person_groups
    union all
    select
        'charthop' as source_name,
        'events' as resource,
        count(*) as raw_rows
    from raw_charthop.events
    union all
    select
        'charthop' as source_name,
        'changes' as resource,
        count(*) as raw_rows
    from raw_charthop.changes
    union all
    select
        'pingone' as source_name,
        'activities' as resource,
        count(*) as raw_rows
    from raw_pingone.activities
    union all
    select
        'pingone' as source_name,
        'populations' as resource,
        count(*) as raw_rows
    from raw_pingone.populations
    union all
    select
        'pingone' as source_name,
        'groups' as resource,
        count(*) as raw_rows
    from raw_pingone.groups
    union all
    select
        'pingone' as source_name,
        'users' as resource,
        count(*) as raw_rows
    from raw_pingone.users
    union all
    select
        'pingone' as source_name,
        'roles' as resource,
        count(*) as raw_rows
    from raw_pingone.roles
    union all
    select
        'pingone' as source_name,
        'applications' as resource,
        count(*) as raw_rows
    from raw_pingone.applications
    union all
    select
        'pingone' as source_name,
        'group_members' as resource,
        count(*) as raw_rows
    from raw_pingone.group_members
    union all
    select
        'pingone' as source_name,
        'user_memberships' as resource,
        count(*) as raw_rows
    from raw_pingone.user_memberships
    union all
    select
        'pingone' as source_name,
        'group_nestings' as resource,
        count(*) as raw_rows
    from raw_pingone.group_nestings
    union all
    select
        'pingone' as source_name,
        'user_role_assignments' as resource,
        count(*) as raw_rows
    from raw_pingone.user_role_assignments
    union all
    select
        'pingone' as source_name,
        'group_role_assignments' as resource,
        count(*) as raw_rows
    from raw_pingone.group_role_assignments
    union all
    select
        'pingone' as source_name,
        'application_role_assignments' as resource,
        count(*) as raw_rows
    from raw_pingone.application_role_assignments
    

)

select * from counted
), runs as (

    select * from "access"."main"."runs"
    where status in ('complete', 'gone')

),

run_resources as (

    select * from "access"."main"."run_resources"

),

raw_counts as (

    select * from __dbt__cte__int_raw_counts

),

-- The marts show the data of the last complete run, and nothing of a system that
-- is no longer read
last_runs as (

    select source_name, run_id, status from runs
    qualify
        row_number() over (
            partition by source_name order by started_at desc, run_id desc
        ) = 1

)

select
    last_runs.source_name,
    any_value(last_runs.run_id) as run_id,
    sum(run_resources.reported_total)::bigint as rows_reported,
    sum(run_resources.rows_read)
        filter (run_resources.reported_total is not null)::bigint
        as rows_read_where_reported,
    sum(run_resources.rows_read)::bigint as rows_read,
    sum(run_resources.rows_loaded - run_resources.rows_read)::bigint
        as rows_kept,
    sum(run_resources.rows_loaded)::bigint as rows_loaded,
    sum(coalesce(raw_counts.raw_rows, run_resources.rows_loaded))::bigint
        as rows_in_raw

from last_runs

left join run_resources
    on
        last_runs.run_id = run_resources.run_id
        and last_runs.source_name = run_resources.source_name

left join raw_counts
    on
        run_resources.source_name = raw_counts.source_name
        and run_resources.resource = raw_counts.resource

where last_runs.status = 'complete'

group by last_runs.source_name