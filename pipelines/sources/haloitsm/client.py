"""Read agents, teams and roles of a HaloITSM instance, from old builds and new ones.

The vendor's document gives no response schemas. An agent row may have its teams and roles, or only
the roles' names in one string (see `roles`), or neither. Without them, details are read one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyarrow as pa

from pipelines.failures import Unreadable
from pipelines.files.json_text import to_text_id
from pipelines.http.auth import ClientCredentials, check_secret
from pipelines.http.policy import Counters, Policy, check_url
from pipelines.http.session import Session
from pipelines.sources.earlier_rows import EarlierRows
from pipelines.sources.haloitsm.paging import read_pages, read_record_count, read_unpaged
from pipelines.sources.raw_rows import Row, parse_rows, row_ids
from pipelines.sources.reading import Api, Page

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
MAX_MISSING_ASKED = 20  # agents; if the list lacks more, the guard refuses it


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The address of one instance, the credential for it, and how fast it may be called."""

    base_url: str
    auth_url: str | None
    tenant: str | None
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    policy: Policy
    page_size: int = 100
    section: str = "SOURCES"  # of the settings that hold the credential

    @property
    def remedy(self) -> str:
        setting = f"{self.section}__HALOITSM__CLIENT"
        return (
            f"set {setting}_ID and {setting}_SECRET as HaloITSM shows them (Configuration >"
            " Integrations > HaloITSM API > View Applications; the secret is shown once), then run"
            " `rollcall check haloitsm`"
        )

    @property
    def api_host(self) -> str:
        return check_url("SOURCES__HALOITSM__BASE_URL", self.base_url).removesuffix("/api")

    @property
    def token_url(self) -> str:
        """Return the token endpoint's address. `auth_url` may have only its host or its folder."""
        url = check_url("SOURCES__HALOITSM__AUTH_URL", self.auth_url or f"{self.api_host}/auth")
        if not urlsplit(url).path:
            url += "/auth"
        if not url.endswith("/token"):
            url += "/token"
        return url + ("?" + urlencode({"tenant": self.tenant.strip()}) if self.tenant else "")


