with

source as (

    select
        id,
        from_json(
            payload,
            '{
                "type": "varchar",
                "profile": {"name": "varchar", "description": "varchar"},
                "_embedded": {"stats": {"hasAdminPrivlege": "varchar"}}
            }'
        ) as okta_group
    from "access"."raw_okta"."groups"

),

rules as (

    select
        from_json(
            payload,
            '{
                "status": "varchar",
                "conditions": {"people": {"users": {"exclude": ["varchar"]}}},
                "actions": {"assignUserToGroups": {"groupIds": ["varchar"]}}
            }'
        ) as group_rule
    from "access"."raw_okta"."group_rules"

),

-- A rule that is inactive or invalid adds nobody
rule_targets as (

    select
        unnest(group_rule.actions."assignUserToGroups"."groupIds") as group_id,
        len(group_rule.conditions.people.users.exclude) as exclusions
    from rules
    where upper(group_rule.status) = 'ACTIVE'

),

filled_by_rule as (

    select
        group_id,
        max(exclusions) as exclusions
    from rule_targets
    group by group_id

),

renamed as (

    select

        ---------- ids
        source.id,

        ---------- strings
        upper(nullif(trim(okta_group.type, '	
                  　'), '')) as group_type,
        nullif(trim(okta_group.profile.name, '	
                  　'), '') as name,
        nullif(trim(okta_group.profile.description, '	
                  　'), '') as description,

        ---------- booleans
        coalesce(upper(okta_group.type) = 'APP_GROUP', false) as is_external,
        -- Okta's other built-in group, of the administrators, has other members
        coalesce(
            upper(okta_group.type) = 'BUILT_IN'
            and trim(okta_group.profile.name, '	
                  　') = 'Everyone',
            false
        ) as is_everyone,
        filled_by_rule.group_id is not null as is_rule_managed,
        -- A rule excludes 100 users at most
        coalesce(filled_by_rule.exclusions >= 100, false) as is_rule_full,
        -- Okta spells the field so
        coalesce(okta_group._embedded.stats."hasAdminPrivlege" = 'true', false)
            as gives_admin_role

    from source

    left join filled_by_rule on source.id = filled_by_rule.group_id

)

select * from renamed