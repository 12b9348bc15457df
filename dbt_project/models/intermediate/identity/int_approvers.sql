{{ config(tags=['decisions']) }}

select {{ mail('work_email') }} as approver from {{ ref('people') }}
where work_email is not null
union
select {{ mail('owner') }} as approver from {{ source('policy', 'owners') }}
