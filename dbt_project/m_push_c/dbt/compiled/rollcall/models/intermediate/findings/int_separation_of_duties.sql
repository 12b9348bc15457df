with

rules as (

    select * from "access"."policy"."separation_rules"

),

conditions as (

    select * from "access"."policy"."separation_conditions"

),

entitlements as (

    select entitlement_id from "access"."main"."entitlements"

),

grants as (

    select grant_id, account_id, entitlement_id from "access"."main"."grants"

),

-- A rule applies to a person, or to an account where no person is known
accounts as (

    select
        account_id,
        person_id,
        coalesce(person_id, account_id) as subject_id
    from "access"."main"."accounts"
    where status <> 'disabled'

),

named_by_rules as (

    select
        conditions.*,
        entitlements.entitlement_id

    from conditions

    join entitlements
        on entitlements.entitlement_id like replace(
        replace(replace(replace(conditions.pattern, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'

),

held as (

    select
        accounts.subject_id,
        grants.grant_id,
        named_by_rules.rule_id,
        named_by_rules.condition,
        named_by_rules.kind,
        named_by_rules.pattern

    from grants

    join named_by_rules on grants.entitlement_id = named_by_rules.entitlement_id

    join accounts on grants.account_id = accounts.account_id

),

-- The number of patterns that meet a condition: one, or all of them
needed as (

    select
        rule_id,
        condition,
        case when kind = 'all' then count(distinct pattern) else 1 end
            as patterns
    from conditions
    where kind <> 'not_in'
    group by rule_id, condition, kind

),

met as (

    select
        held.subject_id,
        held.rule_id,
        held.condition,
        list(distinct held.grant_id) as grant_ids

    from held

    join needed
        on held.rule_id = needed.rule_id and held.condition = needed.condition

    where held.kind <> 'not_in'
    group by held.subject_id, held.rule_id, held.condition, needed.patterns
    having count(distinct held.pattern) >= needed.patterns

),

all_met as (

    select
        subject_id,
        rule_id,
        list_sort(list_distinct(flatten(list(grant_ids)))) as grant_ids
    from met
    group by subject_id, rule_id
    having
        count(*) = (
            select count(*) from needed where needed.rule_id = met.rule_id
        )

    union all

    -- A rule with `not_in` conditions only is broken by holding none of them
    select distinct
        accounts.subject_id,
        rules.rule_id,
        []::varchar[] as grant_ids

    from accounts

    cross join rules

    where rules.rule_id not in (select rule_id from needed)

),

broken as (

    select all_met.* from all_met

    anti join (select * from held where kind = 'not_in') as excused
        on
            all_met.subject_id = excused.subject_id
            and all_met.rule_id = excused.rule_id

)

select
    broken.rule_id,
    rules.title,
    rules.severity,
    accounts.person_id,
    case when accounts.person_id is null then broken.subject_id end
        as account_id,
    broken.grant_ids

from broken

join rules on broken.rule_id = rules.rule_id

join (select distinct subject_id, person_id from accounts) as accounts
    on broken.subject_id = accounts.subject_id