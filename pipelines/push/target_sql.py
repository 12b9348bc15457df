"""SQL that compares what push rules want with what a target holds (`target.py`)."""

from __future__ import annotations

NO_PROFILES = """
select
    null::varchar as account_id, null::varchar as user_type, null::varchar as sourced_by,
    null::varchar as status_detail, null::json as profile
where false
"""
ACCOUNTS_SQL = """
create temp table target_accounts as
select
    accounts.*,
    profiles.profile,
    profiles.user_type,
    profiles.sourced_by,
    coalesce(
        profiles.status_detail, case accounts.status when 'disabled' then 'deactivated' end
    ) as status_detail,
    exists(
        select 1 from main.grants
        join main.entitlements on grants.entitlement_id = entitlements.entitlement_id
        where grants.account_id = accounts.account_id
        and coalesce(entitlements.is_privileged, entitlements.resource_type = 'role')
    ) as is_privileged,
    (select min(reason) from policy.protected where {is_protected}) as protected_because
from main.accounts
left join ({profiles}) as profiles on accounts.account_id = profiles.account_id
where accounts.source_name = $target
"""
PERSONS_SQL = """
create temp table target_persons as
with
logins as (
    select people.*, wanted_accounts.login
    from main.people left join wanted_accounts on people.person_id = wanted_accounts.person_id
),
own as (
    select
        logins.person_id,
        count(*) filter (accounts.account_type <> 'service') as accounts,
        min(accounts.account_id) filter (accounts.account_type <> 'service') as only_id,
        count(*) filter (lower(accounts.username) = lower(logins.login)) as with_login,
        min(accounts.account_id) filter (lower(accounts.username) = lower(logins.login)) as login_id
    from logins join target_accounts as accounts on logins.person_id = accounts.person_id
    group by logins.person_id
),
unclear as (
    select candidates.person_id, min(accounts.username) as username
    from intermediate.int_account_candidates as candidates
    join target_accounts as accounts on candidates.account_id = accounts.account_id
    where accounts.match_rule = 'ambiguous'
    group by candidates.person_id
),
taken as (
    select lower(username) as login, min(employee_number) as employee_number
    from target_accounts group by lower(username)
),
chosen as (
    select
        logins.*,
        logins.person_id in (select person_id from wanted_accounts) as is_in_scope,
        case
            when own.with_login = 1 then own.login_id when own.accounts = 1 then own.only_id
        end as account_id,
        case
            when account_id is not null then null
            when own.accounts > 1
                then if(own.accounts = 2, 'two', own.accounts::varchar) || ' accounts: none has the'
                    || ' login ' || coalesce(logins.login, 'of the rules, which is blank')
            when unclear.person_id is not null
                then 'ambiguous: the account ' || coalesce(unclear.username, 'without a login')
                    || ' fits other people, too'
            when logins.login is null then 'no work email'
            when taken.login is not null
                then 'the login belongs to ' || coalesce(
                    'an account of employee number ' || taken.employee_number, 'another account'
                )
            when logins.employment_status = 'leaver' then 'no account: the person has left'
            when not $create then 'no account: profiles.create is off'
        end as no_account
    from logins
    left join own on logins.person_id = own.person_id
    left join unclear on logins.person_id = unclear.person_id
    left join taken on lower(logins.login) = taken.login
)
select
    chosen.person_id,
    chosen.full_name,
    chosen.work_email,
    chosen.employment_status,
    chosen.account_id,
    accounts.username,
    chosen.is_in_scope,
    case
        when chosen.is_in_scope then null
        when chosen.employment_status = 'leaver' then 'left on ' || chosen.ended_on
        when chosen.employment_status = 'future' then 'starts on ' || chosen.started_on
        else 'people.where does not find them'
    end as outside_because,
    case
        when chosen.no_account is not null then chosen.no_account
        when chosen.account_id is null then null
        when lower(accounts.employee_number) <> lower(chosen.employee_number)
            then 'the login belongs to an account of employee number ' || accounts.employee_number
        when accounts.protected_because is not null
            then 'protected: ' || accounts.protected_because
        when accounts.status = 'unknown' then 'nobody knows the status of the account'
        when accounts.status_detail = 'suspended' then 'suspended'
        when accounts.status_detail = 'deactivated' and not (
            $reactivate and chosen.employment_status = 'active'
        ) then 'deactivated'
    end as blocked_because,
    case
        when blocked_because is not null then 'blocked'
        when chosen.account_id is null then 'to_create'
        when accounts.status_detail = 'deactivated' then 'to_reactivate'
        else 'matched'
    end as state,
    coalesce(blocked_because, case state
        when 'to_create' then 'no account yet: it is created first'
        when 'to_reactivate' then 'deactivated: it is activated first'
    end) as why
from chosen
left join target_accounts as accounts on chosen.account_id = accounts.account_id
"""
GROUPS_SQL = """
with
marks as (
    select
        entitlement_id,
        $adopted = '' and ends_with(
            coalesce(trim(description), ''), '[rollcall:' || $rule || ']'
        ) as is_marked
    from main.entitlements
    where source_name = $target and resource_type = 'group' and slug = 'member'
),
-- The group that a push made for the rule, if it is still there
made as (
    select marks.entitlement_id
    from main.applied_changes
    join marks on applied_changes.entitlement_id = marks.entitlement_id
    where action = 'create_group' and reason_kind = 'push' and outcome in ('done', 'already')
    and reason_id = $target || '/groups/' || $rule and $adopted = ''
    order by is_marked desc, known_at desc
    limit 1
)
select
    entitlements.entitlement_id,
    entitlements.display_name as name,
    entitlements.unchangeable_because,
    entitlements.change_channel,
    entitlements.is_rule_managed,
    entitlements.resource_id = $adopted as is_adopted,
    coalesce(entitlements.entitlement_id = made.entitlement_id, false) as is_made,
    marks.is_marked and coalesce(entitlements.entitlement_id = made.entitlement_id, true)
        as is_ours,
    exists(
        select 1 from intermediate.int_entitlement_closure as given
        join main.entitlements as roles on given.entitlement_id = roles.entitlement_id
        where given.held_entitlement_id = entitlements.entitlement_id
        and roles.resource_type = 'role' and roles.is_privileged
    ) as gives_admin,
    (select min(reason) from policy.protected where {is_protected}) as protected_because
from main.entitlements
join marks on entitlements.entitlement_id = marks.entitlement_id
left join made on true
where is_adopted or is_made or is_ours
or ($adopted = '' and lower(trim(name)) = lower(trim($name)))
order by
    is_adopted desc, is_made desc, is_ours desc, unchangeable_because is not null, entitlement_id
"""
MEMBERS_SQL = """
with
wanted as (
    select * from target_persons
    where person_id in (select person_id from wanted_members where rule_id = $rule)
),
holders as (
    select accounts.*, held.is_direct
    from target_accounts as accounts join (
        select account_id, bool_or(is_direct) as is_direct
        from main.grants where entitlement_id = $entitlement group by account_id
    ) as held on accounts.account_id = held.account_id
),
-- An account that may be that of a wanted person is not taken out
uncertain as (
    select candidates.account_id, min(wanted.why) as why
    from wanted
    join intermediate.int_account_candidates as candidates
        on wanted.person_id = candidates.person_id
    where wanted.account_id is null and wanted.state = 'blocked'
    group by candidates.account_id
),
revoked as (
    select account_id, max(campaign) as campaign
    from intermediate.int_closed_decisions
    where is_last_word and decision = 'revoke' and entitlement_id = $entitlement
    group by account_id
),
judged as (
    select
        coalesce(wanted.person_id, persons.person_id) as person_id,
        coalesce(wanted.full_name, persons.full_name, holders.display_name) as full_name,
        coalesce(wanted.work_email, persons.work_email) as work_email,
        coalesce(wanted.account_id, holders.account_id) as account_id,
        coalesce(wanted.username, holders.username) as username,
        wanted.person_id is not null as is_wanted,
        holders.account_id is not null as is_held,
        case
            when is_wanted and is_held then null
            -- Also if the account is made or activated first: a later run adds it then
            when is_wanted
                then coalesce(
                    wanted.why, 'a review revoked it (campaign ' || revoked.campaign || ')'
                )
            when $add_only then null
            when $gives_nobody then 'it gives nobody'
            when uncertain.account_id is not null then uncertain.why
            when not holders.is_direct then 'inherited only: another group gives it'
            else 'protected: ' || holders.protected_because
        end as blocked_because,
        case
            when persons.person_id is null then 'the account belongs to nobody in HR'
            else coalesce(persons.outside_because, 'the query does not find them')
        end as because
    from wanted
    full join holders on wanted.account_id = holders.account_id
    left join target_persons as persons on holders.person_id = persons.person_id
    left join uncertain on holders.account_id = uncertain.account_id
    left join revoked on wanted.account_id = revoked.account_id
)
select
    judged.* exclude (is_held, blocked_because, because),
    case
        when is_wanted and is_held then 'member'
        when blocked_because is not null then 'blocked'
        when is_wanted then 'to_add'
        when $add_only then 'kept'
        else 'to_remove'
    end as state,
    case state when 'blocked' then blocked_because when 'to_remove' then because end as why
from judged
order by full_name, person_id, account_id
"""