class HaloITSM:
    """One instance, read as the agent that its API application acts as."""

    def __init__(
        self, connection: Connection, counters: Counters, earlier: EarlierRows | None = None
    ) -> None:
        host, token_url, policy = connection.api_host, connection.token_url, connection.policy
        token = ClientCredentials(
            Session("haloitsm", token_url, policy, counters),
            token_url,
            check_secret("SOURCES__HALOITSM__CLIENT_ID", connection.client_id),
            check_secret("SOURCES__HALOITSM__CLIENT_SECRET", connection.client_secret),
            remedy=connection.remedy,
            scope=connection.scope,
        )
        self.api = Api(f"{host}/api", Session("haloitsm", host, policy, counters, token))
        self.counters, self.page_size = counters, connection.page_size
        self.earlier = earlier or EarlierRows()

    # ---- the three lists

    @cached_property
    def agent_list(self) -> list[pa.Table]:
        """Return every agent.

        Pages are counted by number, so they shift when an agent is deleted while they are read, and
        another agent is skipped without a sign. Therefore each agent of the last sync that the list
        lacks is read by its id; if one still exists, the list is read once more.
        """
        before = set(self.earlier.read_values("agents", "$.id"))
        for _ in range(2):
            self.counters.rows_read.pop("agents", None)
            found = self.read_agents()
            missing = sorted(before - set(row_ids(found)))
            asked = missing[:MAX_MISSING_ASKED]
            skipped = next((key for key in asked if self.has_object(f"Agent/{key}")), None)
            if skipped is None:
                return found
        raise Unreadable(
            "haloitsm: agents",
            f"agent {skipped} is missing from the list but answers when it is asked for; an agent"
            " was missing from an earlier reading too",
            "let the API application act as an administrator agent, then run `rollcall check`",
        )

    @cached_property
    def team_list(self) -> list[pa.Table]:
        return self.read_teams()

    @cached_property
    def role_list(self) -> list[pa.Table]:
        return self._read_list("roles", lambda: self._request_unpaged("Roles"))

    def read_agents(self, is_counted: bool = True) -> list[pa.Table]:
        return self._read_list("agents", self.request_agents, is_counted)

    def request_agents(self, **filters: str) -> Iterator[Page]:
        """Yield the pages of the agents that pass `filters`, disabled and API agents included."""
        params = EVERY_AGENT | filters
        return read_pages(self.api, "Agent", AGENTS_RIGHT, page_size=self.page_size, **params)

    def read_teams(self, is_counted: bool = True) -> list[pa.Table]:
        return self._read_list(
            "teams", lambda: self._request_unpaged("Team", **EVERY_TEAM), is_counted
        )

    def _request_unpaged(self, path: str, **params: str) -> Iterator[Page]:
        return read_unpaged(self.api, path, AGENTS_RIGHT, page_size=self.page_size, **params)

    def _read_list(
        self, resource: str, request: Callable[[], Iterator[Page]], is_counted: bool = True
    ) -> list[pa.Table]:
        return self.api.read_list(
            resource, request, total=read_record_count, total_binds=True, counted=is_counted
        )

    # ---- details, for builds whose agent list has no memberships

    @cached_property
    def has_teams_in_agents(self) -> bool:
        return any(agent.get("teams") for agent in parse_rows(self.agent_list))

    @cached_property
    def team_details(self) -> list[pa.Table]:
        """Return each team with its members; nothing if any agent row has its teams."""
        if self.has_teams_in_agents:
            return []
        teams = self.api.read_per_parent(
            "team_details",
            row_ids(self.team_list),
            lambda key: self._read_detail(
                f"Team/{key}", includeagents="true", includedetails="true"
            ),
            lambda: row_ids(self.read_teams(is_counted=False)),
        )
        return list(teams)

    @cached_property
    def has_members_in_teams(self) -> bool:
        """Return whether any team lists its members.

        A team that lists its agents without `agent_id` tells neither how an agent came into the
        team nor whether it is a member (haloitsm.com API document, `SectionDetail.agents`).
        """
        return any(
            isinstance(row, dict) and "agent_id" in row
            for team in parse_rows(self.team_details)
            for row in team.get("agents") or ()
        )

    def read_agent_details(self) -> Iterator[pa.Table]:
        """Yield each agent with its teams; nothing if agents or teams already say who is a member.

        Reading agents one by one is the last resort, because it takes one call per agent.
        """
        if self.has_teams_in_agents or self.has_members_in_teams or not row_ids(self.team_list):
            return
        keys = row_ids(self.agent_list)
        self.counters.warn(
            f"haloitsm: no list tells the members of teams; {len(keys)} agents are read one by one"
        )
        yield from self.api.read_per_parent(
            "agent_details",
            keys,
            lambda key: self._read_detail(f"Agent/{key}", includedetails="true"),
            lambda: row_ids(self.read_agents(is_counted=False)),
        )

    def _read_detail(self, path: str, **params: str) -> Row | None:
        """Return one object, or None if it was deleted since the list was read."""
        found = self._read_object(path, **params)
        if found is None:
            self.counters.warn(f"haloitsm: {path} was deleted while this sync ran")
        elif to_text_id(found.get("id")) != path.split("/")[1]:
            raise self.api.unexpected_body(path, found, "an object with this id")
        return found

    def has_object(self, path: str) -> bool:
        return self._read_object(path) is not None

    def _read_object(self, path: str, **params: Any) -> Row | None:
        """Return one object, or None if the answer is 404."""
        try:
            return self.api.get_object(path, AGENTS_RIGHT, **params)
        except Unreadable as failure:
            if failure.status != 404:
                raise
            return None
