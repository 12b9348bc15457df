with

rules as (

    select
        rules.* exclude (refused_because),
        targets.target || ':group:' || rules.adopts || ':member'
            as adopted_id,
        coalesce(targets.refused_because, rules.refused_because)
            as refused_because

    from "access"."push"."rules" as rules

    join "access"."push"."targets" as targets
        on rules.target = targets.target

    where rules.kind = 'group'

),

-- The description of a group that a push made ends with the id of its rule
groups as (

    select
        *,
        lower(trim(resource_name, '	
                  　')) as folded_name,
        nullif(
            regexp_extract(
                trim(description, '	
                  　'), '\[rollcall:([a-z0-9_-]+)\]$', 1
            ),
            ''
        ) as marked_for
    from "access"."intermediate"."int_entitlements"
    where resource_type = 'group' and slug = 'member'

),

marked as (

    select
        source_name as target,
        marked_for as rule_id,
        min(entitlement_id) as entitlement_id,
        min(resource_name) as name,
        count(*) as groups
    from groups
    where marked_for is not null
    group by source_name, marked_for

),

-- The journals know which group a push made for a rule. They and the mark must
-- agree; without a journal the mark decides.
created as (

    select
        groups.source_name as target,
        groups.entitlement_id,
        split_part(applied_changes.reason_id, '/groups/', 2) as rule_id

    from "access"."main"."applied_changes" as applied_changes

    join groups on applied_changes.entitlement_id = groups.entitlement_id

    where
        applied_changes.action = 'create_group'
        and applied_changes.reason_kind = 'push'
        and applied_changes.outcome in ('done', 'already')
    qualify
        row_number() over (
            partition by target, rule_id
            order by
                groups.marked_for is not distinct from rule_id desc,
                applied_changes.known_at desc
        ) = 1

),

protected as (

    select
        groups.entitlement_id,
        min(protected.reason) as reason

    from groups

    join "access"."policy"."protected" as protected
        on groups.entitlement_id like replace(
        replace(replace(replace(protected.pattern, '\', '\\'), '%', '\%'), '_', '\_'),
        '*', '%'
    ) escape '\'

    group by groups.entitlement_id

),

names as (

    select
        source_name as target,
        folded_name,
        list(entitlement_id) as entitlement_ids,
        bool_and(unchangeable_because = 'external') as is_imported
    from groups
    group by source_name, folded_name

),

choices as (

    select
        rules.*,
        coalesce(
            adopted.entitlement_id,
            case
                when rules.adopts is null
                    then coalesce(created.entitlement_id, marked.entitlement_id)
            end
        ) as entitlement_id,
        created.entitlement_id is not null as is_created,
        coalesce(marked.groups, 0) as marked_groups,
        names.entitlement_ids as ids_of_name,
        coalesce(names.is_imported, false) as is_imported_name,
        count(*) over (
            partition by
                rules.target, lower(trim(rules.name, '	
                  　'))
        ) as rules_of_name

    from rules

    left join groups as adopted on rules.adopted_id = adopted.entitlement_id

    left join marked
        on rules.target = marked.target and rules.rule_id = marked.rule_id

    left join names
        on
            rules.target = names.target
            and lower(trim(rules.name, '	
                  　')) = names.folded_name

    left join created
        on rules.target = created.target and rules.rule_id = created.rule_id

)

select
    choices.*,
    false as is_orphaned,
    groups.resource_name as current_name,
    groups.description as current_description,
    -- A rule without a description leaves the one of the group alone
    case
        when
            choices.entitlement_id is null
            or (
                choices.description is not null
                and (
                    choices.adopts is null
                    or groups.marked_for is not distinct from choices.rule_id
                )
            )
            then
                concat_ws(
                    ' ',
                    choices.description,
                    '[rollcall:' || choices.rule_id || ']'
                )
        else coalesce(choices.description, groups.description)
    end as wanted_description,
    case
        when choices.refused_because is not null then choices.refused_because
        when protected.reason is not null then 'protected: ' || protected.reason
        when
            choices.rules_of_name > 1
            or (
                choices.entitlement_id is not null
                and count(*) over (
                    partition by choices.target, choices.entitlement_id
                ) > 1
            )
            then 'two rules name it'
        when choices.adopts is not null and choices.entitlement_id is null
            then 'there is no group ' || choices.adopts
        when
            choices.adopts is null
            and choices.is_created
            and groups.marked_for is distinct from choices.rule_id
            then
                'not ours any more: its description lacks [rollcall:'
                || choices.rule_id || '], so adopt it by its id'
        when
            choices.adopts is null
            and not choices.is_created
            and choices.marked_groups > 1
            then
                choices.marked_groups || ' groups are marked as this rule''s:'
                || ' adopt one by its id'
        when choices.entitlement_id is null
            then
                case
                    when choices.is_imported_name
                        then 'name taken by an imported group'
                    when choices.ids_of_name is not null
                        then 'not ours: adopt it by its id'
                end
        when groups.unchangeable_because = 'external' then 'external'
        when groups.unchangeable_because = 'mandatory' then 'mandatory'
        when groups.is_rule_managed then 'a rule fills it'
        when groups.unchangeable_because = 'gives_admin_role'
            then 'gives an admin role'
        when groups.change_channel <> 'api'
            then 'no write channel: nothing can change who is in it'
    end as blocked_because,
    -- Another group with the name of the rule
    case
        when
            len(list_filter(
                choices.ids_of_name, lambda x: x <> choices.entitlement_id
            )) > 0
            then
                case
                    when choices.is_imported_name
                        then 'name taken by an imported group'
                    else 'name taken by another group'
                end
    end as name_taken_because

from choices

left join groups on choices.entitlement_id = groups.entitlement_id

left join protected
    on choices.entitlement_id = protected.entitlement_id

union all by name

-- The rule has left the file; group and members stay as they are
select
    marked.target,
    marked.rule_id,
    marked.entitlement_id,
    marked.name,
    marked.name as current_name,
    true as is_orphaned

from marked

where not exists (
    select 1 from rules
    where rules.target = marked.target and rules.rule_id = marked.rule_id
)