{#- The department's people are peers; where none is known, those with the same
    title -#}
{% macro peer_group(people) -%}
    coalesce(
        'department ' || {{ people }}.department,
        'title ' || {{ people }}.job_title
    )
{%- endmacro %}


{#- What a finding counts in a recommendation. That somebody has left counts
    whether or not the account is closed, so it is not among these. -#}
{% macro finding_points() -%}
    case finding_type
        when 'regranted_after_revoke' then 3
        when 'account_without_person' then 2
        when 'ambiguous_match' then 2
        when 'dormant_account' then 2
        when 'separation_of_duties' then 2
        when 'contradicting_sources' then 1
        when 'mover_with_old_access' then 1
        when 'privileged_without_mfa' then 1
        else 0
    end
{%- endmacro %}


{#- What else counts: condition on the row, points, words -#}
{% macro recommendation_weights() -%}
    {{ return([
        ('is_leaver', 3, "'the person has left'"),
        ("last_decision = 'revoke'", 3, "'revoked in the last review'"),
        ('is_privileged', 1, "'privileged'"),
        (
            'peers_total >= 5 and peers_with * 10 <= peers_total', 1,
            "peers_with || ' of ' || peers_total || ' peers have it'",
        ),
        (
            'peers_total >= 3 and peers_with * 2 >= peers_total', -1,
            "peers_with || ' of ' || peers_total || ' peers have it'",
        ),
        (
            "last_decision = 'keep' and not is_new_since_last_review", -1,
            "'kept in the last review'",
        ),
    ]) }}
{%- endmacro %}
