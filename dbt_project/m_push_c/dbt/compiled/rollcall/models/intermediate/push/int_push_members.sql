with

memberships as (

    select * from "access"."intermediate"."int_push_memberships"

),

groups as (

    select target, rule_id, removes_members, blocked_because
    from "access"."intermediate"."int_push_group_choices"
    where not is_orphaned

),

revoked as (

    select
        account_id,
        entitlement_id,
        max(campaign) as campaign
    from "access"."intermediate"."int_closed_decisions"
    where is_last_word and decision = 'revoke'
    group by account_id, entitlement_id

),

protected as (

    select
        memberships.account_id,
        min(protected.reason) as reason

    from memberships

    join "access"."policy"."protected" as protected
        on memberships.account_id like replace(
        replace(replace(replace(protected.pattern, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'

    group by memberships.account_id

),

-- An account that may be that of a wanted person is not taken out
uncertain as (

    select
        memberships.target,
        memberships.rule_id,
        candidates.account_id,
        min(memberships.account_why) as why

    from memberships

    join "access"."intermediate"."int_account_candidates" as candidates
        on memberships.person_id = candidates.person_id

    where
        memberships.is_wanted
        and memberships.account_id is null
        and memberships.account_state = 'blocked'
    group by memberships.target, memberships.rule_id, candidates.account_id

),

judged as (

    select
        memberships.*,
        groups.removes_members,
        memberships.is_wanted and memberships.is_held as is_member,
        -- The reason of the whole group, of an account, or of this membership
        groups.blocked_because as group_reason,
        case
            when memberships.is_wanted
                then coalesce(
                    case memberships.account_state
                        when 'to_create'
                            then 'no account yet: it is created first'
                        when 'to_reactivate'
                            then 'deactivated: it is activated first'
                    end,
                    memberships.account_why
                )
            when groups.removes_members then uncertain.why
        end as account_reason,
        case
            when memberships.is_wanted
                then 'a review revoked it (campaign ' || revoked.campaign || ')'
            when not groups.removes_members then null
            when not memberships.is_direct
                then 'inherited only: another group gives it'
            when protected.reason is not null
                then 'protected: ' || protected.reason
            -- An empty answer may be a mistake in the rule: a person decides
            when
                not bool_or(memberships.is_wanted) over (
                    partition by memberships.target, memberships.rule_id
                )
                then 'it gives nobody'
        end as own_reason

    from memberships

    join groups
        on
            memberships.target = groups.target
            and memberships.rule_id = groups.rule_id

    left join revoked
        on
            memberships.account_id = revoked.account_id
            and memberships.entitlement_id = revoked.entitlement_id

    left join protected on memberships.account_id = protected.account_id

    left join uncertain
        on
            memberships.target = uncertain.target
            and memberships.rule_id = uncertain.rule_id
            and memberships.account_id = uncertain.account_id

)

select
    target,
    rule_id,
    entitlement_id,
    account_id,
    person_id,
    is_held,
    case
        when not is_member
            then coalesce(group_reason, account_reason, own_reason)
    end as why,
    case
        when is_member then 'member'
        when why is not null then 'blocked'
        when is_wanted then 'to_add'
        when removes_members then 'to_remove'
        else 'kept'
    end as state,
    coalesce(group_reason, account_reason) is null as is_own_reason
from judged