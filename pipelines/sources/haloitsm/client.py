"""How HaloITSM is read, on old builds and new ones.

The vendor's document gives no response schemas. A list may be a bare array (complete) or an
envelope with `record_count` and pages of at most 100; an agent row may tell its teams and roles, or
only the roles' names in one string, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyarrow as pa
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

from pipelines.failures import Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import ClientCredentials, check_secret
from pipelines.http.policy import Counters, Policy, check_url
from pipelines.http.session import Session
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.raw_rows import Row, key_of, parse_rows, row_ids, wrap_rows
from pipelines.sources.reading import Api, Json, Page

EVERY_AGENT = {
    "includeenabled": "true",
    "includedisabled": "true",
    "includeapiagents": "true",
    "includeroles": "true",
    "include_membership_info": "true",
    "showall": "true",
    "order": "id",
}
EVERY_TEAM = {
    "includeenabled": "true",
    "includedisabled": "true",
    "include_managers": "true",
    "showall": "true",
}
AGENTS_RIGHT = "an administrator agent, and the scope `all` or `admin`"
NO_SUCH_ROLE = 2_147_483_646
MOST_ASKED = 20  # of the agents that a list lacks; more than so many are the guard's business


class RecordCount(PageNumberPaginator):
    """Pages by number until `record_count` rows came; a bare array is everything at once."""

    def __init__(self) -> None:
        super().__init__(base_page=1, page_param="page_no", total_path=None)
        self.rows = 0

    def update_state(self, response: Any, data: Any = None) -> None:
        body = response.json()
        found = rows_of(body) or []
        self.rows += len(found)
        total = body.get("record_count") if isinstance(body, dict) else 0
        super().update_state(response, found)
        if type(total) is int and self.rows >= total:
            self._has_next_page = False


class HaloITSM:
    """One instance, read as the agent that its API application acts as."""

    def __init__(
        self,
        base_url: str,
        auth_url: str | None,
        tenant: str | None,
        client_id: str,
        client_secret: str,
        scope: str,
        page_size: int,
        policy: Policy,
        counters: Counters,
        earlier: EarlierRows,
    ) -> None:
        base_url = check_url("SOURCES__HALOITSM__BASE_URL", base_url).removesuffix("/api")
        auth_url = check_url("SOURCES__HALOITSM__AUTH_URL", auth_url or f"{base_url}/auth")
        if not urlsplit(auth_url).path:
            auth_url += "/auth"
        if not auth_url.endswith("/token"):
            auth_url += "/token"
        if tenant:
            auth_url += "?" + urlencode({"tenant": tenant.strip()})
        token = ClientCredentials(
            Session("haloitsm", auth_url, policy, counters),
            auth_url,
            check_secret("SOURCES__HALOITSM__CLIENT_ID", client_id),
            check_secret("SOURCES__HALOITSM__CLIENT_SECRET", client_secret),
            scope=scope,
        )
        self.api = Api(f"{base_url}/api", Session("haloitsm", base_url, policy, counters, token))
        self.counters, self.earlier = counters, earlier
        self.page_size = page_size

    # ---- the three lists

    @cached_property
    def agent_list(self) -> list[pa.Table]:
        """Every agent. Pages by number shift when somebody goes while they are read, and another
        is then missed without a sign: an agent that was there before and is not in the list is
        asked for, and if it answers, the list is read once more."""
        before = set(self.earlier.values("agents", "$.id"))
        for _ in range(2):
            self.counters.rows_read.pop("agents", None)
            found = self.read_agents()
            missed = sorted(before - set(row_ids(found)))
            if not any(self.is_there(f"Agent/{key}") for key in missed[:MOST_ASKED]):
                return found
        raise Unreadable(
            "haloitsm: agents",
            f"agent {missed[0]} is missing from the list in two readings, or one after it, and"
            " answers when it is asked for",
            "let the API application act as an administrator agent, then run `rollcall check`",
        )

    def is_there(self, path: str) -> bool:
        try:
            self.api.object(path, AGENTS_RIGHT)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            return False
        return True

    def read_agents(self, counted: bool = True) -> list[pa.Table]:
        def read() -> Iterator[Page]:
            paging = {"pageinate": "true", "page_size": self.page_size}
            return self.api.pages(
                "Agent", rows_of, RecordCount(), AGENTS_RIGHT, **EVERY_AGENT, **paging
            )

        return self.api.whole("agents", read, total=record_count, total_binds=True, counted=counted)

    @cached_property
    def team_list(self) -> list[pa.Table]:
        return self.read_teams()

    def read_teams(self, counted: bool = True) -> list[pa.Table]:
        return self.plain_list("teams", "Team", counted, **EVERY_TEAM)

    @cached_property
    def role_list(self) -> list[pa.Table]:
        return self.plain_list("roles", "Roles")

    def plain_list(
        self, resource: str, path: str, counted: bool = True, **params: str
    ) -> list[pa.Table]:
        def read() -> Iterator[Page]:
            return self.api.pages(path, rows_of, None, AGENTS_RIGHT, **params)

        return self.api.whole(resource, read, total=record_count, total_binds=True, counted=counted)

    def agents(self) -> list[pa.Table]:
        return self.agent_list

    def teams(self) -> list[pa.Table]:
        return self.team_list

    def roles(self) -> list[pa.Table]:
        return self.role_list

    # ---- what the agent list may leave out

    @cached_property
    def agents_tell_teams(self) -> bool:
        return any(agent.get("teams") for agent in parse_rows(self.agent_list))

    @cached_property
    def team_members(self) -> list[pa.Table]:
        if self.agents_tell_teams:
            return []
        read = self.api.per_parent(
            "team_details",
            row_ids(self.team_list),
            self.team,
            lambda: row_ids(self.read_teams(False)),
        )
        return list(read)

    def team_details(self) -> list[pa.Table]:
        """Members by team, unless an agent row told a team."""
        return self.team_members

    def team(self, key: str) -> Row | None:
        return self.detail(f"Team/{key}", includeagents="true", includedetails="true")

    def agent_details(self) -> Iterator[pa.Table]:
        """The last resort, one call per agent: only if teams exist and nothing told who is in.

        A team that lists its agents without `agent_id` tells neither how they came nor whether
        they are in it (haloitsm.com API document, `SectionDetail.agents`)."""
        teams_tell = any(
            isinstance(row, dict) and "agent_id" in row
            for team in parse_rows(self.team_members)
            for row in team.get("agents") or ()
        )
        if self.agents_tell_teams or teams_tell or not row_ids(self.team_list):
            return
        everyone = row_ids(self.agent_list)
        self.counters.warn(
            f"haloitsm: no list tells who is in which team; {len(everyone)} agents are read singly"
        )
        yield from self.api.per_parent(
            "agent_details", everyone, self.agent, lambda: row_ids(self.read_agents(False))
        )

    def agent(self, key: str) -> Row | None:
        return self.detail(f"Agent/{key}", includedetails="true")

    def role_agents(self) -> Iterator[pa.Table]:
        """Holders by role, unless an agent row told its roles as objects."""
        agents = list(parse_rows(self.agent_list))
        if any(agent.get("roles") for agent in agents):
            return
        roles = list(parse_rows(self.role_list))
        held = by_names(agents, roles)
        if held is None:
            self.check_role_filter(roles)
            held = {
                key_of("haloitsm: roles", role, "id"): found
                for role, found in self.api.each(roles, self.holders)
            }
            self.counters.pages["role_agents"] = len(held)
        self.counters.rows_read["role_agents"] = len(held)
        yield wrap_rows((role, {"agents": found}) for role, found in held.items())

    def holders(self, role: Row) -> list[str]:
        """The ids of the agents that hold a role: `role` wants its integer twin."""
        number = key_of("haloitsm: roles", role, "id_int")

        def read() -> Iterator[Page]:
            paging = {"pageinate": "true", "page_size": self.page_size, "role": number}
            return self.api.pages(
                "Agent", rows_of, RecordCount(), AGENTS_RIGHT, **EVERY_AGENT, **paging
            )

        return row_ids(self.api.whole("role_agents", read, total=record_count, counted=False))

    def check_role_filter(self, roles: list[Row]) -> None:
        """Raise Unreadable if this build ignores `role`, and so would give everyone every role."""
        try:
            ignored = roles and self.holders({"id_int": NO_SUCH_ROLE})
        except Unreadable as failure:
            if failure.status not in (400, 404):
                raise
            ignored = False
        if ignored:
            raise Unreadable(
                "haloitsm: GET Agent?role=",
                "this build ignores the filter by role, and its agent list does not tell roles",
                "ask Halo for a build whose agent list has `roles`",
            )

    def detail(self, path: str, **params: str) -> Row | None:
        """One object, or None if it was deleted since the list was read."""
        try:
            found = self.api.object(path, AGENTS_RIGHT, **params)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            self.counters.warn(f"haloitsm: {path} was deleted while this sync ran")
            return None
        if to_text_id(found.get("id")) != path.split("/")[1]:
            raise self.api.unexpected(path, found, "what has this id")
        return found


def by_names(agents: list[Row], roles: list[Row]) -> dict[str, list[str]] | None:
    """Who holds which role by `role_list`, or None if that does not tell it all.

    The separator is not documented and names may hold commas: the longest known name goes first.
    """
    if not any(agent.get("role_list") for agent in agents):
        return None
    names = sorted((role["name"] for role in roles if role.get("name")), key=len, reverse=True)
    lower = {name.lower() for name in names}
    if len(lower) < len(roles) or any(
        "," in name and other != name and other in name for name in lower for other in lower
    ):
        return None
    known = re.compile("|".join(map(re.escape, names)) or "(?!)", re.IGNORECASE)
    row_ids = {role["name"].lower(): key_of("haloitsm: roles", role, "id") for role in roles}
    held: dict[str, list[str]] = {key: [] for key in row_ids.values()}
    for agent in agents:
        said = agent.get("role_list") or ""
        if not isinstance(said, str) or re.sub(r"[\s,;|/]+", "", known.sub("", said)):
            return None
        for name in known.findall(said):
            held[row_ids[name.lower()]].append(key_of("haloitsm: agents", agent, "id"))
    return held


def rows_of(body: Json) -> list[Row] | None:
    """The rows of a bare array, or of an envelope under the key that this build uses."""
    if not isinstance(body, dict):
        return body if isinstance(body, list) else None
    named = [body[name] for name in ("agents", "teams", "roles", "results") if name in body]
    if not named and "record_count" in body:
        named = [value for value in body.values() if isinstance(value, list)]
    return named[0] if named and isinstance(named[0], list) else None


def record_count(body: Json) -> int | None:
    return body.get("record_count") if isinstance(body, dict) else None
