with

source_states as (

    select source_name from {{ ref('source_states') }}

),

ledger_rows as (

    select * from {{ ref('int_ledger_rows') }}

),

ledger_accounts as (

    select * from {{ ref('int_ledger_accounts') }}

),

ledger_grants as (

    select * from {{ ref('int_ledger_grants') }}

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
