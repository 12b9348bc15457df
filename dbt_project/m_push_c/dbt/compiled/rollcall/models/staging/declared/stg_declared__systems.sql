with

source as (

    select
        null::varchar as source_name,
        null::json as payload
    where false

)

select
    source_name,
    nullif(trim(payload->>'title', '	
                  　'), '') as title,
    nullif(trim(payload->>'kind', '	
                  　'), '') as kind,
    nullif(trim(payload->>'howToRevoke', '	
                  　'), '') as how_to_revoke
from source