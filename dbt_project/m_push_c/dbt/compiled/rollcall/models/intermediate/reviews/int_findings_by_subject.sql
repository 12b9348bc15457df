with

accounts as (

    select * from "access"."main"."accounts"

),

sign_ins as (

    select
        account_id,
        case
            when last_login_at is null or accounts.last_login_at > accounts.last_seen_at + interval 1 day
                then
                    'never used since '
                    || strftime(coalesce(created_at, first_seen_at), '%-d %B %Y')
            else 'not used since ' || strftime(last_login_at, '%-d %B %Y')
        end as not_used_since
    from accounts

),

findings as (

    select
        findings.finding_id,
        findings.finding_type,
        findings.title,
        findings.account_id,
        findings.is_excepted,
        findings.excepted_until,
        sign_ins.not_used_since,
        case
            when findings.is_excepted then 0 else case finding_type
        when 'leaver_with_access' then 0
        when 'access_before_start' then 1
        when 'account_without_person' then 2
        when 'ambiguous_match' then 2
        when 'dormant_account' then 2
        when 'privileged_without_mfa' then 1
        when 'contradicting_sources' then 1
        when 'mover_with_old_access' then 1
        when 'separation_of_duties' then 2
        when 'grant_to_deleted' then 0
        when 'regranted_after_revoke' then 3
        when 'last_administrator' then 0
        when 'push_blocked' then 0
    end
        end as points
    from "access"."main"."findings" as findings
    left join sign_ins on findings.account_id = sign_ins.account_id

),

subjects as (

    select
        finding_id,
        unnest(coalesce(grant_ids, [account_id])) as subject_id
    from "access"."intermediate"."int_findings"

)

select
    subjects.subject_id,
    string_agg(
        findings.title
        || case
            when findings.is_excepted
                then ' (accepted until ' || findings.excepted_until || ')'
            else ''
        end,
        '; ' order by findings.title, findings.finding_id
    ) as findings,
    sum(findings.points)::bigint as points,
    string_agg(
        lower(findings.title) || ' +' || findings.points,
        ', ' order by findings.title, findings.finding_id
    ) filter (findings.points > 0) as because,
    string_agg(
        distinct case finding_type
        when 'access_before_start' then 'the account is open before the first day'
        when 'account_without_person' then 'HR knows nobody for this account'
        when 'ambiguous_match' then 'the account fits more than one person'
        when 'dormant_account' then not_used_since
        when 'privileged_without_mfa' then 'the account is privileged' || if(contains(title, 'unknown'), ', and it is unknown whether it has', ' without') || ' a second factor'
        when 'contradicting_sources' then 'systems contradict each other about the person'
        when 'mover_with_old_access' then 'the access is from before a move to another job'
        when 'separation_of_duties' then 'other access of the person may not go with it'
        when 'regranted_after_revoke' then 'it was granted again after a revoke'
    end, '; '
        order by case finding_type
        when 'access_before_start' then 'the account is open before the first day'
        when 'account_without_person' then 'HR knows nobody for this account'
        when 'ambiguous_match' then 'the account fits more than one person'
        when 'dormant_account' then not_used_since
        when 'privileged_without_mfa' then 'the account is privileged' || if(contains(title, 'unknown'), ', and it is unknown whether it has', ' without') || ' a second factor'
        when 'contradicting_sources' then 'systems contradict each other about the person'
        when 'mover_with_old_access' then 'the access is from before a move to another job'
        when 'separation_of_duties' then 'other access of the person may not go with it'
        when 'regranted_after_revoke' then 'it was granted again after a revoke'
    end
    ) filter (findings.points > 0) as reasons

from subjects

join findings on subjects.finding_id = findings.finding_id

group by subjects.subject_id