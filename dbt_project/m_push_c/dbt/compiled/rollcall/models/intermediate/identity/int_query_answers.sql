
    select
        'charthop' as source_name,
        query,
        refused_because,
        person_ids
    from "access"."staging"."stg_charthop__query_answers"
    

