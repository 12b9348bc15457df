with

accounts as (

    select * from "access"."main"."accounts"

),

entitlements as (

    select * from "access"."main"."entitlements"

),

people as (

    select * from "access"."main"."people"

),

-- Declared systems, which people change by hand
systems as (

    select * from "access"."staging"."stg_declared__systems"

),

changes as (

    select * from "access"."intermediate"."int_open_changes"

    union all by name

    -- The rules of a push say which states they want
    select
        *,
        null::varchar as asks_for
    from "access"."intermediate"."int_push_changes"

)

select
    changes.change_id,
    changes.action,
    changes.channel,
    changes.wanted_action,
    changes.source_name,
    case
        when changes.channel = 'ticket' then 'haloitsm'
        else changes.source_name
    end as through,
    changes.account_id,
    changes.entitlement_id,
    changes.scope_type,
    changes.scope_id,
    changes.grant_id,
    changes.source_grant_id,
    case changes.asks_for
        when 'create_account' then json_object('has_account', false)
        when 'disable_account' then json_object('status', accounts.status)
        when 'delete_account' then json_object('status', accounts.status)
        when 'grant' then json_object('is_held', false)
        when 'revoke' then json_object('is_held', true)
        when 'modify' then json_object('is_held', true)
        else changes.expected_state::json
    end::varchar as expected_state,
    case changes.asks_for
        when 'create_account'
            then
                json_object(
                    'username', people.work_email,
                    'email', people.work_email,
                    'given_name', people.given_name,
                    'family_name', people.family_name,
                    'employee_number', people.employee_number,
                    'population_id', null,
                    'is_enabled', (people.employment_status = 'active')
                )
        when 'disable_account' then json_object('status', 'disabled')
        when 'delete_account' then json_object('status', 'gone')
        when 'grant' then json_object('is_held', true)
        when 'revoke' then json_object('is_held', false)
        else changes.wanted_state::json
    end::varchar as wanted_state,
    changes.reason_kind,
    changes.reason_id,
    changes.reason,
    changes.approved_by,
    changes.campaign,
    changes.item_id,
    strftime(changes.due_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as due_at,
    case changes.action
        when 'close_ticket' then 'reopen_ticket'
        when 'create_account' then 'delete_account'
        when 'disable_account' then 'enable_account'
        when 'enable_account' then 'disable_account'
        when 'grant' then 'revoke'
        when 'open_ticket' then 'close_ticket'
        when 'rename_group' then 'rename_group'
        when 'reopen_ticket' then 'close_ticket'
        when 'revoke' then 'grant'
        when 'update_account' then 'update_account'
    end as inverse_action,
    coalesce(accounts.display_name, people.full_name) as account_name,
    entitlements.display_name as entitlement_name,
    changes.person_id,
    changes.residual,
    accounts.username as account_username,
    strftime(accounts.created_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as account_created_at,
    coalesce(changes.resource_name, entitlements.resource_name)
        as resource_name,
    accounts.email as account_email,
    systems.title as source_title,
    case
        when
            changes.asks_for in (
                'revoke', 'modify', 'disable_account', 'delete_account'
            )
            then systems.how_to_revoke
    end as how_to_revoke,
    changes.blocked_because,
    case changes.reason_kind
        when 'push'
            then
                case
        when regexp_matches(changes.blocked_because, '^no account: the person has left')
            then replace('nothing: a push makes no account for who has left', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^no account: ')
            then replace('set profiles.create in the rules, or open the account in <source>', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^no (work email|given name|family name)')
            then replace('complete the person in the HR system, and sync', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^ambiguous: ')
            then replace('give the account or the people an employee number, and sync', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^[a-z0-9]+ accounts: none has the login')
            then replace('correct profiles.login in the rules, or the username in <source>', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^the login belongs to ')
            then replace('find out whose login it is, and correct <source> or the HR system', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^protected: ')
            then replace('nothing while policy.toml protects it', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^nobody knows the status ')
            then replace('look at the account in <source>', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^suspended')
            then replace('lift the suspension in <source>, if it is over', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^deactivated')
            then replace('activate it in <source>; for re-hires, set profiles.reactivate in the rules', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^a review revoked it')
            then replace('nothing: the last review holds', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^it gives nobody')
            then replace('correct the rule; if the group shall be empty, read and apply a plan of `rollcall push plan`', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^inherited only: ')
            then replace('change the other group', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^identifies an account')
            then replace('set identifies = true, if the rule shall write it', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^(holds a privileged entitlement|it is never written)')
            then replace('nothing: no rule writes that', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^refused once')
            then replace('find out in <source> which system decides the attribute, and take the rule out if it stays so', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^(mastered by|read-only)')
            then replace('change it where it is decided, or take the rule out', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^no such attribute')
            then replace('correct the name in the rules, or add the attribute in <source>, and sync', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^the attributes of ')
            then replace('give the credential of the sync the right to read them, and sync', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^not ours')
            then replace('set adopt to the id of the group, and look who would leave', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^name taken by ')
            then replace('give the rule another name', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^(external|mandatory|a rule fills it|gives an admin role)$')
            then replace('use another group: a push leaves this one alone', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^no write channel')
            then replace('use another group: a push leaves this one alone', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^there is no group ')
            then replace('correct adopt in the rules, or sync: the group may be new', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^two rules name it')
            then replace('give each rule a group of its own', '<source>', changes.source_name)
        when regexp_matches(changes.blocked_because, '^[0-9]+ groups are marked ')
            then replace('set adopt to the id of one of them', '<source>', changes.source_name)
        when changes.blocked_because is not null
            then 'correct the value in the HR system or the rule, and sync'
    end
        else
            case
        when contains(changes.blocked_because, 'overruled: ')
            then replace('nothing: the newer decision or request holds', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'protected: ')
            then replace('nothing while policy.toml protects it; if the change is right, remove the protection there and plan again', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'there is no such ')
            then replace('correct the id in requests.csv, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'dangling: ')
            then replace('remove it by hand in <source>: what it names is gone', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'rule-managed: ')
            then replace('change the rule in <source>, or what the rule looks at', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'external: ')
            then replace('change it in the directory that fills it', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'mandatory: ')
            then replace('nothing by itself: it ends with the account', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'gives an admin role: ')
            then replace('ask an administrator of <source> to change it there', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'read-only assignment: ')
            then replace('remove in <source> what assigned it', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'inherited only: ')
            then replace('revoke what it is inherited from, or decide to keep it', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'the request names no scope')
            then replace('name the scope_id in requests.csv, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'name one in the request')
            then replace('name the account_id in requests.csv, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'nobody is known by this person_id')
            then replace('correct the person_id in requests.csv, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'no work email is known')
            then replace('enter the work email in the HR system, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'the person has left')
            then replace('remove the request from requests.csv, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'approved_by is no address')
            then replace('name in requests.csv an approver whom HR knows, or who is an owner in policy.toml, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'the person who gets it has approved it')
            then replace('have somebody else approve it in requests.csv, and sync', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'service account: ')
            then replace('ask its owner, then change it by hand in <source>', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'they may be back')
            then replace('run `rollcall sync` until it is complete, and plan again', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'it is to be seen disabled first')
            then replace('apply the plan that disables it, sync, and plan again', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'last administrator: ')
            then replace('give it to somebody else first (requests.csv), apply, sync, and plan again', '<source>', changes.source_name)
        when contains(changes.blocked_because, 'no write channel: ')
            then replace('change these by hand and sync: `rollcall plan --csv FILE` lists them', '<source>', changes.source_name)
        when changes.blocked_because is not null
            then 'change it by hand in ' || changes.source_name || ', and sync'
    end
    end as next_step

from changes

left join accounts on changes.account_id = accounts.account_id

left join entitlements
    on changes.entitlement_id = entitlements.entitlement_id

left join people on changes.person_id = people.person_id

left join systems on changes.source_name = systems.source_name