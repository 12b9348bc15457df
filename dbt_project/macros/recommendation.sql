{#- The peers of a person: the people of the same department, or where no
    department is known, the people with the same title -#}
{% macro peer_group(people) -%}
    coalesce(
        'department ' || {{ people }}.department,
        'title ' || {{ people }}.job_title
    )
{%- endmacro %}


{#- The points of a recommendation besides those of findings, see
    `finding_types`: the condition on the row, the points and the words -#}
{% macro recommendation_weights() -%}
    {{ return([
        {
            'condition': 'is_leaver', 'points': 3,
            'words': "'the person has left'",
        },
        {
            'condition': "last_decision = 'revoke'", 'points': 3,
            'words': "'revoked in the last review'",
        },
        {
            'condition': 'is_privileged', 'points': 1,
            'words': "'privileged'",
        },
        {
            'condition': 'peers_total >= 5 and peers_with * 10 <= peers_total',
            'points': 1,
            'words': "peers_with || ' of ' || peers_total || ' peers have it'",
        },
        {
            'condition': 'peers_total >= 3 and peers_with * 2 >= peers_total',
            'points': -1,
            'words': "peers_with || ' of ' || peers_total || ' peers have it'",
        },
        {
            'condition':
                "last_decision = 'keep' and not is_new_since_last_review",
            'points': -1,
            'words': "'kept in the last review'",
        },
    ]) }}
{%- endmacro %}
