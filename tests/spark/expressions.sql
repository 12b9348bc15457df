-- What the models say, in DuckDB's SQL, over the rows of tests/support/engines.py. An expression
-- stands for `select n, … as x from main.t`. BLANKS are the characters that `trimmed` names.

-- == texts

-- lower
lower(s || coalesce(v, ''))

-- upper
upper(s || coalesce(v, ''))

-- trim
trim(s, 'BLANKS')

-- normal form
nfc_normalize(lower(s))

-- length of text
length(s)

-- left, substr
left(s, 2) || '|' || substr(s, 3)

-- concat
concat(s, n, b, d, '!')

-- concat_ws
concat_ws('; ', s, v, n, b, null)

-- ||
s || v || n || b || d

-- replace
replace(s, 'a', '\')

-- contains
contains(s, coalesce(v, 'd'))

-- starts_with
starts_with(s, 'a')

-- split_part
split_part(s, 'a', 2)

-- sha256
sha256(s)

-- hash
hash(s, v) = hash(s, v)

-- like
s like '%_d%'

-- like with escape
s like replace(replace('a.b**', '_', '\_'), '*', '%') escape '\'

-- pattern of a word
regexp_matches(s, '(?i)\bADMIN')

-- pattern of an end
regexp_matches(s, 'admin$')

-- pattern of any
regexp_matches(s, 'e.a')

-- pattern of a class
regexp_matches(s, '[^a-z /.]$|^[\x{10000}-\x{10FFFF}]')

-- extract
regexp_extract(s, '(a)([a-z]+)', 2)

-- extract from an end
regexp_extract(s, '(admin)$', 1)

-- extract all of it
regexp_extract(s, '^(vice|[^-]*)')

-- replace the first
regexp_replace(s, 'a|0', '-')

-- replace an end
regexp_replace(s, '^[-{}0.]*$|\.0+$', '')

-- replace all
regexp_replace(lower(s), '[^a-z0-9]+', '_', 'g')

-- == JSON

-- a text of JSON
from_json(j, '{"a": "varchar", "b": "boolean", "l": ["varchar"], "o": {"p": "varchar"}}').a

-- a list of JSON
array_to_string(from_json(j, '{"a": "varchar", "b": "boolean", "l": ["varchar"], "o": {"p":
"varchar"}}').l, '|')

-- an object of JSON
from_json(j, '{"a": "varchar", "b": "boolean", "l": ["varchar"], "o": {"p": "varchar"}}').o.p

-- JSON in JSON
from_json(j, '{"a": "json", "l": ["json"], "o": {"p": "json"}}').a::varchar

-- JSON in a list
array_to_string(from_json(j, '{"a": "json", "l": ["json"], "o": {"p": "json"}}').l::varchar[],
'|')

-- JSON in an object
from_json(j, '{"a": "json", "l": ["json"], "o": {"p": "json"}}').o.p::varchar

-- a list of objects
from_json(j, '[{"a": "varchar"}]')[1].a

-- ->>
j ->> 'a'

-- ->> a field of a field
j ->> '$.o.p'

-- ->> itself
(j -> 'a') ->> '$'

-- ->
(j -> 'a')::varchar

-- -> a field of a field
(j -> '$.o.p')::varchar

-- -> with a path made of text
(j -> ('$."' || case when n = 13 then 'a.b' else 'a' end || '"'))::varchar

-- -> with two names
(j -> ('$."' || replace('o.p', '.', '"."') || '"'))::varchar

-- from_json of an arrow
array_to_string(from_json(j -> 'l', '["varchar"]'), '|')

-- type of JSON
json_type(j)

-- type of a field
json_type(j -> 'a')

-- keys
array_to_string(json_keys(j), '|')

-- a map of JSON
json_transform(j, '"MAP(VARCHAR, JSON)"')[case n when 8 then 'o' else 'a' end]::varchar

-- json_object
json_object('s', s, 'n', n, 'b', b, 'j', j -> 'o', 'none', null)::varchar

-- to_json
to_json(s)::varchar

-- to_json of a map
select 1 as n, to_json(map_from_entries(list((s, j -> 'a') order by n)))::varchar as x from
main.t where s is not null

-- == times

-- a day and a number
(d - 1 + 2)::varchar

-- days between
d - date '2025-12-31'

-- a moment and days
epoch_us(moment + to_days(n) - interval 1 day)

-- a day as a moment
epoch_us(d::timestamptz)

-- a moment as a day
moment::date::varchar

-- epoch
epoch(moment)

-- to a zone
(moment at time zone 'Europe/Berlin')::date::varchar

-- from a zone
epoch_us((d + 297)::timestamp at time zone 'Europe/Berlin')

-- from the night with two
select n, epoch_us((moment at time zone 'Europe/Berlin') at time zone 'Europe/Berlin') as x from
main.t

-- ISO 8601
strftime(moment at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')

-- a day in words
strftime(d, '%-d %B %Y')

-- forever
coalesce(moment, 'infinity'::timestamptz) > '2099-01-01'::timestamptz

-- never
coalesce(moment, '-infinity'::timestamptz) < '1900-01-01'::timestamptz

-- isfinite
isfinite(coalesce(moment, 'infinity'::timestamptz))

-- time zones
select 1 as n, count(*) as x from pg_timezone_names() where name in ('UTC', 'Europe/Berlin',
'Nowhere')

-- == lists

-- length of a list
len(l)

-- an element
l[2]

-- a slice
array_to_string(l[:2], '|')

-- list_contains
list_contains(l, v)

-- list_has_all
list_has_all(l, ['a', null])

-- list_has_all of the list
list_has_all(['a', 'b'], l)

-- list_concat
array_to_string(list_concat(l, [v]), '|')

-- list_concat of nulls
len(list_concat(l, null))

-- list_distinct
array_to_string(list_sort(list_distinct(l)), '|')

-- list_sort
list_sort(l)[1] || '|' || len(list_sort(l))

-- list_filter
array_to_string(list_filter(l, lambda x: x <> 'a'), '|')

-- list_transform
array_to_string(list_transform(l, lambda x: 'id ' || x), '|')

-- list_aggregate
list_aggregate(l, 'string_agg', ', ')

-- list_bool_or
list_bool_or([x = 'b' for x in l])

-- list_bool_and
list_bool_and([x is not null for x in l])

-- not in a list comprehension
list_bool_or([not contains(x, 'a') for x in l])

-- structs
list_transform([{'k': v, 'i': n}], lambda x: x.k || x.i)[1]

-- rows
row(s, v) is distinct from row(s, 'w')

-- coalesce of a list
len(coalesce(l, []))

-- an empty list
len([]::varchar[])

-- unnest
select n, unnest(l) as x from main.t where n in (7, 9, 3, 2)

-- unnest of structs
select n, unnest(from_json(j, '{"o": [{"p": "varchar"}]}').o).p as x from main.t

-- == aggregates

-- list
select 1 as n, len(list(v)) as x from main.t

-- list of none
select 1 as n, list(v) is null as x from main.t where n > 99

-- list in order
select 1 as n, array_to_string(list(coalesce(s, '-') order by v, n), '|') as x from main.t

-- list distinct
select 1 as n, array_to_string(list(distinct v order by v), '|') || len(list(distinct v)) as x
from main.t

-- list filtered
select b::int as n, len(list(v) filter (v is not null)) as x from main.t where b is not null
group by b

-- flatten
select 1 as n, array_to_string(list_sort(flatten(list(l))), '|') as x from main.t

-- string_agg
select 1 as n, string_agg(v, '; ' order by s, n) as x from main.t

-- string_agg distinct
select 1 as n, string_agg(distinct v, '; ' order by v) as x from main.t

-- string_agg distinct beside another distinct
select 1 as n, string_agg(distinct v, '; ' order by v) || count(distinct s) as x from main.t

-- string_agg filtered
select 1 as n, string_agg(v, ', ' order by n) filter (b) as x from main.t

-- string_agg of none
select 1 as n, string_agg(v, ', ' order by v) as x from main.t where v is null

-- max_by
select 1 as n, max_by(v, d) as x from main.t

-- min_by a row
select 1 as n, min_by(v, (b, n)) as x from main.t

-- max_by a row with nulls
select 1 as n, max_by(n, (d, n)) as x from main.t

-- max_by filtered
select 1 as n, max_by(v, n) filter (b) as x from main.t

-- arg_max_null
select 1 as n, arg_max_null(v, n) filter (n < 8) as x from main.t

-- arg_max_null of a row
select 1 as n, arg_max_null(v, (d is null, n)) as x from main.t

-- arg_min_null
select 1 as n, arg_min_null(v, n) as x from main.t

-- bool_or
select 1 as n, bool_or(b) as x from main.t where b is null

-- median
select 1 as n, median(n) filter (b) as x from main.t

-- avg
select 1 as n, avg(b::int) as x from main.t

-- a list as a key
select len(found.ways) as n, sets.x from (
    select b, list_sort(list(-n)) as ways from main.t group by b
) as found join (
    select ways, array_to_string(list_sort(list(n)), '|') as x from (
        select ways, unnest(ways) as n from (
            select distinct ways from (select list_sort(list(-n)) as ways from main.t group by b)
        )
    ) group by ways
) as sets on found.ways = sets.ways

-- any_value
select 1 as n, any_value(v) is null as x from main.t where n in (1, 2)

-- counts
select 1 as n, count(distinct v) * 100 + count(v) filter (b) as x from main.t

-- filter in a window
select n, count(v) filter (b) over (partition by d) * 10 + count(*) filter (b) over (partition
by d) as x from main.t

-- max filtered in a window
select n, max(v) filter (b) over (partition by d) as x from main.t

-- == queries

-- order
select n, row_number() over (order by v, n) as x from main.t

-- order by, descending
select n, row_number() over (order by v desc, b desc, n) as x from main.t

-- order by text
select n, row_number() over (order by s, n) as x from main.t

-- dense rank
select n, (select count(*) from main.t) + dense_rank() over (order by v, b desc, d) as x from main.t

-- first, last, next
select n, concat_ws('|', first_value(s) over w, lag(v) over w, lead(v) over w) as x from main.t
window w as (partition by b order by n)

-- qualify
select n, v as x from main.t qualify row_number() over (partition by b order by n desc) = 1

-- qualify in a with
with a as (select n, v from main.t qualify count(*) over (partition by v) > 1) select n, v as x
from a

-- union by name
select n, s as x from main.t union all by name select v as y, n from main.t

-- exclude and replace
select * exclude (s, j, d, moment, l, b, v) replace (n + 1 as n), v as x from main.t

-- anti join
select n, s as x from main.t anti join (select v from main.t where b) as o on t.v = o.v

-- in a condition
select n, s as x from main.t where v not in (select v from main.t where b)

-- in a coalesce
coalesce(v in (select v from main.t where b), false)

-- except
select n, v as x from main.t except select n, v from main.t where b

-- group by all
select count(*) as n, v as x from main.t group by all

-- inner with of the same name
with a as (with a as (select n, v from main.t) select * from a) select n, v as x from a

-- comparisons
n >= 3 and -n <= -5 and coalesce(v >= 'w', true)

-- having
select n, sum(n) as x from main.t group by n having bool_and(b) and min(v) is not null

-- exists
select n, v as x from main.t where exists (select 1 from main.told where told.n = t.n - 2)

-- limit
select n, v as x from main.t order by n desc limit 3

-- is distinct from
v is distinct from s or v is not distinct from 'w'

-- least, greatest
least(v, 'm', null) || greatest(v, 'm')

-- case of a value
case v when 'x' then 1 when 'W' then 2 else n end

-- division
n / nullif(n - 3, 0)

-- round
round(n / 8, 1)

-- nullif
nullif(v, '')

-- casts of numbers
(n::bigint)::varchar || b::int::varchar || (case when n > 8 then v end)

-- an alias in another column
select n, s || '!' as y, y || y as x from main.t

-- == values in JSON

-- a moment in JSON
select n, epoch_us(from_json(j, '{"a": "timestamptz"}').a) as x from main.told

-- a day in JSON
select n, from_json(j, '{"a": "date"}').a - date '2000-01-01' as x from main.told

-- a truth in JSON
select n, from_json(j, '{"a": "boolean"}').a as x from main.told
where json_type(j -> 'a') <> 'VARCHAR' or not regexp_matches(j ->> 'a', '^([2-9]|[0-9.][0-9.]+)$')

-- a number in JSON
select n, from_json(j, '{"a": "bigint"}').a as x from main.told
where json_type(j -> 'a') <> 'BOOLEAN'

-- a text in JSON
select n, from_json(j, '{"a": "varchar"}').a as x from main.told
