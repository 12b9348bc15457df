"""Reads ChartHop, and copes with what its documentation leaves open.

It does not say whether the person list has `groupIds`, which page size is the largest, and whether
an unknown field is refused or left out. Each is tried, with a fallback that takes more calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pyarrow as pa
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from pipelines.failures import Denied, Misconfigured, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import FixedToken, check_secret
from pipelines.http.policy import Counters, Policy, check_url
from pipelines.http.session import Session
from pipelines.sources.raw_rows import Row, parse_rows, row_ids, wrap_rows
from pipelines.sources.reading import Api, Json, read_first_accepted

IDENTITY = ("id", "name.first", "name.last", "contact.workEmail", "contact.employee", "jobId")
PERSON = (
    *IDENTITY,
    "name.pref",
    "name.full",
    "title",
    "department.name",
    "employment",
    "employmentType",
    "manager.contact.workEmail",
    "startDateOrg",
    "endDateOrg",
)
PERSONS_RIGHT = "read access to persons and their work email, for all employees"
TOKEN_REMEDY = (
    "set SOURCES__CHARTHOP__API_TOKEN to a token that is valid (ChartHop: Settings, Apps &"
    " Integrations or API), then run `rollcall check charthop`"
)
GROUPS_RIGHT = "read access to groups and group types"


@dataclass(frozen=True)
class Connection:
    """The address of one organisation, the token for it, and how fast it may be called."""

    base_url: str
    org_id: str
    token: str = field(repr=False)
    policy: Policy


class ChartHop:
    """One organisation. A token is valid until it is revoked, so 401 means that it was revoked."""

    def __init__(
        self, connection: Connection, counters: Counters, timezone: str, page_size: int
    ) -> None:
        try:
            self.zone = ZoneInfo(timezone.strip())
        except (KeyError, ValueError, OSError):
            raise Misconfigured(
                "SOURCES__CHARTHOP__TIMEZONE",
                "there is no such time zone",
                "use a name such as Europe/Oslo",
            ) from None
        base_url = check_url("SOURCES__CHARTHOP__BASE_URL", connection.base_url)
        token = check_secret("SOURCES__CHARTHOP__API_TOKEN", connection.token)
        signer = FixedToken(token, TOKEN_REMEDY)
        session = Session("charthop", base_url, connection.policy, counters, signer)
        self.api = Api(base_url, session)
        self.session, self.counters = session, counters
        self.org_id = quote(connection.org_id.strip(), safe="")
        self.page_size = page_size

    @property
    def today(self) -> str:
        """Today in the organisation's time zone. The zone of ChartHop's dates is not documented."""
        return datetime.now(self.zone).date().isoformat()

    def read_organization(self) -> Iterator[pa.Table]:
        self.counters.rows_read["organization"] = 1
        yield wrap_rows([(self.org_id, {"id": self.org_id, "timezone": self.zone.key})])

    def read_group_types(self) -> list[pa.Table]:
        return self.read_list("group_types", f"v1/org/{self.org_id}/group-type", GROUPS_RIGHT)

    @cached_property
    def group_list(self) -> list[pa.Table]:
        return self._read_groups("groups", "ALL")

    def read_future_groups(self) -> list[pa.Table]:
        """Return the groups that do not exist yet; the rows of the full list do not say which."""
        return self._read_groups("future_groups", "FUTURE")

    def read_archived_groups(self) -> list[pa.Table]:
        """Return the groups that exist no more. A group that has a `deleteAt` may still exist."""
        return self._read_groups("archived_groups", "ARCHIVED")

    def _read_groups(self, resource: str, when: str) -> list[pa.Table]:
        path = f"v2/org/{self.org_id}/group"
        return self.read_list(resource, path, GROUPS_RIGHT, timeFilter=when, date=self.today)

    @cached_property
    def person_list(self) -> list[pa.Table]:
        """Every person, with the largest set of fields that the tenant does not refuse."""
        sets = ((*PERSON, "groupIds"), PERSON, (*IDENTITY, "startDateOrg", "endDateOrg"), IDENTITY)

        def read(fields: tuple[str, ...]) -> list[pa.Table]:
            wanted = {"includeAll": "true", "fields": ",".join(fields), "date": self.today}
            path = f"v2/org/{self.org_id}/person"
            people = self.read_list("persons", path, PERSONS_RIGHT, **wanted)
            if refused := sorted({*sets[0]} - {*fields}):
                fields_refused = ", ".join(refused)
                self.counters.warn(f"charthop persons: the tenant refuses {fields_refused}")
            return people

        return read_first_accepted([partial(read, fields) for fields in sets])

    @cached_property
    def has_groups_in_persons(self) -> bool:
        """Whether any row of the person list has `groupIds`."""
        return any("groupIds" in person for person in parse_rows(self.person_list))

    @cached_property
    def lacks_memberships(self) -> bool:
        """Whether groups and persons exist, but the person list does not say who is in which."""
        return (
            bool(row_ids(self.group_list) and row_ids(self.person_list))
            and not self.has_groups_in_persons
        )

    @cached_property
    def job_list(self) -> list[pa.Table]:
        """The jobs, if the person list lacks memberships and the credential may read jobs."""
        if not self.lacks_memberships:
            return []
        path = f"v2/org/{self.org_id}/job"
        fields = "id,jobId,personId,groupIds,personStartDate,personEndDate"
        try:
            return self.read_list(
                "jobs", path, "", names=("jobId", "id"), fields=fields, date=self.today
            )
        except (Denied, Unreadable) as failure:
            if failure.status not in (400, 403, 404, 501):
                raise
            return []

    @cached_property
    def has_groups_in_jobs(self) -> bool:
        return any("groupIds" in job and job.get("personId") for job in parse_rows(self.job_list))

    def read_person_groups(self) -> Iterator[pa.Table]:
        """Yield the groups of each person, one call per person, if neither list has them."""
        if not self.lacks_memberships or self.has_groups_in_jobs:
            return
        everyone = row_ids(self.person_list)
        self.counters.warn(
            f"charthop: neither the persons nor the jobs list has groupIds; {len(everyone)}"
            " persons are read one by one"
        )
        yield from self.api.read_per_parent(
            "person_groups", everyone, self.read_person, self.read_person_ids
        )

    def read_person_ids(self) -> list[str]:
        path = f"v2/org/{self.org_id}/person"
        wanted = {"includeAll": "true", "fields": "id", "date": self.today}
        return row_ids(self.read_list("persons", path, PERSONS_RIGHT, counted=False, **wanted))

    def read_person(self, key: str) -> Row | None:
        """Return one person's groups; None if the person was deleted meanwhile."""
        path = f"v2/org/{self.org_id}/person/{key}"
        try:
            found = self.api.get_object(path, PERSONS_RIGHT, fields="id,groupIds", date=self.today)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            self.counters.warn(f"charthop: person {key} was deleted while this sync ran")
            return None
        if to_text_id(found.get("id")) != key:
            raise self.api.unexpected_body(path, found, "that person")
        return found

    def read_list(
        self,
        resource: str,
        path: str,
        right: str,
        names: tuple[str, ...] = ("id",),
        counted: bool = True,
        **params: str,
    ) -> list[pa.Table]:
        """Return a whole list. `next` is used as it comes, with every other parameter repeated.

        A page size that ChartHop refuses is lowered for good: the largest is not documented.
        """

        def read(size: int) -> list[pa.Table]:
            tables = self.api.read_list(
                resource,
                lambda: self.api.read_pages(
                    path,
                    find_rows,
                    JSONResponseCursorPaginator(cursor_path="next", cursor_param="from"),
                    right,
                    limit=size,
                    **params,
                ),
                counted=counted,
                names=names,
            )
            self.page_size = size
            return tables

        sizes = [self.page_size, *(size for size in (500, 100) if size < self.page_size)]
        return read_first_accepted([partial(read, size) for size in sizes])


def find_rows(body: Json) -> list[Row] | None:
    """Return the rows in a body, or None if the body has no `data`."""
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, list) else None
