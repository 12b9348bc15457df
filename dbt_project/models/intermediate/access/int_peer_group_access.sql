with

accounts as (

    select account_id, person_id from {{ ref('accounts') }}

),

peers as (

    select
        person_id,
        row_number() over (order by person_id) as number,
        {{ peer_group('people') }} as peer_group
    from {{ ref('people') }} as people
    where employment_status = 'active' and peer_group is not null

),

grants as (

    select account_id, entitlement_id from {{ ref('grants') }}

),

sizes as (

    select
        peer_group,
        count(*) as people
    from peers
    group by peer_group

),

holders as (

    select
        peers.peer_group,
        grants.entitlement_id,
        -- Numbers are counted in half the time of texts
        count(distinct peers.number) as holders

    from grants

    join accounts on grants.account_id = accounts.account_id

    join peers on accounts.person_id = peers.person_id

    group by peers.peer_group, grants.entitlement_id

)

select
    holders.*,
    sizes.people

from holders

join sizes on holders.peer_group = sizes.peer_group
