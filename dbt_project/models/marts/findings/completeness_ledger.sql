with

source_states as (

    select * from {{ ref('source_states') }}

),

runs as (

    select * from {{ source('rollcall', 'runs') }}
    where status = 'complete'

),

run_resources as (

    select * from {{ source('rollcall', 'run_resources') }}

),

raw_counts as (

    select * from {{ ref('int_raw_counts') }}

),

account_records as ({{ union_sources('account_records') }}),

accounts as (

    select source_name, account_id from {{ ref('accounts') }}

),

listed_grants as (

    select distinct source_name, account_id, entitlement_id, scope_id
    from ({{ union_sources('grants') }})

),

effective_grants as (

    select
        source_name,
        grant_id,
        account_id,
        entitlement_id,
        scope_id,
        dangling_reason
    from {{ ref('int_effective_grants') }}

),

grants as (

    select source_name, grant_id, first_seen_at from {{ ref('grants') }}

),

access_review as (

    select grant_id from {{ ref('access_review') }}

),

last_campaign as (

    select campaign, opened_at from {{ source('rollcall', 'review_campaigns') }}
    order by opened_at desc
    limit 1

),

items as (

    select grant_id from {{ source('rollcall', 'review_items') }}
    where campaign in (select campaign from last_campaign)

),

exclusions as (

    select excluded_id as grant_id, reason
    from {{ source('rollcall', 'review_exclusions') }}
    where
        kind = 'grant' and campaign in (select campaign from last_campaign)

),

-- Of the sync whose data is shown, which a stale source's last one is not
last_runs as (

    select source_name, run_id from runs
    qualify
        row_number() over (
            partition by source_name order by started_at desc, run_id desc
        ) = 1

),

read as (

    select
        last_runs.source_name,
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

    join run_resources
        on
            last_runs.run_id = run_resources.run_id
            and last_runs.source_name = run_resources.source_name

    left join raw_counts
        on
            run_resources.source_name = raw_counts.source_name
            and run_resources.resource = raw_counts.resource

    group by last_runs.source_name

),

recorded as (

    select
        account_records.source_name,
        count(*) as accounts_read,
        count(*) filter (account_records.left_out_because is not null)
            as accounts_left_out,
        count(accounts.account_id) as accounts_in_marts

    from account_records

    left join accounts
        on account_records.account_id = accounts.account_id

    group by account_records.source_name

),

accounts_left_out as (

    select
        source_name,
        string_agg(
            left_out_because || ': ' || records, '; ' order by left_out_because
        ) as left_out_because
    from (
        select source_name, left_out_because, count(*) as records
        from account_records
        where left_out_because is not null
        group by all
    )
    group by source_name

),

listed as (

    select
        source_name,
        count(*) as grants_listed
    from listed_grants
    group by source_name

),

followed as (

    select
        effective_grants.source_name,
        count(*) filter (listed_grants.account_id is null)
            as grants_inherited_only,
        count(*) filter (effective_grants.dangling_reason is not null)
            as grants_dangling

    from effective_grants

    left join listed_grants
        on
            effective_grants.account_id = listed_grants.account_id
            and effective_grants.entitlement_id = listed_grants.entitlement_id
            and effective_grants.scope_id
            is not distinct from listed_grants.scope_id

    group by effective_grants.source_name

),

in_marts as (

    select source_name, count(*) as grants_in_marts
    from grants
    group by source_name

),

-- In the last campaign; before any, in what there is to review. What was there
-- when it was opened, and is neither in it nor left out, has no reason: the
-- balance shows it.
sorted_out as (

    select
        effective_grants.source_name,
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
        count(*) filter (is_reviewed) as reviewed,
        count(*) filter (not is_reviewed and reason is not null) as excluded
    from sorted_out
    group by all

),

reviewed as (

    select
        source_name,
        sum(reviewed)::bigint as grants_reviewed,
        sum(excluded)::bigint as grants_excluded,
        string_agg(
            reason || ': ' || excluded, '; ' order by reason
        ) filter (excluded > 0) as excluded_because
    from by_reason
    group by source_name

),

counted as (

    select
        source_states.source_name,
        last_runs.run_id,
        read.rows_reported,
        read.rows_read_where_reported,
        coalesce(read.rows_read, 0) as rows_read,
        coalesce(read.rows_kept, 0) as rows_kept,
        coalesce(read.rows_loaded, 0) as rows_loaded,
        coalesce(read.rows_in_raw, 0) as rows_in_raw,
        coalesce(recorded.accounts_read, 0) as accounts_read,
        coalesce(recorded.accounts_in_marts, 0) as accounts_in_marts,
        coalesce(recorded.accounts_left_out, 0) as accounts_left_out,
        accounts_left_out.left_out_because as accounts_left_out_because,
        coalesce(listed.grants_listed, 0) as grants_listed,
        coalesce(followed.grants_inherited_only, 0) as grants_inherited_only,
        coalesce(in_marts.grants_in_marts, 0) as grants_in_marts,
        coalesce(followed.grants_dangling, 0) as grants_dangling,
        (select campaign from last_campaign) as reviewed_in,
        coalesce(reviewed.grants_reviewed, 0) as grants_reviewed,
        coalesce(reviewed.grants_excluded, 0) as grants_excluded,
        reviewed.excluded_because

    from source_states

    left join last_runs on source_states.source_name = last_runs.source_name

    left join read on source_states.source_name = read.source_name

    left join recorded on source_states.source_name = recorded.source_name

    left join accounts_left_out
        on source_states.source_name = accounts_left_out.source_name

    left join listed on source_states.source_name = listed.source_name

    left join followed on source_states.source_name = followed.source_name

    left join in_marts on source_states.source_name = in_marts.source_name

    left join reviewed on source_states.source_name = reviewed.source_name

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

from counted
