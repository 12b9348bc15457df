"""Reads the persons, and copes with what ChartHop's documentation leaves open.

It does not say whether the person list has `groupIds`, and whether an unknown field is refused or
left out. Each is tried, with a fallback that takes more calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial

import pyarrow as pa

from pipelines.failures import Denied, Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.sources.asked import Asked
from pipelines.sources.charthop.client import ChartHop
from pipelines.sources.raw_rows import Row, parse_rows, row_ids, wrap_rows
from pipelines.sources.reading import read_first_accepted

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
# No document names it: Location is a type of group, as Department is
LOCATION = "location.name"
PERSONS_RIGHT = "read access to persons and their work email, for all employees"
FIELDS_RIGHT = "read access to the catalogue of fields"


class Persons:
    """The persons of one organisation, with the fields that push rules ask for besides."""

    def __init__(self, org: ChartHop, asked: Asked) -> None:
        self.org, self.asked, self.counters = org, asked, org.counters
        self.path = f"v2/org/{org.org_id}/person"
        self.fields_read: frozenset[str] = frozenset()

    @cached_property
    def person_list(self) -> list[pa.Table]:
        """Every person, with the largest set of fields that the tenant does not refuse.

        A refused field that only push rules ask for must not take `groupIds` with it.
        """
        wanted = (*PERSON, "groupIds")
        extras = [name for name in dict.fromkeys(self.extras) if name not in wanted]
        smaller = (wanted, PERSON, (*IDENTITY, "startDateOrg", "endDateOrg"), IDENTITY)
        return read_first_accepted(
            [
                lambda: self._read((*wanted, *extras)),
                lambda: self._read((*wanted, *self._find_known(extras))),
                *(partial(self._read, fields) for fields in smaller),
            ]
        )

    @property
    def extras(self) -> tuple[str, ...]:
        return (LOCATION, *self.asked.fields)

    def _read(self, fields: tuple[str, ...]) -> list[pa.Table]:
        wanted = {"includeAll": "true", "fields": ",".join(fields), "date": self.org.today}
        people = self.org.read_list("persons", self.path, PERSONS_RIGHT, **wanted)
        self.fields_read = frozenset(fields)
        if refused := sorted({*PERSON, "groupIds", *self.extras} - self.fields_read):
            self.counters.warn(f"charthop persons: the tenant refuses {', '.join(refused)}")
        return people

    def _find_known(self, fields: list[str]) -> list[str]:
        """Return which of these fields the catalogue has, after the tenant refused one of them.

        Return none if the catalogue does not tell: it may have all, or it cannot be read.
        """
        path = f"v1/org/{self.org.org_id}/field"
        try:
            catalogue = self.org.read_list(
                "fields", path, FIELDS_RIGHT, counted=False, builtin="all"
            )
        except (Denied, Unreadable) as failure:
            if failure.status not in (400, 403, 404, 501):
                raise
            return []
        names = {row.get("name") for row in parse_rows(catalogue)}
        known = [name for name in fields if name.partition(".")[0] in names]
        return known if len(known) < len(fields) else []

    def read_asked_fields(self) -> Iterator[pa.Table]:
        """Yield one row per field that push rules ask for: whether the tenant refuses it."""
        people = [*parse_rows(self.person_list)] if self.asked.fields else []
        rows = {name: name not in self.fields_read for name in self.asked.fields}
        for name, is_refused in rows.items():
            spellings = (name, name.partition(".")[0])  # a row is flat or nested
            if not is_refused and not any(
                person.get(key) is not None for person in people for key in spellings
            ):
                self.counters.warn(
                    f"charthop persons: a push rule asks for {name}, and no person has a value;"
                    " the token may not see it"
                )
        self.counters.rows_read["asked_fields"] = len(rows)
        always = (*PERSON, "groupIds", LOCATION)
        yield wrap_rows(
            (name, {"name": name, "isRefused": is_refused, "isExtra": name not in always})
            for name, is_refused in rows.items()
        )

    @cached_property
    def has_groups_in_persons(self) -> bool:
        """Whether any row of the person list has `groupIds`."""
        return any("groupIds" in person for person in parse_rows(self.person_list))

    @cached_property
    def lacks_memberships(self) -> bool:
        """Whether groups and persons exist, but the person list does not say who is in which."""
        return (
            bool(row_ids(self.org.group_list) and row_ids(self.person_list))
            and not self.has_groups_in_persons
        )

    @cached_property
    def job_list(self) -> list[pa.Table]:
        """The jobs, if the person list lacks memberships and the credential may read jobs."""
        if not self.lacks_memberships:
            return []
        path = f"v2/org/{self.org.org_id}/job"
        fields = "id,jobId,personId,groupIds,personStartDate,personEndDate"
        try:
            return self.org.read_list(
                "jobs", path, "", names=("jobId", "id"), fields=fields, date=self.org.today
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
        yield from self.org.api.read_per_parent(
            "person_groups", everyone, self.read_person, self.read_person_ids
        )

    def read_person_ids(self) -> list[str]:
        wanted = {"includeAll": "true", "fields": "id", "date": self.org.today}
        listed = self.org.read_list("persons", self.path, PERSONS_RIGHT, counted=False, **wanted)
        return row_ids(listed)

    def read_person(self, key: str) -> Row | None:
        """Return one person's groups; None if the person was deleted meanwhile."""
        path = f"{self.path}/{key}"
        try:
            found = self.org.api.get_object(
                path, PERSONS_RIGHT, fields="id,groupIds", date=self.org.today
            )
        except Unreadable as failure:
            if failure.status != 404:
                raise
            self.counters.warn(f"charthop: person {key} was deleted while this sync ran")
            return None
        if to_text_id(found.get("id")) != key:
            raise self.org.api.unexpected_body(path, found, "that person")
        return found
