

select * from "access"."main"."completeness_ledger"
where balance_loaded <> 0 or balance_accounts <> 0 or balance_marts <> 0

