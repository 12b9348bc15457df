{#- What a change of a push is about: the same for the wanted and the applied
    change, whatever the values are -#}
{% macro push_subject() -%}
    concat_ws(
        '|', action, reason_id,
        case
            when action = 'create_account' then person_id
            when action not in ('create_group', 'rename_group') then account_id
        end
    )
{%- endmacro %}


{#- The attributes of the grouped rows as a JSON text, with null for no value -#}
{% macro profile(value) -%}
    (
        '{' || string_agg(
            to_json(field)::varchar || ':'
            || coalesce({{ value }}::varchar, 'null'),
            ',' order by field
        ) || '}'
    )
{%- endmacro %}


{#- What to do about what a push leaves undone. The reasons are those of the
    `push_*` tables. -#}
{% macro step_if_push_blocked(blocked_because, source_name) -%}
    case
        {%- for words, step in [
            ('no account: the person has left',
                'nothing: a push makes no account for who has left'),
            ('no account: ',
                'set profiles.create in the rules, or open the account in'
                ~ ' <source>'),
            ('no (work email|given name|family name)',
                'complete the person in the HR system, and sync'),
            ('ambiguous: ',
                'give the account or the people an employee number, and sync'),
            ('[a-z0-9]+ accounts: none has the login',
                'correct profiles.login in the rules, or the username in'
                ~ ' <source>'),
            ('the login belongs to ',
                'find out whose login it is, and correct <source> or the HR'
                ~ ' system'),
            ('protected: ',
                'nothing while policy.toml protects it'),
            ('nobody knows the status ',
                'look at the account in <source>'),
            ('suspended',
                'lift the suspension in <source>, if it is over'),
            ('deactivated',
                'activate it in <source>; for re-hires, set'
                ~ ' profiles.reactivate in the rules'),
            ('a review revoked it',
                'nothing: the last review holds'),
            ('it gives nobody',
                'correct the rule; if the group shall be empty, read and apply a'
                ~ ' plan of `rollcall push plan`'),
            ('inherited only: ',
                'change the other group'),
            ('identifies an account',
                'set identifies = true, if the rule shall write it'),
            ('(holds a privileged entitlement|it is never written)',
                'nothing: no rule writes that'),
            ('refused once',
                'find out in <source> which system decides the attribute, and'
                ~ ' take the rule out if it stays so'),
            ('(mastered by|read-only)',
                'change it where it is decided, or take the rule out'),
            ('no such attribute',
                'correct the name in the rules, or add the attribute in'
                ~ ' <source>, and sync'),
            ('the attributes of ',
                'give the credential of the sync the right to read them, and'
                ~ ' sync'),
            ('not ours',
                'set adopt to the id of the group, and look who would leave'),
            ('name taken by ',
                'give the rule another name'),
            ('(external|mandatory|a rule fills it|gives an admin role)$',
                'use another group: a push leaves this one alone'),
            ('no write channel',
                'use another group: a push leaves this one alone'),
            ('there is no group ',
                'correct adopt in the rules, or sync: the group may be new'),
            ('two rules name it',
                'give each rule a group of its own'),
            ('[0-9]+ groups are marked ',
                'set adopt to the id of one of them'),
        ] %}
        when regexp_matches({{ blocked_because }}, '^{{ words }}')
            then replace('{{ step }}', '<source>', {{ source_name }})
        {%- endfor %}
        when {{ blocked_because }} is not null
            then 'correct the value in the HR system or the rule, and sync'
    end
{%- endmacro %}
