{#- True where two JSON values of a profile are the same value, however they
    are spelt. Null stands for no value. -#}
{% macro same_json(one, other) -%}
    coalesce(
        json_type({{ one }}) not in ('ARRAY', 'OBJECT')
        and ({{ one }} ->> '$') = ({{ other }} ->> '$')
        and (json_type({{ one }}) = 'VARCHAR')
        = (json_type({{ other }}) = 'VARCHAR'),
        {{ one }} is null and {{ other }} is null
    ) or coalesce(
        json_type({{ one }}) = 'ARRAY' and json_type({{ other }}) = 'ARRAY'
        and from_json({{ one }}, '["json"]')::varchar[]
        = from_json({{ other }}, '["json"]')::varchar[],
        false
    )
{%- endmacro %}

{#- SHA-256 of what the target says about the grouped attributes of an account,
    and of who is the source of the account or signs it in -#}
{% macro schema_sha256() -%}
    sha256(string_agg(
        concat_ws('|', field, definition, sourced_by, identity_provider),
        ',' order by field
    ))
{%- endmacro %}

{#- Why an attribute cannot have the value that a rule wants; null if it can.
    For the rows of `int_push_fields`. One wrong attribute would refuse all
    others of the same account. -#}
{% macro field_refused_because() -%}
    case
        when account_state = 'to_reactivate'
            then 'deactivated: its attributes follow when it is active'
        when account_why is not null then account_why
        when not is_type_known
            then 'the attributes of ' || target || ' are not known'
        when not is_known
            then
                concat(
                    'no such attribute',
                    '; did you mean ' || spelling || '?'
                )
        when is_identifying and is_privileged
            then 'holds a privileged entitlement'
        when is_identifying and not identifies then 'identifies an account'
        when unwritable_because is not null then unwritable_because
        when is_sourced and sourced_by is not null
            then 'mastered by ' || sourced_by
        when wanted_value is null and is_required
            then 'required: it cannot be empty'
        when wanted_value is null then null
        when
            not coalesce(
                case value_type
                    when 'string' then json_type(wanted_value) = 'VARCHAR'
                    when 'boolean' then json_type(wanted_value) = 'BOOLEAN'
                    when 'integer'
                        then json_type(wanted_value) in ('UBIGINT', 'BIGINT')
                    when 'number'
                        then
                            json_type(wanted_value)
                            in ('UBIGINT', 'BIGINT', 'DOUBLE')
                    when 'array' then json_type(wanted_value) = 'ARRAY'
                end,
                false
            )
            then 'type: it takes ' || coalesce(value_type, 'another one')
        when length(wanted_value ->> '$') > max_length and value_type = 'string'
            then 'longer than ' || max_length
        when length(wanted_value ->> '$') < min_length and value_type = 'string'
            then 'shorter than ' || min_length
        when
            value_type <> 'array'
            and not list_contains(
                list_transform(allowed_values, lambda x: (x::json ->> '$')),
                wanted_value ->> '$'
            )
            then 'not among the allowed values'
        when
            max_character_bytes = 3
            and regexp_matches(
                wanted_value ->> '$', '[\x{10000}-\x{10FFFF}]'
            )
            then 'a character that the target cannot store'
    end
{%- endmacro %}
