{#- What to do about a change that no plan makes. The first reason that stands in
    `blocked_because` decides, so what no later step gets around comes first. -#}
{% macro step_if_blocked(blocked_because, source_name) -%}
    case
        {%- for words, step in [
            ('overruled: ',
                'nothing: the newer decision or request holds'),
            ('protected: ',
                'nothing while policy.toml protects it; if the change is'
                ~ ' right, remove the protection there and plan again'),
            ('there is no such ',
                'correct the id in requests.csv, and sync'),
            ('dangling: ',
                'remove it by hand in <source>: what it names is gone'),
            ('rule-managed: ',
                'change the rule in <source>, or what the rule looks at'),
            ('external: ',
                'change it in the directory that fills it'),
            ('mandatory: ',
                'nothing by itself: it ends with the account'),
            ('gives an admin role: ',
                'ask an administrator of <source> to change it there'),
            ('read-only assignment: ',
                'remove in <source> what assigned it'),
            ('inherited only: ',
                'revoke what it is inherited from, or decide to keep it'),
            ('the request names no scope',
                'name the scope_id in requests.csv, and sync'),
            ('name one in the request',
                'name the account_id in requests.csv, and sync'),
            ('nobody is known by this person_id',
                'correct the person_id in requests.csv, and sync'),
            ('no work email is known',
                'enter the work email in the HR system, and sync'),
            ('the person has left',
                'remove the request from requests.csv, and sync'),
            ('approved_by is no address',
                'name in requests.csv an approver whom HR knows, or who is an'
                ~ ' owner in policy.toml, and sync'),
            ('the person who gets it has approved it',
                'have somebody else approve it in requests.csv, and sync'),
            ('service account: ',
                'ask its owner, then change it by hand in <source>'),
            ('they may be back',
                'run `rollcall sync` until it is complete, and plan again'),
            ('it is to be seen disabled first',
                'apply the plan that disables it, sync, and plan again'),
            ('last administrator: ',
                'give it to somebody else first (requests.csv), apply, sync,'
                ~ ' and plan again'),
            ('no write channel: ',
                'change these by hand and sync: `rollcall plan --csv FILE`'
                ~ ' lists them'),
        ] %}
        when contains({{ blocked_because }}, '{{ words }}')
            then replace('{{ step }}', '<source>', {{ source_name }})
        {%- endfor %}
        when {{ blocked_because }} is not null
            then 'change it by hand in ' || {{ source_name }} || ', and sync'
    end
{%- endmacro %}


{#- What to do about a remediation that is not proven; null where it is -#}
{% macro step_until_verified() -%}
    case
        when state = 'verified' then null
        when is_gone
            then
                'look in ' || source_name || ' whether it was done: it is no'
                || ' longer read'
        when state = 'applied' or is_met
            then 'run `rollcall sync`: a complete sync proves it'
        when not is_wanted then 'nothing: nobody asks for it any more'
        when state = 'ticketed'
            then concat_ws(
                ' ', 'wait until ticket', ticket_id, 'is done, and sync'
            )
        when state = 'residual'
            then 'decide on what still gives it: ' || held_through
        when blocked_for_now is not null
            then {{ step_if_blocked('blocked_for_now', 'source_name') }}
        when planned_change_id is null
            then
                'apply the plan, which has the same change for another'
                || ' reason, and sync'
        when state = 'failed'
            then
                'mend what the reason says, then run `rollcall plan` and apply'
                || ' the plan'
        when state in ('still_there', 'regranted')
            then
                'find out in ' || source_name || ' who gave or kept it, then'
                || ' run `rollcall plan` and apply the plan'
        else 'run `rollcall plan`, and apply the plan'
    end
{%- endmacro %}
