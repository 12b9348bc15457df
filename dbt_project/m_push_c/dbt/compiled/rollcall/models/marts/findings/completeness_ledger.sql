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
),  __dbt__cte__int_ledger_rows as (
with

runs as (

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
),  __dbt__cte__int_ledger_accounts as (
with

account_records as (
    select
        'charthop' as source_name,
        account_id,
        left_out_because
    from "access"."staging"."stg_charthop__account_records"
    union all
    select
        source_name,
        account_id,
        left_out_because
    from "access"."staging"."stg_declared__account_records"
    union all
    select
        'haloitsm' as source_name,
        account_id,
        left_out_because
    from "access"."staging"."stg_haloitsm__account_records"
    union all
    select
        'okta' as source_name,
        account_id,
        left_out_because
    from "access"."staging"."stg_okta__account_records"
    union all
    select
        'pingone' as source_name,
        account_id,
        left_out_because
    from "access"."staging"."stg_pingone__account_records"
    

),

accounts as (

    select account_id from "access"."main"."accounts"

),

counted as (

    select
        account_records.source_name,
        account_records.left_out_because,
        count(*) as records,
        count(accounts.account_id) as accounts_in_marts

    from account_records

    left join accounts on account_records.account_id = accounts.account_id

    group by account_records.source_name, account_records.left_out_because

)

select
    source_name,
    sum(records)::bigint as accounts_read,
    sum(accounts_in_marts)::bigint as accounts_in_marts,
    coalesce(
        sum(records) filter (left_out_because is not null), 0
    )::bigint as accounts_left_out,
    string_agg(
        left_out_because || ': ' || records, '; ' order by left_out_because
    ) as accounts_left_out_because
from counted
group by source_name
),  __dbt__cte__int_ledger_grants as (
with

source_states as (

    select source_name from "access"."main"."source_states"

),

listed_grants as (

    select distinct source_name, account_id, entitlement_id, scope_id
    from (
    select
        'charthop' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_charthop__grants"
    union all
    select
        source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_declared__grants"
    union all
    select
        'haloitsm' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_haloitsm__grants"
    union all
    select
        'okta' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_okta__grants"
    union all
    select
        'pingone' as source_name,
        account_id,
        entitlement_id,
        inherited_through,
        scope_type,
        scope_id,
        scope_name,
        source_grant_id,
        granted_at,
        granted_by,
        is_inherited,
        is_read_only,
        last_read_at
    from "access"."staging"."stg_pingone__grants"
    

)

),

effective_grants as (

    select
        source_name,
        grant_id,
        account_id,
        entitlement_id,
        scope_id,
        dangling_reason,
        last_read_at
    from "access"."intermediate"."int_effective_grants"

),

grants as (

    select source_name, grant_id, first_seen_at from "access"."main"."grants"

),

access_review as (

    select grant_id from "access"."main"."access_review"

),

last_campaign as (

    select campaign, opened_at from "access"."main"."review_campaigns"
    order by opened_at desc
    limit 1

),

items as (

    select grant_id from "access"."main"."review_items"
    where campaign in (select campaign from last_campaign)

),

exclusions as (

    select excluded_id as grant_id, reason
    from "access"."main"."review_exclusions"
    where
        kind = 'grant' and campaign in (select campaign from last_campaign)

),

listed as (

    select source_name, count(*) as grants_listed
    from listed_grants
    group by source_name

),

in_marts as (

    select source_name, count(*) as grants_in_marts
    from grants
    group by source_name

),

-- A grant that existed when the campaign was opened, and that is neither an
-- item nor excluded, has no reason: the balance shows it. Before any campaign,
-- `access_review` is what there is to review.
sorted as (

    select
        effective_grants.source_name,
        listed_grants.account_id is null as is_inherited_only,
        effective_grants.dangling_reason is not null as is_dangling,
        effective_grants.last_read_at is not null as is_unread,
        case
            when last_campaign.campaign is null
                then access_review.grant_id is not null
            else items.grant_id is not null
        end as is_reviewed,
        coalesce(
            exclusions.reason,
            'dangling: ' || effective_grants.dangling_reason,
            case
                when grants.first_seen_at > last_campaign.opened_at
                    then 'came after the campaign was opened'
            end
        ) as reason

    from effective_grants

    left join listed_grants
        on
            effective_grants.account_id = listed_grants.account_id
            and effective_grants.entitlement_id = listed_grants.entitlement_id
            and effective_grants.scope_id
            is not distinct from listed_grants.scope_id

    left join last_campaign on true

    left join grants on effective_grants.grant_id = grants.grant_id

    left join access_review
        on effective_grants.grant_id = access_review.grant_id

    left join items on effective_grants.grant_id = items.grant_id

    left join exclusions on effective_grants.grant_id = exclusions.grant_id

),

by_reason as (

    select
        source_name,
        case when not is_reviewed then reason end as reason,
        count(*) filter (is_inherited_only) as inherited_only,
        count(*) filter (is_dangling) as dangling,
        count(*) filter (is_unread) as unread,
        count(*) filter (is_reviewed) as reviewed,
        count(*) filter (not is_reviewed and reason is not null) as excluded
    from sorted
    group by all

),

added_up as (

    select
        source_name,
        sum(inherited_only)::bigint as grants_inherited_only,
        sum(dangling)::bigint as grants_dangling,
        sum(unread)::bigint as grants_not_read,
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
    (select campaign from last_campaign) as reviewed_in,
    added_up.* exclude (source_name)

from source_states

left join listed on source_states.source_name = listed.source_name

left join in_marts on source_states.source_name = in_marts.source_name

left join added_up on source_states.source_name = added_up.source_name
), source_states as (

    select source_name from "access"."main"."source_states"

),

ledger_rows as (

    select * from __dbt__cte__int_ledger_rows

),

ledger_accounts as (

    select * from __dbt__cte__int_ledger_accounts

),

ledger_grants as (

    select * from __dbt__cte__int_ledger_grants

),

joined as (

    select
        source_states.source_name,
        ledger_rows.run_id,
        ledger_rows.rows_reported,
        ledger_rows.rows_read_where_reported,
        coalesce(ledger_rows.rows_read, 0) as rows_read,
        coalesce(ledger_rows.rows_kept, 0) as rows_kept,
        coalesce(ledger_rows.rows_loaded, 0) as rows_loaded,
        coalesce(ledger_rows.rows_in_raw, 0) as rows_in_raw,
        coalesce(ledger_accounts.accounts_read, 0) as accounts_read,
        coalesce(ledger_accounts.accounts_in_marts, 0) as accounts_in_marts,
        coalesce(ledger_accounts.accounts_left_out, 0) as accounts_left_out,
        ledger_accounts.accounts_left_out_because,
        coalesce(ledger_grants.grants_listed, 0) as grants_listed,
        coalesce(ledger_grants.grants_inherited_only, 0)
            as grants_inherited_only,
        coalesce(ledger_grants.grants_in_marts, 0) as grants_in_marts,
        coalesce(ledger_grants.grants_dangling, 0) as grants_dangling,
        coalesce(ledger_grants.grants_not_read, 0) as grants_not_read,
        ledger_grants.reviewed_in,
        coalesce(ledger_grants.grants_reviewed, 0) as grants_reviewed,
        coalesce(ledger_grants.grants_excluded, 0) as grants_excluded,
        ledger_grants.excluded_because

    from source_states

    left join ledger_rows
        on source_states.source_name = ledger_rows.source_name

    left join ledger_accounts
        on source_states.source_name = ledger_accounts.source_name

    left join ledger_grants
        on source_states.source_name = ledger_grants.source_name

)

select
    *,
    coalesce(rows_reported - rows_read_where_reported, 0) as balance_reported,
    rows_read + rows_kept - rows_in_raw as balance_loaded,
    accounts_read - accounts_in_marts - accounts_left_out as balance_accounts,
    grants_listed + grants_inherited_only - grants_in_marts - grants_dangling
        as balance_marts,
    grants_in_marts + grants_dangling - grants_reviewed - grants_excluded
        as balance_reviewed
from joined