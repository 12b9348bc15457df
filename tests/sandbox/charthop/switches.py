"""What ChartHop's documents leave open, to be tried both ways, and its refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Switches:
    """What the vendor's documents leave open, or what differs from tenant to tenant."""

    inclusive_from: bool = True  # else `next` is the last row of this page
    list_has_group_ids: bool = True
    job_list_has_group_ids: bool = True
    group_ids_in_catalogue: bool = True
    group_ids_have_computed: bool = True  # groups computed by an expression
    group_ids_keep_archived: bool = False
    limit_cap: int = 1000
    over_limit: str = "reduce"  # or "400"
    page_default: int = 100
    unknown_field: str = "omit"  # or "400"; also for unreadable ones
    unreadable_fields: set[str] = field(default_factory=set)  # the token may not see these
    empty_as_null: bool = False  # a field without a value: null, not absent
    id_unasked: bool = False  # `id` is there although `fields` does not name it
    job_key: str = "both"  # "id", "jobId"
    building_answers: int = 0  # so many lists answer 202 first
    building_body: Any = b""
    event_from: str = "iso"  # or "epoch"
    group_type_as: str = "name"  # "id", "both", "fieldName", "upper"
    group_jobs_key: str = "jobs"
    count_ignores_include_all: bool = False
    count_wrong_by: int = 0
    shows_announced_start: bool = False  # of somebody who left: the start of the next hire
    today_in: str = "utc"  # or "org": whose today a missing `date` means
    forbidden: set[str] = field(default_factory=set)  # "person", "group", "event": 403


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
