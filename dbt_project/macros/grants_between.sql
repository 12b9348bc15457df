{#- Create `grants_between(a, b)`: the grants that were added, changed or
    removed after a, up to and including b. -#}
{% macro create_grants_between() %}

create or replace macro {{ target.schema }}.grants_between(a, b) as table

with

versions as (

    select
        *,
        lead(valid_from) over (
            partition by grant_id order by valid_from
        ) as next_valid_from
    from {{ this.include(database=false) }}

),

events as (

    select
        valid_from as happened_at,
        case
            when first_seen_at = valid_from then 'granted' else 'changed'
        end as event,
        *
    from versions

    union all

    select
        valid_to as happened_at,
        'removed' as event,
        *
    from versions
    where valid_to is not null and valid_to is distinct from next_valid_from

)

select * exclude (history_id, valid_from, valid_to, next_valid_from)
from events
where happened_at > a::timestamptz and happened_at <= {{ known_moment('b') }}
order by happened_at, grant_id;

{{ comment_on_macro(
    'grants_between',
    'One row per grant that a sync saw as granted, changed or removed after the
    moment `a`, up to and including `b`. The first sync of a source shows all of
    its grants as granted. Fails if `b` is before the first complete sync.'
) }}

{% endmacro %}
