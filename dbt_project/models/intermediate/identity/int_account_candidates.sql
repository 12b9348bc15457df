with

accounts as ({{ union_sources('accounts') }}),

people as (

    select * from {{ ref('int_people') }}

),

candidates as (

    select
        accounts.account_id,
        people.person_id,
        1 as rule_order,
        'hr_record' as match_rule

    from accounts

    join people on accounts.person_id = people.person_id

    union

    select
        accounts.account_id,
        people.person_id,
        2 as rule_order,
        'employee_number' as match_rule

    from accounts

    join people
        on
            lower({{ filled('accounts.employee_number') }})
            = lower({{ filled('people.employee_number') }})

    union

    select
        accounts.account_id,
        people.person_id,
        3 as rule_order,
        'email' as match_rule

    from accounts

    join people on accounts.email = people.work_email

    union

    select
        accounts.account_id,
        people.person_id,
        4 as rule_order,
        'username' as match_rule

    from accounts

    join people on {{ mail('accounts.username') }} = people.work_email

)

select * from candidates
