with

roles as (

    select * from "access"."staging"."base_haloitsm__roles"

),

keys as (

    select lower(id) as role_key, id as role_id from roles

    union

    select id_int as role_key, id as role_id from roles
    where id_int is not null

)

select * from keys