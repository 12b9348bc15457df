select
    concat_ws(':', rule_id, coalesce(person_id, account_id)) as subject,
    person_id,
    account_id,
    grant_ids,
    severity,
    title,
    concat(
        'rule ',
        rule_id,
        ' is broken by ',
        coalesce(
            nullif(array_to_string(grant_ids, ', '), ''),
            'holding nothing that it asks for'
        )
    ) as evidence
from "access"."intermediate"."int_separation_of_duties"