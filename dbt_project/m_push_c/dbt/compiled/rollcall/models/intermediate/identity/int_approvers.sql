

select nullif(
        regexp_replace(nfc_normalize(lower(trim(work_email, '	
                  　'))), '\.$', ''), ''
    ) as approver from "access"."main"."people"
where work_email is not null
union
select nullif(
        regexp_replace(nfc_normalize(lower(trim(owner, '	
                  　'))), '\.$', ''), ''
    ) as approver from "access"."policy"."owners"