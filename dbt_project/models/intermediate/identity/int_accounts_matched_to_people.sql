with

accounts as ({{ union_sources('accounts') }}),

candidates as (

    select * from {{ ref('int_account_candidates') }}

),

by_rule as (

    select
        account_id,
        rule_order,
        match_rule,
        count(*) as people,
        min(person_id) as person_id
    from candidates
    group by account_id, rule_order, match_rule

),

-- The first rule that finds anybody decides. If it finds several people, the
-- match is ambiguous.
deciding as (

    select
        account_id,
        case when people = 1 then person_id end as person_id,
        case when people = 1 then match_rule else 'ambiguous' end as match_rule
    from by_rule
    qualify rule_order = min(rule_order) over (partition by account_id)

)

select
    accounts.* exclude (person_id),
    deciding.person_id,
    coalesce(deciding.match_rule, 'none') as match_rule

from accounts

left join deciding on accounts.account_id = deciding.account_id
