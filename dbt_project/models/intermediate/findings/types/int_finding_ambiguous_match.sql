with

accounts as (

    select * from {{ ref('int_live_accounts') }}
    where match_rule = 'ambiguous'

),

-- The people that each rule finds for an account
matches as (

    select
        account_id,
        rule_order,
        match_rule,
        list_sort(list(person_id)) as person_ids
    from {{ ref('int_account_candidates') }}
    group by account_id, rule_order, match_rule

)

select
    accounts.account_id as subject,
    accounts.account_id,
    case when accounts.privileges is null then 'medium' else 'high' end
        as severity,
    concat(
        len(matches.person_ids),
        ' people fit by ',
        replace(matches.match_rule, '_', ' '),
        ': ',
        array_to_string(matches.person_ids, ', ')
    ) as evidence

from accounts

join matches on accounts.account_id = matches.account_id

-- The first rule that finds anybody made the match ambiguous
qualify
    matches.rule_order
    = min(matches.rule_order) over (partition by accounts.account_id)
