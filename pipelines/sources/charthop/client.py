"""How ChartHop is read, and what it does not promise.

Whether the person list gives `groupIds`, which page size it takes, and whether it refuses or leaves
out a field it does not know is not documented: each is tried, with a fallback that costs more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
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
from pipelines.sources.reading import Api, Json, Page

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
GROUPS_RIGHT = "read access to groups and group types"


@dataclass(frozen=True)
class Connection:
    """Where one organisation is, the token for it, and how fast it may be asked."""

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
        session = Session("charthop", base_url, connection.policy, counters, FixedToken(token))
        self.api = Api(base_url, session)
        self.session, self.counters = session, counters
        self.org_id = quote(connection.org_id.strip(), safe="")
        self.page_size = page_size

    @property
    def today(self) -> str:
        """Today where the organisation is: reads are as of a day, and whose is not documented."""
        return datetime.now(self.zone).date().isoformat()

    def organization(self) -> Iterator[pa.Table]:
        self.counters.rows_read["organization"] = 1
        yield wrap_rows([(self.org_id, {"id": self.org_id, "timezone": self.zone.key})])

    def group_types(self) -> list[pa.Table]:
        return self.whole_list("group_types", f"v1/org/{self.org_id}/group-type", GROUPS_RIGHT)

    def groups(self) -> list[pa.Table]:
        return self.group_list

    @cached_property
    def group_list(self) -> list[pa.Table]:
        path = f"v2/org/{self.org_id}/group"
        return self.whole_list("groups", path, GROUPS_RIGHT, timeFilter="ALL", date=self.today)

    def future_groups(self) -> list[pa.Table]:
        """Groups that do not exist yet: nothing in a row of the other list tells them apart."""
        path = f"v2/org/{self.org_id}/group"
        wanted = {"timeFilter": "FUTURE", "date": self.today}
        return self.whole_list("future_groups", path, GROUPS_RIGHT, **wanted)

    def persons(self) -> list[pa.Table]:
        return self.people

    @cached_property
    def people(self) -> list[pa.Table]:
        """Every person with every field the tenant gives. Fields that no row has are told."""
        asks = ((*PERSON, "groupIds"), PERSON, (*IDENTITY, "startDateOrg", "endDateOrg"), IDENTITY)
        path = f"v2/org/{self.org_id}/person"
        for fields in asks:
            wanted = {"includeAll": "true", "fields": ",".join(fields), "date": self.today}
            try:
                people = self.whole_list("persons", path, PERSONS_RIGHT, **wanted)
            except Unreadable as failure:
                if failure.status != 400 or fields is asks[-1]:
                    raise
                continue
            if lost := sorted({*asks[0]} - {*fields}):
                self.counters.warn(
                    f"charthop persons: the tenant refuses the fields {', '.join(lost)}"
                )
            return people
        raise AssertionError("unreachable")

    @cached_property
    def list_tells_groups(self) -> bool:
        """Whether the person list gave `groupIds`: true as soon as one row has the key."""
        return any("groupIds" in person for person in parse_rows(self.people))

    @cached_property
    def memberships_are_elsewhere(self) -> bool:
        """There are groups and people, and the person list does not say who is in which."""
        return (
            bool(row_ids(self.group_list) and row_ids(self.people)) and not self.list_tells_groups
        )

    @cached_property
    def seats(self) -> list[pa.Table]:
        """The job list, where the person list does not tell memberships and this one is given."""
        if not self.memberships_are_elsewhere:
            return []
        path = f"v2/org/{self.org_id}/job"
        fields = "id,jobId,personId,groupIds,personStartDate,personEndDate"
        try:
            return self.whole_list(
                "jobs", path, "", names=("jobId", "id"), fields=fields, date=self.today
            )
        except (Denied, Unreadable) as failure:
            if failure.status not in (400, 403, 404, 501):
                raise
            return []

    @cached_property
    def seats_tell_groups(self) -> bool:
        return any("groupIds" in job and job.get("personId") for job in parse_rows(self.seats))

    def jobs(self) -> list[pa.Table]:
        return self.seats

    def person_groups(self) -> Iterator[pa.Table]:
        """The last resort, one call per person: only if neither list tells anything."""
        if not self.memberships_are_elsewhere or self.seats_tell_groups:
            return
        everyone = row_ids(self.people)
        self.counters.warn(
            f"charthop: neither the persons nor the jobs list tells groupIds; {len(everyone)}"
            " persons are read singly"
        )
        yield from self.api.per_parent("person_groups", everyone, self.person, self.person_ids)

    def person_ids(self) -> list[str]:
        """Who is there now."""
        path = f"v2/org/{self.org_id}/person"
        wanted = {"includeAll": "true", "fields": "id", "date": self.today}
        return row_ids(self.whole_list("persons", path, PERSONS_RIGHT, counted=False, **wanted))

    def person(self, key: str) -> Row | None:
        """One person's groups; None if the person was deleted meanwhile."""
        path = f"v2/org/{self.org_id}/person/{key}"
        try:
            found = self.api.object(path, PERSONS_RIGHT, fields="id,groupIds", date=self.today)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            self.counters.warn(f"charthop: person {key} was deleted while this sync ran")
            return None
        if to_text_id(found.get("id")) != key:
            raise self.api.unexpected(path, found, "that person")
        return found

    def whole_list(
        self,
        resource: str,
        path: str,
        right: str,
        names: tuple[str, ...] = ("id",),
        counted: bool = True,
        **params: str,
    ) -> list[pa.Table]:
        """A whole list. `next` is used as it comes, with every other parameter repeated; a page
        size that is refused (the largest is not documented) is lowered for good."""

        def read() -> Iterator[Page]:
            return self.api.pages(
                path,
                rows_of,
                JSONResponseCursorPaginator(cursor_path="next", cursor_param="from"),
                right,
                limit=self.page_size,
                **params,
            )

        sizes = [self.page_size, *(size for size in (500, 100) if size < self.page_size)]
        for size in sizes:
            self.page_size = size
            try:
                return self.api.whole(resource, read, counted=counted, names=names)
            except Unreadable as failure:
                if failure.status != 400 or size == sizes[-1]:
                    self.page_size = sizes[0]
                    raise
        raise AssertionError("unreachable")


def rows_of(body: Json) -> list[Row] | None:
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, list) else None
