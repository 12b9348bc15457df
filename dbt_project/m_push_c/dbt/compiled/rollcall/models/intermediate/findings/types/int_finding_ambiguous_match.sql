with

accounts as (

    select * from "access"."intermediate"."int_live_accounts"
    where match_rule = 'ambiguous'

),

-- The people that each rule finds for an account
matches as (

    select
        account_id,
        rule_order,
        match_rule,
        list_sort(list(person_id)) as person_ids
    from "access"."intermediate"."int_account_candidates"
    group by account_id, rule_order, match_rule

),

explained as (

    select
        account_id,
        string_agg(
            concat(
                len(person_ids),
                case when len(person_ids) = 1 then ' person fits by '
                    else ' people fit by '
                end,
                replace(match_rule, '_', ' '),
                ': ',
                array_to_string(person_ids, ', ')
            ),
            '; '
            order by rule_order
        ) as evidence
    from matches
    group by account_id

)

select
    accounts.account_id as subject,
    accounts.account_id,
    case when accounts.privileges is null then 'medium' else 'high' end
        as severity,
    explained.evidence

from accounts

join explained on accounts.account_id = explained.account_id