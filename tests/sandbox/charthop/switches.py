"""ChartHop's unknowns as switches, so that tests can play each answer, and its refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Switches:
    """Behaviour that the vendor's documents leave open, or that differs from tenant to tenant."""

    inclusive_from: bool = True  # else `next` is the last row of this page
    list_has_group_ids: bool = True
    job_list_has_group_ids: bool = True
    group_ids_in_catalogue: bool = True
    group_ids_have_computed: bool = True  # groups computed by an expression
    group_ids_keep_archived: bool = False
    limit_cap: int = 1000
    over_limit: str = "reduce"  # or "400"
    page_default: int = 100
    unknown_field: str = "omit"  # or "400"; also for unreadable fields
    unreadable_fields: set[str] = field(default_factory=set)  # fields that the token may not see
    empty_as_null: bool = False  # an empty field is null, not absent
    id_unasked: bool = False  # `id` is present although `fields` does not name it
    job_key: str = "both"  # or "id", "jobId"
    building_answers: int = 0  # the number of lists that answer 202 first
    building_body: Any = b""
    event_from: str = "iso"  # or "epoch"
    group_type_as: str = "name"  # or "id", "both", "fieldName", "upper"
    group_jobs_key: str = "jobs"
    count_ignores_include_all: bool = False
    count_wrong_by: int = 0
    shows_announced_start: bool = False  # a leaver's row shows the start of the next employment
    today_in: str = "utc"  # or "org": the time zone of a missing `date`
    query_sees_all: bool = True  # whether `q` sees leavers and future hires under `includeAll`
    forbidden: set[str] = field(default_factory=set)  # "person", "group", "event": answer 403


class Refused(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
