with

groups as (

    select target, rule_id, entitlement_id
    from "access"."intermediate"."int_push_group_choices"
    where not is_orphaned

),

wanted as (

    select
        groups.*,
        push_accounts.person_id,
        push_accounts.account_id,
        push_accounts.state as account_state,
        push_accounts.why as account_why

    from groups

    join "access"."push"."wanted_members" as wanted_members
        on
            groups.target = wanted_members.target
            and groups.rule_id = wanted_members.rule_id

    join "access"."intermediate"."int_push_accounts" as push_accounts
        on
            wanted_members.target = push_accounts.target
            and wanted_members.person_id = push_accounts.person_id

),

held as (

    select
        groups.*,
        grants.account_id,
        accounts.person_id,
        grants.is_direct

    from groups

    join "access"."main"."grants" as grants
        on groups.entitlement_id = grants.entitlement_id

    join "access"."intermediate"."int_accounts_matched_to_people" as accounts
        on grants.account_id = accounts.account_id

)

select
    coalesce(wanted.target, held.target) as target,
    coalesce(wanted.rule_id, held.rule_id) as rule_id,
    coalesce(wanted.entitlement_id, held.entitlement_id) as entitlement_id,
    coalesce(wanted.account_id, held.account_id) as account_id,
    coalesce(wanted.person_id, held.person_id) as person_id,
    wanted.account_state,
    wanted.account_why,
    held.is_direct,
    wanted.rule_id is not null as is_wanted,
    held.account_id is not null as is_held

from wanted

full join held
    on
        wanted.target = held.target
        and wanted.rule_id = held.rule_id
        and wanted.account_id = held.account_id