{#- The reasons why no plan makes a change, in words; null where a plan may.
    For the rows of `int_wanted_change_states`. -#}
{% macro blocked_because() -%}
    {{ filled("concat_ws(
        '; ',
        refused_because,
        'protected: ' || protected_because,
        case
            when account_id is not null and not is_account_known
                then 'there is no such account'
        end,
        case
            when
                entitlement_id is not null
                and not is_entitlement_known
                and dangling_because is null
                then 'there is no such entitlement'
        end,
        'dangling: ' || dangling_because,
        case unchangeable_because
            when 'rule_managed'
                then 'rule-managed: the rule decides who is in it'
            when 'external'
                then 'external: another directory decides who is in it'
            when 'mandatory' then 'mandatory: every account is in one'
            when 'gives_admin_role'
                then
                    'gives an admin role: only administrators decide who is in'
                    || ' it'
        end,
        case
            when is_read_only and action = 'revoke'
                then
                    'read-only assignment: the source does not let go of it'
        end,
        case
            when action = 'revoke' and is_held and not is_direct
                then
                    'inherited only: ' || held_through || ' would have to go'
        end,
        case
            when lacks_scope and action in ('grant', 'create_account')
                then 'the request names no scope'
        end,
        case
            when channel = 'none' and unchangeable_because is null
                then
                    'no write channel: ' || source_name
                    || ' has no way to change it'
        end,
        case
            when lacks_desk
                then 'no write channel: no system takes tickets'
        end
    )") }}
{%- endmacro %}
