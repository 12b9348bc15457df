"""ChartHop's two feeds: changes by the day they take effect, events by the time they happened.

A change may take effect in the future, or be written for a day long past. Only events say when
something was done. Neither feed is complete enough to be the source of truth about memberships.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.sandbox.charthop import query as charthop_query
from tests.sandbox.server import Response

if TYPE_CHECKING:
    from tests.sandbox.charthop.server import ChartHop


def changes(org: ChartHop, query: dict[str, str]) -> Response:
    """Answer the list of changes from `date` until before `untilDate`, future changes included."""
    first, last = (charthop_query.day(query.get(name)) for name in ("date", "untilDate"))
    types, fields = (_words(query, name) for name in ("type", "fields"))

    def keep(row: dict) -> bool:
        return (
            (first is None or row["date"] >= first.isoformat())
            and (last is None or row["date"] < last.isoformat())
            and (not types or row["type"] in types)
            and (not fields or bool(fields & set(row.get("update", {}))))
            and all(query.get(key, row.get(key)) == row.get(key) for key in ("personId", "jobId"))
            and (row["status"] != "STRUCK" or charthop_query.flag(query, "includeStruck"))
            and query.get("status", row["status"]) == row["status"]
        )

    rows = sorted(filter(keep, org.changes.values()), key=lambda row: (row["date"], row["id"]))
    if charthop_query.flag(query, "desc"):
        rows.reverse()
    ids = [row["id"] for row in rows]
    start = query.get("from", "")
    if start and start not in ids:
        raise charthop_query.refuse(f"from: {start}")
    at = ids.index(start) + (not org.switches.inclusive_from) if start else 0
    limit = charthop_query.limit(query, org.switches.limit_cap, org.switches)
    body: dict[str, Any] = {"data": rows[at : at + limit]}
    if at + limit < len(rows):
        body["next"] = ids[at + limit - (not org.switches.inclusive_from)]
    return Response(200, body)


def events(org: ChartHop, query: dict[str, str]) -> Response:
    """Answer past events from a moment on, oldest first, without their payloads."""
    start = _moment(org, query.get("from"))
    wanted = {
        key: query[key] for key in ("entityType", "entityId", "code", "userId") if key in query
    }
    rows = sorted(
        (
            row
            for row in org.events.values()
            if row["at"] >= start and all(row.get(key) == word for key, word in wanted.items())
        ),
        key=lambda row: (row["at"], row["id"]),
    )
    limit = charthop_query.limit(query, org.switches.limit_cap, org.switches)
    shown = [{k: v for k, v in row.items() if k != "payload"} for row in rows[:limit]]
    body: dict[str, Any] = {"data": shown}
    if limit < len(rows):
        body["next"] = rows[limit]["at"]
        if org.switches.event_from == "epoch":
            body["next"] = str(int(_parse(body["next"]).timestamp() * 1000))
    return Response(200, body)


def move(org: ChartHop, job_id: str, group: dict, add: bool, on: date) -> None:
    """Add a job to a group, or remove it, from a day on; add the change and the events.

    Where a job may have only one group of a type, the new group replaces the old one.
    """
    held = org.day(on).group_ids(org.jobs[job_id])
    if (group["id"] in held) == add:
        return
    single = org.group_types[group["typeId"]]["membershipType"] == "SINGLE"
    others = [key for key in held if org.groups[key]["typeId"] == group["typeId"]]
    removed = others if add and single else [] if add else [group["id"]]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    person_id = org.day(on).holders.get(job_id)
    change = {
        **{"id": f"65f0eeee{len(org.changes) + 1:016d}", "orgId": org.org_id, "jobId": job_id},
        **({"personId": person_id} if person_id else {}),
        **{"type": "UPDATE", "date": on.isoformat(), "status": "ACTIVE"},
        "update": {"addGroupIds": [group["id"]] if add else [], "removeGroupIds": removed},
        **{"createId": org.user_id, "createAt": now, "updateAt": now},
    }
    org.changes[change["id"]] = change
    of_change = {"jobId": job_id, "personId": person_id, "date": on.isoformat()}
    happened(org, "CREATE", "CHANGE", change["id"], "change.create", subtype="update", **of_change)
    happened(org, "UPDATE", "JOB", job_id, "job.update", fields=["groupIds"])
    org.pages.changed()


def happened(org: ChartHop, kind: str, entity: str, entity_id: str, code: str, **more: Any) -> None:
    """Add an event at a moment of its own. `next` is a time, so equal times could not be split."""
    at = datetime.now(UTC)
    if org.events:
        at = max(at, _parse(max(row["at"] for row in org.events.values())) + timedelta(seconds=1))
    event = {
        **{"id": f"65f0ffee{len(org.events) + 1:016d}", "userId": org.user_id},
        **{"orgId": org.org_id, "type": kind, "entityType": entity, "entityId": entity_id},
        **{"at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "code": code, "payload": {}},
        **{key: value for key, value in more.items() if value is not None},
    }
    org.events[event["id"]] = event


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _words(query: dict[str, str], name: str) -> set[str]:
    return {word for word in query.get(name, "").split(",") if word}


def _moment(org: ChartHop, text: str | None) -> str:
    """Parse `from` of the event feed: ISO text, or milliseconds where a tenant expects them."""
    if not text:
        return ""
    try:
        if org.switches.event_from == "epoch":
            at = datetime.fromtimestamp(int(text) / 1000, UTC)
        else:
            at = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        raise charthop_query.refuse(f"invalid timestamp: {text}") from None
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
