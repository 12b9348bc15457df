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