"""ChartHop's rows: a person, a seat and a group as they are on one day.

ChartHop dates everything. A job has the groups, and a person holds the job for a time. A person's
`groupIds` therefore exist only through the job held on the requested day: leavers and future hires
have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tests.sandbox.charthop.fields import CONTACTS, GROUP_FIELDS, JOB_FIELDS, NAMES, PERSON_FIELDS

if TYPE_CHECKING:
    from tests.sandbox.charthop.server import ChartHop


class Day:
    """The organisation as it is on one day."""

    def __init__(self, org: ChartHop, on: date) -> None:
        self.org = org
        self.on = on.isoformat()

    # --- who holds which job

    def hire(self, person: dict) -> dict | None:
        """Return the latest employment that has begun, else the announced one."""
        begun = [hire for hire in person["hires"] if hire["startDate"] <= self.on]
        return begun[-1] if begun else next(iter(person["hires"]), None)

    def job_id(self, person: dict) -> str | None:
        """Return the job held on this day. The last day of an employment counts."""
        hire = self.hire(person)
        if hire is None or not hire["startDate"] <= self.on <= (hire.get("endDate") or "9999"):
            return None
        return hire["jobId"]

    def employed(self, person: dict, start: str | None, end: str | None) -> bool:
        """Return whether the person is employed on this day, or at any time between two days."""
        if start is None and end is None:
            return self.job_id(person) is not None
        return any(
            hire["startDate"] <= (end or "9999")
            and (hire.get("endDate") or "9999") >= (start or "0000")
            for hire in person["hires"]
        )

    @cached_property
    def holders(self) -> dict[str, str]:
        """Return the person of each job: its holder, else the person announced for it."""
        announced, holding = {}, {}
        for person in self.org.persons.values():
            if job_id := self.job_id(person):
                holding[job_id] = person["id"]
            for hire in person["hires"]:
                if hire["startDate"] > self.on:
                    announced[hire["jobId"]] = person["id"]
        return announced | holding

    # --- groups

    def exists(self, group: dict) -> bool:
        """Return whether the group has begun and is not archived."""
        return not self.future(group) and not self.archived(group)

    def future(self, group: dict) -> bool:
        return (group.get("startsOn") or "") > self.on

    def archived(self, group: dict) -> bool:
        return (group.get("deleteAt") or "9999")[:10] <= self.on

    @cached_property
    def visible_groups(self) -> set[str]:
        """Return the groups whose ids may appear in `groupIds`."""
        switches, types = self.org.switches, self.org.group_types
        return {
            group["id"]
            for group in self.org.groups.values()
            if (switches.group_ids_keep_archived or self.exists(group))
            and (
                switches.group_ids_have_computed
                or types[group["typeId"]]["assignmentType"] != "EXPR"
            )
        }

    @cached_property
    def _updates(self) -> dict[str, list[dict]]:
        updates = defaultdict(list)
        for change in sorted(self.org.changes.values(), key=lambda row: row["date"]):
            if "update" in change and change["status"] == "ACTIVE" and change["date"] <= self.on:
                updates[change["jobId"]].append(change["update"])
        return updates

    def group_ids(self, job: dict) -> list[str]:
        """Return the job's groups: its first ones, with every change up to this day applied."""
        held = set(job["groupIds"])
        for update in self._updates.get(job["id"], ()):
            held |= set(update.get("addGroupIds", ()))
            held -= set(update.get("removeGroupIds", ()))
        return sorted(held & self.visible_groups)

    def group_of(self, job: dict, field_name: str) -> dict | None:
        """Return the job's one group of the type with this field name."""
        for group_id in self.group_ids(job):
            group = self.org.groups[group_id]
            if self.org.group_types[group["typeId"]]["fieldName"] == field_name:
                return group
        return None

    def by_type(self, job: dict) -> dict[str, list[str]]:
        found = defaultdict(list)
        for group_id in self.group_ids(job):
            found[self.org.groups[group_id]["typeId"]].append(group_id)
        return dict(found)

    # --- rows

    def person(self, person: dict, fields: Iterable[str], form: str) -> dict[str, Any]:
        """Return one row of a person; `form` is the vendor's `format` parameter."""
        job_id = self.job_id(person)
        job = self.org.jobs[job_id] if job_id else None
        return self._row(fields, lambda field: self._of_person(person, job, field, form))

    def _of_person(self, person: dict, job: dict | None, field: str, form: str) -> Any:
        name = person["name"]
        if field in CONTACTS:
            contacts = person["contacts"]
            return next((c["value"] for c in contacts if c["type"] == CONTACTS[field]), None)
        if field in NAMES:
            return name.get(NAMES[field])
        if field == "name":
            return self._full_name(name) if form == "minimal" else name
        if field in ("name.full", "name.preflast"):
            first = name.get("pref") if field == "name.preflast" else None
            return self._full_name(name | ({"first": first} if first else {}))
        if field == "contacts":
            hidden = {CONTACTS.get(field) for field in self.org.switches.unreadable_fields}
            return [row for row in person["contacts"] if row["type"] not in hidden]
        if field in ("startDate", "startDateOrg", "endDate", "endDateOrg"):
            return self._hire_date(person, field.removesuffix("Org"))
        if field == "orgId":
            return self.org.org_id
        if field in ("address.city", "address.country"):
            return person.get("address", {}).get(field.removeprefix("address."))
        if field == "jobId":
            return job and job["id"]
        if field.split(".")[0] == "manager":
            return self._of_manager(job, field, form)
        if field in ("title", "employment", "seniority"):
            return job and job.get(field)
        if field == "groupIds":
            return self.group_ids(job) if job else None
        if field == "groupIdsByType":
            return self.by_type(job) if job else None
        if field in PERSON_FIELDS:
            return person.get(field)
        if field in self.org.custom_fields:
            return person.get("fields", {}).get(field)
        return self._of_group(job, field)

    def _hire_date(self, person: dict, name: str) -> str | None:
        """Return the first or last day of the latest employment, or the announced first day."""
        if name == "startDate" and self.org.switches.shows_announced_start:
            for hire in person["hires"]:
                if hire["startDate"] > self.on:
                    return hire["startDate"]
        return (self.hire(person) or {}).get(name)

    def _of_group(self, job: dict | None, field: str) -> Any:
        """Return fields such as `department.name`, for every single-membership group type."""
        kind, _, part = field.partition(".")
        group = self.group_of(job, kind) if job else None
        if group is None:
            return None
        return group.get(part) if part else {"id": group["id"], "name": group["name"]}

    def _of_manager(self, job: dict | None, field: str, form: str) -> Any:
        boss = self.holders.get((job or {}).get("managerJobId") or "")
        if boss is None:
            return None
        person = self.org.persons[boss]
        if field == "manager":
            return {"id": boss, "name": self._full_name(person["name"])}
        inner = field.removeprefix("manager.")
        return self.person(person, [inner], form).get(inner)

    def job(self, job: dict, fields: Iterable[str]) -> dict[str, Any]:
        """Return one row of a seat."""
        return self._row(fields, lambda field: self._of_job(job, field))

    def _of_job(self, job: dict, field: str) -> Any:
        holder = self.holders.get(job["id"])
        match field:
            case "id" | "jobId":
                return job["id"] if self.org.switches.job_key in (field, "both") else None
            case "personId":
                return holder
            case "groupIds":
                return self.group_ids(job)
            case "groupIdsByType":
                return self.by_type(job)
            case "state":
                return "FILLED" if holder else "OPEN"
            case "personStartDate" | "personEndDate":
                hires = self.org.persons[holder]["hires"] if holder else []
                mine = [hire for hire in hires if hire["jobId"] == job["id"]]
                return mine[-1].get(field[6].lower() + field[7:]) if mine else None
            case "relationships":
                boss = job.get("managerJobId")
                return [{"jobId": boss, "type": "MANAGER"}] if boss else []
            case _ if field in JOB_FIELDS:
                return job.get(field)
            case _:
                return self._of_group(job, field)

    def group(self, group: dict, fields: Iterable[str], job_fields: list[str]) -> dict[str, Any]:
        """Return one row of a group, with its jobs when the query asks for job fields."""
        row = self._row(fields, lambda field: self._of_group_row(group, field))
        if job_fields:
            row[self.org.switches.group_jobs_key] = [
                self.job(job, job_fields)
                for job in self.org.jobs.values()
                if group["id"] in self.group_ids(job)
            ]
        return row

    def _of_group_row(self, group: dict, field: str) -> Any:
        kind = self.org.group_types[group["typeId"]]
        style = self.org.switches.group_type_as
        match field:
            case "type":
                shown = {"id": kind["id"], "fieldName": kind["fieldName"]}
                shown["upper"] = kind["name"].upper().replace(" ", "_")
                return shown.get(style, kind["name"])
            case "typeId":
                return kind["id"] if style == "both" else None
            case "orgId":
                return self.org.org_id
            case "slug":
                return group.get("slug") or group["name"].lower().replace(" ", "-")
            case "aliases" | "leadJobIds":
                return group.get(field, [])
            case "fields":
                text = group.get("description")
                return {"description": text} if text else {}
            case _:
                return group.get(field) if field in GROUP_FIELDS else None

    def _row(self, fields: Iterable[str], value_of: Any) -> dict[str, Any]:
        """Return a flat row: dotted names stay one key; an empty value is absent (or null)."""
        row = {field: value_of(field) for field in fields}
        if self.org.switches.empty_as_null:
            return row
        return {field: value for field, value in row.items() if value is not None}

    @staticmethod
    def _full_name(name: dict) -> str:
        return " ".join(name[part] for part in ("first", "middle", "last") if name.get(part))
