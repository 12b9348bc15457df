{#- The peers of a person: the people of the same department, or where no
    department is known, the people with the same title -#}
{% macro peer_group(people) -%}
    coalesce(
        'department ' || {{ people }}.department,
        'title ' || {{ people }}.job_title
    )
{%- endmacro %}


{#- The peers of a person in words, such as 10 colleagues in Engineering -#}
{% macro peer_words() -%}
    peers_total
    || case
        when starts_with(peer_group, 'department ')
            then ' colleagues in ' || substr(peer_group, length('department ') + 1)
        else
            ' colleagues with the title '
            || substr(peer_group, length('title ') + 1)
    end
{%- endmacro %}


{#- The points of a recommendation besides those of findings, see
    `finding_types`: the condition on the row, the points, the words beside the
    points, and the words of the reason. Those that speak for a look come
    before the findings in the reason, and the others behind them. -#}
{% macro recommendation_weights() -%}
    {{ return([
        {
            'condition': 'is_leaver', 'points': 3,
            'words': "'the person has left'",
            'reason': "concat('the person left', ' on ' || "
                ~ day_in_words('ended_on') ~ ")",
        },
        {
            'condition': "last_decision = 'revoke'", 'points': 3,
            'words': "'revoked in the last review'",
            'reason': "'it was to be revoked in the last review'",
        },
        {
            'condition': 'is_privileged', 'points': 1,
            'words': "'privileged'",
            'reason': "'the access is privileged'",
        },
        {
            'condition': 'peers_total >= 5 and peers_with * 10 <= peers_total',
            'points': 1,
            'words': "peers_with || ' of ' || peers_total || ' peers have it'",
            'reason': "case peers_with when 0 then 'none' else 'only ' ||"
                ~ " peers_with end || ' of ' || " ~ peer_words()
                ~ " || if(peers_with > 1, ' have it', ' has it')",
        },
        {
            'condition': 'peers_total >= 3 and peers_with * 2 >= peers_total',
            'points': -1,
            'words': "peers_with || ' of ' || peers_total || ' peers have it'",
            'reason': "if(peers_with = peers_total, 'all ', peers_with || ' of ')"
                ~ " || " ~ peer_words() ~ " || ' have it'",
        },
        {
            'condition':
                "last_decision = 'keep' and not is_new_since_last_review",
            'points': -1,
            'words': "'kept in the last review'",
            'reason': "'it was kept in the last review'",
        },
    ]) }}
{%- endmacro %}
