"""ChartHop on loopback: people, the jobs they hold, groups, changes and events.

Groups belong to jobs, not to people. Lists hide leavers, future hires and archived groups unless
the query asks for them. While a list is being built, ChartHop answers 202, which is not data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.sandbox.charthop import feeds
from tests.sandbox.charthop import query as charthop_query
from tests.sandbox.charthop.fields import GROUP_FIELDS, JOB_FIELDS, PERSON_FIELDS
from tests.sandbox.charthop.rows import Day
from tests.sandbox.charthop.switches import Refused, Switches
from tests.sandbox.pages import Pages
from tests.sandbox.server import Request, Response

ID = re.compile(r"[0-9a-f]{24}")
PERSON_DEFAULT = ("id", "name")
JOB_DEFAULT = ("id", "jobId", "title", "personId", "employment", "state")
# The person fields in the catalogue, and how ChartHop computes each of them
CATALOGUE = {
    "name": "NAME",
    "contact": "CONTACT",
    "jobId": "JOB_ID",
    "title": "TITLE",
    "department": "DEPARTMENT",
    "manager": "MANAGER",
    "employment": "EMPLOYMENT",
    "startDateOrg": "START_DATE_ORG",
    "endDateOrg": "END_DATE_ORG",
    "groupIds": "GROUP_IDS",
}
FIELD = {
    "type": "STRING",
    "plural": "SINGLE",
    "entityType": "PERSON",
    "sensitive": "ORG",
    "isUnique": False,
    "isRequired": False,
    "status": "ACTIVE",
    "builtIn": True,
}


class ChartHop:
    """One organisation. Its state is plain dicts by id; times and dates are ISO text.

    A person has `name`, `contacts` and `hires` (`jobId`, `startDate`, `endDate`, oldest first). A
    job has its first `groupIds`, which `changes` add to and remove from. With `keep_pages`, call
    `touch()` after editing state or switches by hand.
    """

    def __init__(
        self,
        org_id: str = "65f000000000000000000001",
        slug: str = "example",
        name: str = "Example",
        token: str = "charthop-token",
        timezone: str = "UTC",
        today: date | None = None,
        switches: Switches | None = None,
        keep_pages: bool = False,
    ) -> None:
        self.org_id, self.slug, self.name = org_id, slug, name
        self.token, self.timezone = token, timezone
        self.switches = switches or Switches()
        self.fixed_today = today
        self.pages = Pages(keep_pages)
        self.user_id = "65f0ffff0000000000000001"  # the application user of the token
        self.persons: dict[str, dict] = {}
        self.jobs: dict[str, dict] = {}
        self.groups: dict[str, dict] = {}
        self.group_types: dict[str, dict] = {}
        self.changes: dict[str, dict] = {}
        self.events: dict[str, dict] = {}
        self.custom_fields: set[str] = set()  # codes; a smart field, which ChartHop computes, too

    # --- time

    @property
    def today(self) -> date:
        zone = ZoneInfo(self.timezone) if self.switches.today_in == "org" else UTC
        return self.fixed_today or datetime.now(zone).date()

    def day(self, on: date | None = None) -> Day:
        """Return the organisation on one day."""
        on = on or self.today
        return self.pages.get(("day", on), lambda: Day(self, on))

    def settings(self, url: str) -> dict[str, str]:
        return {"BASE_URL": url, "ORG_ID": self.slug, "API_TOKEN": self.token}

    def write_settings(self) -> dict[str, str]:
        return {}  # Rollcall writes nothing to ChartHop

    def touch(self) -> None:
        """Clear the cache; call after editing state or switches by hand."""
        self.pages.changed()

    def group_ids(self, person_id: str, on: date | None = None) -> list[str]:
        """Return the ids of a person's groups on a day."""
        day = self.day(on)
        job_id = day.job_id(self.persons[person_id])
        return day.group_ids(self.jobs[job_id]) if job_id else []

    # --- HTTP

    def handle(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Refused as refusal:
            body = {"code": refusal.status, "message": refusal.message}
            return Response(refusal.status, body)

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(401, "Unauthorized")
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["v1", "user", "me"]:
                name = {"first": "Rollcall", "last": "App"}
                access = [{"orgId": self.org_id, "access": "CUSTOM", "status": "ACTIVE"}]
                me = {"id": self.user_id, "name": name, "type": "APP", "status": "NORMAL"}
                return Response(200, me | {"orgs": access})
            case "GET", ["v1", "org"]:
                return Response(200, {"data": [self._org()]})
            case method, [version, "org", org, *rest]:
                if org not in (self.org_id, self.slug):
                    raise Refused(404, "Not Found")
                return self._in_org(method, f"{version}/{'/'.join(rest)}", rest, request)
        raise Refused(404, "Not Found")

    def _in_org(self, method: str, path: str, rest: list[str], request: Request) -> Response:
        if method == "PATCH" and re.fullmatch(r"v2/group/[^/]+/(add|remove)members", path):
            return self._members(rest[1], rest[2], request)
        if method != "GET":
            raise Refused(405, "Method Not Allowed")
        if rest and rest[0] in self.switches.forbidden:
            raise Refused(403, "Permission denied")
        query = request.query
        match path.split("/"):
            case ["v1", ""] | ["v1"]:
                return Response(200, self._org())
            case ["v1", "group-type"]:
                return self._list(path, query, lambda: list(self.group_types.values()), dict)
            case ["v1", "group-type", type_id]:
                return Response(200, self._one(self.group_types, type_id))
            case ["v1", "field"]:
                return Response(200, {"data": self._catalogue(query.get("builtin", "custom"))})
            case ["v1", "field", "built-in"]:
                return Response(200, {"data": self._catalogue("builtin")})
            case ["v1", "change"]:
                return feeds.changes(self, query)
            case ["v1", "change", change_id]:
                return Response(200, self._one(self.changes, change_id))
            case ["v1", "event"]:
                return feeds.events(self, query)
            case ["v1", "event", event_id]:
                return Response(200, self._one(self.events, event_id))
            case ["v2", "person" | "group" | "job", *_]:
                return self._snapshot(path.split("/")[1:], query)
        raise Refused(404, "Not Found")

    def _snapshot(self, parts: list[str], query: dict[str, str]) -> Response:
        """Answer for persons, groups and jobs: the effective-dated part of the API."""
        day = self.day(charthop_query.day(query.get("date")))
        match parts:
            case ["person"]:
                show = self._person_row(day, query, single=False)
                keep = charthop_query.persons(self, day, query)
                return self._building() or self._list("person", query, keep, show)
            case ["person", "count"]:
                return Response(200, self._count(day, query))
            case ["person", person_id]:
                person = self._one(self.persons, person_id)
                return Response(200, self._person_row(day, query, single=True)(person))
            case ["group"]:
                show = self._group_row(day, query)
                keep = charthop_query.groups(self, day, query)
                return self._building() or self._list("group", query, keep, show)
            case ["group", "count"]:
                shown = len(charthop_query.groups(self, day, query)())
                counts = {"relationshipGroupCount": 0, "orphanedGroupCount": 0}
                return Response(200, {"totalGroupCount": shown} | counts)
            case ["group", key]:
                named = (row["id"] for row in self.groups.values() if row.get("slug") == key)
                group = self._one(self.groups, next(named, key))
                return Response(200, self._group_row(day, query)(group))
            case ["job"]:
                show = self._job_row(day, query, single=False)
                keep = charthop_query.jobs(self, day, query)
                return self._building() or self._list("job", query, keep, show)
            case ["job", "count"]:
                return Response(200, {"jobCount": len(charthop_query.jobs(self, day, query)())})
            case ["job", job_id]:
                job = self._one(self.jobs, job_id)
                return Response(200, self._job_row(day, query, single=True)(job))
        raise Refused(404, "Not Found")

    # --- lists

    def _list(
        self,
        name: str,
        query: dict[str, str],
        rows_of: Callable[[], list[dict]],
        show: Callable[[dict], dict],
    ) -> Response:
        """Return one page, ordered by id.

        `from` is where to start, `next` where the next page starts.
        """
        limit = charthop_query.limit(query, self.switches.limit_cap, self.switches)
        start = query.get("from", "")
        if start and not ID.fullmatch(start):
            raise Refused(400, f"invalid id: {start}")
        if start and query.get("sort"):
            raise Refused(400, "from cannot be combined with sort")
        filters = tuple(sorted(query.items() - {("from", start), ("limit", query.get("limit"))}))
        about = (name, filters, self.today)

        def ordered() -> tuple[list[str], list[dict]]:
            rows = charthop_query.in_order(rows_of(), query.get("sort", ""), show)
            return [row["id"] for row in rows], rows

        def page() -> bytes:
            ids, rows = self.pages.get(("rows", *about), ordered)
            first = charthop_query.position(ids, start, self.switches.inclusive_from)
            body: dict[str, Any] = {"data": [show(row) for row in rows[first : first + limit]]}
            if first + limit < len(rows):
                step = 0 if self.switches.inclusive_from else 1
                body["next"] = ids[first + limit - step]
            return Response(200, body).encoded()

        return Response(200, self.pages.get(("page", *about, start, limit), page))

    def _building(self) -> Response | None:
        if self.switches.building_answers <= 0:
            return None
        self.switches.building_answers -= 1
        return Response(202, self.switches.building_body)

    def _fields(
        self, query: dict[str, str], default: tuple[str, ...], known: set[str]
    ) -> list[str]:
        """Return the fields to show. Unknown fields and those hidden from this token look alike."""
        named = query.get("fields") or query.get("fieldsList") or ""
        asked = [name.strip() for name in named.split(",") if name.strip()] or list(default)
        kept = []
        for name in asked:
            bare = name.removeprefix("manager.")
            if self.is_known(name, known) and bare not in self.switches.unreadable_fields:
                kept.append(name)
            elif self.switches.unknown_field == "400":
                raise Refused(400, f"unknown field: {name}")
        if self.switches.id_unasked and "id" not in kept:
            kept.insert(0, "id")
        return kept

    def is_known(self, name: str, known: set[str] = PERSON_FIELDS) -> bool:
        """Return whether there is a field of this name: built in, of a group type, or custom."""
        types = {kind["fieldName"] for kind in self.group_types.values()}
        root, _, inner = name.partition(".")
        bare = inner if root == "manager" and inner else name
        if bare in known or bare in self.custom_fields:
            return True
        return root in types and inner in ("", "id", "name")

    def _person_row(self, day: Day, query: dict[str, str], single: bool) -> Callable[[dict], dict]:
        fields = self._fields(query, PERSON_DEFAULT, PERSON_FIELDS)
        if not single and not self.switches.list_has_group_ids:
            fields = [name for name in fields if not name.startswith("groupIds")]
        form = charthop_query.form(query)
        return lambda person: day.person(person, fields, form)

    def _job_row(self, day: Day, query: dict[str, str], single: bool) -> Callable[[dict], dict]:
        fields = self._fields(query, JOB_DEFAULT, JOB_FIELDS)
        if not single and not self.switches.job_list_has_group_ids:
            fields = [name for name in fields if not name.startswith("groupIds")]
        return lambda job: day.job(job, fields)

    def _group_row(self, day: Day, query: dict[str, str]) -> Callable[[dict], dict]:
        fields = self._fields(query, tuple(sorted(GROUP_FIELDS)), GROUP_FIELDS)
        jobs = {"fields": query.get("jobFields", "")}
        job_fields = self._fields(jobs, (), JOB_FIELDS) if jobs["fields"] else []
        return lambda group: day.group(group, fields, job_fields)

    def _count(self, day: Day, query: dict[str, str]) -> dict[str, int]:
        """Return OrgCount: people and seats on a day, regardless of what the token may see."""
        if self.switches.count_ignores_include_all:
            query = {key: value for key, value in query.items() if key != "includeAll"}
        hires = [day.hire(person) for person in self.persons.values()]
        shown = len(charthop_query.persons(self, day, query)())
        return {
            "jobCount": len(self.jobs),
            "personCount": shown + self.switches.count_wrong_by,
            "startingCount": sum(bool(hire) and hire["startDate"] > day.on for hire in hires),
            "departingCount": sum(
                bool(hire) and day.on <= (hire.get("endDate") or "") for hire in hires
            ),
            "groupCount": len(self.groups),
        }

    # --- single things

    @staticmethod
    def _one(things: dict[str, dict], key: str) -> dict:
        if key not in things:
            raise Refused(404, "Not Found")
        return things[key]

    def _org(self) -> dict[str, Any]:
        org = {"id": self.org_id, "name": self.name, "slug": self.slug, "options": {}}
        return org | {"status": "ACTIVE", "timezone": self.timezone}

    def _catalogue(self, which: str) -> list[dict]:
        if which not in ("builtin", "custom", "all"):
            raise Refused(400, f"builtin: {which}")
        types = {kind["fieldName"]: kind["id"] for kind in self.group_types.values()}
        names = [*CATALOGUE, *sorted({*types, *self.custom_fields} - {*CATALOGUE})]
        return [
            FIELD
            | {"id": f"65f0dddd{number:016x}", "name": name, "label": name}
            | {"builtIn": name in CATALOGUE}
            | ({"calc": CATALOGUE[name]} if name in CATALOGUE else {})
            | ({"groupTypeId": types[name]} if name in types else {})
            | ({"type": "GROUPS", "plural": "SET"} if name == "groupIds" else {})
            for number, name in enumerate(names, 1)
            if (name != "groupIds" or self.switches.group_ids_in_catalogue)
            and which in ("all", "builtin" if name in CATALOGUE else "custom")
        ]

    def _members(self, key: str, verb: str, request: Request) -> Response:
        """Answer addmembers and removemembers: jobs enter or leave a group from a day on."""
        group = self._one(self.groups, key)
        try:
            job_ids = list(request.json["jobIds"])
        except (ValueError, KeyError, TypeError):
            raise Refused(400, "invalid data: jobIds") from None
        on = charthop_query.day(request.query.get("date")) or self.today
        if self.group_types[group["typeId"]]["assignmentType"] == "EXPR":
            raise Refused(400, "invalid data: membership of this group is computed")
        if not self.day(on).exists(group) or any(job not in self.jobs for job in job_ids):
            raise Refused(400, "invalid data: unknown job, or no such group that day")
        for job_id in job_ids:
            feeds.move(self, job_id, group, add=verb == "addmembers", on=on)
        return Response(204)
