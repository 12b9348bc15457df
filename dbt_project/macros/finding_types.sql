{#- All types of finding: the title, where the finding has none of its own, the
    points that an open finding adds to a recommendation, and, where it adds
    any, the words of the recommendation's reason (SQL). Each type is
    decided in `int_finding_<type>`. `leaver_with_access` adds no points here,
    because the recommendation counts every leaver, also those whose account is
    closed. -#}
{% macro finding_types() -%}
    {{ return([
        {
            'type': 'leaver_with_access', 'points': 0,
            'title': 'Leaver with a live account',
        },
        {
            'type': 'access_before_start', 'points': 1,
            'title': 'Access before the first day',
            'words': "'the account is open before the first day'",
        },
        {
            'type': 'account_without_person', 'points': 2,
            'title': 'Account without a person',
            'words': "'HR knows nobody for this account'",
        },
        {
            'type': 'ambiguous_match', 'points': 2,
            'title': 'Account that fits more than one person',
            'words': "'the account fits more than one person'",
        },
        {
            'type': 'dormant_account', 'points': 2,
            'title': 'Dormant account',
            'words': "not_used_since",
        },
        {
            'type': 'privileged_without_mfa', 'points': 1,
            'title': 'Privileged without a second factor',
            'words': "'the account is privileged' || if("
                ~ "contains(title, 'unknown'), ', and it is unknown whether it has',"
                ~ " ' without') || ' a second factor'",
        },
        {
            'type': 'contradicting_sources', 'points': 1,
            'title': 'Systems contradict each other',
            'words': "'systems contradict each other about the person'",
        },
        {
            'type': 'mover_with_old_access', 'points': 1,
            'title': 'Access from before a move',
            'words': "'the access is from before a move to another job'",
        },
        {
            'type': 'separation_of_duties', 'points': 2,
            'title': 'Separation of duties',
            'words': "'other access of the person may not go with it'",
        },
        {
            'type': 'grant_to_deleted', 'points': 0,
            'title': 'Grant of something deleted',
        },
        {
            'type': 'regranted_after_revoke', 'points': 3,
            'title': 'Granted again after a revoke',
            'words': "'it was granted again after a revoke'",
        },
        {
            'type': 'last_administrator', 'points': 0,
            'title': 'Last administrator',
        },
        {
            'type': 'push_blocked', 'points': 0,
            'title': 'Push that is blocked',
        },
    ]) }}
{%- endmacro %}


{#- The points of a finding by its type -#}
{% macro finding_points() -%}
    case finding_type
        {%- for finding in finding_types() %}
        when '{{ finding.type }}' then {{ finding.points }}
        {%- endfor %}
    end
{%- endmacro %}


{#- The words of a finding in the reason of a recommendation -#}
{% macro finding_words() -%}
    case finding_type
        {%- for finding in finding_types() if finding.words %}
        when '{{ finding.type }}' then {{ finding.words }}
        {%- endfor %}
    end
{%- endmacro %}
