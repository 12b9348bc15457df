select * from {{ ref('int_account_findings') }}
union all by name
select * from {{ ref('int_grant_findings') }}
