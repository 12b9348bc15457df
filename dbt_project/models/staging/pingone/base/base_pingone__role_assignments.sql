{% set principal_tables = {
    'user': 'user_role_assignments',
    'group': 'group_role_assignments',
    'application': 'application_role_assignments',
} %}

{% set form -%}
    {
        "id": "varchar",
        "role": {"id": "varchar"},
        "scope": {"id": "varchar", "type": "varchar"},
        "group": {"id": "varchar"},
        "type": "varchar",
        "inheritance": "varchar",
        "inheritanceType": "varchar",
        "readOnly": "boolean"
    }
{%- endset %}

with

source as (

    {{ role_assignments(
        'pingone',
        principal_tables,
        form,
        more=["from_json(payload->'inheritedIds', '[\"varchar\"]') as inherited_ids"],
    ) }}

),

populations as (

    select * from {{ ref('base_pingone__populations') }}

),

applications as (

    select * from {{ ref('base_pingone__applications') }}

),

renamed as (

    select

        ---------- ids
        principal_id,
        {{ filled('assignment.id') }} as assignment_id,
        assignment.role.id as role_id,
        coalesce({{ filled('assignment.scope.id') }}, 'unknown') as scope_id,

        ---------- strings
        principal_type,
        lower(
            coalesce({{ filled('assignment.scope.type') }}, 'unknown')
        ) as scope_type,

        ---------- booleans
        assignment."readOnly" as is_read_only,
        principal_type <> 'group' and (
            assignment."group".id is not null
            or regexp_matches(
                concat_ws(
                    ' ',
                    assignment.type,
                    assignment.inheritance,
                    assignment."inheritanceType"
                ),
                '(?i)indirect|inherit'
            )
            or coalesce(list_contains(inherited_ids, assignment.id), false)
        ) as is_marked_inherited,

        ---------- timestamps
        last_read_at

    from source
    where assignment.role.id is not null

),

-- A user's list may repeat the assignment of a group, with the same id
assignments as (

    select
        renamed.*,
        renamed.is_marked_inherited or (
            renamed.principal_type <> 'group'
            -- Null in a list is null, and an assignment may have no id
            and coalesce(
                renamed.assignment_id in (
                    select assignment_id from renamed
                    where principal_type = 'group' and assignment_id is not null
                ),
                false
            )
        ) as is_inherited,
        coalesce(populations.name, applications.name) as scope_name

    from renamed

    left join populations
        on
            renamed.scope_type = 'population'
            and renamed.scope_id = populations.id

    left join applications
        on
            renamed.scope_type = 'application'
            and renamed.scope_id = applications.id

)

select * exclude (is_marked_inherited) from assignments
