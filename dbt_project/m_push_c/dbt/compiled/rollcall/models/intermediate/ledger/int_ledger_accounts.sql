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