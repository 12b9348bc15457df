with

source as (

    {{ declared_rows('system', {'payload': 'json'}) }}

)

select
    source_name,
    {{ filled("payload->>'title'") }} as title,
    {{ filled("payload->>'kind'") }} as kind,
    {{ filled("payload->>'howToRevoke'") }} as how_to_revoke
from source
