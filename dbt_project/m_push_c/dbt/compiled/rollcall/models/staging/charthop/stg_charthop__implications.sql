-- No rows: a ChartHop group implies no other entitlement
select
    null::varchar as entitlement_id,
    null::varchar as implied_entitlement_id,
    null::varchar as scope_type,
    null::varchar as scope_id,
    null::varchar as scope_name
where false